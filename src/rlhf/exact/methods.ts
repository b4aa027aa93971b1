/**
 * The methods of exact mode side by side: how each is run on an enumerable task, the law of responses at which it
 * should stop, and in words why that is or is not pi*. Settings are such that every one arrives on any reward table
 * within the bounds of task.ts in a few seconds of plain arithmetic.
 */
import { EXACT } from '../../config/exact-table.ts';
import type { ExactPace } from '../../records/exact.ts';
import { bestOfNProbabilities } from '../best-of-n-law.ts';
import { exactOptimum, referenceProbabilities, type EnumerableTask } from '../exact-optimum.ts';
import { tabularBestOfN } from './best-of-n.ts';
import { tabularDpo, type TabularDpoSettings } from './dpo.ts';
import { drGrpoOptimum, grpoOptimum, ipoOptimum } from './fixed-points.ts';
import { tabularGroup, type TabularGroupSettings } from './group.ts';
import { tabularPpo, type TabularPpoSettings } from './ppo.ts';

/** What one run is given beside the task. */
export interface ExactCall {
  readonly beta: number;
  readonly seed: number;
}

export interface ExactMethod {
  /** Key in reports. */
  readonly name: string;
  readonly label: string;
  /** True when its target is pi* itself. */
  readonly reachesOptimum: boolean;
  /** Largest total-variation distance to the target that is promised at the end; null where nothing is. */
  readonly gate: number | null;
  /** What it converges to, and where that is not pi*, why. */
  readonly words: string;
  /** Law of responses to which it is compared, [V^L]; pi* where no fixed point exists. */
  readonly target: (task: EnumerableTask, beta: number) => number[];
  /** Number of records that `laws` yields. */
  readonly total: number;
  /** Law of responses [V^L] after each iteration, beginning at the reference. */
  readonly laws: (task: EnumerableTask, call: ExactCall) => Iterable<number[]>;
}

/** What every method is usually run at, and its promises are made for. */
export const USUAL_PACE: ExactPace = {
  rate: EXACT.rate.default,
  iterations: EXACT.iterations.default,
};

export function isUsualPace({ rate, iterations }: ExactPace): boolean {
  return rate === USUAL_PACE.rate && iterations === USUAL_PACE.iterations;
}

/** Iterations at another pace; at least one. */
const paced = (iterations: number, pace: ExactPace): number =>
  Math.max(1, Math.round(iterations * pace.iterations));

/** Promised where the learning rate falls to 0 or nothing is sampled, and where it does not. */
const NEAR = 0.01;
const NOISY = 0.03;
const FIXED_POINT = 0.02;

/** On the shipped task, a method whose target is not pi* ends farther than this from pi* (total variation). */
export const AWAY = 0.1;

const optimum = (task: EnumerableTask, beta: number): number[] =>
  exactOptimum(task, beta).responses;

function* lawsOf(policies: Iterable<{ responseProbabilities(): number[] }>) {
  for (const policy of policies) yield policy.responseProbabilities();
}

const DECAYED = { schedule: 'linear-to-zero', rate: 0.03 } as const;
/** Without decay the noise of the last minibatches stays, so the steps must be small from the start. */
const CONSTANT = { schedule: 'constant', rate: 0.005 } as const;

const PPO: Omit<TabularPpoSettings, keyof ExactCall> = {
  ...DECAYED,
  iterations: 600,
  episodes: 512,
  minibatch: 64,
  innerEpochs: 1,
  clip: 0.2,
  estimator: 'k1',
  lambda: 0.95,
  whitenAdvantages: true,
  whitenRewards: false,
};

function ppoMethod(
  pace: ExactPace,
  own: Pick<ExactMethod, 'name' | 'label' | 'words'> & Partial<ExactMethod>,
  settings: Partial<TabularPpoSettings>,
): ExactMethod {
  const usual = { ...PPO, ...settings };
  const iterations = paced(usual.iterations, pace);
  const all = { ...usual, iterations, rate: usual.rate * pace.rate };
  return {
    reachesOptimum: true,
    gate: NEAR,
    target: optimum,
    total: all.iterations,
    laws: (task, call) => lawsOf(tabularPpo(task, { ...all, ...call })),
    ...own,
  };
}

