/** Which charts are drawn: what is measured on held-out data only where it was, and only what the loops record. */
import { beforeAll, expect, test } from 'vitest';
import { METHOD_NAMES } from '../../../src/config/method-table.ts';
import { defaultSettings } from '../../../src/config/settings.ts';
import { Rng } from '../../../src/data/rng.ts';
import { trainTokenizer } from '../../../src/data/tokenizer-training.ts';
import { Tokenizer } from '../../../src/data/tokenizer.ts';
import { initialTensors, Model } from '../../../src/model/parameters.ts';
import type { Prompt } from '../../../src/records/prompt.ts';
import { answerMeasures } from '../../../src/rlhf/answer-measures.ts';
import { measurePolicy, measureReward } from '../../../src/rlhf/measures.ts';
import { lectureCharts } from '../../../src/ui/lecture-charts.ts';
import { drawnCharts, METHOD_CHARTS } from '../../../src/ui/method-words.ts';
import { REWARD_CHARTS } from '../../../src/ui/stage-charts.ts';
import { answerHabits } from '../../../src/world/answer-habits.ts';
import { start, TINY, tinyModel } from '../model/tiny-model.ts';
import { rankings, shape } from '../rlhf/toy.ts';

beforeAll(() => start('wasm'));

const namesOf = (charts: (typeof METHOD_CHARTS)['ppo']) =>
  charts.flatMap(({ metrics }) => metrics.map(({ name }) => name));

test('every figure of a policy on held-out prompts has a chart with every method, and no other is asked for', async () => {
  const tokenizer = new Tokenizer(trainTokenizer([], 258));
  const { vocabularySize, padId, eosId } = tokenizer;
  const config = { ...TINY, vocabularySize, padId, eosId };
  const model = new Model(
    config,
    'language',
    initialTensors(config, 'language', Rng.named(1, 'm')),
  );
  const prompt: Prompt = {
    ...{ id: 'p', text: 'ab', useCase: 'open-qa', kind: 'plain' },
    ...{ userId: 'u', split: 'validation', source: 'world' },
  };
  const figures = await measurePolicy(model, {
    tokenizer,
    prompts: [prompt],
    judge: () => ({ helpful: 1, truthful: 0.5, harmless: 1, gold: 0.75 }),
    cheer: () => 0,
    pretraining: { tokens: Int32Array.of(2, 3, 4, 5), batch: 1, time: 3 },
    answer: { shape, seed: 1 },
  });
  model.dispose();
  for (const method of METHOD_NAMES) {
    const heldOut = METHOD_CHARTS[method].filter(
      ({ optional, metrics: [first] }) => optional && first?.name.startsWith('eval'),
    );
    expect(namesOf(heldOut).sort(), method).toEqual(Object.keys(figures).sort());
  }
});

test('every share that answers are measured for has a chart with PPO, drawn where it was measured', () => {
  const tokenizer = new Tokenizer(trainTokenizer([], 258));
  const sequences = [{ prompt: tokenizer.encode('a'), response: tokenizer.encode('b') }];
  const values = answerMeasures(tokenizer, answerHabits)({ sequences, ended: [true] });
  // The one that is no share, from -1 to 1.
  const { 'completions/cheer': cheer, ...shares } = values;
  expect(cheer).toBe(0);
  const drawn = drawnCharts(METHOD_CHARTS.ppo, [{ values }]).filter(({ optional }) => optional);
  expect(namesOf(drawn).sort()).toEqual(
    [...Object.keys(shares), 'completions/clipped_ratio'].sort(),
  );
});

test('charts of what was not measured are not drawn, here and in lecture mode', () => {
  const rows = (...names: string[]) =>
    names.map((name, i) => ({ step: i + 1, values: { [name]: 1 } }));
  const always = METHOD_CHARTS.ppo.filter(({ optional }) => !optional);
  expect(drawnCharts(METHOD_CHARTS.ppo, [])).toEqual(always);
  expect(drawnCharts(METHOD_CHARTS.ppo, rows('objective/scores'))).toEqual(always);
  const drawn = drawnCharts(METHOD_CHARTS.ppo, rows('objective/scores', 'eval/pretrain_loss'));
  expect(drawn.slice(0, -1)).toEqual(always);
  expect(drawn.at(-1)?.title).toBe('Pre-training loss (held-out text)');
  const lecture = (...names: string[]) => lectureCharts(defaultSettings(), rows(...names)).length;
  expect(lecture('eval/gold')).toBe(lecture() + 1);
});

test('loss and accuracy of the reward model are drawn beside those on rankings held out', async () => {
  const model = tinyModel('scalar');
  const held = rankings(2).map((row) => ({ ...row, goldRanks: row.ranks.map((_, k) => k + 1) }));
  const figures = await measureReward(model, held, shape);
  model.dispose();
  expect(namesOf(REWARD_CHARTS)).toEqual([
    ...['loss', 'eval_loss', 'accuracy', 'eval_accuracy', 'eval_gold_accuracy'],
  ]);
  expect(namesOf(REWARD_CHARTS)).toEqual(expect.arrayContaining(Object.keys(figures)));
});
