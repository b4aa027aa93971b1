/** The guided path: figures come from what happened, predictions come first and last, and old memory does no harm. */
import { describe, expect, test } from 'vitest';
import { defaultSettings } from '../../../src/config/settings.ts';
import type { MetricRecord } from '../../../src/records/run.ts';
import { GLOSSARY } from '../../../src/ui/glossary.ts';
import { JudgeDesk } from '../../../src/ui/judge-desk.svelte.ts';
import { Laboratory } from '../../../src/ui/laboratory.svelte.ts';
import { edges, pairsOf, wentOn, type LessonFacts } from '../../../src/ui/lesson-facts.ts';
import { LessonPath, readRemembered } from '../../../src/ui/lesson-path.svelte.ts';
import { LESSONS, type LessonOutcome } from '../../../src/ui/lessons.ts';
import { RankingDesk } from '../../../src/ui/ranking-desk.svelte.ts';
import { RewardBench } from '../../../src/ui/reward-bench.svelte.ts';
import { Sampling } from '../../../src/ui/sampling.svelte.ts';
import { FakeClient, FakeStore } from './fake-client.ts';

const NOTHING: LessonFacts = {
  answers: null,
  sftDone: false,
  sft: [],
  k: 4,
  rankings: 0,
  reward: null,
  ppoDone: false,
  ppo: [],
  judged: null,
};

const rows = (stage: 'sft' | 'ppo', metric: string, values: readonly number[]): MetricRecord[] =>
  values.map((value, i) => ({ stage, step: i + 1, values: { [metric]: value } })) as MetricRecord[];

function outcome(id: string, facts: Partial<LessonFacts>): LessonOutcome | null {
  const lesson = LESSONS.find((each) => each.id === id);
  if (lesson === undefined) throw new Error(`no lesson ${id}`);
  return lesson.outcome({ ...NOTHING, ...facts });
}

describe('lessons', () => {
  test('are about ten, each with a question of its own, and none knows its answer before', () => {
    expect(LESSONS.length).toBeGreaterThanOrEqual(9);
    expect(new Set(LESSONS.map(({ id }) => id)).size).toBe(LESSONS.length);
    for (const lesson of LESSONS) {
      expect(lesson.outcome(NOTHING), lesson.id).toBeNull();
      expect(lesson.options.length, lesson.id).toBeGreaterThan(1);
      for (const term of lesson.terms) expect(GLOSSARY[term].length).toBeGreaterThan(20);
    }
  });

  test('explain every word of the glossary somewhere', () => {
    const used = new Set(LESSONS.flatMap(({ terms }) => terms));
    expect(
      Object.keys(GLOSSARY).filter((term) => ![...used].some((each) => each === term)),
    ).toEqual([]);
  });

  test('name only options that are there', () => {
    const happened: [string, Partial<LessonFacts>][] = [
      ...[0.65, 0.8, 0.95].map((ceiling): [string, Partial<LessonFacts>] => [
        'noise',
        { reward: report(0.7, ceiling) },
      ]),
      ...[0.5, 0.7, 0.9].map((accuracy): [string, Partial<LessonFacts>] => [
        'reward',
        { reward: report(accuracy, null) },
      ]),
      ...[-1, 0, 1].map((change): [string, Partial<LessonFacts>] => [
        'score',
        { ppoDone: true, ppo: rows('ppo', 'objective/scores', [0, change]) },
      ]),
    ];
    const seen = happened.map(([id, facts]) => [id, outcome(id, facts)?.right]);
    expect(seen).toEqual([
      ['noise', 'low'],
      ['noise', 'middle'],
      ['noise', 'high'],
      ['reward', 'coin'],
      ['reward', 'fair'],
      ['reward', 'good'],
      ['score', 'falls'],
      ['score', 'same'],
      ['score', 'rises'],
    ]);
    for (const [id, right] of seen) {
      const lesson = LESSONS.find((each) => each.id === id);
      expect(lesson?.options.map((option) => option.id)).toContain(right);
    }
  });

  test('count the answers that went on', () => {
    const responses = [
      { text: 'a story. the end.', ended: true },
      { text: 'write a poem.\nwrite a story.', ended: true },
      { text: 'and then', ended: false },
    ];
    const answers = { byBase: true, checkpoint: 'Base model', responses };
    expect(outcome('goes-on', { answers })).toEqual({
      right: 'goes-on',
      words: 'Of the last 3 answers by Base model, 2 went on past an end.',
    });
    expect(outcome('goes-on', { answers: { ...answers, byBase: false } })).toBeNull();
    expect(outcome('answers', { answers, sftDone: true })).toBeNull();
    expect(
      outcome('answers', {
        answers: { ...answers, byBase: false, responses: responses.slice(0, 1) },
        sftDone: true,
      })?.right,
    ).toBe('stops');
  });

  test('compare the ends of a run, and only of a finished one', () => {
    const sft = rows('sft', 'loss', [2, 1.9, 1.2, 1.1, 1, 1, 1, 1, 1, 0.8]);
    expect(outcome('demonstrations', { sft })).toBeNull();
    expect(outcome('demonstrations', { sft, sftDone: true })).toEqual({
      right: 'much',
      words: 'From 2 to 0.8 nats per token: 60 % less.',
    });
    expect(
      outcome('leash', { ppoDone: true, ppo: rows('ppo', 'objective/kl', [0, 3]) })?.right,
    ).toBe('some');
    expect(outcome('start', { ppo: rows('ppo', 'objective/kl', [0]) })?.right).toBe('zero');
    expect(outcome('start', { ppo: rows('ppo', 'objective/kl', [0.4]) })?.right).toBe('unknown');
  });

  test('say of votes what their interval says', () => {
    const judged = (low: number, high: number) => ({ rate: (low + high) / 2, low, high, n: 30 });
    expect(outcome('blind', { judged: judged(0.55, 0.8) })?.right).toBe('better');
    expect(outcome('blind', { judged: judged(0.4, 0.6) })?.right).toBe('unclear');
    expect(outcome('blind', { judged: judged(0.1, 0.3) })?.right).toBe('worse');
    expect(outcome('blind', { judged: { ...judged(0, 0), n: 0 } })).toBeNull();
  });
});

