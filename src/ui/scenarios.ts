/**
 * Scenarios: a choice of settings with what to look for, in three sentences. A scenario is a layer over a preset;
 * playing one sets everything, so nothing of the scenario before it stays. Pure: taking the settings is the page's.
 */
import { PRESET_NAMES, presetSettings } from '../config/presets.ts';
import {
  diffSettings,
  parseSettings,
  type PartialSettings,
  type Settings,
} from '../config/settings.ts';

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
      'Watch reward rise while the KL penalty holds the model near where it started. ' +
      'At the end, judge blind whether the reinforced model is better, or only different.',
    layer: { labels: { source: 'class' } },
  },
  {
    id: 'your-taste',
    label: 'Your taste',
    lookFor:
      'Only your own rankings train the reward model: some 15 with one clear taste are enough, if you skip prompts where it cannot show. ' +
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

/** Has no layer of settings: its task has nothing to do with the language model, and it is a part of its own. */
export const EXACT_SCENARIO = {
  id: 'exact',
  label: 'Exact',
  lookFor:
    'Answers of two tokens out of four: 16 in all, so few that the best policy, π*, can be computed and drawn beside what each method learns. ' +
    'Run them all and watch which bars meet π*, and which stop elsewhere for a reason that can be named. ' +
    'Then change a reward or β and see where they go now.',
} as const satisfies Omit<Scenario, 'layer'>;

export function scenarioById(id: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.id === id);
}

/** Keys that some scenario sets: what tells scenarios apart, and says nothing about the preset below them. */
const SCENARIO_KEYS: ReadonlySet<string> = new Set(
  SCENARIOS.flatMap(({ layer }) =>
    Object.entries(layer).flatMap(([group, values]) =>
      Object.keys(values).map((name) => `${group}.${name}`),
    ),
  ),
);

/** The preset that these settings differ from least, whatever scenario lies over it; settings do not name theirs. */
function nearestPreset(settings: Settings): Settings {
  const ranked = PRESET_NAMES.map((name) => {
    const preset = presetSettings(name);
    const own = diffSettings(preset, settings).filter(({ key }) => !SCENARIO_KEYS.has(key));
    return { preset, distance: own.length };
  });
  return ranked.reduce((best, row) => (row.distance < best.distance ? row : best)).preset;
}

/**
 * The settings of a scenario: the preset that `current` is nearest to with the scenario's layer. Seed and lengths
 * (group `general`) stay as they are. Throws SettingsError when the two do not go together.
 */
export function playScenario({ layer }: Scenario, current: Settings): Settings {
  return parseSettings(layer, { ...nearestPreset(current), general: current.general });
}

/** The scenario that these settings play in all that any scenario sets; undefined for settings of one's own. */
export function scenarioOf(settings: Settings): Scenario | undefined {
  return SCENARIOS.find((scenario) =>
    diffSettings(playScenario(scenario, settings), settings).every(
      ({ key }) => !SCENARIO_KEYS.has(key),
    ),
  );
}
