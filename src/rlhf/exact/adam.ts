/**
 * Adam (Kingma and Ba, arXiv 1412.6980, Algorithm 1: epsilon after the bias correction) on one plain array, for the
 * tables of exact mode. The optimizer of the language model is model/optimizer.ts.
 */
import { at, type Numbers } from '../masked.ts';

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export class Adam {
  readonly #m: Float64Array;
  readonly #v: Float64Array;
  readonly #settings: AdamSettings;
  #steps = 0;

  constructor(size: number, settings: AdamSettings) {
    this.#m = new Float64Array(size);
    this.#v = new Float64Array(size);
    this.#settings = settings;
  }

  /** One descent step on `weights`, in place. */
  step(weights: Float64Array, gradient: Numbers, rate: number): void {
    const { beta1, beta2, epsilon } = this.#settings;
    this.#steps++;
    const correction1 = 1 - beta1 ** this.#steps;
    const correction2 = 1 - beta2 ** this.#steps;
    for (let i = 0; i < weights.length; i++) {
      const g = at(gradient, i);
      const m = beta1 * at(this.#m, i) + (1 - beta1) * g;
      const v = beta2 * at(this.#v, i) + (1 - beta2) * g * g;
      this.#m[i] = m;
      this.#v[i] = v;
      weights[i] =
        at(weights, i) - (rate * m) / correction1 / (Math.sqrt(v / correction2) + epsilon);
    }
  }
}
