/**
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101, Algorithm 2) on one plain array, in doubles: the reference
 * that the tensor optimizer is compared with. Not used by the program itself.
 */

export interface AdamWSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled: weights shrink by learningRate * weightDecay per step. Default 0. */
  readonly weightDecay?: number;
  /**
   * Where epsilon is added. `after-correction` (PyTorch, TensorFlow.js; default): to sqrt(v / (1 - beta2^t)).
   * `before-correction` (TensorFlow 1, "epsilon hat"): to sqrt(v), both corrections in the step size.
   */
  readonly epsilonPlace?: 'after-correction' | 'before-correction';
}

export class AdamWReference {
  readonly #m: Float64Array;
  readonly #v: Float64Array;
  #step = 0;
  readonly weights: Float64Array;
  readonly settings: AdamWSettings;

  constructor(weights: ArrayLike<number>, settings: AdamWSettings) {
    this.weights = Float64Array.from(weights);
    this.#m = new Float64Array(weights.length);
    this.#v = new Float64Array(weights.length);
    this.settings = settings;
  }

  /** Counts a step in which this array got no gradient and stayed as it was. */
  skip(): void {
    this.#step++;
  }

  /** One descent step; `rate` replaces the learning rate of the settings when a schedule gives one. */
  step(gradient: ArrayLike<number>, rate: number = this.settings.learningRate): void {
    const { beta1, beta2, epsilon, weightDecay = 0, epsilonPlace } = this.settings;
    this.#step++;
    const correction1 = 1 - beta1 ** this.#step;
    const correction2 = 1 - beta2 ** this.#step;
    this.weights.forEach((weight, i) => {
      const g = gradient[i] ?? NaN;
      const m = beta1 * (this.#m[i] ?? NaN) + (1 - beta1) * g;
      const v = beta2 * (this.#v[i] ?? NaN) + (1 - beta2) * g * g;
      this.#m[i] = m;
      this.#v[i] = v;
      const direction =
        epsilonPlace === 'before-correction'
          ? ((m / correction1) * Math.sqrt(correction2)) / (Math.sqrt(v) + epsilon)
          : m / correction1 / (Math.sqrt(v / correction2) + epsilon);
      this.weights[i] = weight * (1 - rate * weightDecay) - rate * direction;
    });
  }
}

/** The gradient scaled down to norm `limit` when it is longer, by limit / norm exactly. */
export function clippedToNorm(gradient: ArrayLike<number>, limit: number): Float64Array {
  const result = Float64Array.from(gradient);
  const norm = Math.hypot(...result);
  return norm > limit ? result.map((g) => (g * limit) / norm) : result;
}