/** Responses in one group; the fixed points of GRPO depend on it. */
const GROUP_SIZE = 4;

const GROUP: Omit<TabularGroupSettings, keyof ExactCall | 'method'> = {
  ...DECAYED,
  iterations: 1500,
  groups: 128,
  groupSize: GROUP_SIZE,
  clip: 0.2,
  adam: { beta1: 0.9, beta2: 0.95, epsilon: 1e-5 },
};

function groupMethod(
  pace: ExactPace,
  method: TabularGroupSettings['method'],
  own: Omit<ExactMethod, 'total' | 'laws'>,
  settings: Partial<TabularGroupSettings> = {},
): ExactMethod {
  const usual = { ...GROUP, ...settings, method };
  const iterations = paced(usual.iterations, pace);
  const all = { ...usual, iterations, rate: usual.rate * pace.rate };
  return {
    total: all.iterations,
    laws: (task, call) => lawsOf(tabularGroup(task, { ...all, ...call })),
    ...own,
  };
}

const PAIRS: Omit<TabularDpoSettings, keyof ExactCall> = {
  loss: 'sigmoid',
  steps: 1500,
  rate: 0.1,
  sampled: null,
};

function dpoMethod(
  pace: ExactPace,
  own: Pick<ExactMethod, 'name' | 'label' | 'words'> & Partial<ExactMethod>,
  settings: Partial<TabularDpoSettings> = {},
): ExactMethod {
  const usual = { ...PAIRS, ...settings };
  const all = { ...usual, steps: paced(usual.steps, pace), rate: usual.rate * pace.rate };
  return {
    reachesOptimum: true,
    gate: NEAR,
    target: optimum,
    total: all.steps * (all.sampled?.rounds ?? 1),
    laws: (task, call) => lawsOf(tabularDpo(task, { ...all, ...call })),
    ...own,
  };
}

const ROUNDS = { steps: 300, sampled: { comparisons: 100_000, rounds: 10, antithetic: true } };

const ppoMethods = (pace: ExactPace): readonly ExactMethod[] => [
  ppoMethod(
    pace,
    {
      name: 'ppo',
      label: 'PPO',
      words:
        'Reaches pi*: k1 in the reward has the gradient of KL(policy || reference), and the falling learning rate ' +
        'takes the sampling noise away.',
    },
    {},
  ),
  ppoMethod(
    pace,
    {
      name: 'ppo-constant',
      gate: NOISY,
      label: 'PPO, constant learning rate',
      words:
        'Reaches pi* up to the sampling noise of its last updates, which a constant learning rate never averages out.',
    },
    { ...CONSTANT, iterations: 1000 },
  ),
  ppoMethod(
    pace,
    {
      name: 'ppo-k3',
      gate: null,
      label: 'PPO, k3 in the reward',
      reachesOptimum: false,
      words:
        'Does not reach pi*: k3 estimates the KL well, but as a reward its gradient is that of KL(policy || reference) ' +
        'minus KL(reference || policy). To second order the two cancel, so nothing pulls the policy back.',
    },
    { estimator: 'k3' },
  ),
];

