/** The page's side of an own base model: what is measured and suggested, what a refused text leaves, and leaving. */
import { describe, expect, it, test } from 'vitest';
import { MEASURED_SIZES } from '../../../src/config/measured-sizes.ts';
import { defaultSettings } from '../../../src/config/settings.ts';
import type { MachineMeasurement } from '../../../src/records/measurement.ts';
import { Laboratory } from '../../../src/ui/laboratory.svelte.ts';
import { OwnBase } from '../../../src/ui/own-base.svelte.ts';
import { FakeClient } from './fake-client.ts';

type Handlers = ConstructorParameters<typeof FakeClient>[0];

const TEXT = { name: 'a.txt', characters: 2000, lines: 9, documents: 3, tokens: 900 };

/** A worker whose rounds take so many milliseconds for each million parameters. */
async function setUp(handlers: Handlers = {}, perMillion = 100) {
  let parameters = 0;
  const client = new FakeClient({
    'base.text': () => ({ text: null }),
    'machine.open': ({ size }) => {
      ({ parameters } = MEASURED_SIZES[size]);
      return { parameters, tokens: 1000 };
    },
    'machine.round': () => ({ milliseconds: (perMillion * parameters) / 1e6 }),
    'machine.close': () => ({}),
    ...handlers,
  });
  const laboratory = new Laboratory(client, defaultSettings());
  await laboratory.open(null);
  return { client, laboratory, own: new OwnBase(laboratory) };
}

describe('the time', () => {
  it('is unknown until two sizes are timed, then suggests one, and the work is given back', async () => {
    const { client, own } = await setUp();
    expect([own.suggested, own.secondsOf('middle')]).toEqual([null, null]);
    await own.measure();
    expect(client.argsOf('machine.open').map(({ size }) => size)).toEqual(['0.1M', '0.9M']);
    expect(client.argsOf('machine.close')).toHaveLength(1);
    // 600 steps of 12 passages of 128 tokens, 57 ms for a thousand of them.
    expect(own.secondsOf('middle')).toBeCloseTo(600 * 12 * 0.128 * 0.05704, 0);
    expect(own.suggested).toBe('large');
    await own.measure();
    expect(client.argsOf('machine.open')).toHaveLength(2);
  });

  it('is taken from the measurement that a person made of the same engine', async () => {
    const { client, laboratory, own } = await setUp();
    const shape = { contextLength: 64, width: 64, layers: 1, heads: 2 };
    const of = (backend: string): MachineMeasurement => ({
      conditions: {
        ...{ startedAt: '', backend, device: '', browser: '', cores: 1, wasHidden: false },
      },
      complete: true,
      sizes: [
        {
          ...{ name: 'tiny', parameters: 53_728, ...shape },
          parts: { train: { milliseconds: [1e6], tokens: 1000 } },
        },
      ],
    });
    laboratory.measured = of('WebGPU');
    expect(own.suggested).toBeNull();
    laboratory.measured = of('JavaScript');
    expect(own.suggested).toBe('tiny');
    await own.measure();
    expect(client.argsOf('machine.open')).toEqual([]);
  });

  it('that cannot be measured is a sentence, and measuring is over', async () => {
    const { client, own } = await setUp({
      'machine.open': () => {
        throw new Error('PPO is training: pause it first.');
      },
    });
    await own.measure();
    expect([own.measuring, own.suggested]).toEqual([false, null]);
    expect(own.problem).toContain('pause it first');
    expect(client.argsOf('machine.close')).toHaveLength(1);
  });

  it('of a part that was left is not measured to its end', async () => {
    const { client, own } = await setUp();
    const measuring = own.measure();
    own.leave();
    await measuring;
    expect(client.argsOf('machine.round').length).toBeLessThan(3);
    expect(client.argsOf('machine.close')).toHaveLength(1);
    expect(own.suggested).toBeNull();
  });
});

test('a text that is refused leaves the one before, and says why', async () => {
  const { client, own } = await setUp({
    'base.text': () => ({ text: TEXT }),
    'base.take': () => {
      throw new Error('Line 2, column 5: the bytes here are not UTF-8.');
    },
  });
  await own.load();
  await own.take('b.txt', new Blob(['x']));
  expect(own.text).toEqual(TEXT);
  expect(own.problem).toContain('Line 2, column 5');
  expect(client.argsOf('labels.changed')).toEqual([]);
});

test('a text that is taken is shown and the stages are asked for again', async () => {
  const { client, own } = await setUp({ 'base.take': () => ({ text: TEXT }) });
  await own.take('a.txt', new Blob(['x']));
  expect([own.text, own.problem]).toEqual([TEXT, '']);
  expect(own.news).toContain('a.txt is stored');
  expect(client.argsOf('labels.changed')).toHaveLength(1);
});

test('one setting of the base is changed and no other', async () => {
  const { client, laboratory, own } = await setUp();
  await own.set({ model: 'own' });
  const before = defaultSettings();
  const expected = { ...before, base: { ...before.base, model: 'own' } };
  expect(client.argsOf('settings.set')).toEqual([{ settings: expected }]);
  expect(laboratory.settings).toEqual(expected);
});
