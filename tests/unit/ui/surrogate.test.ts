/** The clipped surrogate as it is shown is the loss that training has, with the sign turned. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clippedPolicyLoss } from '../../../src/rlhf/clipping.ts';
import { surrogate } from '../../../src/ui/surrogate.ts';

test('O7: the smaller product is minus the policy loss, and smaller than r A only where the clip holds', () => {
  const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  fc.assert(
    fc.property(number(0.01, 4), number(-5, 5), number(0.01, 0.9), (ratio, advantage, clip) => {
      const made = surrogate({ ratio, usedAdvantage: advantage }, clip);
      const { loss, clipped } = clippedPolicyLoss(ratio, advantage, clip);
      expect(made?.smaller).toBeCloseTo(-loss, 12);
      expect(made !== null && made.smaller < made.plain).toBe(clipped);
    }),
  );
});

test('every number that stands in the equation', () => {
  expect(surrogate({ ratio: 1.5, usedAdvantage: 2 }, 0.25)).toEqual({
    ...{ ratio: 1.5, advantage: 2, low: 0.75, high: 1.25, clippedRatio: 1.25 },
    ...{ plain: 3, held: 2.5, smaller: 2.5 },
  });
  expect(surrogate({ ratio: 0.5, usedAdvantage: -2 }, 0.25)).toMatchObject({
    ...{ clippedRatio: 0.75, plain: -1, held: -1.5, smaller: -1.5 },
  });
});

test('there is none for a token that no update has seen', () => {
  expect(surrogate({ ratio: NaN, usedAdvantage: 1 }, 0.2)).toBeNull();
  expect(surrogate({ ratio: 1, usedAdvantage: NaN }, 0.2)).toBeNull();
});
