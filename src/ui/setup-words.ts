/** What a link can hide, in words for the dialog that makes one. Loaded late. */
import type { Hideable } from './hidden-controls.svelte.ts';

export const HIDEABLE_WORDS: Readonly<Record<Hideable, string>> = {
  demonstrate: 'Part 1 Demonstrate',
  rank: 'Part 2 Rank',
  reinforce: 'Part 3 Reinforce',
  judge: 'Part Judge',
  runs: 'Part Runs',
  world: 'Part World',
  paper: 'Part Paper',
  scenario: 'Choice of the scenario',
  speaker: 'Choice of the model that answers',
  engine: 'What it computes on',
  lessons: 'Guided path',
  settings: 'All settings',
  method: 'Choice of the method in step 3',
  ask: '“Ask the model” below each part',
};
