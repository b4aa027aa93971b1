/** Progress reports with the time that is left, by the mean speed since a task's first report or of the time before. */
import type { WorkerEvent } from './protocol.ts';
import type { ReportProgress } from './stages.ts';

export class ProgressClock {
  readonly #now: () => number;
  readonly #emit: (event: WorkerEvent) => void;
  readonly #starts = new Map<string, number>();
  /** Milliseconds for each unit of a task, the last time it was done. */
  readonly #paces = new Map<string, number>();

  /** `now` in milliseconds. */
  constructor(now: () => number, emit: (event: WorkerEvent) => void) {
    this.#now = now;
    this.#emit = emit;
  }

  /** A report with `done` equal to `total` ends the task. */
  readonly report: ReportProgress = (task, done, total) => {
    const now = this.#now();
    const started = this.#starts.get(task) ?? now;
    this.#starts.set(task, started);
    const pace = done > 0 ? (now - started) / done : this.#paces.get(task);
    if (done >= total) {
      this.#starts.delete(task);
      if (pace !== undefined) this.#paces.set(task, pace);
    }
    const secondsLeft = pace === undefined ? null : (pace * (total - done)) / 1000;
    this.#emit({ type: 'progress', task, done, total, secondsLeft });
  };
}
