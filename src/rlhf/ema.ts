/**
 * The exponential moving average of weights (S59) in plain numbers, one weight at a time: the step, and where
 * n steps of an unchanged weight lead. The optimizer averages tensors with the same rule.
 */

/** decay * shadow + (1 - decay) * weight; decay is 0.992 in the paper. */
export function emaStep(shadow: number, weight: number, decay: number): number {
  return decay * shadow + (1 - decay) * weight;
}

/** Average after `steps` steps from `initial` while the weight stayed the same. */
export function emaOfConstant(
  initial: number,
  weight: number,
  decay: number,
  steps: number,
): number {
  return weight + decay ** steps * (initial - weight);
}
