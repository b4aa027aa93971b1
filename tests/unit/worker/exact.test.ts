/** Exact mode behind the protocol: the command line's numbers, an iteration of each at a time, pause, step and stop. */
import { describe, expect, test } from 'vitest';
import { exactOptions, runExact } from '../../../src/cli/rlhf-exact.ts';
import { EXACT_REWARDS } from '../../../src/config/exact-table.ts';
import type { ExactPoint } from '../../../src/records/exact.ts';
import { EXACT_METHODS } from '../../../src/rlhf/exact/methods.ts';
import type { ExactReport } from '../../../src/rlhf/exact/report.ts';
import { ExactDesk } from '../../../src/worker/exact.ts';
import type { WorkerEvent } from '../../../src/worker/protocol.ts';

const REWARDS = EXACT_REWARDS.with(2, -1.1).with(9, 0.85);
const TABLE = { rewards: REWARDS, beta: 0.4, seed: 11, rate: 1, iterations: 1 };
const SHORT = ['dpo', 'best-of-n'];
const TOTAL = 1500;

/** A clock of half a millisecond for each look, so that reports and yields come often. */
function testDesk() {
  let time = 0;
  let yields = 0;
  const events: Extract<WorkerEvent, { type: 'exact' }>[] = [];
  let between: () => void = () => undefined;
  const { handlers } = new ExactDesk({
    emit: (event) => {
      if (event.type !== 'exact') throw new Error(JSON.stringify(event));
      events.push(event);
    },
    now: () => (time += 0.5),
    yieldToMessages: async () => {
      yields++;
      await Promise.resolve();
      between();
    },
    versions: { browser: 'a test' },
  });
  return {
    handlers,
    events,
    yields: () => yields,
    atNextYield: (action: () => void) => {
      between = () => {
        between = () => undefined;
        action();
      };
    },
  };
}

