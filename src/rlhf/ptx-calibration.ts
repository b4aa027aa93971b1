/**
 * The weight of the pre-training gradient in PPO-ptx (S64): given, or calibrated in the first iteration so that both
 * gradients stand in a wanted ratio, since the paper's 27.8 depends on a loss reduction that it does not state (S65).
 * Plain numbers; the gradients are those of ppo-update.ts.
 */

/** Weight of a pre-training gradient of norm `ptxNorm` beside a PPO gradient of norm `ppoNorm`. */
export type PtxWeight = (ppoNorm: number, ptxNorm: number) => number;

/**
 * A weight that is measured: after each step, `target` times the sum of PPO norms over the sum of pre-training norms so
 * far. On the first step the weighted norms stand in the wanted ratio exactly; the last weight is the one to keep. Steps
 * whose norms are not finite, or without any pre-training gradient, measure nothing.
 */
export class CalibratedWeight {
  readonly #target: number;
  #ppo = 0;
  #ptx = 0;

  /** `target`: weighted pre-training norm over PPO norm, above 0. */
  constructor(target: number) {
    this.#target = target;
  }

  /** Weight by what was measured so far; 0 before anything was. */
  get coefficient(): number {
    return this.#ptx > 0 ? (this.#target * this.#ppo) / this.#ptx : 0;
  }

  readonly weigh: PtxWeight = (ppoNorm, ptxNorm) => {
    if (Number.isFinite(ppoNorm) && Number.isFinite(ptxNorm) && ptxNorm > 0) {
      this.#ppo += ppoNorm;
      this.#ptx += ptxNorm;
    }
    return this.coefficient;
  };
}
