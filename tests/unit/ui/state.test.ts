/** The page's state classes against a fake worker and a fake store: what is asked, kept, shown and refused. */
import { describe, expect, test } from 'vitest';
import { parseSettings, defaultSettings } from '../../../src/config/settings.ts';
import { ChartView, comparedSettings } from '../../../src/ui/chart-view.svelte.ts';
import { Demonstrations } from '../../../src/ui/demonstrations.svelte.ts';
import { JudgeDesk } from '../../../src/ui/judge-desk.svelte.ts';
import { Laboratory } from '../../../src/ui/laboratory.svelte.ts';
import { RankingDesk } from '../../../src/ui/ranking-desk.svelte.ts';
import { differenceSentences } from '../../../src/ui/run-differences.ts';
import { place } from '../../../src/ui/ranking-order.ts';
import { Sampling } from '../../../src/ui/sampling.svelte.ts';
import { SettingsDraft } from '../../../src/ui/settings-draft.svelte.ts';
import { Training } from '../../../src/ui/training.svelte.ts';
import {
  BASE,
  checkpoint,
  completion,
  FakeClient,
  FakeStore,
  prompt,
  stageState,
  stageStates,
} from './fake-client.ts';

const open = async (client: FakeClient): Promise<Laboratory> => {
  const laboratory = new Laboratory(client, defaultSettings());
  await laboratory.open(null);
  return laboratory;
};

const rankingItems = {
  'ranking.next': ({ count, k }: { count: number; k: number }) => ({
    items: Array.from({ length: count }, (_, i) => ({
      prompt: prompt(`p${i}`),
      completions: Array.from({ length: k }, (_, j) => completion(`${i}-${j}`)),
    })),
  }),
};

/** Draws that reverse nothing: the order shown is the order of generation. */
const inOrder = (n: number): number => n - 1;

