/** The bench's arithmetic on hand-made measurements: medians, paired ratios, rates, tables and targets. */
import { describe, expect, test } from 'vitest';
import { median, spreadOf } from '../../../src/records/spread.ts';
import {
  CONFIGS,
  contendersOf,
  productFlops,
  products,
  trainingBatch,
  type Contender,
} from '../../../src/cli/bench/configs.ts';
import { parseMessage, parseTask, type Round } from '../../../src/cli/bench/messages.ts';
import { isRealTime } from '../../../src/cli/bench/conditions.ts';
import { profileTable } from '../../../src/cli/bench/profile.ts';
import { faultOf, type Entry, type JobResult } from '../../../src/cli/bench/rounds.ts';
import { replaceBlock, SheetError } from '../../../src/cli/bench/sheet.ts';
import {
  gigaPerSecond,
  largestDisagreement,
  pairedRatio,
  perSecond,
  trainingFlops,
} from '../../../src/cli/bench/statistics.ts';
import { jobTable, markdownTable, plainTable, short } from '../../../src/cli/bench/tables.ts';
import { targetRows } from '../../../src/cli/bench/targets.ts';
import { expectProduct, operandsOf } from '../../../src/cli/bench/workload.ts';

describe('medians and ratios', () => {
  test('a median is the middle, or the mean of the two middle values, in any order', () => {
    expect(median([9, 1, 4])).toBe(4);
    expect(median([8, 1, 2, 100])).toBe(5);
    expect(median([10, 9])).toBe(9.5);
    expect(median([])).toBeNaN();
  });

  test('a spread of nothing is NaN and not infinite', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 });
    expect(spreadOf([])).toEqual({ median: NaN, low: NaN, high: NaN });
  });

  test('ratios are taken round by round, not between medians, and above 1 when ours is faster', () => {
    // Medians 20 and 60 would give 3; the rounds give 2, 1.1 and 3.
    expect(pairedRatio([10, 100, 20], [20, 110, 60])).toEqual({ median: 2, low: 1.1, high: 3 });
    expect(pairedRatio([10, 20], [30]).median).toBe(3);
    expect(pairedRatio([], [30]).median).toBeNaN();
  });

  test('disagreement is the widest gap at one step, over the steps that all have', () => {
    expect(
      largestDisagreement([
        [1, 2, 3],
        [1, 2.5, 3, 99],
      ]),
    ).toBe(0.5);
    expect(
      largestDisagreement([
        [1, NaN],
        [1, 2],
      ]),
    ).toBeNaN();
    expect(largestDisagreement([[], [1]])).toBeNaN();
  });

  test('rates: 512 tokens in 250 ms, and 6 N per token', () => {
    expect(perSecond(512, 250)).toBe(2048);
    expect(trainingFlops(867_072, 512)).toBe(6 * 867_072 * 512);
    expect(gigaPerSecond(2 * 1024 ** 3, 1000)).toBeCloseTo(2.147, 3);
  });
});

