/** What is said of the fitted curves, planted by hand: tops, those beyond what was measured, and the spread over seeds. */
import { describe, expect, test } from 'vitest';
import { OVER_OPTIMISATION } from '../../../../src/cli/reproduce/claims/over-optimisation.ts';
import { fitWords, type SeedCurves } from '../../../../src/cli/reproduce/optimisation-curves.ts';
import { figureRow, viewOf } from './claim-view.ts';

/** A seed whose best-of-n gains a d - b d² of gold up to a distance of 1.2; its PPO does not move unless told. */
function seedOf(
  a: number,
  b: number,
  path: readonly { d: number; gain: number }[] = [],
): SeedCurves {
  const bestOf = [0, 0.3, 0.6, 0.9, 1.2].map((d, i) => ({
    n: 2 ** i,
    kl: d * d,
    proxy: d,
    gold: 0.6 + a * d - b * d * d,
  }));
  const points = [{ d: 0, gain: 0 }, ...path].map(({ d, gain }) => ({
    ...{ kl: d * d, proxy: 0 },
    gold: 0.5 + gain,
  }));
  const paths = [{ beta: 0.02, path: points }];
  return {
    frontiers: [10, 5000].map((comparisons) => ({ comparisons, bestOf, paths })),
    ...{ draws: 64, drawPrompts: 200, episodes: 2048, usualEpisodes: 4096 },
  };
}

describe('a fitted top', () => {
  test('within what was measured is told alone', () => {
    // a/2b = 1 and a²/4b = 0.1.
    expect(fitWords([seedOf(0.2, 0.1)], 10)).toBe(
      '10 comparisons: best-of-n: a 0.200, b 0.100, top of 10.0 points at a distance of 1.00; ' +
        'PPO: too little movement to fit',
    );
  });

  test('beyond the farthest distance says so, and seeds give the spread', () => {
    // Equal distances: the fit to both is the mean of both, a 0.25 and b 0.1, top 0.15625 at 1.25; single: 0.1 at 1, 0.225 at 1.5.
    expect(fitWords([seedOf(0.2, 0.1), seedOf(0.3, 0.1)], 10)).toContain(
      'best-of-n: a 0.250, b 0.100, top of 15.6 points at a distance of 1.25, beyond the farthest that was measured, 1.20: ' +
        'extrapolated (single seeds: 10.0 to 22.5 points at 1.00 to 1.50)',
    );
  });

  test('that one seed lacks is counted', () => {
    // The second falls from the start by a negative a: no top at a distance above 0.
    const words = fitWords([seedOf(0.4, 0.2), seedOf(-0.1, 0.2)], 10);
    expect(words).toContain('(single seeds: 20.0 points at 1.00, no top in 1 of 2)');
    expect(fitWords([seedOf(-0.1, 0.2), seedOf(-0.1, 0.2)], 10)).toContain(
      'no top (single seeds: no top in 2 of 2)',
    );
  });

  test('of PPO has its own form', () => {
    const gain = (d: number): number => 0.1 * d - 0.1 * d * Math.log(d);
    const path = [0.5, 1, 2].map((d) => ({ d, gain: gain(d) }));
    // exp(a/b - 1) = 1 and b times that.
    expect(fitWords([seedOf(0.2, 0.1, path)], 10)).toContain(
      'PPO: a 0.100, b 0.100, top of 10.0 points at a distance of 1.00',
    );
    expect(fitWords([seedOf(0.2, 0.1, path)], 10)).not.toContain('beyond');
  });
});

test('the paragraph tells directions in words, and how much was drawn and run', () => {
  const rows = [
    figureRow('gain:10:0.02', 'points', [-0.11, -0.126, -0.093]),
    figureRow('proxy:10:0.02', 'score', [0.703, 0.275, 1.303]),
    figureRow('gain:5000:0.02', 'points', [0.069, 0.057, 0.083]),
    figureRow('more-data', 'points', [0.179, 0.164, 0.195]),
    figureRow('gain:ppo-noise', 'points', [-0.033, -0.048, -0.019]),
    figureRow('gain:ppo-gold', 'points', [0.153, 0.14, 0.166]),
  ];
  const data = [1, 2].map((seed) => ({
    seed,
    data: JSON.parse(JSON.stringify(seedOf(0.2, 0.1))) as Record<string, never>,
  }));
  const why = OVER_OPTIMISATION.why(viewOf(rows, data), 'holds');
  expect(why).toContain(
    "PPO loses 11.0 points [9.3, 12.6] of gold against SFT while the reward model's own score rises by 0.703 [0.275, 1.303]; " +
      'with 5000 comparisons it gains 6.9 points [5.7, 8.3], so that gold ends higher by 17.9 points [16.4, 19.5].',
  );
  expect(why).toContain('These runs have 2048 episodes; the two controls are the usual policies');
  expect(why).toContain('and 4096 episodes: on noise gold falls by 3.3 points [1.9, 4.8], on');
  expect(why).toContain('the law of 64 draws of 200 training prompts of each seed');
});
