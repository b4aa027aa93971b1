/**
 * What one training stage has reported: metric rows, samples of the pinned prompts, checks, one rollout.
 * It listens only; starting and stopping are verbs of the laboratory.
 */
import type { MetricRecord, SelfChecks } from '../records/run.ts';
import {
  EMPTY_VIEW,
  withChecks,
  withSamples,
  type RunView,
  type SampleSet,
} from '../records/run-view.ts';
import type { TrainingStage, WorkerEvent } from '../worker/protocol.ts';

export class Training {
  readonly stage: TrainingStage;
  #run: string | null = $state.raw(null);
  #rows: readonly MetricRecord[] = $state.raw([]);
  #view: RunView = $state.raw(EMPTY_VIEW);
  #last = $derived(this.#rows.at(-1));

  constructor(stage: TrainingStage) {
    this.stage = stage;
  }

  get rows(): readonly MetricRecord[] {
    return this.#rows;
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

  get rollout(): RunView['rollout'] {
    return this.#view.rollout;
  }

  /** Newest value of a metric; undefined before the first. */
  last(name: string): number | undefined {
    return this.#last?.values[name];
  }

  /** Takes over the series of a run that was stored before a reload, and what else it showed. */
  restore(run: string, rows: readonly MetricRecord[], view: RunView = EMPTY_VIEW): void {
    if (this.#run === run && this.#rows.length >= rows.length) return;
    this.#turnTo(run);
    this.#rows = rows;
    this.#view = view;
  }

  /** Forgets what it has shown: another method was chosen, whose runs are others. */
  clear(): void {
    this.#run = null;
    this.#rows = [];
    this.#view = EMPTY_VIEW;
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
        this.#view = { ...this.#view, rollout: { step: event.step, view: event.view } };
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
  }

  #turnTo(run: string): void {
    if (this.#run === run) return;
    this.#run = run;
    this.#rows = [];
    this.#view = EMPTY_VIEW;
  }
}
