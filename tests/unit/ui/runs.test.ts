/** The state of the part Runs: what is chosen and opened, who goes on when a checkpoint is resumed, what is read again. */
import { describe, expect, test } from 'vitest';
import { defaultSettings } from '../../../src/config/settings.ts';
import { Laboratory } from '../../../src/ui/laboratory.svelte.ts';
import { RunShelf } from '../../../src/ui/runs.svelte.ts';
import type { RunSummary, StageStates } from '../../../src/worker/protocol.ts';
import { BASE, checkpoint, FakeClient, stageState, stageStates } from './fake-client.ts';

function run(id: string, over: Partial<RunSummary> = {}): RunSummary {
  const row = { createdAt: 1, bytes: 1, ended: null, use: '', finished: false };
  return {
    ...{ id, name: id, stage: 'sft', seed: 1, backend: 'cpu', device: '', turns: [], startedAt: 1 },
    ...{ settings: defaultSettings(), status: 'paused', step: 4, total: 8, stale: false, use: '' },
    checkpoints: [2, 4].map((step) => ({
      ...row,
      id: `${id}/${step}`,
      name: `${id}, ${step}`,
      step,
    })),
    ...over,
  };
}

interface World {
  readonly shelf: RunShelf;
  readonly client: FakeClient;
  readonly laboratory: Laboratory;
}

async function world(
  runs: readonly RunSummary[],
  stages: StageStates = stageStates(),
): Promise<World> {
  let stored = runs;
  const client = new FakeClient({
    'project.open': () => ({
      ...{ stages, checkpoints: [BASE, checkpoint('model')], settings: defaultSettings() },
      ...{ readOnly: null, metrics: [], views: [], suite: null, notes: [] },
    }),
    'runs.list': () => ({ runs: stored }),
    'runs.show': ({ runs: ids }) => ({
      shown: ids.map((id) => ({ run: id, records: [], view: null })),
    }),
    'run.delete': ({ run: id }) => {
      stored = stored.filter((row) => row.id !== id);
      return { runs: stored };
    },
    'run.fork': ({ checkpoint: from }) => {
      stored = [...stored, run(`fork of ${from}`)];
      return { run: `fork of ${from}`, runs: stored };
    },
    'trained.load': () => {
      const names = stored.some(({ id }) => id === 'shipped') ? [] : ['shipped'];
      stored = [...stored, ...names.map((id) => run(id))];
      return { names, runs: stored };
    },
    'stage.start': () => ({ state: stageState('running') }),
  });
  const laboratory = new Laboratory(client, defaultSettings());
  await laboratory.open(null);
  const shelf = new RunShelf(laboratory);
  await shelf.load();
  return { shelf, client, laboratory };
}

describe('runs that are looked at', () => {
  test('are read once each, and again after the list was', async () => {
    const { shelf, client } = await world([run('a'), run('b'), run('c')]);
    await shelf.choose('b', true);
    await shelf.choose('a', true);
    await shelf.open('a');
    expect(shelf.chosen.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(client.argsOf('runs.show')).toEqual([{ runs: ['b'] }, { runs: ['a'] }]);
    expect(shelf.shownOf('a')).toBeDefined();
    expect(shelf.shownOf('c')).toBeUndefined();
    await shelf.load();
    expect(client.argsOf('runs.show').at(-1)).toEqual({ runs: ['a', 'b'] });
    await shelf.choose('b', false);
    expect(shelf.chosen.map(({ id }) => id)).toEqual(['a']);
  });

  test('are let go when they are deleted, and the page reads the project again', async () => {
    const { shelf, client } = await world([run('a'), run('b')]);
    await shelf.choose('a', true);
    await shelf.open('a');
    const before = client.argsOf('project.open').length;
    expect(await shelf.remove('a')).toBe(true);
    expect(shelf.runs?.map(({ id }) => id)).toEqual(['b']);
    expect(shelf.chosen).toEqual([]);
    expect(shelf.opened).toBeNull();
    expect(client.argsOf('project.open')).toHaveLength(before + 1);
    expect(shelf.busy).toBe(false);
  });

  test('trained models are listed when they are there, and no names mean that they were', async () => {
    const { shelf, client } = await world([run('a')]);
    const before = client.argsOf('project.open').length;
    expect(await shelf.loadTrained()).toEqual(['shipped']);
    expect(shelf.runs?.map(({ id }) => id)).toEqual(['a', 'shipped']);
    expect(client.argsOf('project.open')).toHaveLength(before + 1);
    expect(await shelf.loadTrained()).toEqual([]);
    expect(shelf.runs).toHaveLength(2);
  });

  test('stay when the worker refuses', async () => {
    const { shelf, client, laboratory } = await world([run('a')]);
    await shelf.open('a');
    const before = client.argsOf('project.open').length;
    expect(await shelf.rename('a', 'b')).toBe(false);
    expect(laboratory.failure?.message).toMatch(/nobody answers run\.rename/);
    expect(shelf.opened?.id).toBe('a');
    expect(client.argsOf('project.open')).toHaveLength(before);
    expect(shelf.busy).toBe(false);
  });
});

describe('a resumed checkpoint', () => {
  const paused = stageStates({ sft: stageState('paused', { run: 'b', step: 4 }) });

  test('of the run that stands there lets it go on itself', async () => {
    const { shelf, client } = await world([run('a'), run('b')], paused);
    expect((await shelf.resume(run('b'), 'b/4'))?.id).toBe('b');
    expect(client.argsOf('run.fork')).toEqual([]);
    expect(client.argsOf('stage.start')).toEqual([{ stage: 'sft', fresh: false }]);
  });

  test.each([
    ['before the last one', 'b', 'b/2'],
    ['of another run', 'a', 'a/4'],
  ])('%s goes on as a fork with its own settings', async (_which, of, from) => {
    const { shelf, client } = await world([run('a'), run('b')], paused);
    expect((await shelf.resume(run(of), from))?.id).toBe(`fork of ${from}`);
    expect(client.argsOf('run.fork')).toEqual([{ checkpoint: from, settings: 'own' }]);
    expect(client.argsOf('stage.start')).toHaveLength(1);
    expect(shelf.opened?.id).toBe(`fork of ${from}`);
  });
});