describe('what is measured', () => {
  test('labels are the inputs one token later, across whole rows', () => {
    const { batch, model } = CONFIGS.tiny;
    const { ids, labels } = trainingBatch(CONFIGS.tiny, 3);
    const T = model.contextLength;
    expect(ids).toHaveLength(batch * T);
    for (let b = 0; b < batch; b++) {
      expect([...labels.subarray(b * T, (b + 1) * T - 1)]).toEqual([
        ...ids.subarray(b * T + 1, (b + 1) * T),
      ]);
    }
    expect(Math.max(...ids)).toBeLessThan(model.vocabularySize);
    expect([...trainingBatch(CONFIGS.tiny, 4).ids]).not.toEqual([...ids]);
  });

  test("products cover the model's shapes and the 1024 cube in three orientations", () => {
    const all = products(CONFIGS.S);
    expect(all.map(({ m, k, n }) => [m, k, n].join(' x '))).toContain('512 x 128 x 384');
    const square = all.filter(({ m, k, n }) => m === 1024 && k === 1024 && n === 1024);
    expect(square.map(({ stored }) => stored)).toEqual(['A.B', 'At.B', 'A.Bt']);
    expect(square.map(productFlops)).toEqual([2 ** 31, 2 ** 31, 2 ** 31]);
  });

  test('a wrong product is found out, a right one passes', () => {
    const product = { name: 'small', m: 3, k: 2, n: 4, stored: 'At.B' } as const;
    const operands = operandsOf(product);
    const right = Float32Array.from({ length: 12 }, (_, i) => {
      const [row, column] = [Math.floor(i / 4), i % 4];
      const a = (l: number) => operands.a[l * 3 + row] ?? NaN;
      const b = (l: number) => operands.b[l * 4 + column] ?? NaN;
      return a(0) * b(0) + a(1) * b(1);
    });
    expect(operands.shapeA).toEqual([2, 3]);
    expect(() => {
      expectProduct(product, operands, right);
    }).not.toThrow();
    expect(() => {
      expectProduct(
        product,
        operands,
        right.map((value) => value + 0.01),
      );
    }).toThrow(/small: entry/);
    expect(() => {
      expectProduct(product, operands, new Float32Array());
    }).toThrow(/small: entry/);
  });

  test('who takes part: peers where they can, ours and stock ops always', () => {
    expect(contendersOf('train', 'webgpu')).toEqual([
      'ours',
      'stock-ops',
      'tfjs',
      'nanogpt',
      'nanogpt-mixed',
      'jax',
    ]);
    expect(contendersOf('train', 'wasm')).not.toContain('nanogpt');
    expect(contendersOf('sample-64', 'wasm')).toContain('tfjs-transposes');
    expect(contendersOf('sample-64', 'webgpu')).not.toContain('jax');
    expect(contendersOf('ppo-ptx', 'webgpu')).toEqual(['ours', 'stock-ops']);
  });

  test('a task or message that is not one is refused', () => {
    const task = { contender: 'ours', backend: 'wasm', job: 'train', config: 'S', warmup: 1 };
    expect(parseTask(JSON.stringify(task))).toEqual(task);
    expect(() => parseTask(JSON.stringify({ ...task, job: 'rest' }))).toThrow();
    expect(() => parseMessage({ kind: 'round' })).toThrow();
    expect(parseMessage({ kind: 'failed', reason: 'x' })).toEqual({ kind: 'failed', reason: 'x' });
  });
});

test('a round whose device reported errors is no figure', () => {
  expect(faultOf(round(3))).toBeNull();
  const deviceErrors = ['Binding size is too large.\n - While encoding.', 'Invalid CommandBuffer'];
  expect(faultOf(round(3, { deviceErrors }))).toBe(
    'the device reported 2 errors, the first: Binding size is too large.',
  );
  expect(faultOf({ kind: 'failed', reason: 'x' })).toBe('x');
});

function round(ms: number, counts: Partial<Round> = {}): Round {
  return {
    kind: 'round',
    times: { whole: ms },
    loss: null,
    ...{ dispatches: null, submits: null, readbacks: null, bytes: null, peakBytes: null },
    ...{ residentBytes: 1e8, cpuMs: ms / 2, deviceErrors: [] },
    ...counts,
  };
}

function entry(contender: Contender, rounds: readonly Round[], losses: number[] = []): Entry {
  const ready = {
    kind: 'ready' as const,
    ...{ device: 'a device', parameters: 1000, tokens: 500, warmupMs: 10, losses },
  };
  return { contender, ready, rounds, failure: null };
}

function training(config: 'S' | 'M', entries: readonly Entry[]): JobResult {
  return { job: 'train', config, backend: 'webgpu', entries };
}

describe('tables', () => {
  const result = training('S', [
    entry(
      'ours',
      [round(100, { dispatches: 190, loss: 5 }), round(120, { dispatches: 190, loss: 4 })],
      [6],
    ),
    entry('tfjs', [round(300, { loss: 5.5 }), round(480, { loss: 4 })], [6]),
    { contender: 'jax', ready: null, rounds: [], failure: 'no adapter.' },
  ]);

  test('a row shows median, spread, ratio with spread and rates; a failure shows its reason', () => {
    const { head, rows, notes } = jobTable(result);
    const cell = (row: number, column: string) => rows[row]?.[head.indexOf(column)];
    expect(cell(0, 'ms')).toBe('110');
    expect(cell(0, 'ours is faster by')).toBe('-');
    expect(cell(1, 'low to high')).toBe('300 to 480');
    expect(cell(1, 'ours is faster by')).toBe('3.5 (3 to 4)');
    expect(cell(1, 'ours works less by')).toBe('3.5 (3 to 4)');
    expect(cell(0, 'tokens/s')).toBe('4,545');
    expect(cell(0, 'dispatches')).toBe('190');
    expect(cell(2, 'ms')).toBe('-');
    expect(notes.join(' ')).toContain('differ by at most 5.0e-1');
    expect(notes).toContain('jax-js, jit did not finish: no adapter.');
  });

  test('printed for a terminal and for Markdown, every row as wide as its head', () => {
    const table = jobTable(result);
    const lines = markdownTable(table)
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const cells = lines.map((line) => line.split('|').length);
    expect(lines).toHaveLength(2 + 3);
    expect(new Set(cells).size).toBe(1);
    expect(plainTable(table)).toContain('ours');
  });

  test('three significant digits, and a dash for what is not known', () => {
    expect([1234.4, 12.345, 0.012345, 3].map(short)).toEqual(['1,234', '12.3', '0.0123', '3']);
    expect(short(NaN)).toBe('-');
  });
});

