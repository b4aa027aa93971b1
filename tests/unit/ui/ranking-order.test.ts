/** The ranking reducer: examples, and what holds after any sequence of keys. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  comparisonCount,
  denseRanks,
  emptyOrder,
  isComplete,
  listed,
  moveBy,
  moveTo,
  place,
  toggleTie,
  undo,
  type RankingOrder,
} from '../../../src/ui/ranking-order.ts';
import { actionOfKey, placeNext } from '../../../src/ui/ranking-keys.ts';

/** Presses keys, each on a text, as the desk does. */
function pressed(
  k: number,
  keys: readonly (readonly [index: number, key: string])[],
): RankingOrder {
  return keys.reduce((order, [index, key]) => {
    const action = actionOfKey(key, order, index);
    return action?.type === 'order' ? action.order : order;
  }, emptyOrder(k));
}

describe('places by number', () => {
  test('numbers stand whatever the order in which they are pressed', () => {
    const order = pressed(4, [
      [0, '2'],
      [3, '1'],
      [2, '3'],
      [1, '4'],
    ]);
    expect(denseRanks(order)).toEqual([2, 4, 3, 1]);
    expect(listed(order)).toEqual([3, 0, 2, 1]);
  });

  test('the same number twice is a tie, and ranks have no gaps', () => {
    const order = pressed(4, [
      [0, '1'],
      [1, '1'],
      [2, '4'],
      [3, '3'],
    ]);
    expect(denseRanks(order)).toEqual([1, 1, 3, 2]);
  });

  test('a number beyond K does nothing', () => {
    expect(actionOfKey('5', emptyOrder(4), 0)).toBeNull();
    expect(place(emptyOrder(4), 0, 5).places).toEqual([null, null, null, null]);
  });

  test('an unfinished ranking has no ranks', () => {
    expect(isComplete(pressed(3, [[0, '1']]))).toBe(false);
    expect(() => denseRanks(emptyOrder(2))).toThrow(RangeError);
  });

  test('pressing texts from best to worst gives the next free place', () => {
    const first = placeNext(emptyOrder(3), 2);
    if (first?.type !== 'order') throw new Error('expected an order');
    const second = placeNext(first.order, 0);
    if (second?.type !== 'order') throw new Error('expected an order');
    expect(second.order.places).toEqual([2, null, 1]);
    expect(placeNext(second.order, 2)).toBeNull();
  });
});

describe('moves and ties', () => {
  test('a move makes the list on screen the ranking', () => {
    expect(denseRanks(moveBy(emptyOrder(3), 2, -1))).toEqual([1, 3, 2]);
    expect(denseRanks(moveTo(emptyOrder(3), 0, 2))).toEqual([3, 1, 2]);
  });

  test('a move of another text leaves a tie alone', () => {
    const tied = pressed(4, [
      [0, '1'],
      [1, '1'],
      [2, '2'],
      [3, '3'],
    ]);
    expect(denseRanks(moveBy(tied, 3, -1))).toEqual([1, 1, 3, 2]);
  });

  test('= ties with the text above, and parts them again', () => {
    const placed = moveTo(moveTo(emptyOrder(3), 0, 1), 0, 0);
    const tied = toggleTie(placed, 1);
    expect(denseRanks(tied)).toEqual([1, 1, 2]);
    expect(denseRanks(toggleTie(tied, 1))).toEqual([1, 2, 3]);
    expect(toggleTie(placed, 0)).toBe(placed);
  });

  test('undo goes back change by change', () => {
    const first = place(emptyOrder(3), 1, 1);
    const second = place(first, 0, 2);
    expect(undo(second)).toBe(first);
    expect(undo(undo(second)).places).toEqual([null, null, null]);
    expect(undo(emptyOrder(3)).before).toBeNull();
  });
});

test('keys that end the ranking are named', () => {
  const order = emptyOrder(3);
  expect(actionOfKey('Enter', order, 0)).toEqual({ type: 'save' });
  expect(actionOfKey('s', order, 0)).toEqual({ type: 'skip' });
  expect(actionOfKey('u', order, 0)).toEqual({ type: 'undo' });
  expect(actionOfKey('ArrowRight', order, 0)).toEqual({ type: 'focus', index: 1 });
  expect(actionOfKey('x', order, 0)).toBeNull();
});

test('comparisons won and ties add up to all pairs', () => {
  expect(comparisonCount([1, 2, 3, 4])).toEqual({ won: 6, tied: 0 });
  expect(comparisonCount([1, 1, 2, 2])).toEqual({ won: 4, tied: 2 });
  expect(comparisonCount([1, 1, 1])).toEqual({ won: 0, tied: 3 });
});

test('after any keys the list holds every text once and places stay within 1..K', () => {
  const key = fc.constantFrom('1', '2', '3', '4', '5', 'ArrowUp', 'ArrowDown', '=');
  const presses = fc.array(fc.tuple(fc.nat(4), key), { maxLength: 30 });
  fc.assert(
    fc.property(presses, (keys) => {
      const order = pressed(5, keys);
      expect([...listed(order)].sort()).toEqual([0, 1, 2, 3, 4]);
      for (const given of order.places) {
        if (given === null) continue;
        expect(given).toBeGreaterThanOrEqual(1);
        expect(given).toBeLessThanOrEqual(5);
      }
      if (isComplete(order)) {
        const ranks = denseRanks(order);
        expect(Math.min(...ranks)).toBe(1);
        expect(Math.max(...ranks)).toBe(new Set(ranks).size);
      }
    }),
  );
});
