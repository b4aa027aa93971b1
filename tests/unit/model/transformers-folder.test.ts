/** A model as a folder of `transformers`: names, configuration, special tokens; a reward model scores as before without its bias. */
import { beforeAll, expect, test } from 'vitest';
import { readSafetensors } from '../../../src/data/safetensors.ts';
import { trainTokenizer } from '../../../src/data/tokenizer-training.ts';
import { Tokenizer } from '../../../src/data/tokenizer.ts';
import { Model, parameterShapes } from '../../../src/model/parameters.ts';
import { transformersFolder, withoutScoreBias } from '../../../src/model/transformers-folder.ts';
import { scoreSequences } from '../../../src/rlhf/sequences.ts';
import { raggedSequences, start, TINY, tinyTensors } from './tiny-model.ts';

beforeAll(() => start('wasm'));

const tokenizer = new Tokenizer(trainTokenizer([], 258));

function jsonOf(files: ReadonlyMap<string, Uint8Array | string>, name: string): unknown {
  const content = files.get(name);
  if (typeof content !== 'string') throw new Error(`${name} is no text`);
  return JSON.parse(content);
}
function weightsOf(files: ReadonlyMap<string, Uint8Array | string>) {
  const content = files.get('model.safetensors');
  if (!(content instanceof Uint8Array)) throw new Error('expected weights');
  return readSafetensors(content);
}

test('a language model: every weight below transformer., PAD and EOS by name', () => {
  const tensors = tinyTensors('language');
  const files = transformersFolder(tensors, 'language', TINY, tokenizer);
  const weights = weightsOf(files);
  expect([...weights.keys()].sort()).toEqual(
    [...parameterShapes(TINY, 'language').keys()].map((name) => `transformer.${name}`).sort(),
  );
  expect(weights.get('transformer.wte.weight')).toEqual(tensors.get('wte.weight'));
  expect(jsonOf(files, 'config.json')).toMatchObject({
    ...{ architectures: ['GPT2LMHeadModel'], model_type: 'gpt2', n_embd: 16, n_layer: 2 },
  });
  expect(jsonOf(files, 'config.json')).not.toHaveProperty('id2label');
  expect(jsonOf(files, 'tokenizer_config.json')).toMatchObject({
    ...{ pad_token: '<|pad|>', eos_token: '<|eos|>', model_max_length: TINY.contextLength },
  });
  expect(Tokenizer.fromJson(jsonOf(files, 'tokenizer.json')).encode('ab')).toEqual(
    tokenizer.encode('ab'),
  );
});

test('a reward model: a classifier of one label whose head stands beside the transformer, without a bias', () => {
  const files = transformersFolder(tinyTensors('scalar'), 'scalar', TINY, tokenizer);
  const names = [...weightsOf(files).keys()];
  expect(names.filter((name) => !name.startsWith('transformer.'))).toEqual(['score.weight']);
  expect(jsonOf(files, 'config.json')).toMatchObject({
    ...{ architectures: ['GPT2ForSequenceClassification'], id2label: { 0: 'reward' } },
    ...{ pad_token_id: TINY.padId },
  });
});

test('the bias moves into the last layer norm: the scores stay as they are', async () => {
  const shape = { promptLength: 4, responseLength: 5 };
  const sequences = raggedSequences(6, 4, 5);
  const tensors = new Map(tinyTensors('scalar'));
  tensors.set('score.bias', { shape: [1], data: Float32Array.of(3.5) });
  const scoresOf = async (own: typeof tensors): Promise<readonly number[]> => {
    const model = new Model(TINY, 'scalar', own);
    const scores = Array.from(await scoreSequences(model, sequences, shape));
    model.dispose();
    return scores;
  };
  const folded = new Map(withoutScoreBias(tensors));
  expect(folded.has('score.bias')).toBe(false);
  const none = { shape: [1], data: new Float32Array(1) };
  const [before, after] = [
    await scoresOf(tensors),
    await scoresOf(new Map([...folded, ['score.bias', none]])),
  ];
  const dropped = await scoresOf(new Map([...tensors, ['score.bias', none]]));
  before.forEach((score, i) => {
    expect(after[i]).toBeCloseTo(score, 4);
    expect(dropped[i]).toBeCloseTo(score - 3.5, 4);
  });
});

test('weights of nothing but zeros carry no bias, and what is missing is named', () => {
  const zero = { shape: [1, TINY.width], data: new Float32Array(TINY.width) };
  const tensors = new Map([...tinyTensors('scalar'), ['score.weight', zero] as const]);
  expect(withoutScoreBias(tensors).get('ln_f.bias')).toEqual(tensors.get('ln_f.bias'));
  expect(() => withoutScoreBias(tinyTensors('language'))).toThrow(/no score\.weight/);
});
