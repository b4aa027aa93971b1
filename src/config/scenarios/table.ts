/**
 * The scenarios: what each sets, what differs between its arms, what to look for in three sentences, and its goal.
 * Declarations only: play.ts makes settings of them, goals.ts checks them. The scenario *Exact* is in menu.ts.
 */
import type { PartialSettings } from '../settings.ts';
import {
  happyGoal,
  hackingGoal,
  leashGoal,
  noiseGoal,
  paperGoal,
  shuffleGoal,
  tasteGoal,
  taxGoal,
  withoutRlGoal,
  type Goal,
} from './goals.ts';
import type { ScenarioId } from './menu.ts';

/** One of the runs that a scenario compares. */
export interface Arm {
  readonly id: string;
  readonly label: string;
  /** In what it differs from the other arms: all of them set the same keys. */
  readonly layer: PartialSettings;
}

export interface Scenario {
  readonly lookFor: readonly [string, string, string];
  /** Set over every preset. */
  readonly layer: PartialSettings;
  /** Set over the preset quick only, to stay below five minutes or above the noise. */
  readonly quick: PartialSettings;
  readonly arms: readonly [Arm, ...Arm[]];
  /** The last stage that it trains. */
  readonly last: 'reward' | 'ppo';
  /** Keys of settings that are worth turning; turned, it is still this scenario. */
  readonly controls: readonly string[];
  /** What reaching the goal means, before it is known whether it was reached. */
  readonly aim: string;
  readonly goal: Goal;
}

const ONE_RUN: Scenario['arms'] = [{ id: 'run', label: 'The run', layer: {} }];

/** Held-out prompts that the policy answers while training. */
const MEASURED: PartialSettings = { evaluate: { whileTraining: 128 } };

