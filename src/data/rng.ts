/**
 * Seeded random streams on top of Philox. A stream is named by a seed and a scope ("sft", 3, ...), so that
 * one part of the program never shifts the draws of another, and its state is two numbers that a checkpoint can hold.
 */
import { philox4x32, unitFloat, type Words4 } from './philox.ts';

/** A type and not an interface, so that it is assignable to JsonValue. */
export type RngState = Readonly<{
  key: readonly [number, number];
  /** Draws made so far. */
  drawn: number;
}>;

/** FNV-1a over UTF-16 code units with a final avalanche; only used to turn scope names into key words. */
function hashText(text: string, basis: number): number {
  let h = basis >>> 0;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  return (h ^ (h >>> 16)) >>> 0;
}

/** The 64-bit Philox key of a named stream. */
export function streamKey(seed: number, ...scope: readonly (string | number)[]): [number, number] {
  const name = `${seed}/${scope.join('/')}`;
  return [hashText(name, 0x811c9dc5), hashText(name, 0x5bd1e995)];
}

export class Rng {
  readonly #key: readonly [number, number];
  #drawn: number;
  #block: Words4 = [0, 0, 0, 0];
  #blockIndex = -1;

  private constructor(key: readonly [number, number], drawn: number) {
    this.#key = key;
    this.#drawn = drawn;
  }

  /** The stream named by a seed and a scope. */
  static named(seed: number, ...scope: readonly (string | number)[]): Rng {
    return new Rng(streamKey(seed, ...scope), 0);
  }

  static fromState(state: RngState): Rng {
    return new Rng(state.key, state.drawn);
  }

  get state(): RngState {
    return { key: [this.#key[0], this.#key[1]], drawn: this.#drawn };
  }

  /** Next uint32. */
  word(): number {
    const index = Math.floor(this.#drawn / 4);
    if (index !== this.#blockIndex) {
      const low = index >>> 0;
      const high = Math.floor(index / 0x100000000) >>> 0;
      this.#block = philox4x32([low, high, 0, 0], this.#key);
      this.#blockIndex = index;
    }
    const word = this.#block[this.#drawn % 4] ?? 0;
    this.#drawn++;
    return word;
  }

  /** Uniform in (0, 1). */
  uniform(): number {
    return unitFloat(this.word());
  }

  /** Uniform integer in [0, n). */
  int(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 0x800000) {
      throw new RangeError(`int(n) needs a whole number from 1 to 2^23, got ${n}`);
    }
    return Math.floor(this.uniform() * n);
  }

  chance(p: number): boolean {
    return this.uniform() < p;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('pick() from an empty list');
    return items[this.int(items.length)] as T;
  }

  /** Index drawn with the given non-negative weights. */
  weighted(weights: readonly number[]): number {
    const total = weights.reduce((sum, w) => sum + w, 0);
    let left = this.uniform() * total;
    for (let i = 0; i < weights.length; i++) {
      left -= weights[i] ?? 0;
      if (left < 0) return i;
    }
    return weights.length - 1;
  }

  /** Standard normal (Box-Muller, one of the pair). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A new array in random order (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const held = result[i] as T;
      result[i] = result[j] as T;
      result[j] = held;
    }
    return result;
  }
}
