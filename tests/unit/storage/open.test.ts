/** Opening: one migration per version, the projects row, reopening, other tabs, and rows that do not pass. */
import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { describe, expect, it } from 'vitest';
import { listRankings } from '../../../src/storage/labels.ts';
import {
  listRuns,
  readOwnText,
  readSitting,
  readSuite,
  readView,
} from '../../../src/storage/lists.ts';
import { acquireProjectLock, type LockProvider } from '../../../src/storage/locks.ts';
import { Connection, MIGRATIONS } from '../../../src/storage/open.ts';
import {
  openProject,
  readProject,
  saveOwnText,
  saveSettings,
} from '../../../src/storage/projects.ts';
import { SCHEMA_VERSION, type LaboratorySchema } from '../../../src/storage/schema.ts';
import { checkRow, isJsonValue, ROW_CHECKS } from '../../../src/storage/validators.ts';
import { freshDatabase, ranking, runRow } from './rows.ts';

describe('migrations', () => {
  it('are one per version step', () => {
    expect(MIGRATIONS).toHaveLength(SCHEMA_VERSION);
  });

  it('together make the stores that have a check', async () => {
    const db = await freshDatabase();
    expect([...db.objectStoreNames]).toEqual(
      Object.keys(ROW_CHECKS).sort((a, b) => (a < b ? -1 : 1)),
    );
    expect([...db.transaction('runs').store.indexNames]).toEqual(['project']);
  });
});

describe('migration 1 to 2', () => {
  it('keeps every row of a database of version 1 and adds the stores of views and judgements', async () => {
    const name = 'from-1';
    const old = await openDB<LaboratorySchema>(name, 1, {
      upgrade: (db, _from, _to, tx) => {
        MIGRATIONS[0]?.(db, tx);
      },
    });
    expect([...old.objectStoreNames]).not.toContain('views');
    await old.put('projects', { id: 'p', settings: { a: 1 }, heads: { sft: 'r/8' }, createdAt: 7 });
    await old.put('runs', runRow('r', 8));
    await old.put('metrics', { run: 'r', from: 1, records: [] });
    await old.put('rankings', { project: 'p', id: 'a', value: ranking('a') });
    old.close();
    const db = await new Connection({ name }).db();
    expect(db.version).toBe(SCHEMA_VERSION);
    expect(await readProject(db, 'p')).toMatchObject({ settings: { a: 1 }, heads: { sft: 'r/8' } });
    expect((await listRuns(db, 'p')).rows).toEqual([runRow('r', 8)]);
    expect((await listRankings(db, 'p')).rows).toEqual([ranking('a')]);
    expect(await readView(db, 'r')).toBeNull();
    expect(await readSuite(db, 'p')).toBeNull();
    expect(await readSitting(db, 'p')).toBeNull();
  });
});

describe('migration 2 to 3', () => {
  it('keeps the rows of version 2 and adds the store of the own text', async () => {
    const name = 'from-2';
    const old = await openDB<LaboratorySchema>(name, 2, {
      upgrade: (db, _from, _to, tx) => {
        for (const migrate of MIGRATIONS.slice(0, 2)) migrate(db, tx);
      },
    });
    expect([...old.objectStoreNames]).not.toContain('texts');
    await old.put('runs', runRow('r', 8));
    old.close();
    const db = await new Connection({ name }).db();
    expect((await listRuns(db, 'p')).rows).toEqual([runRow('r', 8)]);
    expect(await readOwnText(db, 'p')).toBeNull();
    const text = { name: 'a.txt', text: 'Once.', print: '0f', at: 3 };
    await saveOwnText(db, 'p', text);
    expect(await readOwnText(db, 'p')).toEqual(text);
  });
});

describe('the connection', () => {
  it('opens again after it was closed', async () => {
    const connection = new Connection({ name: 'reopened' });
    await openProject(await connection.db(), 'p', { a: 1 }, 7);
    await connection.close();
    const row = await readProject(await connection.db(), 'p');
    expect(row).toEqual({ id: 'p', settings: { a: 1 }, heads: {}, createdAt: 7 });
  });

  it('gives way to a newer version in another tab and says so', async () => {
    const notices: string[] = [];
    const connection = new Connection({ name: 'shared', notice: (text) => notices.push(text) });
    await connection.db();
    const newer = await openDB('shared', SCHEMA_VERSION + 1);
    expect(notices).toEqual([
      'A newer version of this page was opened in another tab: reload this one.',
    ]);
    newer.close();
    await expect(connection.db()).rejects.toThrow(/cannot be opened.*reload/);
  });
});

