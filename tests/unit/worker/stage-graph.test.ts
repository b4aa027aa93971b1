/** Fingerprints of what stages are trained from: what changes them, and that new options at their defaults do not. */
import { expect, test } from 'vitest';
import { parseSettings, type Settings } from '../../../src/config/settings.ts';
import { streamKey } from '../../../src/data/rng.ts';
import {
  chosenRankings,
  inputsOf,
  labelsState,
  reportedRankings,
  type ProjectRows,
} from '../../../src/worker/stage-graph.ts';
import type { Ranking } from '../../../src/records/ranking.ts';
import { checkpointWrite } from '../storage/rows.ts';
import { ranking } from './fake-workbench.ts';

const rowsWith = (settings: Settings): ProjectRows => ({
  settings,
  ...{ runs: [], checkpoints: [], rankings: [], demonstrations: [], prompts: [], text: null },
});

const print = (ppo: Partial<Settings['ppo']>) => inputsOf(rowsWith(parseSettings({ ppo })), 'ppo');

test('how much of a batch is in memory at once makes no result stale, the seed does', () => {
  const printOf = (general: Partial<Settings['general']>) =>
    inputsOf(rowsWith(parseSettings({ general })), 'sft');
  expect(printOf({ microBatch: 4 })).toBe(printOf({}));
  expect(printOf({ seed: 2 })).not.toBe(printOf({}));
});

/** The general settings as they were before there were micro-batches. */
const before = ({ seed, maxPromptTokens, maxResponseTokens }: Settings['general']) => ({
  ...{ seed, maxPromptTokens, maxResponseTokens },
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
  const words = streamKey(0, JSON.stringify(['ppo', before(general), [old, '', '']]));
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

test('a reward model from before shuffled comparisons keeps its fingerprint until they are chosen', () => {
  const { general, reward } = parseSettings({});
  const values = new Map(Object.entries(reward));
  const names = ['promptsPerBatch', 'learningRate', 'epochs', 'heldOutShare', 'divisor'];
  const old = Object.fromEntries(names.map((name) => [name, values.get(name)]));
  const words = streamKey(0, JSON.stringify(['reward', before(general), [old, '', []]]));
  const of = (settings: Settings) => inputsOf(rowsWith(settings), 'reward');
  const shuffled = parseSettings({ reward: { batching: 'shuffled-pairs' } });
  expect(of(parseSettings({}))).toBe(
    words.map((word) => word.toString(16).padStart(8, '0')).join(''),
  );
  expect(of(shuffled)).not.toBe(of(parseSettings({})));
});

test('each simulated class counts when it is chosen, and the person apart from all', () => {
  const by = (labeler: string) => ranking(labeler, labeler);
  const labelers = ['person', 'training-1', 'training-2@length', 'training-3@default~0.7'];
  const rows = (labels: Partial<Settings['labels']>): ProjectRows => ({
    ...rowsWith(parseSettings({ labels })),
    rankings: labelers.map(by),
  });
  const chosen = (labels: Partial<Settings['labels']>) =>
    chosenRankings(rows(labels)).map(({ labeler }) => labeler);
  expect(chosen({})).toEqual(['training-1']);
  expect(chosen({ population: 'length' })).toEqual(['training-2@length']);
  expect(chosen({ noise: 0.7 })).toEqual(['training-3@default~0.7']);
  expect(chosen({ noise: 0.7, source: 'both' })).toEqual(['person', 'training-3@default~0.7']);
  expect(chosen({ population: 'length', source: 'person' })).toEqual(['person']);
  expect(chosen({ k: 9 })).toEqual([]);
});

test('what came back to measure consistency is never trained on, tested on, counted or part of a fingerprint', () => {
  const once = ranking('a', 'person');
  const again: Ranking = { ...ranking('b', 'person'), repeat: true };
  const given: Ranking = { ...ranking('c', 'imported:eve'), repeat: true };
  const rows = (source: Settings['labels']['source'], rankings: readonly Ranking[]) => ({
    ...rowsWith(parseSettings({ labels: { source } })),
    rankings,
  });
  for (const source of ['person', 'both'] as const) {
    const all = rows(source, [once, again, given]);
    expect(chosenRankings(all)).toEqual([once]);
    expect(inputsOf(all, 'reward')).toBe(inputsOf(rows(source, [once]), 'reward'));
  }
  expect(reportedRankings(rows('class', [once, again])).others).toEqual([once]);
  const { manifest, kind } = checkpointWrite(4, new Uint8Array());
  const sft = { id: manifest.id, project: 'p', manifest: { ...manifest, finished: true }, kind };
  const trained = { ...sft, parent: null, byteLength: 0, chunks: [] };
  const state = labelsState({ ...rows('person', [once, again, given]), checkpoints: [trained] });
  const { step, total, message } = state;
  expect([step, total]).toEqual([1, 1]);
  expect(message).toBe('1 rankings by you, 0 by the simulated class.');
});

test('SFT is stale after an own version of one of the world, and its place counts as well as its words', () => {
  const { prompt } = ranking('r', 'person');
  const own = (id: string, response: string) => ({ id, prompt, response, author: 'person' });
  const printOf = (...demonstrations: ReturnType<typeof own>[]) =>
    inputsOf({ ...rowsWith(parseSettings({})), demonstrations }, 'sft');
  const version = printOf(own('version/1/a', 'yes'));
  expect(version).not.toBe(printOf());
  expect(version).not.toBe(printOf(own('version/1/b', 'yes')));
  expect(version).not.toBe(printOf(own('version/1/a', 'no')));
  // What is written beside the world's is told by its words alone, as it always was.
  expect(printOf(own('x', 'yes'))).toBe(printOf(own('y', 'yes')));
  expect(printOf(own('x', 'yes'))).not.toBe(printOf(own('x', 'no')));
});
