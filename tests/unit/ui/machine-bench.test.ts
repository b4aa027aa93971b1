/** Measuring from the page's side, with a worker that answers from a table: order, warm-up, stopping, failures, files. */
import { describe, expect, test } from 'vitest';
import { measurementCsv, measurementJson } from '../../../src/ui/machine-files.ts';
import { MachineBench } from '../../../src/ui/machine-bench.svelte.ts';
import { Laboratory } from '../../../src/ui/laboratory.svelte.ts';
import { defaultSettings } from '../../../src/config/settings.ts';
import type { MachineMeasurement } from '../../../src/records/measurement.ts';
import { FakeClient } from './fake-client.ts';

/** A worker whose rounds take 100, 110, 120, ... milliseconds from the first on. */
function setUp({
  refuse = () => false,
  hidden = () => false,
}: {
  refuse?: (round: number) => boolean;
  hidden?: () => boolean;
} = {}) {
  let rounds = 0;
  const client = new FakeClient({
    'machine.open': () => ({ parameters: 5, tokens: 2000 }),
    'machine.round': () => {
      if (refuse(rounds)) throw new Error('out of memory');
      return { milliseconds: 100 + 10 * rounds++ };
    },
    'machine.close': () => ({}),
  });
  const laboratory = new Laboratory(client, defaultSettings());
  const facts = { browser: 'Test, 1', cores: 4, isHidden: hidden };
  const bench = new MachineBench(laboratory, facts, () => new Date(0));
  return { bench, client };
}

function measured(bench: MachineBench): MachineMeasurement {
  if (bench.measurement === null) throw new Error('nothing was measured');
  return bench.measurement;
}

describe('measuring', () => {
  test('takes every part of every size in order, one warm-up and three rounds each, and closes', async () => {
    const { bench, client } = setUp();
    await bench.start('0.9M');
    expect(client.argsOf('machine.open')).toEqual(
      ['0.1M', '0.9M'].flatMap((size) =>
        ['train', 'sample', 'ppo'].map((part) => ({ size, part })),
      ),
    );
    expect(client.argsOf('machine.round')).toHaveLength(6 * 4);
    expect(client.sent.at(-1)?.name).toBe('machine.close');
    expect(bench.status).toBe('done');
    const { complete, sizes, conditions } = measured(bench);
    expect(complete).toBe(true);
    expect(sizes.map(({ name }) => name)).toEqual(['0.1M', '0.9M']);
    // The warm-up, 100 ms, is not among them.
    expect(sizes[0]?.parts.train).toEqual({ milliseconds: [110, 120, 130], tokens: 2000 });
    expect(conditions).toMatchObject({ startedAt: '1970-01-01T00:00:00.000Z', cores: 4 });
    expect(bench.progress).toEqual({ done: 6, total: 6 });
  });

  test('leaves a part out with its reason, and goes on', async () => {
    const { bench, client } = setUp();
    await bench.start('25M');
    const last = measured(bench).sizes.at(-1);
    expect(last?.parts.ppo).toEqual({ leftOut: 'weights and moments alone would take 1.0 GB' });
    expect(client.argsOf('machine.open')).not.toContainEqual({ size: '25M', part: 'ppo' });
    expect(bench.status).toBe('done');
  });

  test('stops after the round under way and keeps what it has', async () => {
    const { bench, client } = setUp({
      refuse: (round) => {
        if (round === 5) bench.stop();
        return false;
      },
    });
    await bench.start('5M');
    expect(bench.status).toBe('stopped');
    expect(client.argsOf('machine.round')).toHaveLength(6);
    expect(client.sent.at(-1)?.name).toBe('machine.close');
    expect(measured(bench).complete).toBe(false);
    expect(measured(bench).sizes[0]?.parts.sample).toEqual({ milliseconds: [150], tokens: 2000 });
    expect(bench.problem).toBeNull();
  });

  test('a failure ends it with its sentence; measuring again begins anew', async () => {
    let broken = true;
    const { bench, client } = setUp({ refuse: (round) => broken && round === 4 });
    await bench.start('tiny');
    expect(bench.status).toBe('stopped');
    expect(bench.problem).toBe('out of memory');
    expect(measured(bench).sizes[0]?.parts.train).toBeDefined();
    expect(client.sent.at(-1)?.name).toBe('machine.close');
    broken = false;
    await bench.start('tiny');
    expect(bench.status).toBe('done');
    expect(bench.problem).toBeNull();
  });

  test('a second start while it runs does nothing; a page that was hidden is noted', async () => {
    let looks = 0;
    const { bench, client } = setUp({ hidden: () => looks++ === 3 });
    const first = bench.start('tiny');
    await bench.start('tiny');
    await first;
    expect(client.argsOf('machine.open')).toHaveLength(3);
    expect(measured(bench).conditions.wasHidden).toBe(true);
  });
});

test('as CSV every size is a row as wide as the head, quoted, empty where nothing was measured', async () => {
  const { bench } = setUp();
  await bench.start('25M');
  const text = measurementCsv(measured(bench));
  const lines = text.split('\r\n');
  expect(lines).toHaveLength(1 + 4 + 1);
  expect(lines[1]).toContain('"Test, 1",4,false,86976,64,64,1,2,120,');
  const cells = (line = ''): string[] => line.match(/("[^"]*"|[^,]*)(,|$)/g)?.slice(0, -1) ?? [];
  expect(cells(lines[4])).toHaveLength(cells(lines[0]).length);
  expect(lines[4]).toMatch(/,,,"?ppo: weights and moments alone would take 1.0 GB"?$/);
  expect(JSON.parse(measurementJson(measured(bench)))).toEqual(measured(bench));
});
