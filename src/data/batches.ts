/**
 * Rectangular batches from ragged token lists, and the order in which a data set is gone through.
 * One layout everywhere: prompts padded on the LEFT to P columns, responses on the RIGHT to R, width T = P + R, so the
 * real tokens of row b are columns P - promptLengths[b] to P + responseLengths[b] - 1. Plain arrays, no tensors.
 */
import { Rng, type RngState } from './rng.ts';

export interface Sequence {
  readonly prompt: readonly number[];
  /** Response tokens, with EOS as the last one if the response ended by itself. */
  readonly response: readonly number[];
}

export interface PackedSequences {
  /** [B x T] token ids, row-major. */
  readonly ids: Int32Array;
  /** [B x T] 1 for real tokens, 0 for PAD on either side. */
  readonly mask: Float32Array;
  /** [B x R] 1 for real response tokens, EOS included. */
  readonly responseMask: Float32Array;
  /** [B] real prompt tokens. */
  readonly promptLengths: Int32Array;
  /** [B] real response tokens, EOS included. */
  readonly responseLengths: Int32Array;
  readonly batch: number;
  /** P, in columns. */
  readonly promptWidth: number;
  /** R, in columns. */
  readonly responseWidth: number;
}

/**
 * `total / parts`, which must come out even.
 * @throws RangeError on a remainder, naming both quantities
 */
export function exactDivide(total: number, parts: number, what: string): number {
  const quotient = total / parts;
  if (!Number.isInteger(total) || !Number.isInteger(quotient) || parts < 1) {
    throw new RangeError(`${what}: ${total} is not divisible by ${parts}`);
  }
  return quotient;
}

/**
 * Prompts and responses side by side, P and R columns wide.
 * @throws RangeError when a prompt or a response does not fit
 */
export function packSequences(
  sequences: readonly Sequence[],
  promptWidth: number,
  responseWidth: number,
  padId: number,
): PackedSequences {
  const batch = sequences.length;
  const width = promptWidth + responseWidth;
  const ids = new Int32Array(batch * width).fill(padId);
  const mask = new Float32Array(batch * width);
  const responseMask = new Float32Array(batch * responseWidth);
  const promptLengths = new Int32Array(batch);
  const responseLengths = new Int32Array(batch);
  sequences.forEach(({ prompt, response }, row) => {
    if (prompt.length > promptWidth || response.length > responseWidth) {
      throw new RangeError(
        `Sequence ${row} has ${prompt.length} + ${response.length} tokens, ` +
          `the batch ${promptWidth} + ${responseWidth} columns`,
      );
    }
    promptLengths[row] = prompt.length;
    responseLengths[row] = response.length;
    const boundary = row * width + promptWidth;
    ids.set(prompt, boundary - prompt.length);
    ids.set(response, boundary);
    mask.fill(1, boundary - prompt.length, boundary + response.length);
    responseMask.fill(1, row * responseWidth, row * responseWidth + response.length);
  });
  return {
    ids,
    mask,
    responseMask,
    promptLengths,
    responseLengths,
    batch,
    promptWidth,
    responseWidth,
  };
}

/** 0 to n - 1 in random order. */
export function permutation(n: number, rng: Rng): number[] {
  return rng.shuffled(Array.from({ length: n }, (_, i) => i));
}

/** Where a run is in its data; plain JSON. A type and not an interface, so that it is assignable to JsonValue. */
export type EpochState = Readonly<{
  /** Examples in the data set: a state only fits the data it was saved with. */
  size: number;
  /** Epochs finished. */
  epoch: number;
  /** Examples taken from the current epoch. */
  index: number;
  /** State of the stream before it drew the order of the current epoch. */
  rngState: RngState;
}>;

/**
 * Goes through a data set of `size` examples again and again, each epoch in a new random order.
 * A cursor restored from its state gives exactly what the saved one would have given.
 */
export class EpochCursor {
  readonly size: number;
  readonly #rng: Rng;
  #epoch: number;
  #index: number;
  #rngState: RngState;
  #order: readonly number[];

  private constructor(size: number, rng: Rng, epoch: number, index: number) {
    this.size = size;
    this.#rng = rng;
    this.#epoch = epoch;
    this.#index = index;
    this.#rngState = rng.state;
    this.#order = permutation(size, rng);
  }

  /** @throws RangeError for an empty data set */
  static start(size: number, rng: Rng): EpochCursor {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`A data set needs at least one example, got ${size}`);
    }
    return new EpochCursor(size, rng, 0, 0);
  }

  /** @throws RangeError when the state was saved with a data set of another size */
  static resume(size: number, state: EpochState): EpochCursor {
    if (state.size !== size || state.index < 0 || state.index > size) {
      throw new RangeError(
        `The run stopped at example ${state.index} of ${state.size}, but there are ${size} now`,
      );
    }
    return new EpochCursor(size, Rng.fromState(state.rngState), state.epoch, state.index);
  }

  get state(): EpochState {
    return {
      size: this.size,
      epoch: this.#epoch,
      index: this.#index,
      rngState: this.#rngState,
    };
  }

  /** Index of the next example; a finished epoch is followed by the next one. */
  next(): number {
    if (this.#index === this.size) {
      this.#epoch++;
      this.#index = 0;
      this.#rngState = this.#rng.state;
      this.#order = permutation(this.size, this.#rng);
    }
    const example = this.#order[this.#index]!;
    this.#index++;
    return example;
  }

  /** Indices of the next `count` examples; may reach over the end of an epoch. */
  take(count: number): number[] {
    return Array.from({ length: count }, () => this.next());
  }
}
