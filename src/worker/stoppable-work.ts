/**
 * Work that a person waits for and may stop: which of it is under way, and what was kept of what was stopped. It computes
 * nothing and stores nothing; who works asks between two chunks whether to go on, or listens to a signal.
 */
import type { StoppableWork } from './protocol.ts';
import type { Stopped } from './stages.ts';

interface UnderWay {
  readonly work: StoppableWork;
  readonly wish: AbortController;
  readonly kept: Promise<number>;
}

export class WorkUnderWay {
  #all: readonly UnderWay[] = [];

  /**
   * Does it; `count` is how much of it there is in the end. The signal is for what cannot ask between chunks. Throws what
   * `action` throws.
   */
  async run<T>(
    work: StoppableWork,
    action: (stopped: Stopped, signal: AbortSignal) => Promise<T>,
    count: (result: T) => number,
  ): Promise<T> {
    const wish = new AbortController();
    const { signal } = wish;
    // Not at once: it is to be found here from its beginning.
    const result = Promise.resolve().then(() => action(() => signal.aborted, signal));
    const own = { work, wish, kept: result.then(count, () => 0) };
    this.#all = [...this.#all, own];
    try {
      return await result;
    } finally {
      this.#all = this.#all.filter((other) => other !== own);
    }
  }

  /** Resolves when it has ended, with the number that was kept; null when there was none. */
  async stop(work: StoppableWork): Promise<number | null> {
    const meant = this.#all.filter((each) => each.work === work);
    if (meant.length === 0) return null;
    for (const { wish } of meant) wish.abort();
    const kept = await Promise.all(meant.map((each) => each.kept));
    return kept.reduce((sum, n) => sum + n, 0);
  }
}
