/**
 * The table of suites of docs/world.md, from the suites themselves: how many items the report asks of them, and what blind
 * answers and the generator's own get. Text only; world-sheet.ts puts it into the page, a test finds it stale.
 */
import { REFERENCES } from '../records/results.ts';
import { mean } from '../rlhf/masked.ts';
import { suites } from '../world/suites.ts';
import { referenceAnswers } from '../world/suites/references.ts';
import type { Suite } from '../world/suites/suite.ts';
import { itemsAsked, planOf, seedsOfForm } from './reproduce/plan.ts';
import { markdownTable, percent } from './world-counts.ts';

/** The seeds of a whole report, and how many items it asks of which suite. */
const SEEDS = Array.from({ length: seedsOfForm('full') }, (_, k) => k + 1);
const { counts: COUNTS } = planOf('full');

/** Name, title, items of each seed, and the mean score of blind and of the generator's answers over all seeds. */
export function suiteCells(
  suite: Suite,
  seeds: readonly number[] = SEEDS,
  count: number = itemsAsked(COUNTS, suite.name),
): string[] {
  const sets = seeds.map((seed) => ({ seed, items: suite.items(seed, count) }));
  const reached = REFERENCES.map((reference) => {
    const scores = sets.flatMap(({ seed, items }) => {
      const answers = referenceAnswers(suite, items, reference, seed);
      return items.map((item, i) => suite.judge(item, answers[i]!, true).score);
    });
    return percent(mean(scores));
  });
  const counts = [...new Set(sets.map(({ items }) => items.length))];
  return [suite.name, suite.title, counts.join(', '), ...reached];
}

/** The table as Markdown. */
export function suiteTable(): string {
  const rows = suites.map((suite) => suiteCells(suite));
  return markdownTable(['suite', 'what is asked', 'items', 'chance', 'ceiling'], rows);
}