describe('laboratory', () => {
  test('opening restores stages, checkpoints, series and settings', async () => {
    const settings = parseSettings({ ppo: { beta: 0.3 } });
    const records = [{ stage: 'sft', step: 1, values: { loss: 2 } }] as const;
    const sample = { promptId: 'p', prompt: 'hi', response: 'hello', ended: true };
    const view = {
      checks: { ratio: { ok: true, value: 1, tolerance: 1e-4 } },
      first: { step: 1, samples: [sample] },
      latest: { step: 1, samples: [sample] },
      rollout: null,
    };
    const none = { mean: NaN, low: NaN, high: NaN, n: 0 };
    const judgedOnce = {
      ...{ checkpoint: 'sft-1', name: 'SFT 1', greedy: false, length: 1, distinct2: 1 },
      ...{ helpful: none, truthful: none, harmless: none, gold: none },
    };
    const suite = { reports: [judgedOnce], pairs: [] };
    const client = new FakeClient({
      'project.open': () => ({
        stages: stageStates({ sft: stageState('done', { run: 'r1' }) }),
        checkpoints: [BASE, checkpoint('sft-1')],
        settings,
        readOnly: 'open elsewhere',
        metrics: [{ run: 'r1', stage: 'sft', settings, records }],
        views: [{ run: 'r1', stage: 'sft', view }],
        suite,
        notes: ['one was damaged'],
      }),
    });
    const laboratory = await open(client);
    expect(laboratory.opened).toBe(true);
    expect(laboratory.settings.ppo.beta).toBe(0.3);
    expect(laboratory.training.sft.rows).toEqual(records);
    expect(laboratory.training.ppo.rows).toEqual([]);
    expect(laboratory.training.sft.checks).toEqual(view.checks);
    expect(laboratory.training.sft.first).toEqual(view.first);
    expect(laboratory.training.sft.latest).toEqual(view.latest);
    const judge = new JudgeDesk(laboratory, new FakeStore(), inOrder, () => 1);
    expect([judge.suite, judge.judged]).toEqual([suite, ['sft-1']]);
    expect(laboratory.readOnly).toBe('open elsewhere');
    expect(laboratory.notes).toEqual(['one was damaged']);
    expect(laboratory.speaker?.id).toBe('sft-1');
  });

  test('settings of a link win over stored ones', async () => {
    const client = new FakeClient();
    const laboratory = new Laboratory(client, defaultSettings());
    const linked = parseSettings({ ppo: { beta: 0.7 } });
    await laboratory.open(linked);
    expect(laboratory.settings.ppo.beta).toBe(0.7);
    expect(client.argsOf('settings.set')).toEqual([{ settings: linked }]);
  });

  test('another method shows its own run of step 3, or nothing; any other setting leaves it', async () => {
    const record = (loss: number) => [{ stage: 'ppo', step: 1, values: { loss } }] as const;
    const view = { checks: {}, first: null, latest: null, rollout: null };
    const checks = { of: { ok: true, value: 0, tolerance: 0 } };
    const of = { stage: 'ppo' } as const;
    const client = new FakeClient({
      'project.open': () => ({
        stages: stageStates(),
        checkpoints: [BASE],
        settings: defaultSettings(),
        readOnly: null,
        metrics: [{ run: 'ppo-1', ...of, settings: parseSettings({}), records: record(1) }],
        views: [{ run: 'ppo-1', stage: 'ppo', view }],
        suite: null,
        notes: [],
      }),
      'settings.set': ({ settings }) => {
        const dpo = settings.method.name === 'dpo';
        return {
          stages: stageStates(),
          metrics: dpo ? [{ run: 'dpo-1', ...of, settings, records: record(2) }] : [],
          views: dpo ? [{ run: 'dpo-1', stage: 'ppo', view: { ...view, checks } }] : [],
        };
      },
    });
    const laboratory = await open(client);
    const { ppo } = laboratory.training;
    const set = (layer: unknown) => laboratory.setSettings(parseSettings(layer));
    await set({ ppo: { beta: 0.3 } });
    expect(ppo.rows).toEqual(record(1));
    await set({ method: { name: 'dpo' } });
    expect([ppo.rows, ppo.checks]).toEqual([record(2), checks]);
    // A run of another method is no run before.
    expect([ppo.former, ppo.settings?.method.name]).toEqual([null, 'dpo']);
    await set({ method: { name: 'rloo' } });
    expect([ppo.rows, ppo.checks, ppo.last('loss')]).toEqual([[], {}, undefined]);
    expect([ppo.former, ppo.settings]).toEqual([null, null]);
  });

  test('a failed start is shown and can be tried again', async () => {
    let broken = true;
    const client = new FakeClient({
      'engine.start': () => {
        if (broken) throw Object.assign(new Error(), { kind: 'engine', message: 'damaged' });
        return { backend: 'cpu', device: '', notes: [], available: ['cpu'] };
      },
    });
    const laboratory = await open(client);
    expect(laboratory.opened).toBe(false);
    expect(laboratory.failure).toEqual({ kind: 'engine', message: 'damaged' });
    broken = false;
    await laboratory.retry();
    expect(laboratory.opened).toBe(true);
    expect(laboratory.failure).toBeNull();
  });

  test("a second try after a failed start takes the link's settings", async () => {
    let broken = true;
    const client = new FakeClient({
      'engine.start': () => {
        if (broken) throw Object.assign(new Error(), { kind: 'engine', message: 'damaged' });
        return { backend: 'cpu', device: '', notes: [], available: ['cpu'] };
      },
    });
    const laboratory = new Laboratory(client, defaultSettings());
    const linked = parseSettings({ ppo: { beta: 0.7 } });
    await laboratory.open(linked);
    expect(laboratory.linkPending).toBe(true);
    broken = false;
    await laboratory.retry();
    expect(laboratory.settings.ppo.beta).toBe(0.7);
    expect(client.argsOf('settings.set')).toEqual([{ settings: linked }]);
    // Once taken, a later start leaves alone what was changed since.
    expect(laboratory.linkPending).toBe(false);
    await laboratory.retry();
    expect(client.argsOf('settings.set')).toHaveLength(1);
  });

  test('the newest trained checkpoint speaks until one is chosen', async () => {
    const client = new FakeClient();
    const laboratory = await open(client);
    expect(laboratory.speaker?.id).toBe('base');
    const trained = [checkpoint('a', { createdAt: 5 }), checkpoint('b', { createdAt: 9 })];
    const reward = checkpoint('r', { kind: 'reward', createdAt: 99 });
    client.emit({ type: 'checkpoints', checkpoints: [BASE, ...trained, reward] });
    expect(laboratory.speaker?.id).toBe('b');
    expect(laboratory.hasReward).toBe(true);
    laboratory.choose('base');
    expect(laboratory.speaker?.id).toBe('base');
  });

  test('what is stored is listed once each, and a deleted one is gone', async () => {
    const average = checkpoint('p/average', { stage: 'ppo', average: true });
    const first = checkpoint('s', { name: 'first try' });
    const rows = [BASE, first, average, checkpoint('p', { stage: 'ppo', createdAt: 1 })];
    const client = new FakeClient({
      'checkpoint.delete': ({ checkpoint: id }) => ({
        checkpoints: rows.filter((row) => row.id !== id),
      }),
    });
    const laboratory = await open(client);
    client.emit({ type: 'checkpoints', checkpoints: rows });
    expect(laboratory.stored.map(({ id }) => id)).toEqual(['s', 'p']);
    // The last weights speak, not their average, unless that is chosen.
    expect(laboratory.speaker?.id).toBe('p');
    expect(laboratory.nameOf('s')).toBe('first try');
    expect(await laboratory.deleteCheckpoint('s')).toBe(true);
    expect(laboratory.stored.map(({ id }) => id)).toEqual(['p']);
    // Votes about it are kept, so it must still be called something.
    expect(laboratory.nameOf('s')).toBe('a deleted checkpoint');
  });

  test('stage events and progress are followed', async () => {
    const client = new FakeClient();
    const laboratory = await open(client);
    client.emit({ type: 'stage', stage: 'sft', state: stageState('running', { step: 3 }) });
    expect(laboratory.running).toBe('sft');
    client.emit({ type: 'progress', task: 'judging', done: 1, total: 2, secondsLeft: 1 });
    expect(laboratory.progress?.task).toBe('judging');
    client.emit({ type: 'progress', task: 'judging', done: 2, total: 2, secondsLeft: 0 });
    expect(laboratory.progress).toBeNull();
  });
});

