/** The scenarios by name, for the menu and for links: what has to be known before table.ts is loaded. */

export const SCENARIO_MENU = [
  { id: 'paper', label: 'The paper' },
  { id: 'your-taste', label: 'Your taste' },
  { id: 'happy', label: 'Make it happy' },
  { id: 'reward-hacking', label: 'Reward hacking' },
  { id: 'no-leash', label: 'No leash' },
  { id: 'alignment-tax', label: 'Alignment tax' },
  { id: 'noisy-labelers', label: 'Noisy labelers' },
  { id: 'shuffled-pairs', label: 'Shuffled pairs overfit' },
  { id: 'without-rl', label: 'Without RL' },
] as const;

export type ScenarioId = (typeof SCENARIO_MENU)[number]['id'];

export function isScenarioId(text: string): text is ScenarioId {
  return SCENARIO_MENU.some(({ id }) => id === text);
}

/** Has no settings: its task has nothing to do with the language model, and it is a part of its own. */
export const EXACT_SCENARIO = {
  id: 'exact',
  label: 'Exact',
  lookFor:
    'Answers of two tokens out of four: 16 in all, so few that the best policy, π*, can be computed and drawn beside what each method learns. ' +
    'Run them all and watch which bars meet π*, and which stop elsewhere for a reason that can be named. ' +
    'Then change a reward or β and see where they go now.',
} as const;
