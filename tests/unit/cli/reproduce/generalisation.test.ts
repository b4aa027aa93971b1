/** Following instructions hardly trained on: what noise and blind answers reach decides whether it holds. */
import { expect, test } from 'vitest';
import { GENERALISATION } from '../../../../src/cli/reproduce/claims/generalisation.ts';
import { verdictOf } from '../../../../src/cli/reproduce/verdict.ts';
import { figureRow, viewOf } from './claim-view.ts';

type Interval = readonly [number, number, number];

const share = (id: string, figure: Interval) => figureRow(id, 'share', figure, { neutral: 0.5 });

const viewWith = (noise: Interval, chance: Interval) =>
  viewOf([
    share('use-case:ppo-ptx>base', [0.72, 0.69, 0.75]),
    share('use-case:ppo-ptx>ppo-noise', noise),
    figureRow('frogspeak:ppo-ptx-base', 'points', [0.017, 0.008, 0.026]),
    figureRow('frogspeak:ppo-ptx-chance', 'points', chance),
    figureRow('frogspeak:chance', 'share', [0.033, 0.022, 0.046]),
  ]);

const verdict = (noise: Interval, chance: Interval) =>
  verdictOf(GENERALISATION.conditions(viewWith(noise, chance)).map(({ grade }) => grade));
const why = (noise: Interval, chance: Interval) =>
  GENERALISATION.why(viewWith(noise, chance), 'holds');

const [better, alike, worse] = [
  [0.56, 0.53, 0.59],
  [0.51, 0.48, 0.54],
  [0.45, 0.42, 0.48],
] as const;
const [above, below] = [
  [0.02, 0.01, 0.03],
  [-0.012, -0.023, -0.001],
] as const;

test('to beat base is not enough: noise must be beaten, and chance', () => {
  expect(verdict(better, above)).toBe('holds');
  expect(verdict(alike, above)).toBe('does not hold here');
  expect(verdict(better, below)).toBe('does not hold here');
});

test('the paragraph says whether noise does as well, by the interval', () => {
  expect(why(alike, above)).toContain('51.0 % [48.0, 54.0]: noise does as well');
  expect(why(better, above)).toContain('what the reward taught carries over as well');
  expect(why(worse, above)).toContain('the reward takes some of it');
  expect(why(better, above)).not.toContain('noise does as well');
});

test('and on which side of chance Frogspeak is', () => {
  expect(why(better, below)).toContain(
    'answers given blindly in 3.3 % [2.2, 4.6]: PPO-ptx is below chance by 1.2 points [0.1, 2.3].',
  );
  expect(why(better, above)).toContain('PPO-ptx is above chance by 2.0 points [1.0, 3.0].');
});
