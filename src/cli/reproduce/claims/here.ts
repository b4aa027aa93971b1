/** Claims that a usual run in the page shows: what it does not share with the report is said beside what to look at. */
import type { ResultHere } from '../../../records/results.ts';

const SMALLER =
  'A run in the page has the quick settings and one round of rankings, so expect smaller gains than in this report ' +
  '(docs/quick-runs.md).';

/** The scenario of the paper as it is; `words` say what to look at. */
export const plainRun = (words: string): ResultHere => ({
  scenario: 'paper',
  settings: {},
  words: `${words} ${SMALLER}`,
});
