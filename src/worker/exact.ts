/**
 * Exact mode behind the protocol: solves a person's table, and runs the chosen methods side by side, an iteration of
 * each at a time, until done, paused or stopped. Needs no engine, no model and no project, and stores nothing.
 */
import type { ExactPoint, ExactProgress, ExactState, ExactTable } from '../records/exact.ts';
import { exactMethods, type ExactMethod } from '../rlhf/exact/methods.ts';
import {
  exactChecks,
  exactOutcome,
  exactProblem,
  exactReport,
  exactSolution,
  type ExactOutcome,
  type ExactProblem,
} from '../rlhf/exact/report.ts';
import { exactRun, type ExactRecord } from '../rlhf/exact/run.ts';
import type { ExactHandlers } from './dispatch.ts';
import { failureOf, InputError } from './failure.ts';
import type { CommandMap, WorkerEvent } from './protocol.ts';

export interface ExactOptions {
  readonly emit: (event: WorkerEvent) => void;
  /** Milliseconds. */
  readonly now: () => number;
  readonly yieldToMessages: () => Promise<void>;
  /** What computes, for the report. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Milliseconds between two reports to the page, and between two looks at its messages. */
const TELL_EVERY = 80;
const YIELD_EVERY = 8;

type Wish = 'run' | 'step' | 'pause' | 'stop';

/** One method on its way. */
interface Track {
  readonly method: ExactMethod;
  readonly records: AsyncGenerator<ExactRecord, void, void>;
  last: ExactRecord | null;
  /** Not yet told. */
  points: ExactPoint[];
  milliseconds: number;
}

const isOver = ({ method, last }: Track): boolean => last?.step === method.total;

class ExactRunner {
  readonly id: number;
  readonly #problem: ExactProblem;
  readonly #tracks: readonly Track[];
  readonly #options: ExactOptions;
  #status: ExactState['status'] = 'paused';
  #wish: Wish = 'pause';
  #pumping: Promise<void> | null = null;
  #toldAt = 0;
  #yieldedAt = 0;

  constructor(
    id: number,
    table: ExactTable,
    methods: readonly ExactMethod[],
    options: ExactOptions,
  ) {
    this.id = id;
    this.#options = options;
    this.#problem = exactProblem(table);
    this.#tracks = methods.map((method) => ({
      method,
      records: exactRun(method, this.#problem.task, this.#problem),
      last: null,
      points: [],
      milliseconds: 0,
    }));
  }

  get state(): ExactState {
    const running = this.#status === 'running';
    return {
      status: this.#status,
      step: Math.max(...this.#tracks.map(({ last }) => last?.step ?? 0)),
      total: Math.max(...this.#tracks.map(({ method }) => method.total)),
      secondsLeft: running ? this.#secondsLeft() : null,
    };
  }

  #secondsLeft(): number | null {
    let left = 0;
    for (const { method, last, milliseconds } of this.#tracks) {
      if (last === null) return null;
      left += (milliseconds / last.step) * (method.total - last.step);
    }
    return left / 1000;
  }

  /** Goes on, or resolves when the round under way is over. Nothing happens to a run that has ended. */
  async follow(wish: Wish): Promise<ExactState> {
    if (this.#status === 'done' || this.#status === 'stopped') return this.state;
    this.#wish = wish;
    if (wish === 'run' || wish === 'step') this.#pumping ??= this.#pump();
    else await this.#pumping;
    if (wish === 'stop' && this.state.status === 'paused') this.#rest('stopped');
    return this.state;
  }

  async #pump(): Promise<void> {
    this.#status = 'running';
    this.#tell();
    try {
      do {
        await this.#round();
        if (this.#options.now() - this.#toldAt >= TELL_EVERY) this.#tell();
      } while (this.#wish === 'run' && !this.#tracks.every(isOver));
      this.#rest(
        this.#tracks.every(isOver) ? 'done' : this.#wish === 'stop' ? 'stopped' : 'paused',
      );
    } catch (error) {
      this.#rest('stopped');
      this.#options.emit({ type: 'failure', failure: failureOf(error) });
    } finally {
      this.#pumping = null;
    }
  }

  /** One iteration of every method that is not over. */
  async #round(): Promise<void> {
    const { now, yieldToMessages } = this.#options;
    for (const track of this.#tracks) {
      if (isOver(track)) continue;
      const before = now();
      const next = await track.records.next();
      track.milliseconds += now() - before;
      if (next.done === true) throw new Error(`${track.method.name} ended before its time`);
      const { step, tv, tvTarget, j } = next.value;
      track.last = next.value;
      track.points.push({ step, tv, tvTarget, j });
      if (now() - this.#yieldedAt < YIELD_EVERY) continue;
      await yieldToMessages();
      this.#yieldedAt = now();
    }
  }

  #rest(status: ExactState['status']): void {
    this.#status = status;
    this.#tell();
  }

  #tell(): void {
    this.#toldAt = this.#options.now();
    const progress = this.#tracks.flatMap(({ method, last, points }): ExactProgress[] =>
      last === null || points.length === 0
        ? []
        : [
            {
              name: method.name,
              points,
              responses: last.responses,
              checks: exactChecks(method, this.#problem, last),
            },
          ],
    );
    for (const track of this.#tracks) track.points = [];
    this.#options.emit({ type: 'exact', run: this.id, state: this.state, progress });
  }

  /** The report of the command line, as far as the run has come, as JSON. */
  report(): string {
    const exact: Record<string, ExactOutcome> = {};
    let wallSeconds = 0;
    for (const { method, last, milliseconds } of this.#tracks) {
      if (last === null) continue;
      wallSeconds += milliseconds / 1000;
      exact[method.name] = exactOutcome(method, this.#problem, last, milliseconds / 1000);
    }
    const report = exactReport(this.#problem, this.#options.versions, exact, wallSeconds);
    return `${JSON.stringify(report, null, 2)}\n`;
  }
}

/** One handler for each command of exact mode; one run at a time. */
export class ExactDesk {
  readonly handlers: ExactHandlers = {
    'exact.solve': ({ table }) => Promise.resolve(exactSolution(table, exactMethods(table))),
    'exact.begin': (args) => this.#begin(args),
    'exact.drive': async ({ run, wish }) => ({ state: await this.#runner(run).follow(wish) }),
    'exact.report': ({ run }) => Promise.resolve({ text: this.#runner(run).report() }),
  };
  readonly #options: ExactOptions;
  #current: ExactRunner | null = null;

  constructor(options: ExactOptions) {
    this.#options = options;
  }

  /** Puts a run in the place of the one before, which ends; it waits to be driven. */
  async #begin({ run, table, methods }: CommandMap['exact.begin']['args']) {
    const known = exactMethods(table);
    const chosen = methods.map((name) => {
      const method = known.find((row) => row.name === name);
      if (method === undefined) throw new InputError(`Exact mode has no method "${name}".`);
      return method;
    });
    const before = this.#current;
    const next = new ExactRunner(run, table, chosen, this.#options);
    this.#current = next;
    await before?.follow('stop');
    return { state: next.state };
  }

  #runner(run: number): ExactRunner {
    if (this.#current?.id === run) return this.#current;
    throw new InputError(
      'This run is gone, because the computation was started again: run it anew.',
    );
  }
}
