/** Scripts for TRL as text: well-formed Python, the run's numbers under TRL's names, and a line for what TRL does otherwise. */
import { describe, expect, test } from 'vitest';
import {
  defaultSettings,
  parseSettings,
  type PartialSettings,
} from '../../../src/config/settings.ts';
import { trlReadme } from '../../../src/data/trl-readme.ts';
import { trlScripts } from '../../../src/data/trl-scripts.ts';

const MODELS = { policy: 'models/policy', sft: 'models/sft', reward: 'models/reward' };

function scripts(
  changes: PartialSettings = {},
  run = 'PPO-ptx 1',
  models: typeof MODELS | null = MODELS,
) {
  const none = { policy: null, sft: null, reward: null };
  return trlScripts(parseSettings(changes, defaultSettings()), run, models ?? none);
}
const scriptOf = (name: string, ...args: Parameters<typeof scripts>): string =>
  scripts(...args).get(name) ?? '';

/** Code without strings and comments; throws when a string does not end on its line or a docstring not at all. */
function bare(source: string): string {
  const withoutDocs = source.replaceAll(/"""[\s\S]*?"""/g, 'DOC');
  if (withoutDocs.includes('"""')) throw new Error('a docstring does not end');
  const lines = withoutDocs.split('\n').map((line) => {
    const code = line.replaceAll(/"(?:[^"\\]|\\.)*"/g, 'TEXT').replace(/#.*$/, '');
    if (/["']/.test(code)) throw new Error(`a string does not end: ${line}`);
    return code;
  });
  return lines.join('\n');
}

/** What a parser would trip over first: brackets that do not match, and indents that are no multiple of four. */
function expectWellFormed(source: string): void {
  const closing: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
  const open: string[] = [];
  for (const line of bare(source).split('\n')) {
    if (open.length === 0) expect((/^ */.exec(line)?.[0].length ?? 0) % 4, line).toBe(0);
    for (const sign of line) {
      if ('([{'.includes(sign)) open.push(sign);
      else if (closing[sign] !== undefined) expect(open.pop(), line).toBe(closing[sign]);
    }
  }
  expect(open).toEqual([]);
}

const SCRIPTS = ['sft.py', 'reward.py', 'dpo.py', 'ppo.py'];
const CASES: readonly (readonly [string, PartialSettings])[] = [
  ['as declared', {}],
  ['another end', { ppo: { missingEosPenalty: 0, valueClip: 0, maxGradientNorm: 0, emaDecay: 0 } }],
  [
    'finer options',
    { ppo: { klPenalty: 'loss-k2', klTarget: 6, entropyBonus: 0.01, valueTrunk: 'shared' } },
  ],
  ['few iterations', { ppo: { episodes: 64, rolloutBatch: 32, ptxCoefficient: 0 } }],
];

describe.each(CASES)('%s', (_, changes) => {
  test.each(SCRIPTS)('%s is well-formed and holds no word of another language', (name) => {
    const source = scriptOf(name, changes);
    expectWellFormed(source);
    expect(bare(source)).not.toMatch(
      /\b(true|false|null|undefined|NaN|Infinity)\b|=>|\$\{|\bobject Object/,
    );
    expect(source).toMatch(/^"""[^\n]+ With TRL 1\.9\.0\.\n/);
    expect(source.endsWith('\n')).toBe(true);
  });
});

test('the name of a run cannot break out of its comment', () => {
  const run = 'a"""\nimport os\r\u2028"b\\';
  for (const name of SCRIPTS) {
    const source = scriptOf(name, {}, run);
    expectWellFormed(source);
    expect(source.split(/\r|\n/).filter((line) => /^\s*import os\b/.test(line))).toEqual([]);
    expect(source).toBe(scriptOf(name, {}, 'X').replace('"X"', JSON.stringify(run)));
  }
});

describe('numbers of the run under the names of TRL', () => {
  test('SFT', () => {
    const source = scriptOf('sft.py', {
      sft: {
        epochs: 3,
        batchSize: 8,
        learningRate: 0.002,
        dropout: 0.2,
        finalLearningRateShare: 0.2,
      },
      general: { seed: 7, maxPromptTokens: 40, maxResponseTokens: 24 },
    });
    for (const line of [
      'from trl import SFTConfig, SFTTrainer',
      'num_train_epochs=3,',
      'per_device_train_batch_size=8,',
      'learning_rate=0.002,',
      'lr_scheduler_kwargs={"min_lr_rate": 0.2},',
      'config.resid_pdrop = 0.2',
      'max_length=64,',
      'adam_beta2=0.95,',
      'seed=7,',
      'bf16=False,',
    ]) {
      expect(source).toContain(line);
    }
    expect(source).toContain(
      'no pre-training text is mixed in; the run did, with a weight of 0.3.',
    );
    expect(scriptOf('sft.py', { sft: { pretrainMix: 0 } })).not.toContain('pre-training text');
  });

  test('reward: as many comparisons in a batch as its prompts have, held out by prompt', () => {
    const source = scriptOf('reward.py', {
      labels: { k: 6 },
      reward: { promptsPerBatch: 8, learningRate: 0.0004, heldOutShare: 0.25 },
    });
    expect(source).toContain('per_device_train_batch_size=120,');
    expect(source).toContain('learning_rate=0.0004,');
    expect(source).toContain('round(len(prompts) * 0.25)');
    expect(source).toContain('std=(model.score.weight.shape[1] + 1) ** -0.5');
  });

  test('DPO', () => {
    const ipo = scriptOf('dpo.py', {
      method: { dpoLoss: 'ipo', dpoEpochs: 2 },
      ppo: { beta: 0.3 },
    });
    expect(ipo).toContain('loss_type=["ipo"],');
    expect(ipo).toContain('beta=0.3,');
    expect(ipo).toContain('num_train_epochs=2,');
    expect(ipo).toContain('IPO divides log ratios by the tokens');
    expect(scriptOf('dpo.py')).not.toContain('IPO');
  });

  test('PPO: batch, minibatches, KL, clip, both learning rates, and a warm-up that is no longer than a tenth', () => {
    const source = scriptOf('ppo.py', {
      ppo: {
        ...{ episodes: 4096, rolloutBatch: 64, minibatches: 8, innerEpochs: 2, beta: 0.05 },
        ...{ clip: 0.3, valueClip: 0, gamma: 0.9, lambda: 0.8, temperature: 0.7 },
        ...{ policyLearningRate: 1e-4, valueLearningRate: 2e-3, warmupIterations: 10 },
        ...{ missingEosPenalty: 2, klPenalty: 'reward-k3', whitenRewards: true },
      },
    });
    for (const line of [
      'from trl.experimental.ppo import PPOConfig, PPOTrainer',
      'total_episodes=4096,',
      'per_device_train_batch_size=64,',
      'num_mini_batches=8,',
      'num_ppo_epochs=2,',
      'kl_coef=0.05,',
      'kl_estimator="k3",',
      'cliprange=0.3,',
      'cliprange_value=float("inf"),',
      'gamma=0.9,',
      'lam=0.8,',
      'temperature=0.7,',
      'missing_eos_penalty=2,',
      'whiten_rewards=True,',
      '{"params": policy.parameters(), "lr": 0.0001},',
      '{"params": value.parameters(), "lr": 0.002},',
      '0.1 + 0.9 * step / 6',
    ]) {
      expect(source).toContain(line);
    }
  });
});

describe('what TRL does otherwise is written where it does', () => {
  const differs = (changes: PartialSettings['ppo']) =>
    scriptOf('ppo.py', { ppo: { ...changes } })
      .split('\n')
      .filter((line) => line.startsWith('# - '))
      .join('\n');
  test.each([
    ['mixed in', { ptxCoefficient: 0.1 }, { ptxCoefficient: 0 }],
    ['average of the weights', { emaDecay: 0.9 }, { emaDecay: 0 }],
    ['gradients are not shortened', { maxGradientNorm: 1 }, { maxGradientNorm: 0 }],
    ['charged it as a part of the loss', { klPenalty: 'loss-k1' }, { klPenalty: 'reward-k1' }],
    ['the run used k2', { klPenalty: 'reward-k2' }, { klPenalty: 'reward-k1' }],
    ['a KL of 6 nats', { klTarget: 6 }, { klTarget: 0 }],
    ['entropy bonus', { entropyBonus: 0.01 }, { entropyBonus: 0 }],
    ['it shared that of the policy', { valueTrunk: 'shared' }, { valueTrunk: 'separate' }],
    ['it replaced the score', { missingEosRule: 'replace' }, { missingEosRule: 'subtract' }],
    ['one place after EOS', { scorePosition: 'last-token' }, { scorePosition: 'after-last' }],
  ] as const)('%s', (words, there, absent) => {
    expect(differs(there)).toContain(words);
    expect(differs(absent)).not.toContain(words);
  });
});

test('models that are not there are those that the scripts leave behind', () => {
  const ppo = scriptOf('ppo.py', {}, 'x', null);
  expect(ppo).toContain('"--model", default="out/sft"');
  expect(ppo).toContain('"--reference", default="out/sft"');
  expect(ppo).toContain('"--reward", default="out/reward"');
  expect(scriptOf('ppo.py')).toContain('"--model", default="models/policy"');
  expect(scriptOf('ppo.py')).toContain('"--reference", default="models/sft"');
  expect(scripts().get('requirements.txt')).toMatch(/^trl==1\.9\.0$/m);
});

test('the README counts what is there and cannot be broken by a name', () => {
  const readme = trlReadme({
    ...{ run: 'one\n# two', checkpoint: '<b>`x`', models: { ...MODELS, reward: null } },
    ...{ demonstrations: 5, preferences: 7, prompts: 11, turned: ['ppo.beta: 0.1 to 0.2'] },
  });
  expect(readme).toMatch(/^# \\<b\\>\\`x\\`, to go on with TRL\n/);
  expect(readme).toContain('From the run one \\# two of');
  expect(readme).toContain('`data/preferences.jsonl`: 7 rows');
  expect(readme).toContain('- ppo.beta: 0.1 to 0.2\n');
  expect(readme).toContain('`models/sft`');
  expect(readme).not.toContain('`models/reward`');
});
