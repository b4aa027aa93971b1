/**
 * How a batch of rollouts is taken apart for its updates and what was measured put together again: rows per
 * minibatch, their token arrays, means over minibatches. Plain arrays; the update itself is in ppo-update.ts.
 */
import { exactDivide, permutation, type Sequence } from '../data/batches.ts';
import type { Rng } from '../data/rng.ts';
import type { VarianceKind } from './masked.ts';
import type { MicroBatch } from './micro-batches.ts';
import type { Rollout } from './rollout.ts';
import { whitenTokens } from './whitening.ts';

/**
 * Rows of each minibatch of one inner epoch: a fresh permutation in equal parts, so that every rollout is used once
 * (D21). Throws RangeError when they do not come out even.
 */
export function minibatchRows(rollouts: number, minibatches: number, rng: Rng): number[][] {
  const size = exactDivide(rollouts, minibatches, 'rollout batch per minibatch');
  const order = permutation(rollouts, rng);
  return Array.from({ length: minibatches }, (_, m) => order.slice(m * size, (m + 1) * size));
}

function sequenceAt(rollout: Rollout, row: number): Sequence {
  const sequence = rollout.sequences[row];
  if (!sequence) throw new RangeError(`no row ${row} in a rollout of ${rollout.B}`);
  return sequence;
}

/** Whether, over which responses and by which variance advantages are whitened (D18, D20). */
export interface Whitening {
  readonly whitenAdvantages: boolean;
  /** Each minibatch by itself (Ziegler et al.), or the whole rollout batch at once (TRL). */
  readonly whitenScope: 'minibatch' | 'batch';
  readonly whitenVariance: VarianceKind;
}

/** Advantages of the whole rollout as its minibatches are cut from, whitened if that is to be over all of it. */
function advantagesOf(rollout: Rollout, whitening: Whitening): Float32Array {
  const { advantages, mask } = rollout;
  const { whitenAdvantages, whitenScope, whitenVariance: variance } = whitening;
  if (!whitenAdvantages || whitenScope === 'minibatch') return advantages;
  return whitenTokens(advantages, mask, rollout, { variance });
}

/** Rows of a rollout by index, token arrays cut out, advantages whitened if asked for. */
export function minibatchOf(rollout: Rollout, rows: readonly number[], whitening: Whitening) {
  const { R } = rollout;
  const { whitenAdvantages, whitenScope, whitenVariance: variance } = whitening;
  const cut = (source: Float32Array): Float32Array => {
    const part = new Float32Array(rows.length * R);
    rows.forEach((row, i) => part.set(source.subarray(row * R, (row + 1) * R), i * R));
    return part;
  };
  const mask = cut(rollout.mask);
  const given = cut(advantagesOf(rollout, whitening));
  const whiten = whitenAdvantages && whitenScope === 'minibatch';
  return {
    sequences: rows.map((row) => sequenceAt(rollout, row)),
    mask,
    stateMask: cut(rollout.stateMask),
    advantages: whiten ? whitenTokens(given, mask, { B: rows.length, R }, { variance }) : given,
    oldLogProbabilities: cut(rollout.logProbabilities),
    referenceLogProbabilities: cut(rollout.referenceLogProbabilities),
    oldValues: cut(rollout.values),
    returns: cut(rollout.returns),
  };
}
export type Minibatch = ReturnType<typeof minibatchOf>;

/** Rows [from, to) of a minibatch, which share their numbers with it: nothing is whitened anew. */
export function partOf(mini: Minibatch, { from, to }: MicroBatch): Minibatch {
  const R = mini.mask.length / mini.sequences.length;
  const cut = (source: Float32Array): Float32Array => source.subarray(from * R, to * R);
  return {
    sequences: mini.sequences.slice(from, to),
    mask: cut(mini.mask),
    stateMask: cut(mini.stateMask),
    advantages: cut(mini.advantages),
    oldLogProbabilities: cut(mini.oldLogProbabilities),
    referenceLogProbabilities: cut(mini.referenceLogProbabilities),
    oldValues: cut(mini.oldValues),
    returns: cut(mini.returns),
  };
}

/** Mean of each metric over minibatches, weighted by their live tokens. */
export function averageByTokens(
  results: readonly { metrics: Readonly<Record<string, number>>; weight: number }[],
): Record<string, number> {
  const total = results.reduce((sum, { weight }) => sum + weight, 0);
  const mean: Record<string, number> = {};
  for (const { metrics, weight } of results) {
    for (const [name, value] of Object.entries(metrics)) {
      mean[name] = (mean[name] ?? 0) + (value * weight) / total;
    }
  }
  return mean;
}

/** All numbers of a rollout that the updates take as constants (D22, D23). */
export function frozenNumbers(rollout: Rollout): Float32Array[] {
  const { mask, stateMask, logProbabilities, referenceLogProbabilities, values } = rollout;
  const { scores, rewards, advantages, returns } = rollout;
  return [
    ...[mask, stateMask, logProbabilities, referenceLogProbabilities, values],
    ...[scores, rewards, advantages, returns],
  ];
}

/** Live response tokens of some rows. */
export function liveTokens(rollout: Rollout, rows: readonly number[]): number {
  return rows.reduce((sum, row) => sum + sequenceAt(rollout, row).response.length, 0);
}
