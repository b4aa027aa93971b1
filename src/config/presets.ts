/**
 * Named sets of settings as layers over the defaults. `quick` is what the tables declare.
 * Sizes follow the paper's proportions; `long` is what docs/results.md is made with, which adds a second round of rankings
 * (cli/reproduce/second-round.ts) that no preset has; `micro` exists for tests and says nothing about quality.
 */
import { defaultSettings, parseSettings, type PartialSettings, type Settings } from './settings.ts';

export const PRESET_NAMES = ['micro', 'quick', 'long', 'paper'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

export interface Preset {
  readonly label: string;
  readonly description: string;
  readonly layer: PartialSettings;
}

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  micro: {
    label: 'Micro',
    description: 'Under a minute: shows that every part works, not what it can do.',
    layer: {
      sft: { demonstrations: 68, epochs: 1, batchSize: 16 },
      labels: { prompts: 16 },
      reward: { promptsPerBatch: 4, heldOutShare: 0.25 },
      method: { groupSize: 4, dpoBatchSize: 8 },
      ppo: { episodes: 64, rolloutBatch: 32, minibatches: 4 },
      evaluate: { prompts: 50, rewardComparisons: 60 },
    },
  },
  quick: {
    label: 'Quick',
    description:
      'Under fifteen minutes without a graphics card: the whole loop with a visible gain.',
    layer: {},
  },
  long: {
    label: 'Long',
    description:
      'About four times as long as quick (by command twelve minutes on one core): ten times the rankings, in one round, and twice the reinforcement at a higher price of KL.',
    layer: {
      labels: { prompts: 6000 },
      ppo: { episodes: 4096, beta: 0.2 },
    },
  },
  paper: {
    label: 'Paper',
    description: "The paper's batch sizes and proportions: hours, and resumable.",
    layer: {
      sft: { demonstrations: 13000, epochs: 16, batchSize: 32, dropout: 0.2 },
      labels: { prompts: 6000, k: 6 },
      reward: { promptsPerBatch: 64 },
      ppo: { episodes: 16384, rolloutBatch: 512, minibatches: 8, ptxExamplesPerEpisode: 8 },
      evaluate: { policyWeights: 'average' },
    },
  },
};

/** All settings of a preset. */
export function presetSettings(name: PresetName): Settings {
  return parseSettings(PRESETS[name].layer, defaultSettings());
}

export function isPresetName(text: string): text is PresetName {
  return PRESET_NAMES.some((name) => name === text);
}
