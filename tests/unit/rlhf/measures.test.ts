/** What is measured while a loop trains: when, on what, and that nothing of it changes the training. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Loop, StepRecord } from '../../../src/rlhf/loop.ts';
import { measuredLoop, measureReward } from '../../../src/rlhf/measures.ts';
import { comparisonsFromRanks } from '../../../src/rlhf/ranking-loss.ts';
import { rewardElements, rewardLoop, scoreRankings } from '../../../src/rlhf/reward.ts';
import { start, tinyModel } from '../model/tiny-model.ts';
import { rankings, REWARD, shape, take } from './toy.ts';

beforeAll(() => start('wasm'));

/** A loop that only counts, from `done`; `taken` is the last step that it took. */
function counting(total: number, done = 0): Loop & { disposed: boolean; taken: number } {
  const loop = { disposed: false, taken: done };
  async function* steps(): AsyncGenerator<StepRecord, void, void> {
    for (let step = done + 1; step <= total; step++) {
      await Promise.resolve();
      loop.taken = step;
      yield { step, total, values: { step } };
    }
  }
  return Object.assign(loop, {
    total,
    steps,
    snapshot: () => Promise.resolve({ tensors: new Map(), state: null }),
    dispose: () => {
      loop.disposed = true;
    },
  });
}

/** Steps with a measurement, and how many steps had been taken when it was made. */
async function measuredAt(total: number, isNew: boolean, done = 0): Promise<[number, number][]> {
  const inner = counting(total, done);
  const loop = measuredLoop(inner, () => Promise.resolve({ at: inner.taken }), isNew);
  const found: [number, number][] = [];
  for await (const { step, values } of loop.steps()) {
    if (values['at'] !== undefined) found.push([step, values['at']]);
    expect(values['step']).toBe(step);
  }
  return found;
}

describe('a measured loop', () => {
  test('measures before the first step, about four times on the way, and at the end', async () => {
    expect(await measuredAt(20, true)).toEqual([
      [1, 0],
      [4, 4],
      [8, 8],
      [12, 12],
      [16, 16],
      [20, 20],
    ]);
    expect(await measuredAt(2, true)).toEqual([
      [1, 0],
      [2, 2],
    ]);
  });

  test('one that goes on has no start to measure, and one of a single step has no before', async () => {
    expect((await measuredAt(20, false, 9)).map(([step]) => step)).toEqual([12, 16, 20]);
    expect(await measuredAt(1, true)).toEqual([[1, 1]]);
  });

  test('the loop itself is the one that is saved and disposed', async () => {
    const inner = counting(3);
    const outer = measuredLoop(inner, () => Promise.resolve({}), true);
    expect(outer.total).toBe(3);
    expect((await outer.snapshot()).state).toBeNull();
    outer.dispose();
    expect(inner.disposed).toBe(true);
  });

  test('training goes as it would without being measured', async () => {
    const runs = await Promise.all(
      [false, true].map(async (measured) => {
        const model = tinyModel('scalar');
        const inner = rewardLoop(model, rankings(8), REWARD);
        const held = rankings(3).map((row) => ({ ...row, goldRanks: row.ranks }));
        const measure = () => measureReward(model, held, shape);
        const records = await take(measured ? measuredLoop(inner, measure, true) : inner);
        inner.dispose();
        model.dispose();
        return records.map(({ values }) => values['loss']);
      }),
    );
    expect(runs[1]).toEqual(runs[0]);
  });
});

describe('the reward model on held-out rankings', () => {
  test('loss and accuracy are those of its scores; gold has ranks of its own', async () => {
    const model = tinyModel('scalar');
    const rows = rankings(6);
    const scored = await scoreRankings(model, rows, shape);
    // A judge who ranks as the model scores, so that gold is always right.
    const held = rows.map((row, i) => {
      const scores = Array.from(scored[i]?.scores ?? []);
      return {
        ...row,
        goldRanks: scores.map((own) => 1 + scores.filter((other) => other > own).length),
      };
    });
    const gaps = scored.flatMap(({ scores, ranks }) =>
      comparisonsFromRanks(ranks).map(
        ({ winner, loser }) => (scores[winner] ?? NaN) - (scores[loser] ?? NaN),
      ),
    );
    const figures = await measureReward(model, held, shape);
    const loss = gaps.reduce((sum, gap) => sum + Math.log1p(Math.exp(-gap)), 0) / gaps.length;
    expect(figures['eval_loss']).toBeCloseTo(loss, 6);
    const right = gaps.filter((gap) => gap > 0).length / gaps.length;
    expect(figures['eval_accuracy']).toBeCloseTo(right, 9);
    expect(right).toBeLessThan(1);
    expect(figures['eval_gold_accuracy']).toBe(1);
    model.dispose();
  });

  test('without held-out rankings, or where the judge sees no difference, that is left out', async () => {
    const model = tinyModel('scalar');
    expect(await measureReward(model, [], shape)).toEqual({});
    const tied = rankings(2).map((row) => ({ ...row, goldRanks: row.ranks.map(() => 1) }));
    expect(Object.keys(await measureReward(model, tied, shape))).toEqual([
      'eval_loss',
      'eval_accuracy',
    ]);
    model.dispose();
  });
});

describe('shuffled comparisons', () => {
  const rows = rankings(9);
  const pairs = rows.flatMap(({ ranks }) => comparisonsFromRanks(ranks));

  test('are every comparison once, winner first, without the ties', () => {
    const { elements } = rewardElements(rows, { batching: 'shuffled-pairs', promptsPerBatch: 3 });
    expect(elements).toHaveLength(pairs.length);
    const written = ({ sequences, ranks }: (typeof elements)[number]) =>
      JSON.stringify([sequences, ranks]);
    const expected = rows.flatMap(({ sequences, ranks }) =>
      comparisonsFromRanks(ranks).map(({ winner, loser }) =>
        JSON.stringify([
          [sequences[winner], sequences[loser]],
          [1, 2],
        ]),
      ),
    );
    expect(elements.map(written)).toEqual(expected);
  });

  test('come in as many steps as whole prompts, and see each completion several times', async () => {
    const seen = async (batching: 'prompts' | 'shuffled-pairs') => {
      const model = tinyModel('scalar');
      const loop = rewardLoop(model, rows, { ...REWARD, promptsPerBatch: 3, batching });
      const records = await take(loop);
      loop.dispose();
      model.dispose();
      return { steps: records.length, tokens: records.at(-1)?.values['num_tokens'] ?? NaN };
    };
    const [whole, apart] = [await seen('prompts'), await seen('shuffled-pairs')];
    expect(whole.steps).toBe(3);
    expect(Math.abs(apart.steps - whole.steps)).toBeLessThanOrEqual(1);
    expect(apart.tokens).toBeGreaterThan(1.3 * whole.tokens);
  });
});
