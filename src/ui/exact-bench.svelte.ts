/**
 * The scenario *Exact* in the page: the table as typed, what is solved for it, and the one run of the methods with all
 * that it has shown. Nothing is computed here; texts are judged by exact-input.ts.
 */
import type {
  ExactMethodRow,
  ExactPoint,
  ExactSolution,
  ExactState,
  ExactTable,
} from '../records/exact.ts';
import type { SelfChecks } from '../records/run.ts';
import type { CommandMap, CommandName, Failure, WorkerEvent } from '../worker/protocol.ts';
import type { ChartRow } from './chart-data.ts';
import {
  exactFromLink,
  exactQuery,
  problemsOf,
  sameTable,
  SHIPPED_TEXTS,
  tableOf,
  textsOf,
  USUAL_METHODS,
  type ExactField,
  type ExactTexts,
} from './exact-input.ts';
import { failureOf } from './failure.ts';
import type { LaboratoryClient } from './laboratory.svelte.ts';

/** What one method has shown in the run. */
export interface ExactTrack {
  readonly rows: readonly (ChartRow & {
    readonly values: Pick<ExactPoint, 'tv' | 'tvTarget' | 'j'>;
  })[];
  /** Its policy as it is now, [V^L]. */
  readonly responses: readonly number[];
  readonly checks: SelfChecks;
}

/** A run with the table, targets and methods that it began with. */
interface Shown {
  readonly run: number;
  readonly solution: ExactSolution;
  readonly methods: readonly string[];
}

/** How the bench puts off a task, so that what comes meanwhile is shown with it. */
export type Later = (task: () => void) => void;

type ExactEvent = Extract<WorkerEvent, { type: 'exact' }>;
type Wish = CommandMap['exact.drive']['args']['wish'];

export class ExactBench {
  readonly #client: Pick<LaboratoryClient, 'call' | 'on'>;
  readonly #report: (failure: Failure) => void;
  readonly #later: Later;
  #texts: ExactTexts = $state.raw(SHIPPED_TEXTS);
  #before: ExactTexts | null = $state.raw(null);
  #linkError: string | null = $state.raw(null);
  #chosen: readonly string[] = $state.raw(USUAL_METHODS);
  #solution: ExactSolution | null = $state.raw(null);
  #shown: Shown | null = $state.raw(null);
  #state: ExactState | null = $state.raw(null);
  #tracks: Readonly<Record<string, ExactTrack>> = $state.raw({});
  #asked = $state.raw(false);
  /** Heard, and not shown yet: a busy page shows less often, and never falls behind. */
  #heard: ExactEvent[] = [];
  #solving = false;
  #runs = 0;

  #problems = $derived(problemsOf(this.#texts));
  #table = $derived(tableOf(this.#texts));

  /** `report` shows a failure. */
  constructor(
    client: Pick<LaboratoryClient, 'call' | 'on'>,
    report: (failure: Failure) => void,
    later: Later,
  ) {
    this.#client = client;
    this.#report = report;
    this.#later = later;
    client.on((event) => {
      this.#receive(event);
    });
  }

