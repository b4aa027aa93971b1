/** Gold against proxy reward over sqrt(KL): points from recorded rows, gains over SFT, and what is said of their course. */
import { describe, expect, test } from 'vitest';
import { chartSeries } from '../../../src/ui/chart-data.ts';
import { chartSvg } from '../../../src/ui/chart-svg.ts';
import {
  GAIN_METRICS,
  gainLines,
  gainRows,
  optimisationPoints,
  optimisationWords,
} from '../../../src/ui/over-optimisation.ts';

/** Rows of a run whose scores are functions of the distance d = sqrt(KL), from 0 to 2. */
function run(proxy: (d: number) => number, gold: (d: number) => number, count = 21) {
  return Array.from({ length: count }, (_, i) => {
    const d = (2 * i) / (count - 1);
    return {
      step: i + 1,
      values: {
        'objective/kl': d * d,
        'objective/scores': proxy(d),
        'objective/gold_scores': gold(d),
      },
    };
  });
}
/** Gao's form for RL, R = d (alpha - beta ln d), plus what SFT has: the proxy rises, gold has its peak at d = 1.2. */
const gao = (d: number): number =>
  0.5 + (d === 0 ? 0 : 0.2 * d * (1 + Math.log(1.2) - Math.log(d)));
const rising = (d: number): number => 1 + 2 * d;

describe('points', () => {
  test('are gains over the first iteration at the square root of the KL, in the order of distance', () => {
    const row = (kl: number, proxy: number, gold: number) => ({
      step: 0,
      values: { 'objective/kl': kl, 'objective/scores': proxy, 'objective/gold_scores': gold },
    });
    expect(optimisationPoints([row(0, 1, 0.5), row(4, 3, 0.75), row(1, 2, 0.25)])).toEqual([
      { distance: 0, proxy: 0, gold: 0 },
      { distance: 1, proxy: 1, gold: -0.25 },
      { distance: 2, proxy: 2, gold: 0.25 },
    ]);
    // An estimate of the KL may be below 0, and two iterations may be equally far.
    expect(optimisationPoints([row(-0.25, 1, 0.5), row(0, 2, 0.75)])).toEqual([
      { distance: 0, proxy: 0.5, gold: 0.125 },
    ]);
  });

  test('need all three numbers; the first iteration that has them is where gains begin', () => {
    const some = { step: 1, values: { 'objective/kl': 0, 'objective/scores': 9 } };
    expect(optimisationPoints([some])).toEqual([]);
    expect(optimisationPoints([some, ...run(rising, gao, 3)])).toEqual(
      optimisationPoints(run(rising, gao, 3)),
    );
  });

  test('are drawn as shares of the largest gain, so that both judges share an axis', () => {
    const rows = gainRows(
      optimisationPoints(
        run(
          (d) => 10 * d,
          (d) => -d / 8,
          3,
        ),
      ),
    );
    expect(rows).toEqual([
      { step: 0, values: { 'gain/proxy': 0, 'gain/gold': 0 } },
      { step: 1, values: { 'gain/proxy': 0.5, 'gain/gold': -0.5 } },
      { step: 2, values: { 'gain/proxy': 1, 'gain/gold': -1 } },
    ]);
    const flat = gainRows(
      optimisationPoints(
        run(
          () => 3,
          () => 0.5,
          2,
        ),
      ),
    );
    expect(flat.map(({ values }) => Object.values(values))).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe('words', () => {
  const said = (proxy: (d: number) => number, gold: (d: number) => number) =>
    optimisationWords(optimisationPoints(run(proxy, gold)));

  test('gold that turns while the reward rises is over-optimisation, with where and how much', () => {
    expect(said(rising, gao)).toBe(
      'Gold rose until √KL 1.2, then fell while the reward went on rising: the reward model is over-optimised. ' +
        'Farthest, at √KL 2: reward +4, gold +0.196. Most gold +0.24 at √KL 1.2.',
    );
  });
  test.each([
    ['both rise', rising, rising, 'Gold and reward both rose: no over-optimisation so far.'],
    [
      'gold falls',
      rising,
      (d: number) => -d,
      'Gold fell while the reward rose: the reward model is',
    ],
    ['both turn', gao, gao, 'then fell and so did the reward.'],
    [
      'the reward stands',
      () => 1,
      gao,
      'then fell while the reward neither rose nor fell clearly.',
    ],
    ['both fall', (d: number) => -d, (d: number) => -d, 'Gold: falling steadily. Reward: falling'],
  ])('%s', (_, proxy, gold, words) => {
    expect(said(proxy, gold)).toContain(words);
  });
  test('says nothing of too few iterations', () => {
    const few = optimisationPoints(run(rising, gao, 2));
    expect(optimisationWords(few)).toMatch(/^Too few iterations/);
    expect(optimisationWords([])).toMatch(/^Too few iterations/);
  });
});

test('a drawing over distances has ticks between whole numbers', () => {
  const runs = [{ name: 'this run', rows: gainRows(optimisationPoints(run(rising, gao))) }];
  const { steps, lines } = chartSeries(runs, GAIN_METRICS);
  const svg = chartSvg({
    ...{ title: 'Gain', meaning: '', stepWord: '√KL', steps, marks: [], log: false },
    lines: lines.map((line) => ({ ...line, color: 'red', dash: [], faint: false })),
    colors: { ink: 'black', grid: 'grey', surface: 'white' },
  });
  expect(svg).toContain('text-anchor="middle">0.4</text>');
  expect(svg).toContain('>√KL</text>');
});

test('one point is no line, two are', () => {
  const points = optimisationPoints(run(rising, gao));
  const named = (name: string, n: number) => ({ name, points: points.slice(0, n) });
  expect(gainLines([named('none', 0), named('one', 1)])).toEqual([]);
  expect(gainLines([named('one', 1), named('two', 2)])).toEqual([
    { name: 'two', rows: gainRows(points.slice(0, 2)) },
  ]);
});
