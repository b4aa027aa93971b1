/**
 * The simulated class while it ranks: batch after batch, each stored as it comes, until all prompts are ranked or someone
 * stops it. Who may compute when is the session's business.
 */
import type { Ranking } from '../records/ranking.ts';
import type { ReportProgress } from './stages.ts';

export interface ClassTask {
  readonly batches: AsyncIterable<readonly Ranking[]>;
  readonly total: number;
  readonly store: (batch: readonly Ranking[]) => Promise<void>;
  readonly progress: ReportProgress;
  /** Called at the start, after each batch and at the end. */
  readonly changed: () => void;
  readonly yieldToMessages: () => Promise<void>;
}

export class ClassAtWork {
  #work: { stopped: boolean } | null = null;

  get busy(): boolean {
    return this.#work !== null;
  }

  /** Ends the work after its current batch; what has been ranked stays. */
  stop(): void {
    if (this.#work !== null) this.#work.stopped = true;
  }

  /** Gives the number of rankings added. Throws what storing throws; batches stored before stay. */
  async rank(task: ClassTask): Promise<number> {
    const { total, progress, changed } = task;
    const work = { stopped: false };
    this.#work = work;
    let added = 0;
    const tell = (done: number): void => {
      progress('The class is ranking', done, total);
      changed();
    };
    tell(0);
    try {
      for await (const batch of task.batches) {
        await task.store(batch);
        added += batch.length;
        tell(added);
        await task.yieldToMessages();
        if (work.stopped) break;
      }
    } finally {
      this.#work = null;
      tell(total);
    }
    return added;
  }
}
