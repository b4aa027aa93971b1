/**
 * How a batch of rollouts is taken apart for its updates and what was measured put together again: rows per
 * minibatch, their token arrays, means over minibatches. Plain arrays; the update itself is in ppo-update.ts.
 */
import { exactDivide, permutation, type Sequence } from '../data/batches.ts';
import type { Rng } from '../data/rng.ts';
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

/** Rows of a rollout by index, token arrays cut out, advantages whitened over these rows if asked for. */
export function minibatchOf(rollout: Rollout, rows: readonly number[], whiten: boolean) {
  const { R } = rollout;
  const cut = (source: Float32Array): Float32Array => {
    const part = new Float32Array(rows.length * R);
    rows.forEach((row, i) => part.set(source.subarray(row * R, (row + 1) * R), i * R));
    return part;
  };
  const mask = cut(rollout.mask);
  const raw = cut(rollout.advantages);
  return {
    sequences: rows.map((row) => sequenceAt(rollout, row)),
    mask,
    advantages: whiten ? whitenTokens(raw, mask, { B: rows.length, R }) : raw,
    oldLogProbabilities: cut(rollout.logProbabilities),
    oldValues: cut(rollout.values),
    returns: cut(rollout.returns),
  };
}
export type Minibatch = ReturnType<typeof minibatchOf>;

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
  const { mask, logProbabilities, referenceLogProbabilities, values } = rollout;
  const { scores, rewards, advantages, returns } = rollout;
  return [
    ...[mask, logProbabilities, referenceLogProbabilities, values],
    ...[scores, rewards, advantages, returns],
  ];
}

/** Live response tokens of some rows. */
export function liveTokens(rollout: Rollout, rows: readonly number[]): number {
  return rows.reduce((sum, row) => sum + sequenceAt(rollout, row).response.length, 0);
}
