/** What is measured while a loop trains: when, on what, and that nothing of it changes the training. */
import { beforeAll, describe, expect, test } from 'vitest';
import { Tokenizer } from '../../../src/data/tokenizer.ts';
import type { Loop, StepRecord } from '../../../src/rlhf/loop.ts';
import { measuredLoop, measureReward } from '../../../src/rlhf/measures.ts';
import { rewardElements, rewardFromSft, rewardLoop } from '../../../src/rlhf/reward.ts';
import { sameBits, start, tinyModel } from '../model/tiny-model.ts';
import { expectNoLeak, rankings, REWARD, shape, take } from './toy.ts';

beforeAll(() => start('wasm'));
void Tokenizer;

/** A loop that only counts, from `done`. */
function counting(total: number, done = 0): Loop & { disposed: boolean } {
  async function* steps(): AsyncGenerator<StepRecord, void, void> {
    for (let step = done + 1; step <= total; step++) {
      await Promise.resolve();
      yield { step, total, values: { step } };
    }
  }
  return {
    total,
    steps,
    disposed: false,
    snapshot: () => Promise.resolve({ tensors: new Map(), state: null }),
    dispose() {
      this.disposed = true;
    },
  };
}

/** Steps with a measurement, and how many steps had been taken when it was made. */
async function measuredAt(total: number, isNew: boolean, done = 0): Promise<[number, number][]> {
  let taken = done;
  const loop = measuredLoop(counting(total, done), () => Promise.resolve({ at: taken }), isNew);
  const found: [number, number][] = [];
  for await (const { step, values } of loop.steps()) {
    if (values['at'] !== undefined) found.push([step, values['at']]);
    expect(values['step']).toBe(step);
    taken = step;
  }
  return found;
}
