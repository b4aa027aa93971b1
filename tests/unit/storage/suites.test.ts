/** Judgements on disk: with the alignment tax, from before there was one, and those that do not pass. */
import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import type { Suite } from '../../../src/records/suite.ts';
import { readSuite } from '../../../src/storage/lists.ts';
import { openProject, saveSuite } from '../../../src/storage/projects.ts';
import { checkRow, VALUE_CHECKS } from '../../../src/storage/validators.ts';
import { freshDatabase } from './rows.ts';

const some = { mean: 0.5, low: 0.25, high: 0.75, n: 5 };
const before = {
  ...{ checkpoint: 'a', name: 'A', greedy: false, length: 7, distinct2: 0.5 },
  ...{ helpful: some, truthful: { ...some, mean: NaN }, harmless: some, gold: some },
};
const taxed = { ...before, tax: { loss: 0.8, rise: some } };

it('a judgement comes back as it was, with a tax and without', async () => {
  const db = await freshDatabase();
  await openProject(db, 'p', {}, 1);
  const suite: Suite = { reports: [before, taxed], pairs: [{ name: 'A > B', rate: some }] };
  await saveSuite(db, 'p', suite);
  expect(await readSuite(db, 'p')).toEqual(suite);
});

it('a tax that is none does not pass', () => {
  const check = (tax: unknown) =>
    checkRow(VALUE_CHECKS.suites, { reports: [{ ...before, tax }], pairs: [] });
  expect(check(taxed.tax)).not.toBeNull();
  for (const tax of [null, 1, undefined, { loss: 1 }, { ...taxed.tax, more: 1 }]) {
    expect(check(tax), JSON.stringify(tax)).toBeNull();
  }
});
