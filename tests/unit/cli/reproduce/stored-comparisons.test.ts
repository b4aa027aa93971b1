/** How rankings and expectations are stored: worked by hand. No model is run. */
import { describe, expect, test } from 'vitest';
import { labelersByGroup } from '../../../../src/cli/reproduce/label-measures.ts';
import { planOf } from '../../../../src/cli/reproduce/plan.ts';
import { expectedOf, pickedRankings } from '../../../../src/cli/reproduce/stored-comparisons.ts';
import { demonstrate } from '../../../../src/world/demonstrations.ts';
import { pairCeilings } from '../../../../src/world/labeler-noise.ts';
import { testPrompts } from '../../../../src/world/prompt-sets.ts';

test('of rankings by one labeler each: every labeler once by name, whose each is, ranks as digits', () => {
  const rankings = [
    { labeler: 'b', ranks: [2, 1, 3] },
    { labeler: 'a', ranks: [1, 1, 3] },
    { labeler: 'b', ranks: [1, 2, 2] },
  ];
  expect(pickedRankings(['x', 'y', 'z'], rankings, (id) => `labeler ${id}`)).toEqual({
    keys: ['x', 'y', 'z'],
    by: ['labeler a', 'labeler b'],
    picked: [1, 0, 1],
    ranks: ['213113122'],
  });
});

describe('what a group is expected to say', () => {
  const { settings } = planOf('micro');
  const { heldout } = labelersByGroup({ seed: 1, settings });
  const candidates = demonstrate(1, testPrompts(1, 12)).map(({ prompt, response }, i) => ({
    prompt: testPrompts(1, 12)[i]!,
    completions: [response, 'no.', response].map((text, k) => ({
      ...{ id: `${prompt.id}-${k}`, policy: 'sft' },
      ...{ text, ended: k < 2 },
    })),
  }));
  const stored = expectedOf(['x', 'y', 'z'], heldout, candidates);

  test('has a place for every two answers of every prompt', () => {
    expect([stored.labelers, stored.seeing.length, stored.first.length]).toEqual([10, 36, 36]);
    const half = stored.seeing.flatMap((seeing, p) => (seeing === 0 ? [stored.first[p]] : []));
    expect(half.every((first) => first === 0.5)).toBe(true);
  });

  test('is what the noise ceiling is the mean of, and on the side of the better answer', () => {
    const pairs = candidates.flatMap(({ prompt, completions: [x, y, z] }) =>
      [
        [x, y],
        [x, z],
        [y, z],
      ].map(([a, b]) => ({ prompt, a: a!, b: b! })),
    );
    pairCeilings(heldout, pairs).forEach(({ seeing, right }, p) => {
      const first = stored.first[p]!;
      expect(stored.seeing[p]).toBe(seeing);
      if (seeing > 0) expect(Math.max(first, 1 - first)).toBeCloseTo(right / seeing, 2);
    });
    // The demonstration, in the first place of the first pair, is liked better than a mere "no."
    const liked = stored.first.filter((_, p) => p % 3 === 0);
    expect(liked.filter((first) => first > 0.5).length).toBeGreaterThan(liked.length / 2);
  });
});
