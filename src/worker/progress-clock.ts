/** Progress reports with the time that is left, by the mean speed since a task's first report. */
import type { WorkerEvent } from './protocol.ts';
import type { ReportProgress } from './stages.ts';

export class ProgressClock {
  readonly #now: () => number;
  readonly #emit: (event: WorkerEvent) => void;
  readonly #starts = new Map<string, number>();

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
    if (done >= total) this.#starts.delete(task);
    const secondsLeft = done > 0 ? (((now - started) / done) * (total - done)) / 1000 : null;
    this.#emit({ type: 'progress', task, done, total, secondsLeft });
  };
}
