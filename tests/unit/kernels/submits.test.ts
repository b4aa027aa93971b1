/** The rule that cuts recorded dispatches into submits, on plain numbers. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  LONGEST_SUBMIT,
  MOST_DISPATCHES,
  NOTHING_RECORDED,
  secondsOf,
  submitsBefore,
  withDispatch,
  type Work,
} from '../../../src/kernels/webgpu/submits.ts';

/** Dispatches of each submit, the last one left open. */
function cut(works: readonly Work[]): Work[][] {
  const submits: Work[][] = [];
  let recorded = NOTHING_RECORDED;
  for (const work of works) {
    if (submits.length === 0 || submitsBefore(recorded, work)) {
      submits.push([]);
      recorded = NOTHING_RECORDED;
    }
    submits.at(-1)!.push(work);
    recorded = withDispatch(recorded, work);
  }
  return submits;
}

const total = (works: readonly Work[]) => works.reduce((sum, work) => sum + secondsOf(work), 0);
const product = (m: number, n: number, k: number): Work => ({
  operations: 2 * m * n * k,
  bytes: 4 * (m * n + n * k + m * k),
});
const SMALL: Work = { operations: 0, bytes: 256 };

test('the slower of arithmetic and memory counts, and every dispatch costs something', () => {
  const [arithmetic, memory] = [secondsOf({ operations: 8e8, bytes: 8 }), secondsOf(SMALL)];
  expect(arithmetic).toBeCloseTo(0.1, 3);
  expect(memory).toBeGreaterThan(0);
  expect(memory).toBeLessThan(1e-4);
  expect(secondsOf({ operations: 8, bytes: 2e8 })).toBeCloseTo(0.1, 3);
  expect(secondsOf({ operations: 8e8, bytes: 2e8 })).toBeCloseTo(0.1, 3);
});

test('small dispatches go by number, large ones by time, one that is too long alone', () => {
  const many = Array.from({ length: 2 * MOST_DISPATCHES + 1 }, () => SMALL);
  expect(cut(many).map(({ length }) => length)).toEqual([MOST_DISPATCHES, MOST_DISPATCHES, 1]);
  // 34 ms each on the GPU that is reckoned with.
  const large = Array.from({ length: 5 }, () => product(512, 512, 512));
  expect(cut(large).map(({ length }) => length)).toEqual([2, 2, 1]);
  const huge = product(2048, 2048, 2048);
  expect(cut([SMALL, huge, SMALL]).map(({ length }) => length)).toEqual([1, 1, 1]);
});

test('no submit of several dispatches is longer than allowed, none is cut without need', () => {
  const work = fc.record({
    operations: fc.integer({ min: 0, max: 3e9 }),
    bytes: fc.integer({ min: 4, max: 1e8 }),
  });
  fc.assert(
    fc.property(fc.array(work, { maxLength: 300 }), (works) => {
      const submits = cut(works);
      expect(submits.flat()).toEqual(works);
      submits.forEach((submit, i) => {
        expect(submit.length).toBeLessThanOrEqual(MOST_DISPATCHES);
        if (submit.length > 1) expect(total(submit)).toBeLessThanOrEqual(LONGEST_SUBMIT + 1e-9);
        const next = submits[i + 1]?.[0];
        if (next === undefined) return;
        const full = submit.length === MOST_DISPATCHES;
        expect(full || total([...submit, next]) > LONGEST_SUBMIT - 1e-9).toBe(true);
      });
    }),
  );
});
