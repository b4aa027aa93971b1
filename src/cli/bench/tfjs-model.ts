/**
 * The peer's GPT: the same model as ours, written with stock TensorFlow.js ops as a user of tfjs would. Independent
 * of src/model on purpose, so that nothing of ours makes the peer faster or slower; it only shares the names of the
 * weights, so that every contender starts from the same ones.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../model/config.ts';
import type { TensorMap } from '../../records/tensor.ts';

type Multiply = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

function swapped(x: tf.Tensor): tf.Tensor {
  const axes = Array.from({ length: x.rank }, (_, i) => i);
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}

/** a b without ever asking the backend for a transposed product, in the gradient neither. */
const plainProduct = tf.customGrad((...parts) => {
  const [a, b, save] = parts as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
  save([a, b]);
  return {
    value: tf.matMul(a, b),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [x, y] = saved as [tf.Tensor, tf.Tensor];
      return [tf.matMul(dy, swapped(y)), tf.matMul(swapped(x), dy)];
    },
  };
});

/** Keys and values of one layer, [B, H, columns, D / H] each, grown by concat. */
type LayerCache = [tf.Tensor, tf.Tensor];

/** All keys and values of a layer so far, [B, H, columns, D / H] each; the cache keeps them. */
function grown(cache: LayerCache[], layer: number, k: tf.Tensor, v: tf.Tensor): LayerCache {
  const before = cache[layer];
  const now: LayerCache = before
    ? [tf.concat([before[0], k], 2), tf.concat([before[1], v], 2)]
    : [k, v];
  if (before) tf.dispose(before);
  now.forEach((tensor) => tf.keep(tensor));
  cache[layer] = now;
  return now;
}

export class TfjsGpt {
  readonly variables = new Map<string, tf.Variable>();
  readonly #config: ModelConfig;
  readonly #multiply: Multiply;
  readonly #multiplyByTransposed: Multiply;
  readonly #masks = new Map<number, tf.Tensor>();

  /** `transposes`: operands are transposed by ops of their own, which WASM wants. */
  constructor(config: ModelConfig, weights: TensorMap, transposes: boolean) {
    this.#config = config;
    for (const [name, { shape, data }] of weights) {
      this.variables.set(name, tf.variable(tf.tensor(data, [...shape])));
    }
    this.#multiply = transposes ? (a, b) => plainProduct(a, b) : (a, b) => tf.matMul(a, b);
    this.#multiplyByTransposed = transposes
      ? (a, b) => plainProduct(a, swapped(b))
      : (a, b) => tf.matMul(a, b, false, true);
  }

  #weight(name: string): tf.Variable {
    const variable = this.variables.get(name);
    if (!variable) throw new Error(`no weight "${name}"`);
    return variable;
  }

  #normalise(prefix: string, x: tf.Tensor): tf.Tensor {
    const { mean, variance } = tf.moments(x, -1, true);
    const scaled = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
    return tf.add(tf.mul(scaled, this.#weight(`${prefix}.weight`)), this.#weight(`${prefix}.bias`));
  }

  #linear(prefix: string, x: tf.Tensor): tf.Tensor {
    const weight = this.#weight(`${prefix}.weight`);
    const rows = tf.reshape(x, [-1, x.shape[x.rank - 1] ?? 0]);
    const y = tf.add(this.#multiply(rows, weight), this.#weight(`${prefix}.bias`));
    return tf.reshape(y, [...x.shape.slice(0, -1), weight.shape[1] ?? 0]);
  }

  #gelu(x: tf.Tensor): tf.Tensor {
    const cube = tf.mul(x, tf.mul(x, x));
    const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, cube)));
    return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.tanh(inner)));
  }

  /** [T, T] of 0 and -1e9 above the diagonal. */
  #mask(T: number): tf.Tensor {
    const known = this.#masks.get(T);
    if (known) return known;
    const mask = tf.keep(
      tf.tidy(() => tf.mul(tf.sub(1, tf.linalg.bandPart(tf.ones([T, T]), -1, 0)), -1e9)),
    );
    this.#masks.set(T, mask);
    return mask;
  }

  /** Attention of a block; with a cache, x holds the columns after the cached ones. */
  #attention(block: string, x: tf.Tensor, cache?: LayerCache[], layer = 0): tf.Tensor {
    const [B = 0, T = 0] = x.shape;
    const { heads: H, width: D } = this.#config;
    const split = (y: tf.Tensor): tf.Tensor =>
      tf.transpose(tf.reshape(y, [B, T, H, D / H]), [0, 2, 1, 3]);
    const parts = tf.split(this.#linear(`${block}attn.c_attn`, x), 3, -1).map(split);
    const [q, newK, newV] = parts as [tf.Tensor, tf.Tensor, tf.Tensor]; // [B, H, T, D / H]
    const [k, v] = cache ? grown(cache, layer, newK, newV) : [newK, newV];
    let scores = tf.mul(this.#multiplyByTransposed(q, k), 1 / Math.sqrt(D / H));
    if (T > 1) scores = tf.add(scores, this.#mask(T));
    const out = tf.transpose(this.#multiply(tf.softmax(scores), v), [0, 2, 1, 3]);
    return this.#linear(`${block}attn.c_proj`, tf.reshape(out, [B, T, D]));
  }

  /** ids [B, T] from column `from` on to hidden states [B, T, D]. */
  #hidden(ids: tf.Tensor2D, from = 0, cache?: LayerCache[]): tf.Tensor {
    const { width: D, layers } = this.#config;
    const positions = tf.slice(this.#weight('wpe.weight'), [from, 0], [ids.shape[1], D]);
    let x = tf.add(tf.gather(this.#weight('wte.weight'), ids), positions);
    for (let l = 0; l < layers; l++) {
      const block = `h.${l}.`;
      x = tf.add(x, this.#attention(block, this.#normalise(`${block}ln_1`, x), cache, l));
      const inner = this.#gelu(
        this.#linear(`${block}mlp.c_fc`, this.#normalise(`${block}ln_2`, x)),
      );
      x = tf.add(x, this.#linear(`${block}mlp.c_proj`, inner));
    }
    return this.#normalise('ln_f', x);
  }

  #logits(hidden: tf.Tensor): tf.Tensor2D {
    const rows = tf.reshape(hidden, [-1, this.#config.width]);
    return this.#multiplyByTransposed(rows, this.#weight('wte.weight')) as tf.Tensor2D;
  }

  /** Mean negative log-likelihood of labels [B * T] given ids [B, T]. */
  loss(ids: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
    const logProbabilities = tf.logSoftmax(this.#logits(this.#hidden(ids)));
    const right = tf.cast(tf.oneHot(labels, this.#config.vocabularySize), 'float32');
    return tf.neg(tf.mean(tf.sum(tf.mul(logProbabilities, right), -1)));
  }

  /** Logits [B, V] after ids [B, n], which stand at columns `from` on; grows the cache by n columns. */
  cachedLogits(ids: tf.Tensor2D, from: number, cache: LayerCache[]): tf.Tensor2D {
    return tf.tidy(() => {
      const [B, n] = ids.shape;
      const hidden = this.#hidden(ids, from, cache);
      return this.#logits(tf.slice(hidden, [0, n - 1, 0], [B, 1, this.#config.width]));
    });
  }
}