/** Resolves when the run has come to rest. */
async function rested({ events }: ReturnType<typeof testDesk>): Promise<string | undefined> {
  while (events.at(-1)?.state.status === 'running') {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return events.at(-1)?.state.status;
}

function pointsOf(desk: ReturnType<typeof testDesk>, method: string): ExactPoint[] {
  return desk.events.flatMap(({ progress }) =>
    progress.filter(({ name }) => name === method).flatMap(({ points }) => points),
  );
}

const withoutClock = ({ exact }: Pick<ExactReport, 'exact'>) =>
  Object.fromEntries(
    Object.entries(exact).map(([name, outcome]) => [name, { ...outcome, wallSeconds: 0 }]),
  );

test('the same table and seed give the numbers of the command line, to the bit, methods side by side', async () => {
  const names = ['ppo', 'ppo-k3', 'rloo', 'grpo', 'dpo', 'best-of-n'];
  const methods = EXACT_METHODS.filter(({ name }) => names.includes(name));
  const given = { rewards: REWARDS.join(','), beta: '0.4', seed: '11' };
  const headless = await runExact(exactOptions(given), { node: '1' }, methods);
  const desk = testDesk();
  await desk.handlers['exact.begin']({ run: 1, table: TABLE, methods: names });
  await desk.handlers['exact.drive']({ run: 1, wish: 'run' });
  expect(await rested(desk)).toBe('done');
  const { text } = await desk.handlers['exact.report']({ run: 1 });
  const report = JSON.parse(text) as ExactReport;
  expect(Object.keys(report.exact)).toEqual(names);
  expect(withoutClock(report)).toEqual(withoutClock(headless));
  expect({ ...report, exact: 0, versions: 0, wallSeconds: 0 }).toEqual({
    ...(JSON.parse(JSON.stringify(headless)) as ExactReport),
    exact: 0,
    versions: 0,
    wallSeconds: 0,
  });
  expect(report.versions).toEqual({ browser: 'a test' });
  expect(report.exact['ppo']?.tv).toBeLessThan(0.01);
  // The page was told of every iteration once, in order, and last of the numbers of the report.
  for (const { name, total } of methods) {
    const points = pointsOf(desk, name);
    expect(points.map(({ step }) => step)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    const { tv, tvTarget, j, responses, checks } = report.exact[name] ?? {};
    expect(points.at(-1)).toEqual({ step: total, tv, tvTarget, j });
    const last = desk.events
      .flatMap(({ progress }) => progress)
      .findLast((row) => row.name === name);
    expect([last?.responses, last?.checks]).toEqual([responses, checks]);
  }
}, 180_000);

describe('driving', () => {
  test('a run waits until it is driven; one step is one iteration of each method', async () => {
    const desk = testDesk();
    const begun = await desk.handlers['exact.begin']({ run: 3, table: TABLE, methods: SHORT });
    expect(begun.state).toEqual({ status: 'paused', step: 0, total: TOTAL, secondsLeft: null });
    expect(desk.events).toEqual([]);
    for (const step of [1, 2]) {
      await desk.handlers['exact.drive']({ run: 3, wish: 'step' });
      expect(await rested(desk)).toBe('paused');
      expect(desk.events.at(-1)).toMatchObject({ run: 3, state: { step, total: TOTAL } });
      for (const name of SHORT) expect(pointsOf(desk, name)).toHaveLength(step);
    }
  });

  test('pause stops after the iteration under way, messages get through, and going on loses nothing', async () => {
    const desk = testDesk();
    await desk.handlers['exact.begin']({ run: 1, table: TABLE, methods: SHORT });
    const running = await desk.handlers['exact.drive']({ run: 1, wish: 'run' });
    expect(running.state.status).toBe('running');
    let paused: Promise<{ state: { status: string; step: number } }> | undefined;
    await new Promise<void>((resolve) => {
      desk.atNextYield(() => {
        paused = desk.handlers['exact.drive']({ run: 1, wish: 'pause' });
        resolve();
      });
    });
    const state = (await paused)?.state;
    expect(state?.status).toBe('paused');
    expect(state?.step).toBeGreaterThan(0);
    expect(state?.step).toBeLessThan(30);
    expect(pointsOf(desk, 'dpo')).toHaveLength(state?.step ?? -1);
    await desk.handlers['exact.drive']({ run: 1, wish: 'run' });
    expect(await rested(desk)).toBe('done');
    expect(desk.yields()).toBeGreaterThan(50);
    expect(desk.events.some(({ state: { secondsLeft } }) => (secondsLeft ?? 0) > 0)).toBe(true);
    const other = testDesk();
    await other.handlers['exact.begin']({ run: 1, table: TABLE, methods: SHORT });
    await other.handlers['exact.drive']({ run: 1, wish: 'run' });
    await rested(other);
    for (const name of SHORT) expect(pointsOf(desk, name)).toEqual(pointsOf(other, name));
  });

  test('a stopped run does not go on, is not judged, and still has a report', async () => {
    const desk = testDesk();
    await desk.handlers['exact.begin']({ run: 1, table: TABLE, methods: SHORT });
    await desk.handlers['exact.drive']({ run: 1, wish: 'step' });
    await rested(desk);
    const { state } = await desk.handlers['exact.drive']({ run: 1, wish: 'stop' });
    expect(state.status).toBe('stopped');
    expect(desk.events.at(-1)?.state.status).toBe('stopped');
    const again = await desk.handlers['exact.drive']({ run: 1, wish: 'run' });
    expect(again.state).toEqual(state);
    const report = JSON.parse(
      (await desk.handlers['exact.report']({ run: 1 })).text,
    ) as ExactReport;
    expect(report.exact['dpo']).toMatchObject({ step: 1, total: TOTAL, checks: {} });
  });

  test('another run ends the one before, which can no longer be driven', async () => {
    const desk = testDesk();
    await desk.handlers['exact.begin']({ run: 1, table: TABLE, methods: SHORT });
    await desk.handlers['exact.drive']({ run: 1, wish: 'run' });
    await desk.handlers['exact.begin']({ run: 2, table: TABLE, methods: ['dpo'] });
    expect(desk.events.at(-1)).toMatchObject({ run: 1, state: { status: 'stopped' } });
    const told = desk.events.length;
    await expect(desk.handlers['exact.drive']({ run: 1, wish: 'run' })).rejects.toThrow(/is gone/);
    await new Promise((resolve) => setImmediate(resolve));
    expect(desk.events).toHaveLength(told);
  });

  test('an unknown method is refused in words, and the run before stays', async () => {
    const desk = testDesk();
    await desk.handlers['exact.begin']({ run: 1, table: TABLE, methods: SHORT });
    const begin = desk.handlers['exact.begin']({ run: 2, table: TABLE, methods: ['trpo'] });
    await expect(begin).rejects.toThrow('Exact mode has no method "trpo".');
    const { state } = await desk.handlers['exact.drive']({ run: 1, wish: 'step' });
    expect(state.status).toBe('running');
    await rested(desk);
  });

  test('solving answers while a run is under way', async () => {
    const desk = testDesk();
    await desk.handlers['exact.begin']({ run: 1, table: TABLE, methods: SHORT });
    await desk.handlers['exact.drive']({ run: 1, wish: 'run' });
    const solution = await desk.handlers['exact.solve']({ table: { ...TABLE, beta: 2 } });
    expect(solution.table.beta).toBe(2);
    expect(solution.methods).toHaveLength(EXACT_METHODS.length);
    expect(await rested(desk)).toBe('done');
  });

  test('another pace makes all runs longer or shorter and faster or slower, and promises nothing', async () => {
    const lawsAt = async (pace: { rate: number; iterations: number }) => {
      const desk = testDesk();
      const table = { ...TABLE, ...pace };
      await desk.handlers['exact.begin']({ run: 1, table, methods: ['dpo'] });
      await desk.handlers['exact.drive']({ run: 1, wish: 'run' });
      expect(await rested(desk)).toBe('done');
      const { text } = await desk.handlers['exact.report']({ run: 1 });
      return JSON.parse(text) as ExactReport;
    };
    const usual = await lawsAt({ rate: 1, iterations: 0.1 });
    const slow = await lawsAt({ rate: 0.1, iterations: 0.1 });
    expect(usual.exact['dpo']?.total).toBe(TOTAL / 10);
    expect(usual.pace).toEqual({ rate: 1, iterations: 0.1 });
    // What is learned a tenth as fast in as many steps ends farther away.
    expect(slow.exact['dpo']?.tv).toBeGreaterThan(2 * (usual.exact['dpo']?.tv ?? NaN));
    expect([usual, slow].map(({ exact }) => exact['dpo']?.checks)).toEqual([{}, {}]);
    expect(usual.exact['dpo']?.gate).toBeNull();
  });
});
