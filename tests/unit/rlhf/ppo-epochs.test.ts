/** How the PPO loop deals its rollouts out to updates, seen from the update's side. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { frozenNumbers } from '../../../src/rlhf/minibatches.ts';
import { beginUpdate } from '../../../src/rlhf/ppo-update.ts';
import { ppoLoop } from '../../../src/rlhf/ppo.ts';
import { checksum } from '../../../src/rlhf/self-checks.ts';
import { start } from '../model/tiny-model.ts';
import { disposeModels, PPO, ppoModels, prompts, take } from './toy.ts';

vi.mock('../../../src/rlhf/ppo-update.ts', { spy: true });

beforeAll(() => start('wasm'));

const EPOCHS = 3;
const ITERATIONS = 2;

/** Rows, and a checksum of the rollout's numbers, at each update of two iterations of three inner epochs. */
async function updates() {
  const seen: { rows: readonly number[]; numbers: number }[] = [];
  const { beginUpdate: actual } = await vi.importActual<{
    beginUpdate: typeof beginUpdate;
  }>('../../../src/rlhf/ppo-update.ts');
  vi.mocked(beginUpdate).mockImplementation((learners, rollout, rows, ...rest) => {
    seen.push({ rows: [...rows], numbers: checksum(frozenNumbers(rollout)) });
    return actual(learners, rollout, rows, ...rest);
  });
  const models = await ppoModels();
  const score = (rows: readonly { response: readonly number[] }[]) =>
    Promise.resolve(rows.map(({ response }) => Math.sin(response.length)));
  const data = { prompts, ptx: null, score, scoredByRewardModel: false };
  const loop = ppoLoop(models, data, { ...PPO, innerEpochs: EPOCHS });
  await take(loop, ITERATIONS);
  loop.dispose();
  disposeModels(models);
  return seen;
}

describe('inner epochs', () => {
  test('D21: each rollout is used once per inner epoch, in an order of its own', async () => {
    const seen = await updates();
    const { minibatches, rolloutBatch } = PPO;
    expect(seen).toHaveLength(ITERATIONS * EPOCHS * minibatches);
    const orders: string[] = [];
    for (let first = 0; first < seen.length; first += minibatches) {
      const order = seen.slice(first, first + minibatches).flatMap(({ rows }) => rows);
      const all = Array.from({ length: rolloutBatch }, (_, i) => i);
      expect([...order].sort((a, b) => a - b)).toEqual(all);
      orders.push(order.join());
    }
    expect(new Set(orders).size).toBe(ITERATIONS * EPOCHS);
  });

  test('D22: all updates of an iteration see the same old log-probabilities, the next iteration others', async () => {
    const seen = await updates();
    const perIteration = EPOCHS * PPO.minibatches;
    const [first, second] = [seen.slice(0, perIteration), seen.slice(perIteration)];
    expect(new Set(first.map(({ numbers }) => numbers)).size).toBe(1);
    expect(new Set(second.map(({ numbers }) => numbers)).size).toBe(1);
    expect(first[0]?.numbers).not.toBe(second[0]?.numbers);
  });
});
