/** Models of a checkpoint on the device: its last weights, or their running average, each for itself. */
import { beforeAll, expect, it } from 'vitest';
import type { Model } from '../../../src/model/parameters.ts';
import { Tokenizer } from '../../../src/data/tokenizer.ts';
import { resultTensors } from '../../../src/rlhf/loop.ts';
import { BASE, ModelShelf } from '../../../src/worker/model-shelf.ts';
import { start, TINY, tinyTensors } from '../model/tiny-model.ts';

beforeAll(() => start('cpu'));

const under = (prefix: string, seed: number, head: 'language' | 'scalar' = 'language') =>
  [...tinyTensors(head, seed)].map(([name, tensor]) => [`${prefix}${name}`, tensor] as const);

const PPO = new Map([
  ...under('policy.', 2),
  ...under('ema.', 3),
  ...under('value.', 4, 'scalar'),
  ...under('policyOptimizer.first.', 5),
]);

function shelf(): ModelShelf {
  const tokenizer = Object.create(Tokenizer.prototype) as Tokenizer;
  return new ModelShelf({ config: TINY, tokenizer, tensors: tinyTensors('language', 1) });
}

const source = (id: string, average: boolean, tensors: typeof PPO) => ({
  summary: { ...BASE, id, stage: 'ppo' as const, shipped: false, average },
  load: () => Promise.resolve({ tensors, state: null }),
});

const weights = async (model: Model) => [...(await model.get('wpe.weight').data())];
const expected = (seed: number) => [
  ...(tinyTensors('language', seed).get('wpe.weight')?.data ?? []),
];

it('the last weights and the average are two models, read and copied under their own ids', async () => {
  const own = shelf();
  const last = source('run/8', false, PPO);
  const average = source('run/8/average', true, PPO);
  expect(await weights(await own.get(last))).toEqual(expected(2));
  expect(await weights(await own.get(average))).toEqual(expected(3));
  expect(await weights(await own.copy(average))).toEqual(expected(3));
  own.dispose();
});

it('what is kept of an older run is enough for both, and nothing more', async () => {
  const own = shelf();
  const kept = resultTensors('ppo', PPO);
  expect(kept.size).toBe(2 * tinyTensors('language').size);
  expect(await weights(await own.get(source('a', false, new Map(kept))))).toEqual(expected(2));
  expect(await weights(await own.get(source('b', true, new Map(kept))))).toEqual(expected(3));
  own.dispose();
});
