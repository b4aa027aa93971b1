/** The evaluation of several checkpoints at its desk: blind, each output alone, then all; stored at each step. */
import { describe, expect, test } from 'vitest';
import { defaultSettings } from '../../../src/config/settings.ts';
import { NO_RATING } from '../../../src/records/output-rating.ts';
import { EvaluationDesk } from '../../../src/ui/evaluation-desk.svelte.ts';
import { JudgeDesk } from '../../../src/ui/judge-desk.svelte.ts';
import { Laboratory } from '../../../src/ui/laboratory.svelte.ts';
import { place } from '../../../src/ui/ranking-order.ts';
import type { HumanBoard } from '../../../src/records/human-board.ts';
import { stoppedWords, stoppingWords } from '../../../src/ui/stopped-words.ts';
import { completion, FakeClient, FakeStore, prompt } from './fake-client.ts';

const NONE = { agreed: 0, total: 0 };
const BOARD: HumanBoard = {
  groups: [],
  judgements: 3,
  resamples: 10,
  agreement: { training: NONE, heldOut: NONE, judgements: 0 },
};

/** The answers of each prompt stand in the opposite order to those of the prompt before. */
const outputs = {
  'judge.outputs': ({ checkpoints, count }: { checkpoints: readonly string[]; count: number }) => ({
    items: Array.from({ length: count }, (_, i) => {
      const written = checkpoints.map((id) => completion(`${id}-${i}`, id));
      const shown = i % 2 === 0 ? written : written.toReversed();
      return { id: `item-${i}`, prompt: prompt(`p${i}`), outputs: shown };
    }),
  }),
  'judge.board': () => BOARD,
};

const last = (n: number): number => n - 1;

async function desk(store = new FakeStore(), client = new FakeClient(outputs)) {
  const laboratory = new Laboratory(client, defaultSettings());
  await laboratory.open(null);
  return { store, client, laboratory, desk: new EvaluationDesk(laboratory, store, last, () => 9) };
}

async function rateAll(own: EvaluationDesk, scores: readonly number[]): Promise<void> {
  for (const overall of scores) {
    own.rate({ overall, flags: overall === 1 ? ['fails-task'] : [] });
    await own.next();
  }
}

/** Gives the outputs shown the places listed and saves. */
async function rankAll(own: EvaluationDesk, places: readonly number[]): Promise<void> {
  places.forEach((to, i) => {
    own.change(place(own.order, i, to), '');
  });
  await own.save();
}

describe('one prompt', () => {
  test('is rated output by output, then ranked; the judgement is stored under the checkpoints', async () => {
    const { desk: own, store } = await desk();
    await own.begin(['ppo', 'sft'], 'sft', 2);
    expect(own.output?.policy).toBe('ppo');
    expect(own.canRank).toBe(false);
    await rateAll(own, [6, 1]);
    expect(own.output).toBeUndefined();
    await rankAll(own, [1, 2]);
    expect(store.kept.evaluations).toMatchObject([
      {
        ...{ labeler: 'person', ranks: [1, 2], shown: [0, 1], at: 9 },
        ratings: [
          { overall: 6, flags: [] },
          { overall: 1, flags: ['fails-task'] },
        ],
      },
    ]);
    expect(store.kept.evaluations[0]?.completions.map(({ policy }) => policy)).toEqual([
      'ppo',
      'sft',
    ]);
    // The other way round: what is shown first is the other's.
    expect(own.output?.policy).toBe('sft');
    expect(own.draft).toEqual(NO_RATING);
  });

  test('goes on only with a score, and ranks only when all have a place', async () => {
    const { desk: own, store } = await desk();
    await own.begin(['ppo', 'sft'], 'sft', 1);
    own.rate({ overall: null, flags: ['hallucination'] });
    await own.next();
    expect(own.sitting?.ratings).toEqual([]);
    await own.save();
    await rateAll(own, [3, 4]);
    own.change(place(own.order, 0, 1), '');
    await own.save();
    expect(store.kept.evaluations).toEqual([]);
    expect(own.item?.id).toBe('item-0');
  });

  test('an output before comes back with what was said of it; the first has none before', async () => {
    const { desk: own } = await desk();
    await own.begin(['ppo', 'sft'], 'sft', 1);
    await own.back();
    await rateAll(own, [3, 1]);
    await own.back();
    expect(own.output?.policy).toBe('sft');
    expect(own.draft).toEqual({ overall: 1, flags: ['fails-task'] });
    await own.back();
    expect([own.output?.policy, own.draft.overall]).toEqual(['ppo', 3]);
  });

  test('may be skipped: nothing of it is stored as a judgement', async () => {
    const { desk: own, store } = await desk();
    await own.begin(['ppo', 'sft'], 'sft', 2);
    await rateAll(own, [3]);
    await own.skip();
    expect([own.item?.id, own.sitting?.ratings]).toEqual(['item-1', []]);
    expect(store.kept.evaluations).toEqual([]);
  });

  test('a change of the order can be undone', async () => {
    const { desk: own } = await desk();
    await own.begin(['ppo', 'sft'], 'sft', 1);
    await rateAll(own, [3, 4]);
    own.change(place(own.order, 0, 2), 'changed');
    own.undo();
    own.undo();
    expect(own.order.places).toEqual([null, null]);
  });
});

