/** Measuring the machine in the worker: real rounds of a tiny model, alone on the engine, nothing left behind. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { MEASURED_PARTS } from '../../../src/config/measured-sizes.ts';
import { startEngine } from '../../../src/kernels/engine.ts';
import { InputError } from '../../../src/worker/failure.ts';
import { MachineDesk } from '../../../src/worker/machine.ts';
import { Occupancy } from '../../../src/worker/occupancy.ts';
import { freshName, testSession, train } from './session-world.ts';

beforeAll(async () => {
  await startEngine({ prefer: 'cpu' });
});

function setUp(expectIdle: () => void = () => undefined) {
  let clock = 0;
  const occupancy = new Occupancy(expectIdle);
  const desk = new MachineDesk({
    // A second between two looks.
    now: () => 1000 * clock++,
    occupy: (occupant) => occupancy.take(occupant),
  });
  return { occupancy, handlers: desk.handlers };
}

describe('rounds', () => {
  test.each(MEASURED_PARTS)(
    'of %s are timed by the clock given, and closing frees all',
    async (part) => {
      const { handlers } = setUp();
      const before = tf.memory().numTensors;
      const { parameters, tokens } = await handlers['machine.open']({ size: 'tiny', part });
      expect(parameters).toBe(14_816);
      expect(tokens).toBe({ train: 2 * 32, sample: 4 * 8, ppo: 16 * 6 }[part]);
      expect(await handlers['machine.round']({})).toEqual({ milliseconds: 1000 });
      const held = tf.memory().numTensors;
      await handlers['machine.round']({});
      expect(tf.memory().numTensors).toBe(held);
      expect(held).toBeGreaterThan(before);
      await handlers['machine.close']({});
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  test('of other work take the place of the work before', async () => {
    const { handlers } = setUp();
    const before = tf.memory().numTensors;
    await handlers['machine.open']({ size: 'tiny', part: 'train' });
    await handlers['machine.open']({ size: 'tiny', part: 'sample' });
    await handlers['machine.close']({});
    await handlers['machine.close']({});
    expect(tf.memory().numTensors).toBe(before);
    await expect(handlers['machine.round']({})).rejects.toThrow(/Nothing is being measured/);
  });
});

describe('alone on the engine', () => {
  test('it is refused while something computes, and holds nothing then', async () => {
    const busy = new InputError('PPO is training: pause it first.');
    const { handlers, occupancy } = setUp(() => {
      throw busy;
    });
    const before = tf.memory().numTensors;
    await expect(handlers['machine.open']({ size: 'tiny', part: 'train' })).rejects.toBe(busy);
    expect(tf.memory().numTensors).toBe(before);
    occupancy.expectFree();
  });

  test('nothing trains meanwhile, and everything can afterwards', async () => {
    const test = await testSession({ name: freshName() });
    const desk = new MachineDesk({
      now: () => 0,
      occupy: (occupant) => test.session.occupancy.take(occupant),
    });
    await desk.handlers['machine.open']({ size: 'tiny', part: 'sample' });
    const refused = test.session.handlers['stage.start']({ stage: 'sft', fresh: false });
    await expect(refused).rejects.toThrow(/being measured: wait for it or stop it/);
    await desk.handlers['machine.close']({});
    await train(test, 'sft');
  });

  test('another engine ends it with a sentence, also a round that never ends, and lets others in', async () => {
    const test = await testSession({ name: freshName() });
    const desk = new MachineDesk({
      now: () => 0,
      occupy: (occupant) => test.session.occupancy.take(occupant),
    });
    await desk.handlers['machine.open']({ size: 'tiny', part: 'sample' });
    const round = desk.handlers['machine.round']({});
    test.session.occupancy.evict('The graphics device was lost.');
    await expect(round).rejects.toThrow('The graphics device was lost. Measure again.');
    await expect(desk.handlers['machine.round']({})).rejects.toThrow(/Nothing is being measured/);
    await train(test, 'sft');
  });
});
