/** Agreement of labelers who ranked the same answers, against tables counted by hand. */
import { describe, expect, it } from 'vitest';
import type { Ranking } from '../../../src/records/ranking.ts';
import { classAgreement } from '../../../src/records/labeler-agreement.ts';

function ranking(
  labeler: string,
  prompt: string,
  ranks: Readonly<Record<string, number>>,
  id = '',
): Ranking {
  return {
    id: `${labeler} ${prompt} ${id}`,
    prompt: {
      id: prompt,
      text: prompt,
      useCase: 'other',
      kind: 'plain',
      userId: 'u',
      split: 'train',
      source: 'person',
    },
    completions: Object.keys(ranks).map((text) => ({ id: text, text, policy: 'p', ended: true })),
    ranks: Object.values(ranks),
    labeler,
    shown: Object.keys(ranks).map((_, i) => i),
    at: 0,
  };
}

const of = (rankings: readonly Ranking[], labeler: string) =>
  classAgreement(rankings).labelers.find((row) => row.labeler === labeler);

describe('agreement of a class', () => {
  it('counts pairs of answers that two labelers both ordered, whatever order the answers are stored in', () => {
    const rankings = [
      ranking('ann', 'p', { a: 1, b: 2, c: 3 }),
      // Stored the other way round: a before b (agrees), b and c tied (left out), a before c (agrees).
      ranking('ben', 'p', { c: 2, b: 2, a: 1 }),
      // a before b is the only one of three that agrees with ann; with ben: a-b agrees, a-c disagrees.
      ranking('eve', 'p', { a: 2, b: 3, c: 1 }),
    ];
    expect(classAgreement(rankings).all).toEqual({ agreed: 4, total: 7 });
    expect(of(rankings, 'ann')).toEqual({
      labeler: 'ann',
      rankings: 1,
      comparisons: 3,
      withOthers: { agreed: 3, total: 5 },
    });
    expect(of(rankings, 'ben')).toMatchObject({
      comparisons: 2,
      withOthers: { agreed: 3, total: 4 },
    });
    expect(of(rankings, 'eve')?.withOthers).toEqual({ agreed: 2, total: 5 });
  });

  it('compares only the same answers to the same prompt, and nobody with themselves', () => {
    const rankings = [
      ranking('ann', 'p', { a: 1, b: 2 }),
      ranking('ann', 'p', { a: 2, b: 1 }, 'again'),
      ranking('ben', 'q', { a: 1, b: 2 }),
      ranking('ben', 'p', { a: 1, c: 2 }),
    ];
    expect(classAgreement(rankings).all).toEqual({ agreed: 0, total: 0 });
    expect(of(rankings, 'ann')).toMatchObject({ rankings: 2, comparisons: 2 });
  });

  it('leaves out answers that read the same', () => {
    const twins = (labeler: string): Ranking => {
      const row = ranking(labeler, 'p', { a: 1, b: 2 });
      return { ...row, completions: row.completions.map((one) => ({ ...one, text: 'same' })) };
    };
    expect(classAgreement([twins('ann'), twins('ben')]).all.total).toBe(0);
  });
});
