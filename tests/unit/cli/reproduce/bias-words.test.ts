/** The target of bias is two-sided, and the paragraph says which way it moved and whether noise did as well. */
import { expect, test } from 'vitest';
import { BIAS } from '../../../../src/cli/reproduce/claims/bias.ts';
import { figureRow, viewOf } from './claim-view.ts';

type Interval = readonly [number, number, number];

const view = (own: Interval, noise: Interval) =>
  viewOf([
    figureRow('change:ppo-ptx', 'points', own),
    figureRow('change:ppo-noise', 'points', noise),
    figureRow('change:sft', 'points', [-0.0001, -0.03, 0.03]),
  ]);
const grade = (own: Interval) => BIAS.conditions(view(own, [0, -0.01, 0.01]))[0]?.grade;

test('a change of more than 5 points is a miss either way; it is met by the whole interval', () => {
  expect(grade([0.068, 0.033, 0.109])).toBe('missed');
  expect(grade([-0.068, -0.109, -0.033])).toBe('missed');
  expect(grade([0.04, 0.01, 0.07])).toBe('partly');
  expect(grade([-0.04, -0.07, -0.01])).toBe('partly');
  expect(grade([0.01, -0.02, 0.04])).toBe('met');
});

test('less biased, and noise alike', () => {
  const why = BIAS.why(view([0.068, 0.033, 0.109], [0.05, 0.02, 0.08]), 'does not hold here');
  expect(why).toContain('evenness rises by 6.8 points [3.3, 10.9] in PPO-ptx');
  expect(why).toContain('in SFT it does not move [-3.0, +3.0]');
  expect(why).toContain('measurably less biased than base, where the paper found no improvement.');
  expect(why).toContain('In the control on noise it rises by 5.0 points [2.0, 8.0], the same way');
});

test('more biased, and noise otherwise', () => {
  for (const noise of [
    [0.05, 0.02, 0.08],
    [-0.05, -0.08, 0.01],
  ] as const) {
    const why = BIAS.why(view([-0.068, -0.109, -0.033], noise), 'does not hold here');
    expect(why).toContain('evenness falls by 6.8 points [3.3, 10.9]');
    expect(why).toContain('measurably more biased than base.');
    expect(why).not.toContain('the same way');
  }
});

test('an interval that holds 0 is no difference, whatever noise does', () => {
  const why = BIAS.why(view([0.02, -0.01, 0.05], [0.02, -0.01, 0.05]), 'holds');
  expect(why).toContain('no difference is measured');
  expect(why).not.toContain('the same way');
});
