/**
 * The GPT-2 forward pass (pre-LN, learned positions, tanh GELU, tied embedding) over a left-padded batch,
 * and what is read off its hidden states: token log-probabilities and scalar scores.
 */
import * as tf from '@tensorflow/tfjs-core';
import { causalAttention } from '../kernels/attention.ts';
import { embedding, embeddingSum } from '../kernels/embedding.ts';
import { layerNorm } from '../kernels/layer-norm.ts';
import { linear } from '../kernels/linear.ts';
import { mlp } from '../kernels/mlp.ts';
import { scalarHead } from '../kernels/scalar-head.ts';
import { apart, tokenStatistics, type TokenStatistics } from '../kernels/token-log-probability.ts';
import type { TokenBatch } from './batch.ts';
import type { Dropout } from './dropout.ts';
import type { Model } from './parameters.ts';

const as1d = (variable: tf.Variable): tf.Tensor1D => variable as unknown as tf.Tensor1D;
const as2d = (variable: tf.Variable): tf.Tensor2D => variable as unknown as tf.Tensor2D;

/** Layer norm by parameter prefix, x [N, D]. */
export function normalise(model: Model, prefix: string, x: tf.Tensor2D): tf.Tensor2D {
  const gain = as1d(model.get(`${prefix}.weight`));
  const bias = as1d(model.get(`${prefix}.bias`));
  return layerNorm(x, gain, bias, model.config.layerNormEpsilon);
}

/** Linear layer by parameter prefix, x [N, I] to [N, O], plus a residual [N, O] when there is one. */
export function project(
  model: Model,
  prefix: string,
  x: tf.Tensor2D,
  residual?: tf.Tensor2D,
): tf.Tensor2D {
  const weight = as2d(model.get(`${prefix}.weight`));
  return linear(x, weight, as1d(model.get(`${prefix}.bias`)), residual);
}

/** Token plus position embedding, ids and positions [N] int32: [N, D]. */
export function embed(model: Model, ids: tf.Tensor1D, positions: tf.Tensor1D): tf.Tensor2D {
  const tables = [as2d(model.get('wte.weight')), as2d(model.get('wpe.weight'))] as const;
  return embeddingSum(tables, [ids, positions]);
}

/** A residual branch as it leaves its last layer: changed by dropout before it is added. */
type Drop = (branch: tf.Tensor2D) => tf.Tensor2D;

/** The feed-forward half of a block, residual included, x [N, D]. */
export function feedForward(model: Model, block: string, x: tf.Tensor2D, drop?: Drop): tf.Tensor2D {
  const weights = {
    w1: as2d(model.get(`${block}mlp.c_fc.weight`)),
    b1: as1d(model.get(`${block}mlp.c_fc.bias`)),
    w2: as2d(model.get(`${block}mlp.c_proj.weight`)),
    b2: as1d(model.get(`${block}mlp.c_proj.bias`)),
  };
  const normalised = normalise(model, `${block}ln_2`, x);
  return drop ? tf.add(x, drop(mlp(normalised, weights))) : mlp(normalised, weights, x);
}

/** The attention half of a block after attention itself, residual included; attended and x [N, D]. */
export function attentionOutput(
  model: Model,
  block: string,
  attended: tf.Tensor2D,
  x: tf.Tensor2D,
  drop?: Drop,
): tf.Tensor2D {
  const prefix = `${block}attn.c_proj`;
  if (drop) return tf.add(x, drop(project(model, prefix, attended)));
  return project(model, prefix, attended, x);
}

/** Attention inputs q|k|v of a block, x [N, D] to [N, 3D]. */
export function attentionInputs(model: Model, block: string, x: tf.Tensor2D): tf.Tensor2D {
  return project(model, `${block}attn.c_attn`, normalise(model, `${block}ln_1`, x));
}

/** Hidden states after the last layer norm, [B*T, D]. `onInputs` sees each layer's q|k|v (to fill a cache). */
export function hiddenStates(
  model: Model,
  batch: TokenBatch,
  dropout?: Dropout,
  onInputs?: (layer: number, qkv: tf.Tensor2D) => void,
): tf.Tensor2D {
  const shape = { batch: batch.batch, time: batch.time, heads: model.config.heads };
  if (batch.time > model.config.contextLength) {
    throw new RangeError(
      `${batch.time} tokens do not fit the context of ${model.config.contextLength}`,
    );
  }
  let x = embed(model, batch.ids, batch.positions);
  for (let l = 0; l < model.config.layers; l++) {
    const block = `h.${l}.`;
    const qkv = attentionInputs(model, block, x);
    onInputs?.(l, qkv);
    const dropAt = (site: number): Drop | undefined =>
      dropout && ((branch) => dropout.apply(branch, site));
    const attended = causalAttention(qkv, batch.starts, shape);
    x = attentionOutput(model, block, attended, x, dropAt(2 * l));
    x = feedForward(model, block, x, dropAt(2 * l + 1));
  }
  return normalise(model, 'ln_f', x);
}

/**
 * Log-probability and entropy of `labels` [M] given the hidden states at flat `indices` [M] (b*T + column),
 * at the rollout temperature. A label at column c is predicted from column c - 1.
 */
export function labelStatistics(
  model: Model,
  hidden: tf.Tensor2D,
  indices: tf.Tensor1D,
  labels: tf.Tensor1D,
  temperature = 1,
): TokenStatistics {
  return apart(stackedLabelStatistics(model, hidden, indices, labels, temperature));
}

/** {@link labelStatistics} as one tensor [2, M]: log-probabilities over entropies. */
export function stackedLabelStatistics(
  model: Model,
  hidden: tf.Tensor2D,
  indices: tf.Tensor1D,
  labels: tf.Tensor1D,
  temperature: number,
): tf.Tensor2D {
  const picked = embedding(hidden, indices); // same op: rows by index, gradient in fixed order
  return tokenStatistics(picked, as2d(model.get('wte.weight')), labels, temperature);
}

/** Scalar head at flat `indices` [M]: [M]. */
export function scalarScores(model: Model, hidden: tf.Tensor2D, indices: tf.Tensor1D): tf.Tensor1D {
  const weight = as2d(model.get('score.weight'));
  return scalarHead(hidden, indices, weight, as1d(model.get('score.bias')));
}
