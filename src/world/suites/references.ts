/**
 * What a suite's figures are to be read against: blind answers to its items, whose mean score is the chance level, and the
 * generator's own, whose mean score is the ceiling. From the items alone; no model.
 */
import { Rng } from '../../data/rng.ts';
import type { Reference } from '../../records/results.ts';
import type { Suite, SuiteItem } from './suite.ts';

/** Of the other items any one: at least two are needed. */
function otherItem<Item>(items: readonly Item[], own: number, rng: Rng): Item {
  const other = items[(own + 1 + rng.int(items.length - 1)) % items.length];
  if (other === undefined) throw new RangeError('no other item');
  return other;
}

/** One answer for each of at least two items, in order; blind ones are drawn by the seed. */
export function referenceAnswers<Item extends SuiteItem>(
  suite: Suite<Item>,
  items: readonly Item[],
  reference: Reference,
  seed: number,
): string[] {
  if (reference === 'ceiling') return items.map((item) => suite.ideal(item));
  const rng = Rng.named(seed, 'world', 'suite blind', suite.name);
  return items.map((item, i) => suite.blind(item, rng) ?? suite.ideal(otherItem(items, i, rng)));
}
