/** The ranking loss of one comparison, with every number on the way, and the pairs it is shown for. No state. */

export interface PairLoss {
  readonly difference: number;
  /** Sigma of the difference: how likely the better answer is to be preferred. */
  readonly probability: number;
  readonly loss: number;
}

/** Minus the log of the probability that the scores give to what was preferred (paper, equation 1 for one pair). */
export function pairLoss(chosen: number, rejected: number): PairLoss {
  const difference = chosen - rejected;
  // The log of sigma by its two halves, so that a large difference neither overflows nor becomes 0.
  const loss = Math.max(0, -difference) + Math.log1p(Math.exp(-Math.abs(difference)));
  return { difference, probability: 1 / (1 + Math.exp(-difference)), loss };
}

export interface RankedPair {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
}

/** Pairs of a file of preferences, one a line; lines that hold none are passed over. */
export function rankedPairs(text: string): RankedPair[] {
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '') return [];
    const row = JSON.parse(line) as Partial<Record<keyof RankedPair, unknown>>;
    const { prompt, chosen, rejected } = row;
    const whole =
      typeof prompt === 'string' && typeof chosen === 'string' && typeof rejected === 'string';
    return whole ? [{ prompt, chosen, rejected }] : [];
  });
}