test('words are marked while a prompt is typed, before anybody is asked', async () => {
  const client = new FakeClient({
    'world.words': () => ({ words: ['frogs', 'jump'] }),
    'prompts.examples': () => ({ prompts: [] }),
  });
  const sampling = new Sampling(await open(client));
  await sampling.load();
  const marked = () =>
    sampling.marked.flatMap(({ text, state }) => (state === 'known' ? [] : [text]));
  sampling.prompt = 'zebras jum';
  sampling.typing = true;
  expect(marked()).toEqual(['zebras']);
  sampling.typing = false;
  expect(marked()).toEqual(['zebras', 'jum']);
  expect(client.argsOf('model.sample')).toEqual([]);
});

test('top-k and top-p go with the question, and stand with the answers though they are changed later', async () => {
  const client = new FakeClient({ 'model.sample': () => ({ responses: [] }) });
  const sampling = new Sampling(await open(client));
  sampling.prompt = 'hi';
  [sampling.topK, sampling.topP] = [10, 0.9];
  await sampling.sample();
  [sampling.topK, sampling.topP] = [0, 1];
  const [asked] = client.argsOf('model.sample');
  if (asked === undefined) throw new Error('nobody was asked');
  expect(asked).toMatchObject({ prompt: 'hi', among: { topK: 10, topP: 0.9 } });
  expect(sampling.answers).toMatchObject({ topK: 10, topP: 0.9 });
});

describe('training', () => {
  const metrics = (step: number, loss: number) =>
    ({ type: 'metrics', run: 'r', record: { stage: 'sft', step, values: { loss } } }) as const;

  test('a run that went back repeats steps; the newer record wins', () => {
    const training = new Training('sft', defaultSettings);
    [metrics(1, 5), metrics(2, 4), metrics(3, 3), metrics(2, 9)].forEach((event) => {
      training.receive(event);
    });
    expect(training.rows.map((row) => [row.step, row.values['loss']])).toEqual([
      [1, 5],
      [2, 9],
    ]);
    expect(training.last('loss')).toBe(9);
  });

  test('another run begins with an empty series, another stage is ignored', () => {
    const training = new Training('sft', defaultSettings);
    training.receive(metrics(1, 5));
    training.receive({ ...metrics(1, 7), run: 'r2' });
    training.receive({ type: 'metrics', run: 'r3', record: { stage: 'ppo', step: 1, values: {} } });
    expect(training.rows).toHaveLength(1);
    expect(training.last('loss')).toBe(7);
  });

  test('the run before stays to be compared with, each with the settings it was begun with', () => {
    let settings = parseSettings({ sft: { epochs: 1 } });
    const training = new Training('sft', () => settings);
    const charts = new ChartView();
    training.receive(metrics(1, 5));
    settings = parseSettings({ sft: { epochs: 3 } });
    training.receive(metrics(2, 4));
    expect(training.former).toBeNull();
    expect(comparedSettings(training)).toEqual([]);
    training.receive({ ...metrics(1, 7), run: 'r2' });
    expect(training.former?.rows.map((row) => row.values['loss'])).toEqual([5, 4]);
    expect(differenceSentences(comparedSettings(training))).toEqual([
      '1 Demonstrate, Epochs: 3 in this run, 1 in the run before.',
    ]);
    expect(charts.runsOf(training).map(({ rows }) => rows.length)).toEqual([1]);
    charts.compare(true);
    expect(charts.runsOf(training).map(({ rows }) => rows.length)).toEqual([1, 2]);
  });

  test('a stored run brings its own settings, also when it has no step yet', () => {
    const own = parseSettings({ sft: { epochs: 2 } });
    const training = new Training('sft', defaultSettings);
    training.restore({ run: 'r', stage: 'sft', settings: own, records: [] });
    training.receive(metrics(1, 5));
    expect(training.settings).toBe(own);
  });
});

