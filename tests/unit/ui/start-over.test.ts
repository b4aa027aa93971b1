/** Starting over keeps a copy first, deletes nothing without one, and can be taken back; starting from a link's checkpoint. */
import { describe, expect, test } from 'vitest';
import { defaultSettings } from '../../../src/config/settings.ts';
import { dropCopy, keepCopy, keptCopy } from '../../../src/ui/kept-copy.ts';
import { Laboratory } from '../../../src/ui/laboratory.svelte.ts';
import { StartOver } from '../../../src/ui/start-over.svelte.ts';
import { startFrom } from '../../../src/ui/starting-checkpoint.ts';
import type { HashedCheckpoint, RunSummary } from '../../../src/worker/protocol.ts';
import { FakeClient, stageState, stageStates } from './fake-client.ts';

function run(id: string, use = ''): RunSummary {
  const checkpoint = {
    ...{ id: `${id}/1`, name: `${id}, step 1`, step: 1, finished: false },
    ...{ createdAt: 1, bytes: 1, ended: null, use },
  };
  return {
    ...{ id, name: id.toUpperCase(), stage: 'sft', seed: 1, backend: 'cpu', device: '' },
    ...{
      settings: null,
      turns: [],
      startedAt: 1,
      status: 'finished',
      step: 1,
      total: 1,
      stale: false,
      use,
    },
    checkpoints: [checkpoint],
  };
}

/** The browser's caches, in memory; `full` refuses what is put there. */
function fakeCaches(): CacheStorage & { full: boolean } {
  const all = new Map<string, Map<string, Response>>();
  const fake = {
    full: false,
    has: (name: string) => Promise.resolve(all.has(name)),
    delete: (name: string) => Promise.resolve(all.delete(name)),
    open: (name: string) => {
      const rows = all.get(name) ?? new Map<string, Response>();
      all.set(name, rows);
      return Promise.resolve({
        match: (key: string) => Promise.resolve(rows.get(key)?.clone()),
        put: (key: string, response: Response) => {
          if (fake.full) return Promise.reject(new DOMException('No room.', 'QuotaExceededError'));
          rows.set(key, response);
          return Promise.resolve();
        },
      });
    },
  };
  return fake as unknown as CacheStorage & { full: boolean };
}

/** A laboratory with these runs whose worker deletes, packs and takes back. */
async function laboratoryWith(
  ids: readonly string[],
  failing: string | null = null,
  checkpoints: readonly HashedCheckpoint[] = [],
) {
  let runs = ids.map((id) => run(id));
  const client: FakeClient = new FakeClient({
    'runs.list': () => ({ runs }),
    'run.delete': (args) => {
      if (args.run === failing) throw new Error(`${failing} cannot be deleted.`);
      runs = runs.filter(({ id }) => id !== args.run);
      return { runs };
    },
    'lab.export': () => ({
      file: new Blob([runs.map(({ id }) => id).join(' ')]),
      notes: ['A note.'],
    }),
    'lab.import': () => {
      runs = ids.map((id) => run(id));
      const none = { checkpoints: 0, rankings: 0, votes: 0, demonstrations: 0, prompts: 0 };
      return { added: { ...none, runs: runs.length } };
    },
    'run.fork': ({ checkpoint }) => {
      if (failing === checkpoint) throw new Error('Its labels have changed. Train again instead.');
      runs = [...runs, run('fork')];
      return { run: 'fork', runs };
    },
    'checkpoint.hashes': () => ({ checkpoints }),
    'stage.pause': () => ({ state: stageState('paused') }),
  });
  const laboratory = new Laboratory(client, defaultSettings());
  await laboratory.open(null);
  client.sent.length = 0;
  return { client, laboratory, left: () => runs.map(({ id }) => id) };
}

const names = (client: FakeClient) => client.sent.map(({ name }) => name);

