/**
 * The place of someone outside the session who computes alone on its engine, such as the machine's measurement. It
 * knows nothing of what is computed; whether the session itself is idle is asked of it.
 */
import { InputError } from './failure.ts';

/** Someone who computes and keeps others from it. */
export interface Occupant {
  /** Said to whoever would compute meanwhile. */
  readonly sentence: string;
  /** Told that the engine under it is gone. */
  left(sentence: string): void;
}

export class Occupancy {
  readonly #expectIdle: () => void;
  #occupant: Occupant | null = null;

  /** `expectIdle` throws InputError when something else computes; it may ask {@link expectFree}. */
  constructor(expectIdle: () => void) {
    this.#expectIdle = expectIdle;
  }

  /** Takes the place until the result is called. Throws {@link InputError} when something computes. */
  take(occupant: Occupant): () => void {
    this.#expectIdle();
    this.#occupant = occupant;
    return () => {
      if (this.#occupant === occupant) this.#occupant = null;
    };
  }

  /** Throws {@link InputError} with the occupant's sentence. */
  expectFree(): void {
    if (this.#occupant !== null) throw new InputError(this.#occupant.sentence);
  }

  /** Ends the occupant's stay, because the engine is started anew. */
  evict(sentence: string): void {
    const occupant = this.#occupant;
    this.#occupant = null;
    occupant?.left(sentence);
  }
}
