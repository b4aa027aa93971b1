/** The progress line by a clock of its own: time passed, and time left by the steps of this process alone. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Progress } from '../../../src/cli/progress.ts';

const lines: string[] = [];
const { isTTY } = process.stderr;

beforeEach(() => {
  lines.length = 0;
  process.stderr.isTTY = false;
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    lines.push(String(line).trim());
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.stderr.isTTY = isTTY;
});

/** Lines of updates at seconds since the start. */
function told(total: number, updates: readonly (readonly [second: number, done: number])[]) {
  let now = 5000;
  const progress = new Progress('train', () => now);
  for (const [second, done] of updates) {
    now = 5000 + 1000 * second;
    progress.update(done, total);
  }
  return lines;
}

test('a resumed run has the time left that its own steps say, not those that were done before', () => {
  // Two steps a second: 8960 of them take an hour and a quarter.
  expect(
    told(14_000, [
      [1, 5020],
      [11, 5040],
    ]),
  ).toEqual(['train 5020/14000 (1 s)', 'train 5040/14000 (11 s, 74 min 40 s left)']);
});

test('a new run counts from its first step, however long that took to come', () => {
  expect(
    told(101, [
      [30, 1],
      [35, 11],
      [41, 12],
      [51, 41],
      [60, 101],
    ]),
  ).toEqual([
    'train 1/101 (30 s)',
    // Eleven steps in as many seconds, and 89 to go.
    'train 12/101 (41 s, 89 s left)',
    'train 41/101 (51 s, 32 s left)',
    'train 101/101 (60 s)',
  ]);
});