describe('starting over', () => {
  test('keeps the copy before the first run goes, says what it left out, and brings all back', async () => {
    const { client, laboratory, left } = await laboratoryWith(['a', 'b']);
    const store = fakeCaches();
    const work = new StartOver(laboratory, store, () => 42);
    await work.look();
    expect([work.state, work.runs, work.kept]).toEqual(['asking', 2, null]);
    await work.start();
    expect([work.state, work.problem, left(), work.notes]).toEqual(['done', null, [], ['A note.']]);
    const order = names(client);
    expect(order.indexOf('lab.export')).toBeLessThan(order.indexOf('run.delete'));
    expect(order.at(-1)).toBe('project.open');
    expect(order.filter((name) => name.startsWith('labels'))).toEqual([]);
    const kept = await keptCopy(store);
    expect([await kept?.file.text(), kept?.at, kept?.runs]).toEqual(['a b', 42, 2]);

    // As after a reload: what is kept is found again.
    const later = new StartOver(laboratory, store, () => 43);
    await later.look();
    await later.undo();
    expect([later.state, left(), later.kept, await keptCopy(store)]).toEqual([
      'undone',
      ['a', 'b'],
      null,
      null,
    ]);
  });

  test('deletes nothing when the copy finds no room; the copy before stays', async () => {
    const { client, laboratory, left } = await laboratoryWith(['a']);
    const store = fakeCaches();
    await keepCopy(store, { file: new Blob(['older']), at: 1, runs: 9 });
    store.full = true;
    const work = new StartOver(laboratory, store, () => 42);
    await work.look();
    await work.start();
    expect([work.state, left(), names(client).includes('run.delete')]).toEqual([
      'asking',
      ['a'],
      false,
    ]);
    expect(work.problem).toMatch(/No room\. Nothing was deleted\./);
    expect(work.kept?.runs).toBe(9);
  });

  test('says so when a run cannot be deleted, and has the copy', async () => {
    const { laboratory, left } = await laboratoryWith(['a', 'b'], 'b');
    const store = fakeCaches();
    const work = new StartOver(laboratory, store, () => 42);
    await work.start();
    expect([work.state, left(), work.kept?.runs]).toEqual(['asking', ['b'], 2]);
    expect(work.problem).toMatch(
      /b cannot be deleted\. Some runs are still here; the copy has all/,
    );
    await work.undo();
    expect(left()).toEqual(['a', 'b']);
  });

  test('with nothing trained it changes nothing and leaves the copy before alone', async () => {
    const { client, laboratory } = await laboratoryWith([]);
    const store = fakeCaches();
    await keepCopy(store, { file: new Blob(['older']), at: 1, runs: 9 });
    await new StartOver(laboratory, store, () => 42).start();
    expect(names(client)).not.toContain('lab.export');
    expect((await keptCopy(store))?.runs).toBe(9);
    await dropCopy(store);
    expect(await keptCopy(store)).toBeNull();
  });

  test('what trains is paused first', async () => {
    const { client, laboratory } = await laboratoryWith(['a']);
    const state = stageState('running');
    client.emit({ type: 'stage', stage: 'sft', state });
    await new StartOver(laboratory, fakeCaches(), () => 42).start();
    expect(names(client).slice(0, 3)).toEqual(['stage.pause', 'runs.list', 'lab.export']);
    expect(stageStates().sft.status).toBe('ready');
  });
});

describe('the checkpoint of a link', () => {
  const stored = (id: string, hash: string) => ({
    ...{ id: `${id}/1`, name: `${id}, step 1` },
    hash,
  });
  const HASH = '0123456789abcdef';

  test('that is not here changes nothing', async () => {
    const rows = [stored('a', 'f'.repeat(16))];
    const { client, laboratory } = await laboratoryWith(['a'], null, rows);
    expect(await startFrom(laboratory, HASH)).toEqual({ type: 'missing' });
    expect(names(client)).toEqual(['checkpoint.hashes']);
  });

  test('that is here is gone on from, in a run of its own, with the settings of the link', async () => {
    const rows = [stored('a', HASH), stored('b', 'f'.repeat(16))];
    const { client, laboratory } = await laboratoryWith(['a', 'b'], null, rows);
    expect(await startFrom(laboratory, HASH)).toEqual({
      type: 'taken',
      name: 'a, step 1',
      run: 'FORK',
    });
    expect(client.argsOf('run.fork')).toEqual([{ checkpoint: 'a/1', settings: 'present' }]);
    expect(names(client).at(-1)).toBe('project.open');
  });

  test('that is in use already is left as it is, so that opening a link twice forks once', async () => {
    const { laboratory } = await laboratoryWith([]);
    const used = run('a', 'Step 3 is rewarded by it.');
    const desk = {
      call: () => Promise.resolve({ runs: [used], checkpoints: [stored('a', HASH)] }),
      reopen: laboratory.reopen.bind(laboratory),
    } as unknown as Laboratory;
    expect(await startFrom(desk, HASH)).toEqual({
      type: 'taken',
      name: 'a, step 1',
      run: null,
    });
  });

  test('that nothing can go on from says why', async () => {
    const { laboratory } = await laboratoryWith(['a'], 'a/1', [stored('a', HASH)]);
    expect(await startFrom(laboratory, HASH)).toMatchObject({
      type: 'refused',
      reason: 'Its labels have changed. Train again instead.',
    });
  });
});
