/** Fingerprints of what stages are trained from: what changes them, and that new options at their defaults do not. */
import { expect, test } from 'vitest';
import { parseSettings, type Settings } from '../../../src/config/settings.ts';
import { streamKey } from '../../../src/data/rng.ts';
import { inputsOf, type ProjectRows } from '../../../src/worker/stage-graph.ts';

const rowsWith = (settings: Settings): ProjectRows => ({
  settings,
  ...{ runs: [], checkpoints: [], rankings: [], demonstrations: [], prompts: [] },
});

const print = (ppo: Partial<Settings['ppo']>) => inputsOf(rowsWith(parseSettings({ ppo })), 'ppo');

test('how much of a batch is in memory at once makes no result stale, the seed does', () => {
  const printOf = (general: Partial<Settings['general']>) =>
    inputsOf(rowsWith(parseSettings({ general })), 'sft');
  expect(printOf({ microBatch: 4 })).toBe(printOf({}));
  expect(printOf({ seed: 2 })).not.toBe(printOf({}));
});

/** The settings of PPO in the order of their table, before it had options. */
const BEFORE = [
  ...['episodes', 'rolloutBatch', 'minibatches', 'innerEpochs', 'policyLearningRate'],
  ...['valueLearningRate', 'beta', 'gamma', 'lambda', 'clip', 'valueClip', 'ptxCoefficient'],
  ...['ptxExamplesPerEpisode', 'ptxTokens', 'emaDecay', 'warmupIterations', 'whitenAdvantages'],
  ...['temperature', 'maxGradientNorm', 'missingEosPenalty'],
];

test('a run of PPO from before there were options keeps its fingerprint while none is used', () => {
  const { general, ppo } = parseSettings({});
  const values = new Map(Object.entries(ppo));
  const old = Object.fromEntries(BEFORE.map((name) => [name, values.get(name)]));
  const { seed, maxPromptTokens, maxResponseTokens } = general;
  const before = { seed, maxPromptTokens, maxResponseTokens };
  const words = streamKey(0, JSON.stringify(['ppo', before, [old, '', '']]));
  expect(print({})).toBe(words.map((word) => word.toString(16).padStart(8, '0')).join(''));
});

test('each setting that is changed, an option or not, makes it another one', () => {
  const prints = [
    ...[print({}), print({ beta: 0.2 }), print({ valueTrunk: 'shared' })],
    ...[print({ klPenalty: 'loss-k2' }), print({ whitenRewards: true }), print({ klTarget: 6 })],
  ];
  expect(new Set(prints).size).toBe(prints.length);
  const judged = parseSettings({ evaluate: { policyWeights: 'average' } });
  expect(inputsOf(rowsWith(judged), 'ppo')).toBe(print({}));
});
