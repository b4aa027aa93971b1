/**
 * Distributions over a few outcomes, written out in full: softmax, KL, total variation, expectation.
 * For exact references and small tests; the policy's own distributions stay in tensors.
 */
import { at, expectLength, type Numbers } from './masked.ts';

/** log of the sum of exponentials, shifted by the largest term. */
export function logSumExp(values: Numbers): number {
  let top = -Infinity;
  for (let i = 0; i < values.length; i++) top = Math.max(top, at(values, i));
  if (top === -Infinity) return -Infinity;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp(at(values, i) - top);
  return top + Math.log(sum);
}

/** Normalised log-probabilities of logits. */
export function logSoftmax(logits: Numbers): number[] {
  const shift = logSumExp(logits);
  return Array.from({ length: logits.length }, (_, i) => at(logits, i) - shift);
}

export function softmax(logits: Numbers): number[] {
  return logSoftmax(logits).map((logProbability) => Math.exp(logProbability));
}

/** Expectation of `values` under `probabilities`. */
export function expectation(probabilities: Numbers, values: Numbers): number {
  expectLength('values', values, probabilities.length);
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) sum += at(probabilities, i) * at(values, i);
  return sum;
}

/** KL(p || q) in nats; 0 log 0 is 0, Infinity where q lacks an outcome of p. */
export function klDivergence(p: Numbers, q: Numbers): number {
  expectLength('q', q, p.length);
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const mass = at(p, i);
    if (mass > 0) sum += mass * Math.log(mass / at(q, i));
  }
  return sum;
}

/** Half the sum of absolute differences, in [0, 1]. */
export function totalVariation(p: Numbers, q: Numbers): number {
  expectLength('q', q, p.length);
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += Math.abs(at(p, i) - at(q, i));
  return sum / 2;
}
