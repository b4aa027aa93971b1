/** The moving average of a constant weight against its closed form. */
import { expect, test } from 'vitest';
import { emaOfConstant, emaStep } from '../../../src/rlhf/ema.ts';

test('D29: after n steps of a constant weight the average has moved by 1 - 0.992^n of the way', () => {
  let shadow = 3;
  for (let n = 1; n <= 200; n++) {
    shadow = emaStep(shadow, -5, 0.992);
    expect(shadow).toBeCloseTo(emaOfConstant(3, -5, 0.992, n), 12);
  }
  expect((3 - shadow) / 8).toBeCloseTo(1 - 0.992 ** 200, 12);
});