describe('projects', () => {
  it('keep their settings and refuse to save for a project that is not there', async () => {
    const db = await freshDatabase();
    await saveSettings(db, 'p', { ppo: { beta: 1 } });
    expect((await openProject(db, 'p', {}, 9)).settings).toEqual({ ppo: { beta: 1 } });
    await expect(saveSettings(db, 'q', {})).rejects.toThrow(/cannot read/);
    expect(await readProject(db, 'q')).toBeNull();
  });
});

describe('row checks', () => {
  it('pass what the types allow and refuse unknown keys and wrong values', () => {
    expect(checkRow(ROW_CHECKS.runs, runRow())).toEqual(runRow());
    expect(checkRow(ROW_CHECKS.runs, { ...runRow(), more: 1 })).toBeNull();
    expect(checkRow(ROW_CHECKS.runs, { ...runRow(), step: -1 })).toBeNull();
  });

  it('leave out a rollout of an older version, and keep what else the run showed', () => {
    const checks = { adds: { ok: true, value: 0, tolerance: 0 } };
    const rollout = { step: 3, view: { promptId: 'p', prompt: '', score: 1, tokens: [] } };
    const old = { run: 'r', view: { checks, first: null, latest: null, rollout } };
    expect(checkRow(ROW_CHECKS.views, old)?.view).toEqual({ ...old.view, rollout: null });
    expect(checkRow(ROW_CHECKS.views, { ...old, view: { ...old.view, checks: 1 } })).toBeNull();
  });

  it('pass a rollout from before answers were counted and groups were shown, and one with both', () => {
    const own = {
      ...{ promptId: 'p', prompt: 'hi', score: 1, penaltySum: 0, shapedSum: NaN, rewardSum: NaN },
      ...{ beta: 0.1, gamma: NaN, lambda: NaN, clip: 0.2, whitenRewards: false },
      ...{ klPlace: 'loss', klEstimator: 'k3', tokens: [] },
    };
    const group = { rewards: [1, 0], place: 0, baseline: 0.5, spread: null, advantage: 0.5 };
    const stored = (rollout: unknown) => {
      const view = { checks: {}, first: null, latest: null, rollout };
      return checkRow(ROW_CHECKS.views, { run: 'r', view })?.view.rollout;
    };
    const before = { step: 3, views: [own] };
    expect(stored(before)).toEqual(before);
    const now = { step: 3, answers: 32, views: [{ ...own, group: { ...group, over: 'group' } }] };
    expect(stored(now)).toEqual(now);
    expect(stored({ ...now, answers: 'many' })).toBeNull();
  });

  it('take only plain JSON for open-ended fields', () => {
    expect(isJsonValue({ a: [1, null, { b: 'x' }] })).toBe(true);
    for (const bad of [Number.NaN, new Date(0), new Float32Array(1), undefined, new Map()]) {
      expect(isJsonValue({ a: bad })).toBe(false);
    }
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(isJsonValue(cycle)).toBe(false);
  });
});

describe('the project lock', () => {
  function provider(): LockProvider {
    const held = new Set<string>();
    return {
      async request(name, _options, callback) {
        if (held.has(name)) {
          await callback(null);
          return;
        }
        held.add(name);
        await callback({ name });
        held.delete(name);
      },
    };
  }

  it('goes to the first tab and, once that is gone, to the next', async () => {
    const locks = provider();
    const first = await acquireProjectLock('p', locks);
    expect(first.held).toBe(true);
    const once = { tries: 1, milliseconds: 0 };
    expect((await acquireProjectLock('p', locks, once)).held).toBe(false);
    expect((await acquireProjectLock('q', locks)).held).toBe(true);
    first.release();
    await Promise.resolve();
    await Promise.resolve();
    expect((await acquireProjectLock('p', locks)).held).toBe(true);
  });

  it('waits for a worker that a reload left behind', async () => {
    const locks = provider();
    const left = await acquireProjectLock('p', locks);
    setTimeout(() => {
      left.release();
    }, 20);
    const patience = { tries: 50, milliseconds: 5 };
    expect((await acquireProjectLock('p', locks, patience)).held).toBe(true);
  });

  it('counts as held where the browser has no locks', async () => {
    expect((await acquireProjectLock('p', undefined)).held).toBe(true);
  });
});
