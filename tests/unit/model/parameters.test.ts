/** Which weights a model has and under which names, how they start, and what is refused. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { configFromJson, configToJson, ModelFileError } from '../../../src/model/config.ts';
import {
  initialHead,
  initialTensors,
  Model,
  parameterCount,
  parameterShapes,
} from '../../../src/model/parameters.ts';
import { sameBits, start, TINY, tinyModel, tinyTensors } from './tiny-model.ts';

beforeAll(() => start('cpu'));

const deviation = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

describe('parameters', () => {
  test('names and shapes are those of Hugging Face GPT-2, linear weights [in, out]', () => {
    expect(Object.fromEntries(parameterShapes({ ...TINY, layers: 1 }, 'scalar'))).toEqual({
      'wte.weight': [29, 16],
      'wpe.weight': [24, 16],
      'h.0.ln_1.weight': [16],
      'h.0.ln_1.bias': [16],
      'h.0.attn.c_attn.weight': [16, 48],
      'h.0.attn.c_attn.bias': [48],
      'h.0.attn.c_proj.weight': [16, 16],
      'h.0.attn.c_proj.bias': [16],
      'h.0.ln_2.weight': [16],
      'h.0.ln_2.bias': [16],
      'h.0.mlp.c_fc.weight': [16, 64],
      'h.0.mlp.c_fc.bias': [64],
      'h.0.mlp.c_proj.weight': [64, 16],
      'h.0.mlp.c_proj.bias': [16],
      'ln_f.weight': [16],
      'ln_f.bias': [16],
      'score.weight': [1, 16],
      'score.bias': [1],
    });
  });

  test('the count is V D + C D + L (12 D^2 + 13 D) + 2 D, and GPT-2 small has 124,439,808', () => {
    expect(parameterCount(TINY)).toBe(29 * 16 + 24 * 16 + 2 * (12 * 256 + 13 * 16) + 32);
    const small = { ...TINY, vocabularySize: 50257, contextLength: 1024, width: 768, layers: 12 };
    expect(parameterCount(small)).toBe(124_439_808);
    expect(parameterCount(TINY, 'scalar') - parameterCount(TINY)).toBe(17);
  });

  test('GPT-2 starts: 0.02, residual projections by 1 / sqrt(2 L), gains 1, biases 0', () => {
    const wide = { ...TINY, width: 64, layers: 8 };
    const tensors = initialTensors(wide, 'language', Rng.named(1, 'start'));
    const of = (name: string) => tensors.get(name)?.data ?? new Float32Array();
    expect(deviation(of('h.3.mlp.c_fc.weight'))).toBeCloseTo(0.02, 3);
    expect(deviation(of('h.3.mlp.c_proj.weight'))).toBeCloseTo(0.02 / 4, 3);
    expect(of('h.3.ln_2.weight').every((x) => x === 1)).toBe(true);
    expect(of('h.3.attn.c_attn.bias').every((x) => x === 0)).toBe(true);
  });

  test('D38: head weights have deviation 1 / sqrt(D + 1), the bias is 0', () => {
    const head = initialHead({ ...TINY, width: 4000, heads: 4 }, Rng.named(1, 'head'));
    const weight = head.get('score.weight')?.data ?? new Float32Array();
    expect(deviation(weight) * Math.sqrt(4001)).toBeGreaterThan(0.96);
    expect(deviation(weight) * Math.sqrt(4001)).toBeLessThan(1.04);
    expect(Array.from(head.get('score.bias')?.data ?? [])).toEqual([0]);
  });

  test('missing, unknown and wrongly shaped weights are refused by name, leaving nothing behind', () => {
    const before = tf.memory().numTensors;
    const build =
      (change: (tensors: Map<string, { shape: number[]; data: Float32Array }>) => void) => () => {
        const tensors = new Map(
          [...tinyTensors('language')].map(([k, v]) => [k, { shape: [...v.shape], data: v.data }]),
        );
        change(tensors);
        return new Model(TINY, 'language', tensors);
      };
    const one = { shape: [1], data: new Float32Array(1) };
    expect(build((t) => t.delete('h.1.ln_2.bias'))).toThrow(/"h\.1\.ln_2\.bias" is missing/);
    expect(build((t) => t.set('h.7.ln_2.bias', one))).toThrow(/Unknown weight "h\.7\.ln_2\.bias"/);
    expect(build((t) => t.set('wte.weight', one))).toThrow(/"wte\.weight" has shape \[1\]/);
    expect(build((t) => t.set('wte.weight', one))).toThrow(ModelFileError);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a copy has its own weights; heads come and go; dispose frees everything', async () => {
    const before = tf.memory().numTensors;
    const model = tinyModel('scalar');
    const copy = await model.copy();
    expect(sameBits(await copy.tensors(), await model.tensors())).toBe(true);
    const bias = copy.get('score.bias');
    const changed = tf.add(bias, 3);
    bias.assign(changed);
    changed.dispose();
    expect(sameBits(await copy.tensors(), await model.tensors())).toBe(false);
    const language = await model.copy('language');
    expect([...language.variables.keys()]).not.toContain('score.weight');
    expect(() => language.get('score.bias')).toThrow(/no parameter "score\.bias"/);
    for (const each of [model, copy, language]) each.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('config.json', () => {
  test('survives a round trip', () => {
    expect(configFromJson(JSON.parse(JSON.stringify(configToJson(TINY))))).toEqual(TINY);
  });

  test.each([
    ['a list', [], /not a JSON object/],
    ['another architecture', { model_type: 'llama' }, /"model_type" must be "gpt2"/],
    ['exact GELU', { activation_function: 'gelu' }, /tanh GELU/],
    ['untied embeddings', { tie_word_embeddings: false }, /tied embeddings/],
    ['a missing vocabulary', { vocab_size: undefined }, /"vocab_size" must be a whole number/],
    ['half a layer', { n_layer: 1.5 }, /"n_layer"/],
    ['a width as text', { n_embd: '16' }, /"n_embd"/],
    ['heads that do not divide', { n_head: 3 }, /multiple of "n_head"/],
    ['a bad epsilon', { layer_norm_epsilon: 0 }, /layer_norm_epsilon/],
    ['D3: PAD that is EOS', { pad_token_id: TINY.eosId }, /PAD and EOS must be different/],
    ['an EOS outside the vocabulary', { eos_token_id: 29 }, /"eos_token_id"/],
  ])('%s is refused', (_, change, message) => {
    const json = Array.isArray(change) ? change : { ...configToJson(TINY), ...change };
    expect(() => configFromJson(json)).toThrow(message);
    expect(() => configFromJson(json)).toThrow(ModelFileError);
  });
});
