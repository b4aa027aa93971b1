/**
 * Losses of direct preference optimisation on one pair, in plain numbers: DPO (Rafailov et al., arXiv 2305.18290,
 * Eq. 7; `sigmoid` in TRL) and IPO (Azar et al., arXiv 2310.12036, Eq. 17). Also the implicit rewards and the metrics
 * of TRL that derive from them. The tensor loss of the trainer is checked against these.
 */
import { at, maskedMean, mean, type Numbers } from './masked.ts';
import { softplus } from './ranking-loss.ts';

export type DpoLossKind = 'sigmoid' | 'ipo';

export interface PairLoss {
  readonly loss: number;
  /** Derivative by the log-ratio difference h. */
  readonly gradient: number;
}

/**
 * Loss of h = log(pi_w / ref_w) - log(pi_l / ref_l), summed over the tokens of each response: -log sigmoid(beta h), or
 * (h - 1 / (2 beta))^2. TRL divides the logs by the response's length for IPO; the paper and this file do not.
 */
export function dpoPairLoss(kind: DpoLossKind, h: number, beta: number): PairLoss {
  switch (kind) {
    case 'sigmoid':
      return { loss: softplus(-beta * h), gradient: -beta / (1 + Math.exp(beta * h)) };
    case 'ipo': {
      const error = h - 1 / (2 * beta);
      return { loss: error * error, gradient: 2 * error };
    }
    default:
      return kind satisfies never;
  }
}

/** One pair with the summed log-probabilities of both responses under policy and reference, nats. */
export interface ScoredPair {
  readonly chosen: number;
  readonly rejected: number;
  readonly referenceChosen: number;
  readonly referenceRejected: number;
}

/** h of {@link dpoPairLoss}. */
export function logRatioDifference(pair: ScoredPair): number {
  return pair.chosen - pair.referenceChosen - (pair.rejected - pair.referenceRejected);
}

/**
 * The record of a batch under TRL's names. Implicit rewards are beta log(pi / ref); an accuracy counts only a strictly
 * larger reward of the chosen response. What is read off single tokens is in {@link dpoTokenMetrics}.
 */
export function dpoMetrics(
  pairs: readonly ScoredPair[],
  kind: DpoLossKind,
  beta: number,
): Record<string, number> {
  const chosen = pairs.map((pair) => beta * (pair.chosen - pair.referenceChosen));
  const rejected = pairs.map((pair) => beta * (pair.rejected - pair.referenceRejected));
  const margins = chosen.map((reward, i) => reward - at(rejected, i));
  return {
    loss: mean(pairs.map((pair) => dpoPairLoss(kind, logRatioDifference(pair), beta).loss)),
    'rewards/chosen': mean(chosen),
    'rewards/rejected': mean(rejected),
    'rewards/margins': mean(margins),
    'rewards/accuracies': margins.filter((margin) => margin > 0).length / margins.length,
    'logps/chosen': mean(pairs.map((pair) => pair.chosen)),
    'logps/rejected': mean(pairs.map((pair) => pair.rejected)),
  };
}

/** Token arrays of chosen responses, then of rejected ones, flat [2M x R] with a prefix mask. */
export interface PairTokens {
  readonly mask: Numbers;
  /** Entropy of the next token, nats. */
  readonly entropies: Numbers;
  /** Mean over the vocabulary of the logits that chose the token, before any temperature. */
  readonly meanLogits: Numbers;
  /** 1 where the likeliest token is the one taken. */
  readonly correct: Numbers;
}

/**
 * The record of single tokens under TRL's names, means over live tokens: `entropy` of all responses, `logits/*` of each
 * side, `mean_token_accuracy` of the chosen ones.
 */
export function dpoTokenMetrics(tokens: PairTokens): Record<string, number> {
  const { entropies, mask } = tokens;
  const half = mask.length / 2;
  const side = (values: Numbers, from: number) => Array.from(values).slice(from, from + half);
  const meanOf = (values: Numbers, from: number) =>
    maskedMean(side(values, from), side(mask, from));
  return {
    entropy: maskedMean(entropies, mask),
    'logits/chosen': meanOf(tokens.meanLogits, 0),
    'logits/rejected': meanOf(tokens.meanLogits, half),
    mean_token_accuracy: meanOf(tokens.correct, 0),
  };
}