describe('ranking desk', () => {
  async function desk(shuffle = inOrder) {
    const client = new FakeClient(rankingItems);
    const store = new FakeStore();
    const laboratory = await open(client);
    const ranking = new RankingDesk(laboratory, store, shuffle, () => 17);
    await ranking.fetch();
    return { client, store, laboratory, ranking };
  }

  /** Gives the shown texts the places listed. */
  function rank(ranking: RankingDesk, places: readonly number[]): void {
    places.forEach((to, i) => {
      ranking.change(place(ranking.order, i, to), '');
    });
  }

  test('a saved ranking holds ranks in the order of generation and the order shown', async () => {
    const { ranking, store, client } = await desk(() => 0);
    expect(ranking.item?.shown).toEqual([1, 2, 3, 0]);
    rank(ranking, [4, 3, 2, 1]);
    await ranking.save();
    const [stored] = store.kept.rankings;
    // Shown 0 is completion 1, which got place 4.
    expect(stored?.ranks).toEqual([1, 4, 3, 2]);
    expect(stored?.shown).toEqual([1, 2, 3, 0]);
    expect(stored?.labeler).toBe('person');
    expect(stored?.at).toBe(17);
    expect(ranking.comparisons).toBe(6);
    expect(ranking.item?.prompt.id).toBe('p1');
    expect(client.argsOf('labels.changed')).toHaveLength(1);
  });

  test('nothing counts that is not on disk', async () => {
    const { ranking, store, laboratory } = await desk();
    store.full = true;
    rank(ranking, [1, 2, 3, 4]);
    await ranking.save();
    expect(ranking.own).toHaveLength(0);
    expect(ranking.item?.prompt.id).toBe('p0');
    expect(laboratory.failure?.kind).toBe('storage');
    store.full = false;
    await ranking.save();
    expect(ranking.own).toHaveLength(1);
  });

  test('an unfinished ranking cannot be saved, a skip stores nothing', async () => {
    const { ranking, store } = await desk();
    rank(ranking, [1, 2]);
    await ranking.save();
    ranking.skip();
    expect(store.kept.rankings).toHaveLength(0);
    expect(ranking.item?.prompt.id).toBe('p1');
  });

  test('undo takes back a change, then the ranking before, which is removed from disk', async () => {
    const { ranking, store } = await desk();
    rank(ranking, [1, 2, 3, 4]);
    await ranking.save();
    ranking.change(place(ranking.order, 0, 1), '');
    await ranking.undo();
    expect(ranking.order.places).toEqual([null, null, null, null]);
    await ranking.undo();
    expect(store.kept.rankings).toHaveLength(0);
    expect(ranking.item?.prompt.id).toBe('p0');
    expect(ranking.own).toHaveLength(0);
  });

  test('two quick undos bring a prompt back once', async () => {
    const { ranking, store } = await desk();
    rank(ranking, [1, 2, 3, 4]);
    await ranking.save();
    await Promise.all([ranking.undo(), ranking.undo()]);
    expect(ranking.item?.prompt.id).toBe('p0');
    expect(store.kept.rankings).toHaveLength(0);
    ranking.skip();
    expect(ranking.item?.prompt.id).toBe('p1');
  });

  test('a skip while a ranking is being saved or taken back leaves no prompt unseen', async () => {
    const { ranking } = await desk();
    rank(ranking, [1, 2, 3, 4]);
    const saving = ranking.save();
    ranking.skip();
    await saving;
    expect(ranking.item?.prompt.id).toBe('p1');
    const undoing = ranking.undo();
    ranking.skip();
    await undoing;
    expect(ranking.item?.prompt.id).toBe('p0');
  });

  test('undoing a skip says that the prompt is back, and nothing about a ranking', async () => {
    const { ranking } = await desk();
    ranking.skip();
    await ranking.undo();
    expect(ranking.item?.prompt.id).toBe('p0');
    expect(ranking.news).toBe('The skipped prompt is back.');
  });

  test('rankings of the class are counted apart', async () => {
    const { ranking, store, laboratory } = await desk();
    rank(ranking, [1, 1, 2, 3]);
    await ranking.save();
    const [own] = store.kept.rankings;
    if (own === undefined) throw new Error('expected a ranking');
    store.kept.rankings.push({ ...own, id: 'other', labeler: 'labeler-3' });
    await ranking.loadCounts();
    expect(ranking.own).toHaveLength(1);
    expect(ranking.ofClass).toBe(1);
    expect(ranking.comparisons).toBe(5);
    // Those of another class wait until the settings name it.
    store.kept.rankings.push({ ...own, id: 'third', labeler: 'labeler-3@length~0.5' });
    await ranking.loadCounts();
    expect(ranking.ofClass).toBe(1);
    const { labels } = laboratory.settings;
    await laboratory.setSettings({
      ...laboratory.settings,
      labels: { ...labels, population: 'length', noise: 0.5 },
    });
    expect(ranking.ofClass).toBe(1);
    store.kept.rankings.push({ ...own, id: 'fourth', labeler: 'labeler-4@length~0.5' });
    await ranking.loadCounts();
    expect(ranking.ofClass).toBe(2);
  });
});