describe('a sitting', () => {
  test('shows one prompt in five twice, marks it, and is revealed after the last', async () => {
    const { desk: own, store } = await desk();
    await own.begin(['ppo', 'sft'], 'sft', 5);
    expect(own.sitting?.items).toHaveLength(6);
    for (let i = 0; i < 6; i++) {
      await rateAll(own, [5, 5]);
      await rankAll(own, [1, 2]);
    }
    expect(own.sitting?.revealed).toBe(true);
    expect(own.item).toBeUndefined();
    expect(store.kept.evaluations.map(({ repeat }) => repeat)).toEqual([
      ...Array.from({ length: 5 }, () => undefined),
      true,
    ]);
    expect(own.results).toHaveLength(6);
  });

  test('goes on after a reload at the very output, with the judgements before', async () => {
    const { desk: own, store } = await desk();
    await own.begin(['ppo', 'sft', 'base'], 'sft', 2);
    await rateAll(own, [3, 4, 5]);
    await rankAll(own, [1, 2, 3]);
    await rateAll(own, [2]);
    const { desk: after } = await desk(store);
    await after.load();
    expect(after.output?.id).toBe(own.output?.id);
    expect(after.sitting).toEqual(own.sitting);
    expect(after.results).toHaveLength(1);
    await rateAll(after, [3, 4]);
    await rankAll(after, [3, 2, 1]);
    expect(after.sitting?.revealed).toBe(true);
    expect(store.kept.evaluations).toHaveLength(2);
  });

  test('that is revealed early keeps what was judged; other checkpoints have other results', async () => {
    const { desk: own } = await desk();
    await own.begin(['ppo', 'sft'], 'sft', 3);
    await rateAll(own, [3, 4]);
    await rankAll(own, [1, 2]);
    await own.reveal();
    expect(own.results).toHaveLength(1);
    await own.begin(['ppo', 'base'], 'base', 1);
    expect(own.results).toEqual([]);
    expect(own.judged).toBe(1);
  });

  test('stays where it is when the step is not stored, and says so', async () => {
    const { desk: own, store, laboratory } = await desk();
    await own.begin(['ppo', 'sft'], 'sft', 1);
    store.full = true;
    await rateAll(own, [3]);
    expect(own.sitting?.ratings).toEqual([]);
    expect(own.draft.overall).toBe(3);
    expect(laboratory.failure?.kind).toBe('storage');
    store.full = false;
    await rateAll(own, [3, 4]);
    store.full = true;
    await rankAll(own, [1, 2]);
    expect(store.kept.evaluations).toEqual([]);
    expect(own.results).toEqual([]);
    expect(own.canRank).toBe(true);
  });

  test('two quick presses are one step', async () => {
    const { desk: own, store } = await desk();
    await own.begin(['ppo', 'sft'], 'sft', 2);
    own.rate({ overall: 4, flags: [] });
    await Promise.all([own.next(), own.next()]);
    expect(own.sitting?.ratings).toHaveLength(1);
    await rateAll(own, [4]);
    own.change(place(place(own.order, 0, 1), 1, 2), '');
    await Promise.all([own.save(), own.save()]);
    expect(store.kept.evaluations).toHaveLength(1);
    expect(own.item?.id).toBe('item-1');
  });
});

