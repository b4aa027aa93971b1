/** Sentences about differences: the verb has the direction, the number no sign. */
import { expect, test } from 'vitest';
import { figureWords, moved } from '../../../../src/cli/reproduce/saying.ts';
import { figureRow, viewOf } from './claim-view.ts';

const words = { up: 'gains', down: 'loses', none: 'gains nothing' };
const said = (...figure: readonly [number, number?, number?]): string =>
  moved(viewOf([figureRow('x', 'points', figure)]), 'x', words);

test('a difference is told in a verb of its direction, its interval turned with it', () => {
  expect(said(0.143, 0.133, 0.154)).toBe('gains 14.3 points [13.3, 15.4]');
  expect(said(-0.11, -0.126, -0.093)).toBe('loses 11.0 points [9.3, 12.6]');
  expect(said(-0.009, -0.02, 0.003)).toBe('loses 0.9 points [-0.3, 2.0]');
  expect(said(0.05)).toBe('gains 5.0 points');
});

test('what rounds to nothing is no difference, whatever its sign', () => {
  expect(said(-0.0004, -0.014, 0.012)).toBe('gains nothing [-1.4, +1.2]');
  expect(said(0.0004, -0.014, 0.012)).toBe('gains nothing [-1.4, +1.2]');
  expect(said(0)).toBe('gains nothing');
  expect(said(0.0006, -0.01, 0.01)).toBe('gains 0.1 points [-1.0, 1.0]');
});

test('a figure that was not measured says so', () => {
  const row = figureRow('x', 'points', [0], { pooled: null, missing: 'not measured: no model' });
  expect(moved(viewOf([row]), 'x', words)).toBe('gains (not measured: no model)');
});

test('no figure of nothing has a sign', () => {
  const zero = { value: -0.0001, low: -0.0002, high: 0.0002, n: 2 };
  expect(figureWords('points', zero)).toBe('0.0 points [0.0, 0.0]');
  expect(figureWords('nats', zero)).toBe('0.000 nats [0.000, 0.000]');
});