describe('judge desk', () => {
  const pairs = {
    'judge.pairs': ({ left, right, count }: { left: string; right: string; count: number }) => ({
      pairs: Array.from({ length: count }, (_, i) => ({
        id: `pair-${i}`,
        prompt: prompt(`p${i}`),
        left: completion(`l${i}`, i % 2 === 0 ? left : right),
        right: completion(`r${i}`, i % 2 === 0 ? right : left),
      })),
    }),
  };

  test('votes are stored under checkpoint ids whatever side was shown, then revealed', async () => {
    const store = new FakeStore();
    const laboratory = await open(new FakeClient(pairs));
    const judge = new JudgeDesk(laboratory, store, inOrder, () => 1);
    await judge.begin('a', 'b', 4);
    for (let i = 0; i < 4; i++) {
      const side = judge.pair?.left.policy === 'a' ? 'left' : 'right';
      await judge.vote(side);
    }
    expect(judge.revealed).toBe(true);
    expect(judge.pair).toBeUndefined();
    expect(judge.rate).toMatchObject({ rate: 1, n: 4 });
    expect(new Set(judge.judged)).toEqual(new Set(['a', 'b']));
    expect(new Set(store.kept.votes.map((vote) => vote.choice))).toEqual(
      new Set(['left', 'right']),
    );
  });

  test('two quick votes are one vote for the first pair, and the second pair is still shown', async () => {
    const store = new FakeStore();
    const laboratory = await open(new FakeClient(pairs));
    const judge = new JudgeDesk(laboratory, store, inOrder, () => 1);
    await judge.begin('a', 'b', 3);
    await Promise.all([judge.vote('left'), judge.vote('left')]);
    expect(store.kept.votes.map((vote) => vote.prompt.id)).toEqual(['p0']);
    expect(judge.pair?.prompt.id).toBe('p1');
    await judge.vote('right');
    expect(judge.pair?.prompt.id).toBe('p2');
  });

  test('a vote that is stored after another sitting has begun skips none of its pairs', async () => {
    const store = new FakeStore();
    const laboratory = await open(new FakeClient(pairs));
    const judge = new JudgeDesk(laboratory, store, inOrder, () => 1);
    await judge.begin('a', 'b', 2);
    let written = (): void => undefined;
    const save = store.saveSitting.bind(store);
    store.saveSitting = (sitting, vote) =>
      vote === null ? save(sitting, vote) : new Promise((resolve) => (written = resolve));
    const voting = judge.vote('left');
    await judge.begin('a', 'c', 2);
    written();
    await voting;
    expect(judge.position).toBe(0);
  });

  test('a sitting under way comes back after a reload, at the pair where it was', async () => {
    const store = new FakeStore();
    const judge = new JudgeDesk(await open(new FakeClient(pairs)), store, inOrder, () => 1);
    await judge.begin('a', 'b', 3);
    await judge.vote('tie');
    const after = new JudgeDesk(await open(new FakeClient(pairs)), store, inOrder, () => 1);
    await after.loadVotes();
    expect([after.position, after.total, after.pair?.id]).toEqual([1, 3, 'pair-1']);
    await after.reveal();
    const last = new JudgeDesk(await open(new FakeClient(pairs)), store, inOrder, () => 1);
    await last.loadVotes();
    expect(last.pair).toBeUndefined();
    expect(last.rate).toMatchObject({ rate: 0.5, n: 1 });
  });

  test('a vote that is not stored does not count', async () => {
    const store = new FakeStore();
    const laboratory = await open(new FakeClient(pairs));
    const judge = new JudgeDesk(laboratory, store, inOrder, () => 1);
    await judge.begin('a', 'b', 2);
    store.full = true;
    await judge.vote('tie');
    expect(judge.position).toBe(0);
    expect(judge.cast).toHaveLength(0);
    expect(laboratory.failure?.kind).toBe('storage');
  });
});