test('the board is asked of the worker', async () => {
  const { desk: own, client } = await desk();
  expect(own.board).toBeNull();
  await own.count();
  expect(own.board).toEqual(BOARD);
  expect(client.argsOf('judge.board')).toHaveLength(1);
});

describe('the state of Judge', () => {
  test('counts a sitting that is under way and what was judged, with the desk and before it is there', async () => {
    const { desk: early, store, laboratory } = await desk();
    const state = async () => {
      const judge = new JudgeDesk(laboratory, store, last, () => 9);
      await judge.loadVotes();
      return judge;
    };
    expect([(await state()).judging, (await state()).judged]).toEqual([false, []]);
    await early.begin(['ppo', 'sft'], 'sft', 2);
    const judge = await state();
    expect(judge.judging).toBe(true);
    const own = judge.evaluation(EvaluationDesk);
    await own.load();
    expect([judge.judging, judge.judged]).toEqual([true, []]);
    await rateAll(own, [6, 1]);
    await rankAll(own, [1, 2]);
    expect([judge.judging, [...judge.judged].sort()]).toEqual([true, ['ppo', 'sft']]);
    await own.reveal();
    expect(judge.judging).toBe(false);
    const after = await state();
    expect([after.judging, [...after.judged].sort()]).toEqual([false, ['ppo', 'sft']]);
  });
});

describe('answers that were stopped', () => {
  test('before any prompt was answered by all leave the sitting as it was', async () => {
    const none = { 'judge.outputs': () => ({ items: [] }), 'judge.pairs': () => ({ pairs: [] }) };
    const { desk: own, store, laboratory } = await desk(new FakeStore(), new FakeClient(none));
    await own.begin(['ppo', 'sft'], 'sft', 2);
    const judge = new JudgeDesk(laboratory, store, last, () => 9);
    await judge.begin('ppo', 'sft', 2);
    expect([own.sitting, own.starting, judge.sitting, judge.starting]).toEqual([
      ...[null, false, null, false],
    ]);
    expect([store.kept.evaluation, store.kept.sitting]).toEqual([null, null]);
  });

  test('say what was kept of them', () => {
    expect(stoppedWords('pairs', 1)).toBe('Stopped: 1 pair with all answers kept, to be judged.');
    expect(stoppedWords('outputs', 64)).toBe(
      'Stopped: 64 prompts with all answers kept, to be judged.',
    );
    for (const work of ['pairs', 'outputs'] as const)
      expect(stoppedWords(work, 0)).toMatch(/nothing was kept/);
    expect(stoppedWords('ranking', 0)).toMatch(/dropped, and nothing was stored/);
    expect(stoppedWords('report', 0)).toMatch(/was not tested/);
    expect(stoppedWords('report', null)).toBe('');
    expect(stoppedWords('trained', 0)).toMatch(/^Stopped before .* nothing was stored/);
    expect(stoppedWords('trained', 1)).toMatch(/^They were all here before/);
    expect(stoppingWords('trained')).not.toMatch(/answers/);
    expect(stoppingWords('pairs')).toMatch(/answers under way/);
  });
});