export const SCENARIOS: Readonly<Record<ScenarioId, Scenario>> = {
  paper: {
    lookFor: [
      'The simulated class writes the labels, as the paper’s hired labelers did.',
      'Watch reward rise while the KL penalty holds the model near where it started.',
      'At the end, judge blind whether the reinforced model is better, or only different.',
    ],
    layer: { labels: { source: 'class' } },
    quick: {},
    arms: ONE_RUN,
    last: 'ppo',
    controls: ['ppo.beta', 'ppo.ptxCoefficient'],
    aim: 'Reward rises, and so does gold, which no model is ever shown.',
    goal: paperGoal,
  },
  'your-taste': {
    lookFor: [
      'Only your own rankings train the reward model: some 15 with one clear taste are enough, if you skip prompts where it cannot show.',
      'Look at how the score box reacts to texts that you would like and dislike.',
      'After reinforcement, count how many answers now follow your taste.',
    ],
    // A handful of rankings in batches of the default size would be a single optimizer step.
    layer: {
      // Sharpened answers differ in what they tell more than in slips of the pen.
      labels: { source: 'person', temperature: 0.5 },
      reward: { promptsPerBatch: 3, epochs: 12, learningRate: 1e-3 },
      ppo: { episodes: 1024 },
    },
    quick: {},
    arms: ONE_RUN,
    last: 'ppo',
    controls: ['reward.epochs', 'ppo.beta'],
    aim: 'Answers score higher with the reward model of your own rankings.',
    goal: tasteGoal,
  },
  happy: {
    lookFor: [
      'The class ranks cheerful answers first, and says nothing about why.',
      'Watch the samples: friends, games and good endings become more frequent, stories first.',
      'Gold beside it tells whether they are still what the prompt asked for.',
    ],
    layer: {
      labels: { source: 'class', population: 'cheer' },
      ppo: { policyLearningRate: 3e-4 },
      ...MEASURED,
    },
    quick: { ppo: { episodes: 1024 } },
    arms: ONE_RUN,
    last: 'ppo',
    controls: ['ppo.beta'],
    aim: 'Held-out answers are clearly more cheerful at the end than at the start.',
    goal: happyGoal,
  },
  'reward-hacking': {
    lookFor: [
      'These labelers secretly like long answers, and nothing in the rankings says so.',
      'Watch reward and length rise together, then look at gold, the truth that the reward model never saw.',
      'Read two samples: would you have ranked the longer one first?',
    ],
    // No leash, no pre-training mix, no price for not ending: a hack may go as far as it can.
    layer: {
      labels: { source: 'class', population: 'length' },
      ppo: { beta: 0, ptxCoefficient: 0, missingEosPenalty: 0, policyLearningRate: 1e-3 },
    },
    quick: { ppo: { episodes: 1280 } },
    arms: ONE_RUN,
    last: 'ppo',
    controls: ['ppo.beta', 'ppo.episodes'],
    aim: 'Reward goes up while gold goes down, by a shortcut that can be named.',
    goal: hackingGoal,
  },
  'no-leash': {
    lookFor: [
      'The same reward model reinforces twice: with the KL penalty, and with beta 0. The class ranked sharpened answers (temperature 0.5), so that few hold the faults that a free policy finds.',
      'Watch how far the free policy runs from where it started, and how its reward outruns the other’s.',
      'Then compare gold: the reward model is only right near the answers that it was trained on.',
    ],
    layer: {
      // Ranked at this temperature, few answers hold the faults that a free policy finds.
      labels: { source: 'class', temperature: 0.5 },
      ppo: { policyLearningRate: 5e-4 },
      ...MEASURED,
    },
    quick: { ppo: { episodes: 1664 } },
    arms: [
      { id: 'leash', label: 'With the leash', layer: { ppo: { beta: 0.1 } } },
      { id: 'no-leash', label: 'No leash (beta 0)', layer: { ppo: { beta: 0 } } },
    ],
    last: 'ppo',
    controls: ['ppo.policyLearningRate', 'ppo.episodes'],
    aim: 'Without the leash the policy goes much further away, and its answers end worse.',
    goal: leashGoal,
  },
  'alignment-tax': {
    lookFor: [
      'PPO learns to please, and nothing asks it to keep what it read before.',
      'Watch its loss on pre-training text, measured four times on the way, rise under plain PPO.',
      'Then PPO-ptx mixes the old gradient in: look at how little of the tax is left.',
    ],
    layer: { labels: { source: 'class' }, ppo: { policyLearningRate: 4e-4 }, ...MEASURED },
    quick: { ppo: { episodes: 1024 } },
    arms: [
      { id: 'ppo', label: 'PPO', layer: { ppo: { ptxCoefficient: 0 } } },
      { id: 'ppo-ptx', label: 'PPO-ptx', layer: { ppo: { ptxCoefficient: 1 } } },
    ],
    last: 'ppo',
    controls: ['ppo.policyLearningRate', 'ppo.beta'],
    aim: 'Plain PPO forgets pre-training text, and PPO-ptx at most half as much.',
    goal: taxGoal,
  },
  'noisy-labelers': {
    lookFor: [
      'Two classes rank the same answers: one with care, one that fills in nine of ten rankings blindly.',
      'Watch the accuracy of the two reward models on what their own labelers said.',
      'Then look at how often each agrees with gold, where the noise cannot hide.',
    ],
    layer: { labels: { source: 'class' } },
    quick: {},
    arms: [
      { id: 'careful', label: 'Careful labelers', layer: { labels: { noise: 0 } } },
      { id: 'careless', label: 'Careless labelers', layer: { labels: { noise: 0.9 } } },
    ],
    last: 'reward',
    controls: ['labels.prompts'],
    aim: 'The reward model of the careless labels agrees clearly less with gold.',
    goal: noiseGoal,
  },
  'shuffled-pairs': {
    lookFor: [
      'Nine answers to a prompt give 36 comparisons, and each answer is in eight of them.',
      'Shuffled into one pile, they bring each answer back again and again: watch the accuracy in training climb.',
      'Then look at the loss on held-out comparisons, which says what was learned and what is only known by heart.',
    ],
    layer: { labels: { source: 'class', k: 9 }, reward: { divisor: 'kept-pairs' } },
    quick: { labels: { prompts: 150 }, reward: { heldOutShare: 0.3 } },
    arms: [
      { id: 'prompts', label: 'Whole prompts', layer: { reward: { batching: 'prompts' } } },
      { id: 'pairs', label: 'Shuffled pairs', layer: { reward: { batching: 'shuffled-pairs' } } },
    ],
    last: 'reward',
    controls: ['reward.learningRate', 'labels.prompts'],
    aim: 'Shuffled, the training comparisons are better known, and held-out ones worse.',
    goal: shuffleGoal,
  },
  'without-rl': {
    lookFor: [
      'DPO trains on the rankings directly, without rollouts, value function or reward model.',
      'Best-of-n trains nothing: it draws eight answers and keeps the one that the reward model likes best.',
      'Compare the gold of both with that of SFT, and what each of them costs for one answer.',
    ],
    layer: { labels: { source: 'class' }, ...MEASURED },
    quick: { ppo: { episodes: 1024 } },
    arms: [
      { id: 'dpo', label: 'DPO', layer: { method: { name: 'dpo' } } },
      { id: 'best-of-n', label: 'Best of n', layer: { method: { name: 'best-of-n' } } },
    ],
    last: 'ppo',
    controls: ['ppo.beta', 'method.groupSize'],
    aim: 'Both end with better answers than SFT gives.',
    goal: withoutRlGoal,
  },
};
