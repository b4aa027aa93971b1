/** One's own consistency: which pairs come back and when, and how often they are put the same way. */
import { describe, expect, test } from 'vitest';
import { withoutRepeats, type Ranking } from '../../../src/records/ranking.ts';
import {
  nextRepeat,
  RANKINGS_PER_REPEAT,
  selfAgreement,
} from '../../../src/records/self-agreement.ts';
import { completion, prompt } from '../ui/fake-client.ts';

/** A ranking of three answers at time `at`, shown in the order of generation. */
function ranking(at: number, ranks: readonly number[] = [1, 2, 3]): Ranking {
  return {
    ...{ id: `r${at}`, prompt: prompt(`p${at}`), ranks, labeler: 'person', at },
    completions: ranks.map((_, k) => completion(`${at}-${k}`)),
    shown: ranks.map((_, k) => k),
  };
}

/** The answers `ks` of a ranking once more, with new ranks. */
function again(of: Ranking, ks: readonly number[], ranks: readonly number[]): Ranking {
  const completions = ks.flatMap((k) => of.completions[k] ?? []);
  return { ...of, id: `${of.id}-again`, completions, ranks, shown: [0, 1], repeat: true };
}

const some = (count: number): Ranking[] => Array.from({ length: count }, (_, i) => ranking(i));
const first = (): number => 0;
const last = (n: number): number => n - 1;
const NOBODY: readonly string[] = [];

describe('agreement with oneself', () => {
  test('counts the pairs put the same way, whichever answers of the ranking came back', () => {
    const [a, b, c] = [ranking(0), ranking(1), ranking(2)];
    const same = again(a, [0, 2], [1, 2]);
    const turned = again(b, [2, 0], [1, 2]);
    expect(selfAgreement([a, b, c, same])).toEqual({ agreed: 1, total: 1 });
    expect(selfAgreement([turned, a, b, c, same])).toEqual({ agreed: 1, total: 2 });
  });

  test('leaves out what was tied at either time', () => {
    const [a, tied] = [ranking(0), ranking(1, [1, 1, 2])];
    const rows = [a, again(a, [0, 1], [1, 1]), tied, again(tied, [0, 1], [1, 2])];
    expect(selfAgreement(rows)).toEqual({ agreed: 0, total: 0 });
  });

  test('counts all pairs of a whole ranking that came back in another order', () => {
    const a = ranking(0);
    // Last first: the answers 2, 1, 0 get the ranks 2, 3, 1, so that only 1 against 2 is turned round.
    expect(selfAgreement([a, again(a, [2, 1, 0], [2, 3, 1])])).toEqual({ agreed: 2, total: 3 });
  });

  test('is with oneself: of others, of other prompts, and of what is gone nothing is counted', () => {
    const a = ranking(0);
    const same = again(a, [0, 1], [1, 2]);
    expect(selfAgreement([{ ...a, labeler: 'eve' }, same])).toEqual({ agreed: 0, total: 0 });
    expect(selfAgreement([{ ...a, prompt: prompt('other') }, same]).total).toBe(0);
    expect(selfAgreement([same]).total).toBe(0);
    expect(selfAgreement([ranking(1), same]).total).toBe(0);
    expect(selfAgreement([a]).total).toBe(0);
  });
});

describe('what comes back', () => {
  test('is nothing before so many rankings, then one pair for each so many', () => {
    expect(nextRepeat(some(RANKINGS_PER_REPEAT - 1), NOBODY, first)).toBeNull();
    const rows = some(RANKINGS_PER_REPEAT);
    const pair = nextRepeat(rows, NOBODY, first);
    expect(pair?.prompt.id).toBe('p0');
    const [a] = rows;
    if (a === undefined) throw new Error('expected rankings');
    const done = again(a, [0, 1], [1, 2]);
    expect(nextRepeat([...rows, done], NOBODY, first)).toBeNull();
    const twice = [...some(2 * RANKINGS_PER_REPEAT), done];
    expect(nextRepeat(twice, NOBODY, first)?.prompt.id).toBe('p1');
  });

  test('is in the other order: what was further up is further down', () => {
    const rows = some(RANKINGS_PER_REPEAT);
    expect(nextRepeat(rows, NOBODY, first)?.shown).toEqual([1, 0]);
    const reversed = rows.map((row) => ({ ...row, shown: [2, 1, 0] }));
    expect(nextRepeat(reversed, NOBODY, first)?.shown).toEqual([0, 1]);
  });

  test('is not of the last three rankings, in whatever order they are stored', () => {
    const rows = some(RANKINGS_PER_REPEAT).toReversed();
    expect(nextRepeat(rows, NOBODY, last)?.prompt.id).toBe(`p${RANKINGS_PER_REPEAT - 4}`);
  });

  test('is a pair that was ordered and reads differently', () => {
    const plain = some(RANKINGS_PER_REPEAT);
    const rows = plain.map((row, i) =>
      i === 1
        ? { ...row, ranks: [1, 1, 2], completions: row.completions.with(0, completion('same')) }
        : { ...row, ranks: [1, 1, 1] },
    );
    const pair = nextRepeat(rows, NOBODY, first);
    expect(pair?.prompt.id).toBe('p1');
    expect(pair?.completions.map(({ text }) => text)).toEqual(['text same', 'text 1-2']);
    const alike = plain.map((row) => ({
      ...row,
      completions: row.completions.map((each) => ({ ...each, text: 'the same' })),
    }));
    expect(nextRepeat(alike, NOBODY, first)).toBeNull();
  });

  test('is not what was skipped, which counts as one that came back', () => {
    const skipped = ['prompt p0'];
    expect(nextRepeat(some(RANKINGS_PER_REPEAT), skipped, first)).toBeNull();
    const rows = some(2 * RANKINGS_PER_REPEAT);
    expect(nextRepeat(rows, skipped, first)?.prompt.id).toBe('p1');
  });
});

test('what came back is in no list to learn from', () => {
  const a = ranking(0);
  expect(withoutRepeats([a, again(a, [0, 1], [1, 2])])).toEqual([a]);
});
