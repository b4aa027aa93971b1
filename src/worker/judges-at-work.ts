/**
 * The automatic judges while they judge: one suite at a time, shown whether it can be stored or not. Who may compute when
 * is the session's business.
 */
import type { Suite } from '../records/suite.ts';
import { ReadOnlyError, StorageError } from '../storage/errors.ts';

export interface JudgesTask {
  /** Judges until done or stopped; without a report when it was stopped before the first. */
  readonly judge: (stopped: () => boolean) => Promise<Suite>;
  readonly store: (suite: Suite) => Promise<void>;
  /** A suite that could not be stored; a tab that may only read has been told so before. */
  readonly tell: (error: StorageError) => void;
}

export class JudgesAtWork {
  #work: { stopped: boolean } | null = null;

  get busy(): boolean {
    return this.#work !== null;
  }

  /** Ends the work after its current chunk. */
  stop(): void {
    if (this.#work !== null) this.#work.stopped = true;
  }

  /** Throws what judging throws. */
  async judge(task: JudgesTask): Promise<Suite> {
    const work = { stopped: false };
    this.#work = work;
    const suite = await task
      .judge(() => work.stopped)
      .finally(() => {
        this.#work = null;
      });
    if (suite.reports.length === 0) return suite;
    try {
      await task.store(suite);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (!(error instanceof ReadOnlyError)) task.tell(error);
    }
    return suite;
  }
}