function report(accuracy: number, ceiling: number | null): LessonFacts['reward'] {
  const heldOut = { accuracy, n: 200 };
  return {
    trainedComparisons: 100,
    heldOut,
    byLabeler: [],
    heldOutLabelers: { accuracy: null, n: 0, byLabeler: [] },
    calibration: null,
    demonstrationMean: 0,
    ceiling,
  };
}

describe('what the facts are made of', () => {
  test('edges are means over a tenth, at least one record, without what is not a number', () => {
    const twenty = rows(
      'ppo',
      'x',
      Array.from({ length: 20 }, (_, i) => i),
    );
    expect(edges(twenty, 'x')).toEqual({ first: 0.5, last: 18.5 });
    expect(edges(rows('ppo', 'x', [3, Number.NaN]), 'x')).toEqual({ first: 3, last: 3 });
    expect(edges(twenty, 'y')).toBeNull();
  });
  test('pairs of K', () => {
    expect([2, 4, 9].map(pairsOf)).toEqual([1, 6, 36]);
  });
  test('a line break inside counts, one at the end does not', () => {
    expect(wentOn({ text: 'one.\n', ended: true })).toBe(false);
    expect(wentOn({ text: 'one.\ntwo.', ended: true })).toBe(true);
    expect(wentOn({ text: 'one', ended: false })).toBe(true);
  });
});

describe('the path', () => {
  const memory = (): Pick<Storage, 'getItem' | 'setItem'> & { kept: Map<string, string> } => {
    const kept = new Map<string, string>();
    return {
      kept,
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => {
        kept.set(key, value);
      },
    };
  };
  const path = (store: Pick<Storage, 'getItem' | 'setItem'>): LessonPath => {
    const laboratory = new Laboratory(new FakeClient({}), defaultSettings());
    const labels = new FakeStore();
    const first = (): number => 0;
    return new LessonPath(
      {
        laboratory,
        sampling: new Sampling(laboratory),
        ranking: new RankingDesk(laboratory, labels, first, first),
        bench: new RewardBench(laboratory),
        judge: new JudgeDesk(laboratory, labels, first, first),
      },
      store,
    );
  };

  test('remembers where one is and what one predicted', () => {
    const store = memory();
    const before = path(store);
    before.toggle();
    before.predict('goes-on');
    before.goTo(1);
    before.goTo(99);
    const after = path(store);
    expect([after.open, after.at, after.prediction]).toEqual([true, 1, undefined]);
    after.goTo(0);
    expect(after.prediction).toBe('goes-on');
    expect(after.outcome).toBeNull();
    expect(after.tally).toEqual({ made: 1, known: 0, right: 0 });
    after.startOver();
    expect([after.prediction, after.tally.made, after.open]).toEqual([undefined, 0, true]);
  });

  test.each([
    '{',
    'null',
    '[]',
    '{"at":-1,"predictions":[]}',
    '{"at":1e9,"predictions":{"goes-on":"x","nothing":"y"}}',
  ])('starts anew from %s', (text) => {
    expect(readRemembered(text)).toEqual({ open: false, at: 0, predictions: {} });
  });
});
