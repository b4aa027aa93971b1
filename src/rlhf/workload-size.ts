/**
 * How large a timed unit of work is, and the synthetic token stream that it runs on: a learnable one, so that losses
 * fall and can be compared. Plain values; the work itself is in workload.ts.
 */
import type { MeasuredSize } from '../config/measured-sizes.ts';
import { Rng } from '../data/rng.ts';
import type { ModelConfig } from '../model/config.ts';

export interface WorkloadSize {
  /** Its EOS is no token, so that no response ends early and everyone who is timed does the same work. */
  readonly model: ModelConfig;
  /** Rows of a training step, of `model.contextLength` tokens each. */
  readonly batch: number;
  /** Sampling: tokens read, then tokens written. */
  readonly promptTokens: number;
  readonly newTokens: number;
  readonly ppo: {
    readonly prompts: number;
    readonly promptTokens: number;
    readonly newTokens: number;
    readonly minibatches: number;
  };
}

/** A model of V tokens, context T and width D that never ends a response. */
export function endlessGpt(
  V: number,
  T: number,
  D: number,
  layers: number,
  heads: number,
): ModelConfig {
  return {
    vocabularySize: V,
    contextLength: T,
    width: D,
    layers,
    heads,
    layerNormEpsilon: 1e-5,
    padId: 0,
    eosId: -1,
  };
}

/** A declared size as work. */
export function workloadSize(size: MeasuredSize): WorkloadSize {
  const { vocabularySize, contextLength, width, layers, heads, batch, sample, ppo } = size;
  return {
    model: endlessGpt(vocabularySize, contextLength, width, layers, heads),
    batch,
    promptTokens: sample.read,
    newTokens: sample.written,
    ppo,
  };
}

/** Adam as everyone who is timed runs it in a training step: no decay, no clipping. */
export const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;

/**
 * A learnable stream, as in the peers' published benchmark: each token has two likely successors and low tokens start
 * a row. `rows` rows of `length` tokens, flat; the same index always gives the same rows.
 */
export function streamRows(
  vocabulary: number,
  rows: number,
  length: number,
  index: number,
): Int32Array {
  const table = Rng.named(99, 'bench', 'successors');
  const skewed = (rng: Rng): number => Math.floor(rng.uniform() ** 2 * vocabulary);
  const successors = Array.from({ length: vocabulary }, () => [skewed(table), skewed(table)]);
  const rng = Rng.named(7, 'bench', 'rows', index);
  const tokens = new Int32Array(rows * length);
  for (let b = 0; b < rows; b++) {
    let token = skewed(rng);
    for (let t = 0; t < length; t++) {
      tokens[b * length + t] = token;
      token = successors[token]?.[rng.uniform() < 0.8 ? 0 : 1] ?? 0;
    }
  }
  return tokens;
}

/** Prompts of a sampling job, [rows][promptTokens]. */
export function samplePrompts(size: WorkloadSize, rows: number): number[][] {
  const { promptTokens: length, model } = size;
  const tokens = streamRows(model.vocabularySize, rows, length, 0);
  return Array.from({ length: rows }, (_, b) => [...tokens.subarray(b * length, (b + 1) * length)]);
}
