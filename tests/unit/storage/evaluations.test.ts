/** Ratings, repeats and evaluations in the database: old rows pass, bad ones do not, a step is stored whole or not at all. */
import { openDB } from 'idb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EvaluationSitting } from '../../../src/records/human-evaluation.ts';
import type { Ranking } from '../../../src/records/ranking.ts';
import { StorageFullError } from '../../../src/storage/errors.ts';
import {
  addRankings,
  listEvaluations,
  listRankings,
  listVotes,
  saveEvaluation,
  saveSitting,
} from '../../../src/storage/labels.ts';
import { readEvaluationSitting } from '../../../src/storage/lists.ts';
import { Connection, MIGRATIONS } from '../../../src/storage/open.ts';
import { SCHEMA_VERSION, type LaboratorySchema } from '../../../src/storage/schema.ts';
import { checkRow, VALUE_CHECKS } from '../../../src/storage/validators.ts';
import { failWrites } from './failing-writes.ts';
import { freshDatabase, ranking } from './rows.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const RATING = { overall: 4, flags: ['hallucination'] } as const;
const judged = (id: string): Ranking => ({ ...ranking(id), ratings: [RATING, null, RATING] });

const { prompt, completions: outputs } = ranking('x');
const SITTING: EvaluationSitting = {
  checkpoints: ['base', 'sft', 'ppo'],
  baseline: 'sft',
  items: [
    { id: 'i', prompt, outputs },
    { id: 'i-again', prompt, outputs, repeat: true },
  ],
  at: 1,
  ratings: [RATING],
  revealed: false,
};

describe('rows', () => {
  it('of rankings and votes pass with ratings and without', () => {
    const [left, right] = outputs;
    const vote = { id: 'v', prompt, left, right, choice: 'tie', at: 3 };
    for (const row of [ranking('a'), judged('a'), { ...ranking('a'), repeat: true }]) {
      expect(checkRow(VALUE_CHECKS.rankings, row)).toEqual(row);
    }
    expect(checkRow(VALUE_CHECKS.votes, vote)).toEqual(vote);
    const rated = { ...vote, ratings: [null, RATING] };
    expect(checkRow(VALUE_CHECKS.votes, rated)).toEqual(rated);
    expect(checkRow(VALUE_CHECKS.votes, { ...vote, ratings: [RATING] })).toBeNull();
  });

  it.each([
    ['a score off the scale', { ratings: [{ overall: 0, flags: [] }, null, null] }],
    ['half a score', { ratings: [{ overall: 2.5, flags: [] }, null, null] }],
    ['an unknown flag', { ratings: [{ overall: 1, flags: ['rude'] }, null, null] }],
    [
      'a flag twice',
      { ratings: [{ overall: 1, flags: ['violent-content', 'violent-content'] }, null, null] },
    ],
    ['a rating too few', { ratings: [RATING, RATING] }],
    ['a repeat that is none', { repeat: false }],
  ])('do not pass with %s', (_, over) => {
    expect(checkRow(VALUE_CHECKS.rankings, { ...ranking('a'), ...over })).toBeNull();
  });
});

describe('an evaluation', () => {
  it('is kept with the judgement that moved it on, apart from the rankings to learn from', async () => {
    const db = await freshDatabase();
    expect(await readEvaluationSitting(db, 'p')).toBeNull();
    await saveEvaluation(db, 'p', SITTING, judged('b'));
    await saveEvaluation(db, 'p', { ...SITTING, at: 2, ratings: [] }, null);
    expect(await readEvaluationSitting(db, 'p')).toEqual({ ...SITTING, at: 2, ratings: [] });
    expect((await listEvaluations(db, 'p')).rows).toEqual([judged('b')]);
    expect((await listEvaluations(db, 'other')).rows).toEqual([]);
    expect((await listRankings(db, 'p')).rows).toEqual([]);
    expect((await listVotes(db, 'p')).rows).toEqual([]);
  });

  it('stays where it was when the disk is full: neither sitting nor judgement', async () => {
    const db = await freshDatabase();
    await saveEvaluation(db, 'p', SITTING, null);
    failWrites((store) => store === 'evaluations');
    await expect(saveEvaluation(db, 'p', { ...SITTING, at: 2 }, judged('b'))).rejects.toThrow(
      StorageFullError,
    );
    vi.restoreAllMocks();
    expect(await readEvaluationSitting(db, 'p')).toEqual(SITTING);
    expect((await listEvaluations(db, 'p')).rows).toEqual([]);
  });

  it('that is damaged is left out', async () => {
    const db = await freshDatabase();
    await saveEvaluation(db, 'p', { ...SITTING, at: -1 }, { ...judged('b'), ranks: [1] });
    expect(await readEvaluationSitting(db, 'p')).toBeNull();
    expect(await listEvaluations(db, 'p')).toEqual({ rows: [], damaged: 1 });
  });
});

describe('migration 3 to 4', () => {
  it('keeps the rows of version 3 and adds the stores of evaluations', async () => {
    const name = 'from-3';
    const old = await openDB<LaboratorySchema>(name, 3, {
      upgrade: (db, _from, _to, tx) => {
        for (const migrate of MIGRATIONS.slice(0, 3)) migrate(db, tx);
      },
    });
    expect([...old.objectStoreNames]).not.toContain('evaluations');
    await old.put('rankings', { project: 'p', id: 'a', value: ranking('a') });
    old.close();
    const db = await new Connection({ name }).db();
    expect(db.version).toBe(SCHEMA_VERSION);
    expect((await listRankings(db, 'p')).rows).toEqual([ranking('a')]);
    await saveEvaluation(db, 'p', SITTING, judged('b'));
    expect((await listEvaluations(db, 'p')).rows).toEqual([judged('b')]);
    const [left, right] = outputs;
    if (left === undefined || right === undefined) throw new Error('expected two outputs');
    const pair = { id: 'pair', prompt, left, right };
    const sitting = { first: 'a', second: 'b', pairs: [pair], at: 0, revealed: false };
    await saveSitting(db, 'p', sitting, null);
    await addRankings(db, 'p', [judged('c')]);
    expect((await listRankings(db, 'p')).rows).toEqual([ranking('a'), judged('c')]);
  });
});