describe('targets', () => {
  const rows = targetRows('webgpu', [
    training('S', [
      entry('ours', [round(100, { dispatches: 191 })]),
      entry('tfjs', [round(300)]),
      entry('jax', [round(199)]),
    ]),
    {
      ...{ job: 'sample-64', config: 'S', backend: 'webgpu' },
      entries: [entry('ours', [round(10, { dispatches: 48 * 46, readbacks: 1 })])],
    },
  ]);
  const verdict = (text: string) => rows.find(({ what }) => what.includes(text))?.met;

  test('met at the limit itself, missed below it, unknown without a measurement', () => {
    expect(verdict('training step, S, against stock tfjs')).toBe(true);
    expect(verdict('training step, S, against jax-js')).toBe(false);
    expect(verdict('training step, M, against stock tfjs')).toBeNull();
    expect(verdict('dispatches of a training step, S')).toBe(false); // 191 of 190
    expect(verdict('dispatches per sampled token')).toBe(true);
    expect(verdict('read-backs of a rollout')).toBe(true);
  });

  test('the share of the best product takes the fastest of all contenders', () => {
    const square = { ...round(0), times: { '1024 A.B': 2000 } };
    const fast = { ...round(0), times: { '1024 A.B': 1000 } };
    const products: JobResult = {
      ...{ job: 'matmul', config: 'M', backend: 'webgpu' },
      entries: [entry('ours', [square]), entry('jax', [fast])],
    };
    // 6 x 1000 x 500 operations in 2 ms are 1.5 GFLOP/s; the faster product runs at 2.147.
    const [share] = targetRows('webgpu', [
      training('M', [entry('ours', [round(2)])]),
      products,
    ]).filter(({ what }) => what.startsWith('useful rate'));
    expect(share?.measured).toBe('69.8 % (1.5 of 2.15 GFLOP/s)');
    expect(share?.met).toBe(true);
  });
});

test('time by kernel: medians over rounds, the longest first, and what takes under 1 % in one line', () => {
  const kernels = (matmul: number) => ({
    kind: 'kernels' as const,
    kernels: {
      Add: { calls: 4, ms: 0.4 },
      MatMul: { calls: 7, ms: matmul },
      Sum: { calls: 1, ms: 0.5 },
      Exp: { calls: 2, ms: 9.1 },
    },
  });
  const rounds = [kernels(90), kernels(500), kernels(80)];
  const { rows } = profileTable({ contender: 'ours', config: 'S', rounds });
  expect(rows).toEqual([
    ['MatMul', '7', '90', '90'],
    ['Exp', '2', '9.1', '9.1'],
    ['2 others', '5', '0.9', '0.9'],
    ['all', '14', '100', '100'],
  ]);
});

test('a sheet keeps what people wrote around the block, and a file without marks is refused', () => {
  const text = 'above\n<!-- x begin -->\nold\n<!-- x end -->\nbelow\n';
  expect(replaceBlock(text, 'x', 'new')).toBe(
    'above\n<!-- x begin -->\n\nnew\n\n<!-- x end -->\nbelow\n',
  );
  expect(() => replaceBlock(text, 'y', 'new')).toThrow(SheetError);
});

test('a run says that it had priority: the policy stands behind a name that may hold anything', () => {
  const stat = (policy: number): string =>
    `12 (a ) b) R ${Array.from({ length: 37 }, (_, i) => 100 + i).join(' ')} ${policy} 0 0`;
  expect([0, 1, 2, 3].map((policy) => isRealTime(stat(policy)))).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(isRealTime('')).toBe(false);
});
