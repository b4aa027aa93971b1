/**
 * Losses of direct preference optimisation on one pair, in plain numbers: DPO (Rafailov et al., arXiv 2305.18290,
 * Eq. 7; `sigmoid` in TRL) and IPO (Azar et al., arXiv 2310.12036, Eq. 17). Also the implicit rewards and the metrics
 * of TRL that derive from them. The tensor loss of the trainer is checked against these.
 */
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
