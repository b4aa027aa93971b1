/**
 * A model as a folder that `transformers` opens: weights under its full names, config.json, the tokenizer with what its
 * special tokens are called. The reward model becomes a GPT2ForSequenceClassification. Bytes and text only.
 */
import { writeSafetensors } from '../data/safetensors.ts';
import { EOS_TOKEN, PAD_TOKEN, type Tokenizer } from '../data/tokenizer.ts';
import type { TensorData, TensorMap } from '../records/tensor.ts';
import { configToJson, type ModelConfig } from './config.ts';
import type { Head } from './parameters.ts';

const SCORE = 'score.weight';
const SCORE_BIAS = 'score.bias';
const LAST_BIAS = 'ln_f.bias';

function tensorOf(tensors: TensorMap, name: string): TensorData {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new RangeError(`the model has no ${name}`);
  return tensor;
}

/**
 * The same scores without `score.bias`, which `transformers` has no place for: w (x + b w / |w|^2) = w x + b, so the bias b
 * moves into that of the last layer norm. A score weight of nothing but zeros cannot carry one, and loses it.
 */
export function withoutScoreBias(tensors: TensorMap): TensorMap {
  const { data: weight } = tensorOf(tensors, SCORE);
  const { data: last, shape } = tensorOf(tensors, LAST_BIAS);
  const bias = tensorOf(tensors, SCORE_BIAS).data[0] ?? 0;
  const square = weight.reduce((sum, w) => sum + w * w, 0);
  const share = square > 0 ? bias / square : 0;
  const moved = last.map((value, i) => value + share * (weight[i] ?? 0));
  const result = new Map([...tensors, [LAST_BIAS, { shape, data: moved }]]);
  result.delete(SCORE_BIAS);
  return result;
}

/** Everything but the head is below `transformer.`; with the prefix left out a head beside it would not be found. */
function fullNames(tensors: TensorMap): TensorMap {
  return new Map(
    [...tensors].map(([name, tensor]) => [name === SCORE ? name : `transformer.${name}`, tensor]),
  );
}

function tokenizerConfig({ contextLength }: ModelConfig): object {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: contextLength,
    bos_token: EOS_TOKEN,
    eos_token: EOS_TOKEN,
    pad_token: PAD_TOKEN,
    clean_up_tokenization_spaces: false,
  };
}

const toText = (json: object): string => `${JSON.stringify(json, null, 2)}\n`;

/** Files by name. `tensors` are those of the model under GPT-2's names. Throws RangeError when one is missing. */
export function transformersFolder(
  tensors: TensorMap,
  head: Head,
  config: ModelConfig,
  tokenizer: Tokenizer,
): ReadonlyMap<string, Uint8Array | string> {
  const scalar = head === 'scalar';
  const classifier = {
    architectures: ['GPT2ForSequenceClassification'],
    id2label: { 0: 'reward' },
    label2id: { reward: 0 },
  };
  const weights = fullNames(scalar ? withoutScoreBias(tensors) : tensors);
  return new Map<string, Uint8Array | string>([
    ['config.json', toText({ ...configToJson(config), ...(scalar && classifier) })],
    ['model.safetensors', writeSafetensors(weights, 'F32', { format: 'pt' })],
    ['tokenizer.json', `${JSON.stringify(tokenizer.toJson())}\n`],
    ['tokenizer_config.json', toText(tokenizerConfig(config))],
  ]);
}
