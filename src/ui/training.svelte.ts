/**
 * What one training stage has reported: metric rows, samples of the pinned prompts, checks, some rollout; and the metric
 * rows of the run before, to compare with. It listens only; starting and stopping are verbs of the laboratory.
 */
import type { Settings } from '../config/settings.ts';
import type { MetricRecord, SelfChecks } from '../records/run.ts';
import {
  EMPTY_VIEW,
  withChecks,
  withSamples,
  type RolloutSet,
  type RunView,
  type SampleSet,
} from '../records/run-view.ts';
import type { PhaseView } from '../records/phase.ts';
import type { Turn } from '../records/turn.ts';
import type { ShownRuns, TrainingStage, WorkerEvent } from '../worker/protocol.ts';

type StoredSeries = ShownRuns['metrics'][number];

/** A run that another one has taken the place of, as long as the page is open. */
export interface FormerRun {
  readonly rows: readonly MetricRecord[];
  /** Null when they are of another version of the program. */
  readonly settings: Settings | null;
  readonly turns: readonly Turn[];
}

export class Training {
  readonly stage: TrainingStage;
  /** Settings as they are now: what a run that begins now is made with. */
  readonly #current: () => Settings;
  #run: string | null = $state.raw(null);
  #rows: readonly MetricRecord[] = $state.raw([]);
  #view: RunView = $state.raw(EMPTY_VIEW);
  #settings: Settings | null = $state.raw(null);
  #former: FormerRun | null = $state.raw(null);
  #turns: readonly Turn[] = $state.raw([]);
  #phase: PhaseView | null = $state.raw(null);
  #last = $derived(this.#rows.at(-1));

  constructor(stage: TrainingStage, current: () => Settings) {
    this.stage = stage;
    this.#current = current;
  }

  /** Null before there is one. */
  get run(): string | null {
    return this.#run;
  }

  get rows(): readonly MetricRecord[] {
    return this.#rows;
  }

  /** Settings that the run was begun with; null before there is one, or when they no longer pass. */
  get settings(): Settings | null {
    return this.#settings;
  }

  /** The run before, if the page has seen one. */
  get former(): FormerRun | null {
    return this.#former;
  }

  /** Samples of the pinned prompts at the start of the run, to compare with. */
  get first(): SampleSet | null {
    return this.#view.first;
  }

  get latest(): SampleSet | null {
    return this.#view.latest;
  }

  get checks(): SelfChecks {
    return this.#view.checks;
  }

  get rollout(): RolloutSet | null {
    return this.#view.rollout;
  }

  /** Settings that were turned while the run was under way, oldest first. */
  get turns(): readonly Turn[] {
    return this.#turns;
  }

  /** What the phase made that was last done on its own. */
  get phase(): PhaseView | null {
    return this.#phase;
  }

  /** True while the run rests inside the iteration of {@link phase}. */
  get inside(): boolean {
    return this.#phase !== null && this.#phase.iteration > (this.#last?.step ?? 0);
  }

  /** Newest value of a metric; undefined before the first. */
  last(name: string): number | undefined {
    return this.#last?.values[name];
  }

  /** Takes over the series of a run that was stored before a reload, and what else it showed. */
  restore({ run, settings, turns = [], records }: StoredSeries, view: RunView = EMPTY_VIEW): void {
    if (this.#run === run && this.#rows.length >= records.length) return;
    this.#turnTo(run);
    this.#settings = settings;
    this.#turns = turns;
    this.#rows = records;
    this.#view = view;
  }

  /** Forgets what it has shown: another method was chosen, whose runs are others. */
  clear(): void {
    this.#run = null;
    this.#rows = [];
    this.#view = EMPTY_VIEW;
    this.#settings = null;
    this.#turns = [];
    this.#phase = null;
    this.#former = null;
  }

  /** Events of other stages are ignored. */
  receive(event: WorkerEvent): void {
    switch (event.type) {
      case 'metrics':
        if (event.record.stage === this.stage) this.#add(event.run, event.record);
        return;
      case 'samples':
        if (event.stage !== this.stage) return;
        this.#turnTo(event.run);
        this.#view = withSamples(this.#view, { step: event.step, samples: event.samples });
        return;
      case 'checks':
        if (event.run === this.#run) this.#view = withChecks(this.#view, event.checks);
        return;
      case 'rollout':
        if (this.stage !== 'ppo') return;
        this.#turnTo(event.run);
        this.#view = {
          ...this.#view,
          rollout: { step: event.step, answers: event.answers, views: event.views },
        };
        return;
      case 'phase':
        if (this.stage !== 'ppo') return;
        if (event.view !== null) this.#turnTo(event.run);
        this.#phase = event.view;
        return;
      case 'turns':
        if (event.run === this.#run) this.#turns = event.turns;
        return;
      case 'progress':
      case 'stage':
      case 'checkpoints':
      case 'exact':
      case 'engine':
      case 'failure':
        return;
    }
    event satisfies never;
  }

  /** A run that went back to a checkpoint repeats steps: the newer record wins. */
  #add(run: string, record: MetricRecord): void {
    this.#turnTo(run);
    const last = this.#rows.at(-1);
    const kept =
      last !== undefined && last.step >= record.step
        ? this.#rows.filter((row) => row.step < record.step)
        : this.#rows;
    this.#rows = [...kept, record];
    if (this.#phase !== null && record.step > this.#phase.iteration) this.#phase = null;
  }

  #turnTo(run: string): void {
    if (this.#run === run) return;
    if (this.#rows.length > 0) {
      this.#former = { rows: this.#rows, settings: this.#settings, turns: this.#turns };
    }
    this.#run = run;
    this.#settings = this.#current();
    this.#turns = [];
    this.#phase = null;
    this.#rows = [];
    this.#view = EMPTY_VIEW;
  }
}
