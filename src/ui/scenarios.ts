/**
 * Scenarios: a choice of settings with what to look for, in three sentences. Declarations only; applying one
 * is a settings change like any other.
 */
import type { PartialSettings, Settings } from '../config/settings.ts';

export interface Scenario {
  readonly id: string;
  readonly label: string;
  readonly lookFor: string;
  readonly layer: PartialSettings;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    id: 'paper',
    label: 'The paper',
    lookFor:
      'The simulated class writes the labels, as the paper’s hired labelers did. ' +
      'Watch reward rise while the KL penalty holds the policy near where it started. ' +
      'At the end, judge blind whether the reinforced model is better, or only different.',
    layer: { labels: { source: 'class' } },
  },
  {
    id: 'your-taste',
    label: 'Your taste',
    lookFor:
      'Only your own rankings train the reward model: some 15 of them with one clear taste are enough. ' +
      'Look at how the score box reacts to texts that you would like and dislike. ' +
      'After reinforcement, count how many answers now follow your taste.',
    // A handful of rankings in batches of the default size would be a single optimizer step; at the default rate
    // it would learn them by heart.
    layer: {
      labels: { source: 'person' },
      reward: { promptsPerBatch: 3, epochs: 6, learningRate: 5e-4 },
      ppo: { episodes: 1024 },
    },
  },
];

export function scenarioById(id: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.id === id);
}

/** The scenario whose labels these settings use; `both` is nobody's scenario. */
export function scenarioOf(settings: Settings): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.layer.labels?.source === settings.labels.source);
}
