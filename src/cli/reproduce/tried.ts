/** What was tried where a target is missed, by claim; said in the report only where one is. Facts, no figures of a run. */
export const TRIED: Readonly<Record<string, string>> = {
  'reward-groups':
    'Tried (docs/quick-runs.md): ranking completions at temperature 0.5 gave 86 % of what label noise allows, but one seed ' +
    'in three was then over-optimised; 1,500 instead of 600 ranked prompts gave 84 %, twice the learning rate 82 %. Rankings ' +
    'stay at temperature 1, at which reinforcement draws.',
  'preferred-to-prompted':
    'Known reason, nothing further was tried: demonstrators are mediocre by design (55 % blunt, 20 % wrong), while the ' +
    'prefixes show ideal answers.',
};
