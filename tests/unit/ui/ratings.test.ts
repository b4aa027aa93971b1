/** Scores and flags with rankings and votes, pairs that come back in part 2, and what is told before one votes. */
import { describe, expect, test } from 'vitest';
import { defaultSettings } from '../../../src/config/settings.ts';
import { NO_RATING, OUTPUT_FLAGS } from '../../../src/records/output-rating.ts';
import { pointsOfError, votesNeeded } from '../../../src/records/vote-rate.ts';
import { RANKINGS_PER_REPEAT, selfAgreement } from '../../../src/records/self-agreement.ts';
import { FLAG_WORDS } from '../../../src/ui/flag-words.ts';
import { NEEDED } from '../../../src/ui/format.ts';
import { JudgeDesk } from '../../../src/ui/judge-desk.svelte.ts';
import { Laboratory } from '../../../src/ui/laboratory.svelte.ts';
import { RankingDesk } from '../../../src/ui/ranking-desk.svelte.ts';
import { place } from '../../../src/ui/ranking-order.ts';
import { completion, FakeClient, FakeStore, prompt } from './fake-client.ts';

let asked = 0;
const handlers = {
  'ranking.next': ({ count, k }: { count: number; k: number }) => ({
    items: Array.from({ length: count }, () => {
      asked += 1;
      const completions = Array.from({ length: k }, (_, j) => completion(`${asked}-${j}`));
      return { prompt: prompt(`p${asked}`), completions };
    }),
  }),
  'judge.pairs': ({ left, right, count }: { left: string; right: string; count: number }) => ({
    pairs: Array.from({ length: count }, (_, i) => ({
      ...{ id: `${i}`, prompt: prompt(`p${i}`) },
      left: completion(`l${i}`, left),
      right: completion(`r${i}`, right),
    })),
  }),
};

async function opened(): Promise<Laboratory> {
  const laboratory = new Laboratory(new FakeClient(handlers), defaultSettings());
  await laboratory.open(null);
  return laboratory;
}

/** @param random 0 turns the order of four round to 1, 2, 3, 0 */
async function rankingDesk(store = new FakeStore(), random: (n: number) => number = () => 0) {
  let clock = 0;
  const ranking = new RankingDesk(await opened(), store, random, () => clock++);
  await ranking.loadCounts();
  await ranking.fetch();
  return { ranking, store };
}

/** Ranks what is on screen in the order of generation, or the other way round, and waits for what comes next. */
async function rank(ranking: RankingDesk, reversed = false): Promise<void> {
  const shown = ranking.item?.shown ?? [];
  shown.forEach((k, i) => {
    ranking.change(place(ranking.order, i, reversed ? shown.length - k : k + 1), '');
  });
  await ranking.save();
  await expect.poll(() => ranking.item !== undefined && !ranking.fetching).toBe(true);
}

describe('ratings', () => {
  test('are stored by the order of generation, whatever order was shown; none when nothing is said', async () => {
    const { ranking, store } = await rankingDesk();
    expect(ranking.item?.shown).toEqual([1, 2, 3, 0]);
    ranking.rate(0, { overall: 7, flags: ['satisfies-constraint'] });
    ranking.rate(3, { overall: 2, flags: [] });
    await rank(ranking);
    expect(store.kept.rankings[0]?.ratings).toEqual([
      { overall: 2, flags: [] },
      { overall: 7, flags: ['satisfies-constraint'] },
      null,
      null,
    ]);
    expect(ranking.ratings).toEqual([NO_RATING, NO_RATING, NO_RATING, NO_RATING]);
    await rank(ranking);
    expect(store.kept.rankings[1]).not.toHaveProperty('ratings');
  });

  test('go with a vote, left first, and are not carried over to the next pair', async () => {
    const store = new FakeStore();
    const judge = new JudgeDesk(
      await opened(),
      store,
      () => 0,
      () => 1,
    );
    await judge.begin('a', 'b', 2);
    judge.rateSide(1, { overall: 1, flags: ['hallucination'] });
    await judge.vote('left');
    await judge.vote('tie');
    expect(store.kept.votes[0]?.ratings).toEqual([null, { overall: 1, flags: ['hallucination'] }]);
    expect(store.kept.votes[1]).not.toHaveProperty('ratings');
  });

  test('that could not be stored with their vote are still there', async () => {
    const store = new FakeStore();
    const judge = new JudgeDesk(
      await opened(),
      store,
      () => 0,
      () => 1,
    );
    await judge.begin('a', 'b', 2);
    judge.rateSide(0, { overall: 3, flags: [] });
    store.full = true;
    await judge.vote('left');
    expect(judge.ratings[0]?.overall).toBe(3);
  });

  test('have words for every flag, all different', () => {
    const words = OUTPUT_FLAGS.map((flag) => FLAG_WORDS[flag]);
    expect(new Set(words).size).toBe(OUTPUT_FLAGS.length);
    expect(words.every((each) => each.length > 3)).toBe(true);
  });
});