describe('a second tab', () => {
  const elsewhere = (): FakeClient =>
    new FakeClient({
      ...rankingItems,
      'judge.pairs': () => ({
        pairs: [
          {
            id: 'pair',
            prompt: prompt('p'),
            left: completion('l', 'a'),
            right: completion('r', 'b'),
          },
        ],
      }),
      'project.open': () => ({
        stages: stageStates(),
        checkpoints: [BASE],
        settings: defaultSettings(),
        readOnly: 'Open in another tab.',
        metrics: [],
        views: [],
        suite: null,
        notes: [],
      }),
    });

  test('stores no ranking, and takes none away', async () => {
    const store = new FakeStore();
    const laboratory = await open(elsewhere());
    expect(laboratory.writable).toBe(false);
    const ranking = new RankingDesk(laboratory, store, inOrder, () => 1);
    await ranking.fetch();
    [1, 2, 3, 4].forEach((to, i) => {
      ranking.change(place(ranking.order, i, to), '');
    });
    expect(ranking.canSave).toBe(false);
    await ranking.save();
    expect(store.kept.rankings).toEqual([]);
  });

  test('stores no vote and no demonstration, and says why', async () => {
    const store = new FakeStore();
    const laboratory = await open(elsewhere());
    const judge = new JudgeDesk(laboratory, store, inOrder, () => 1);
    await judge.begin('a', 'b', 1);
    expect(judge.pair).toBeUndefined();
    expect(store.kept.sitting).toBeNull();
    expect(laboratory.failure).toEqual({ kind: 'storage', message: 'Open in another tab.' });
    const demonstrations = new Demonstrations(laboratory, store);
    const row = { id: 'd', prompt: prompt('p'), response: 'r', author: 'me' };
    expect(await demonstrations.save(row)).toBe(false);
    store.kept.demonstrations.push(row);
    await demonstrations.load();
    expect(await demonstrations.save({ ...row, response: 'other' })).toBe(false);
    expect(await demonstrations.remove('d')).toBe(false);
    expect(demonstrations.own).toEqual([row]);
    expect(store.kept.demonstrations).toHaveLength(1);
  });
});

describe('settings draft', () => {
  test('each setting is checked while it is typed, and all together', () => {
    const draft = new SettingsDraft(defaultSettings());
    expect(draft.settings).toEqual(defaultSettings());
    draft.type('ppo.beta', 'much');
    expect(draft.problem('ppo.beta')).toContain('a number from 0 to 10');
    expect(draft.settings).toBeNull();
    draft.type('ppo.beta', '0.2');
    expect(draft.settings?.ppo.beta).toBe(0.2);
    expect(draft.query).toBe('ppo.beta=0.2');
    draft.type('ppo.episodes', '100');
    expect(draft.problemCount).toBe(0);
    expect(draft.problemTogether).toContain('multiple of');
  });

  test('a preset leaves the choice of labels alone', () => {
    const draft = new SettingsDraft(parseSettings({ labels: { source: 'person' } }));
    draft.preset('micro');
    expect(draft.settings?.sft.demonstrations).toBe(68);
    expect(draft.settings?.labels.source).toBe('person');
  });
});