const groupMethods = (pace: ExactPace): readonly ExactMethod[] => [
  groupMethod(pace, 'rloo', {
    name: 'rloo',
    gate: NEAR,
    label: 'RLOO',
    reachesOptimum: true,
    words:
      'Reaches pi*: summed k1 is part of the reward and the leave-one-out baseline biases nothing. At pi* all ' +
      'regularised rewards are equal, so its noise vanishes too.',
    target: optimum,
  }),
  groupMethod(
    pace,
    'rloo',
    {
      name: 'rloo-constant',
      gate: NOISY,
      label: 'RLOO, constant learning rate',
      reachesOptimum: true,
      words: 'Reaches pi* without any decay: at pi* every advantage is zero, so there is no noise.',
      target: optimum,
    },
    { ...CONSTANT, iterations: 2000 },
  ),
  groupMethod(
    pace,
    'dr-grpo',
    {
      name: 'dr-grpo',
      gate: FIXED_POINT,
      label: 'Dr. GRPO',
      reachesOptimum: false,
      words:
        'Does not reach pi* but its own fixed point: k3 as a loss has the gradient of KL(reference || policy), so ' +
        'p = b ref / (b + v - q) in each state instead of ref exp(r / beta); and the group mean holds the own reward, ' +
        `so b = beta G / (G - 1), here G = ${GROUP_SIZE}.`,
      target: (task, beta) => drGrpoOptimum(task, beta, GROUP_SIZE),
    },
    { groups: 256 },
  ),
  groupMethod(
    pace,
    'grpo',
    {
      name: 'grpo',
      gate: FIXED_POINT,
      label: 'GRPO',
      reachesOptimum: false,
      words:
        'Does not reach pi* but its own fixed point: beside k3 as a loss, dividing by the standard deviation of the ' +
        `group (G = ${GROUP_SIZE}) makes a reward count by its rank among likely rivals rather than by its size.`,
      target: (task, beta) => grpoOptimum(task, beta, GROUP_SIZE),
    },
    { groups: 256 },
  ),
];

const preferenceMethods = (pace: ExactPace): readonly ExactMethod[] => [
  dpoMethod(pace, {
    name: 'dpo',
    label: 'DPO, exact preferences',
    words:
      'Reaches pi*: with Bradley-Terry preferences its minimum is pi*, whatever pairs are compared.',
  }),
  dpoMethod(
    pace,
    {
      name: 'dpo-sampled',
      gate: NOISY,
      label: 'DPO, 100,000 comparisons',
      words:
        'Reaches pi* up to the noise of 100,000 comparisons, collected in ten rounds on its own responses; each pair ' +
        'is judged twice by antithetic draws, which takes most of the noise away.',
    },
    ROUNDS,
  ),
  dpoMethod(
    pace,
    {
      name: 'dpo-independent',
      gate: null,
      label: 'DPO, 100,000 independent comparisons',
      words:
        'Reaches pi* up to the noise of 100,000 independent judgements. A small beta magnifies it: an error of the ' +
        'fitted reward is divided by beta.',
    },
    { ...ROUNDS, sampled: { ...ROUNDS.sampled, antithetic: false } },
  ),
  dpoMethod(
    pace,
    {
      name: 'ipo',
      label: 'IPO, exact preferences',
      reachesOptimum: false,
      words:
        'Does not reach pi* but its own optimum: it maximises the probability of being preferred to the reference ' +
        'instead of the reward, which is bounded, so it stays nearer to the reference.',
      target: (task, beta) => {
        const reference = referenceProbabilities(task);
        return ipoOptimum(reference, task.rewards, reference, beta);
      },
    },
    { loss: 'ipo' },
  ),
];

const BEST_OF_N = 4;

/** It has no learning rate, and each of its iterations only draws more. */
const bestOfN = (pace: ExactPace): ExactMethod => ({
  name: 'best-of-n',
  gate: FIXED_POINT,
  label: `Best of ${BEST_OF_N}`,
  reachesOptimum: false,
  words:
    `Does not reach pi* but the exact law of the best of ${BEST_OF_N} draws from the reference: it knows rewards only ` +
    'by their order and knows no beta.',
  target: (task) => bestOfNProbabilities(referenceProbabilities(task), task.rewards, BEST_OF_N),
  total: paced(200, pace),
  laws: (task, { seed }) =>
    tabularBestOfN(task, { seed, n: BEST_OF_N, iterations: paced(200, pace), episodes: 500 }),
});

/** The methods at a pace, in the order in which they are shown; none promises anything at another than the usual one. */
export function exactMethods(pace: ExactPace): readonly ExactMethod[] {
  const methods = [
    ...ppoMethods(pace),
    ...groupMethods(pace),
    ...preferenceMethods(pace),
    bestOfN(pace),
  ];
  return isUsualPace(pace) ? methods : methods.map((method) => ({ ...method, gate: null }));
}

export const EXACT_METHODS: readonly ExactMethod[] = exactMethods(USUAL_PACE);