describe('a pair that comes back', () => {
  /** After the last of the rankings that bring a pair back, it is behind the next prompt. */
  async function untilReturned(store = new FakeStore()) {
    const { ranking } = await rankingDesk(store);
    for (let i = 0; i < RANKINGS_PER_REPEAT; i++) {
      expect(ranking.item?.repeat).toBeUndefined();
      await rank(ranking);
    }
    expect(ranking.item?.repeat).toBeUndefined();
    ranking.skip();
    await expect.poll(() => ranking.item?.repeat).toBe(true);
    return { ranking, store };
  }

  test('is of an early prompt, in the other order, and counts for consistency alone', async () => {
    const { ranking, store } = await untilReturned();
    const [first] = store.kept.rankings;
    expect(ranking.item?.prompt).toEqual(first?.prompt);
    expect(ranking.item?.completions).toHaveLength(2);
    const before = [ranking.own.length, ranking.comparisons];
    await rank(ranking);
    expect(store.kept.rankings.at(-1)).toMatchObject({ repeat: true, labeler: 'person' });
    expect([ranking.own.length, ranking.comparisons]).toEqual(before);
    expect(ranking.mine).toHaveLength(RANKINGS_PER_REPEAT + 1);
    expect(selfAgreement(ranking.mine)).toEqual({ agreed: 1, total: 1 });
    expect(ranking.item?.repeat).toBeUndefined();
  });

  test('put the other way round is no agreement, and is still counted after a reload', async () => {
    const { ranking, store } = await untilReturned();
    await rank(ranking, true);
    const { ranking: after } = await rankingDesk(store);
    expect(selfAgreement(after.mine)).toEqual({ agreed: 0, total: 1 });
    expect(after.own).toHaveLength(RANKINGS_PER_REPEAT);
  });

  test('that is skipped does not come back at once', async () => {
    const { ranking } = await untilReturned();
    ranking.skip();
    for (let i = 0; i < 3; i++) {
      await expect.poll(() => ranking.item?.repeat ?? 'another').toBe('another');
      await rank(ranking);
    }
    expect(ranking.mine).toHaveLength(RANKINGS_PER_REPEAT + 3);
  });

  test('can be undone as any ranking', async () => {
    const { ranking, store } = await untilReturned();
    await rank(ranking);
    await ranking.undo();
    expect(ranking.item?.repeat).toBe(true);
    expect(store.kept.rankings).toHaveLength(RANKINGS_PER_REPEAT);
  });
});

describe('what is told before one votes', () => {
  test('O18: 385 votes are needed for plus or minus 5 points, and one fewer is not enough', () => {
    expect(NEEDED).toBe('For ±5 points it takes 385 votes.');
    expect(pointsOfError(votesNeeded(0.05))).toBeLessThanOrEqual(5);
    expect(pointsOfError(votesNeeded(0.05) - 1)).toBeGreaterThan(5);
  });
});