  get texts(): ExactTexts {
    return this.#texts;
  }
  /** What is wrong with the table, a sentence for each field; empty when it can run. */
  get problems(): readonly string[] {
    return this.#problems;
  }
  /** Null while something is wrong with what was typed. */
  get table(): ExactTable | null {
    return this.#table;
  }
  get linkError(): string | null {
    return this.#linkError;
  }
  /** What the table was before it was reset; null when there is nothing to bring back. */
  get canUndoReset(): boolean {
    return this.#before !== null;
  }
  /** Of the newest table that could be solved. */
  get solution(): ExactSolution | null {
    return this.#solution;
  }
  /** Of the run that is shown, else of the table. */
  get shownSolution(): ExactSolution | null {
    return this.#shown?.solution ?? this.#solution;
  }
  /** Methods with something to show, in their order: those of the run, else those chosen. */
  get shownMethods(): readonly ExactMethodRow[] {
    const names = this.#shown?.methods ?? this.#chosen;
    return this.shownSolution?.methods.filter(({ name }) => names.includes(name)) ?? [];
  }
  get chosen(): readonly string[] {
    return this.#chosen;
  }
  /** Null before the first run. */
  get state(): ExactState | null {
    return this.#state;
  }
  get running(): boolean {
    return this.#state?.status === 'running';
  }
  /** True when what is shown ran on another table or other methods than those of the form. */
  get stale(): boolean {
    const shown = this.#shown;
    if (shown === null) return false;
    if (this.#table === null || !sameTable(shown.solution.table, this.#table)) return true;
    return shown.methods.join() !== this.#chosen.join();
  }
  /** True when a new run can begin with what is typed. */
  get ready(): boolean {
    const table = this.#table;
    if (table === null || this.#solution === null || this.#chosen.length === 0) return false;
    return !this.#asked && sameTable(this.#solution.table, table);
  }
  /** True while the worker has not answered the last press. */
  get asked(): boolean {
    return this.#asked;
  }

  track(method: string): ExactTrack | undefined {
    return this.#tracks[method];
  }

  /** Takes a field as typed, and solves the table when it is one. */
  type(field: ExactField, text: string): void {
    const { rewards } = this.#texts;
    this.#take(
      typeof field === 'number'
        ? { ...this.#texts, rewards: rewards.map((old, i) => (i === field ? text : old)) }
        : { ...this.#texts, [field]: text },
    );
  }

  /** Takes the table and the methods of a link; a bad one is a sentence to show and changes nothing. */
  takeLink(query: string): void {
    const { table, methods, error } = exactFromLink(query);
    this.#linkError = error;
    if (table === null) return;
    this.#chosen = methods;
    this.#take(textsOf(table));
  }

  dismissLinkError(): void {
    this.#linkError = null;
  }

  /** The shipped table, beta, seed and pace; the one before can be brought back until something is typed. */
  reset(): void {
    const before = this.#texts;
    this.#take(SHIPPED_TEXTS);
    this.#before = before;
  }

  undoReset(): void {
    if (this.#before !== null) this.#take(this.#before);
  }

  /** Adds a method to the next run, or leaves it out. */
  choose(method: string, wanted: boolean): void {
    const all = this.#solution?.methods.map(({ name }) => name) ?? USUAL_METHODS;
    this.#chosen = all.filter((name) => (name === method ? wanted : this.#chosen.includes(name)));
  }

  /** The query of a link to the table and the methods chosen; of what was last right while something is wrong. */
  get query(): string {
    const table = this.#table ?? this.#solution?.table;
    return table === undefined ? '' : exactQuery(table, this.#chosen);
  }

  /** Solves the table as it is now; typing that goes on meanwhile is solved after. */
  async solve(): Promise<void> {
    if (this.#solving) return;
    this.#solving = true;
    for (;;) {
      const table = this.#table;
      if (table === null) break;
      if (this.#solution !== null && sameTable(this.#solution.table, table)) break;
      const solution = await this.#ask('exact.solve', { table });
      if (solution === null) break;
      this.#solution = solution;
    }
    this.#solving = false;
  }

  /** Begins a new run with what is typed; the one before is over, and what it showed is gone. */
  async begin(wish: 'run' | 'step'): Promise<void> {
    const solution = this.#solution;
    if (!this.ready || solution === null) return;
    const run = ++this.#runs;
    const methods = this.#chosen;
    await this.#whileAsked(async () => {
      const { table } = solution;
      const reply = await this.#ask('exact.begin', { run, table, methods });
      if (reply === null) return;
      this.#shown = { run, solution, methods };
      this.#tracks = {};
      this.#state = reply.state;
      await this.#drive(run, wish);
    });
  }

  /** Goes on with, pauses or ends the run that is shown. */
  async drive(wish: Wish): Promise<void> {
    const shown = this.#shown;
    if (shown === null || this.#asked) return;
    await this.#whileAsked(() => this.#drive(shown.run, wish));
  }

  /** The JSON report of the run that is shown; null before the first, or when it is gone. */
  async report(): Promise<string | null> {
    if (this.#shown === null) return null;
    return (await this.#ask('exact.report', { run: this.#shown.run }))?.text ?? null;
  }

  async #drive(run: number, wish: Wish): Promise<void> {
    const reply = await this.#ask('exact.drive', { run, wish });
    this.#show();
    if (reply !== null) this.#state = reply.state;
    else this.#lost();
  }

  async #whileAsked(action: () => Promise<void>): Promise<void> {
    this.#asked = true;
    await action();
    this.#asked = false;
  }

  /** What a run has shown outlives it: only its going on is lost with the worker. */
  #lost(): void {
    if (this.#state !== null && this.#state.status !== 'done') {
      this.#state = { ...this.#state, status: 'stopped', secondsLeft: null };
    }
  }

  #take(texts: ExactTexts): void {
    this.#before = null;
    this.#linkError = null;
    this.#texts = texts;
    void this.solve();
  }

  async #ask<N extends CommandName>(
    name: N,
    args: CommandMap[N]['args'],
  ): Promise<CommandMap[N]['reply'] | null> {
    try {
      return await this.#client.call(name, args);
    } catch (error) {
      this.#report(failureOf(error));
      return null;
    }
  }

  #receive(event: WorkerEvent): void {
    // The worker may have died under a run; one that lives goes on and says so.
    if (event.type === 'failure' && event.failure.kind === 'engine' && this.running) this.#lost();
    if (event.type !== 'exact') return;
    this.#heard.push(event);
    if (this.#heard.length > 1) return;
    this.#later(() => {
      this.#show();
    });
  }

  #show(): void {
    const heard = this.#heard.filter(({ run }) => run === this.#shown?.run);
    this.#heard = [];
    const last = heard.at(-1);
    if (last === undefined) return;
    this.#state = last.state;
    const tracks = { ...this.#tracks };
    for (const name of this.#shown?.methods ?? []) {
      const news = heard.flatMap(({ progress }) => progress.filter((row) => row.name === name));
      const newest = news.at(-1);
      if (newest === undefined) continue;
      const rows = news.flatMap(({ points }) =>
        points.map(({ step, tv, tvTarget, j }) => ({ step, values: { tv, tvTarget, j } })),
      );
      const { responses, checks } = newest;
      tracks[name] = { rows: [...(tracks[name]?.rows ?? []), ...rows], responses, checks };
    }
    this.#tracks = tracks;
  }
}
