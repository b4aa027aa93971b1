/**
 * Which stage trains, and on what: begins, goes on with, pauses and stops the one run that may train at a time, and
 * stores and reports what its runner hands over. It knows no commands (session.ts) and no steps (runner.ts).
 */
import type { Settings } from '../config/settings.ts';
import {
  EMPTY_VIEW,
  withChecks,
  withSamples,
  type RolloutView,
  type RunView,
} from '../records/run-view.ts';
import type { RolloutRow } from '../rlhf/loop.ts';
import { StorageError } from '../storage/errors.ts';
import type { Turn } from '../records/turn.ts';
import type { RunRow } from '../storage/schema.ts';
import { failureOf, InputError } from './failure.ts';
import { runToGoBackIn } from './go-back.ts';
import { settingsOfRun, type Project } from './project.ts';
import type { CommandMap, StageState, TrainingStage, WorkerEvent } from './protocol.ts';
import { Runner, type CheckpointPace, type RunnerHooks } from './runner.ts';
import {
  chosenRankings,
  inputsOf,
  methodOf,
  missingFor,
  newestRun,
  stepWordOfRun,
  storedState,
  trainingPromptsOf,
} from './stage-graph.ts';
import { stageName } from './stage-names.ts';
import type { ReportProgress, Workbench } from './stages.ts';
import { turnsAfter, type TurnWish } from './turns.ts';

export interface DriverOptions {
  readonly workbench: Workbench;
  readonly emit: (event: WorkerEvent) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly yieldToMessages: () => Promise<void>;
  readonly pace: CheckpointPace;
}

/** What the driver asks of the session around it. */
export interface DriverSession {
  readonly progress: ReportProgress;
  /** Throws InputError when none is open. */
  project(): Project;
  settings(): Settings;
  /** Throws InputError when something else is computing. */
  expectIdle(stage: TrainingStage): void;
  tellStages(): void;
  tellCheckpoints(): void;
}

/** Answers of a batch that are sent and stored with each iteration; the others are asked for. */
const VIEWS_SENT = 8;

type Reply = Promise<{ state: StageState }>;
type StoringHooks = Omit<RunnerHooks, 'openLoop' | 'stepWord'>;

export class StageDriver {
  /** Name of the backend that new runs are marked with. */
  backend = '';
  /** The same of the device, in words. */
  device = '';
  readonly #options: DriverOptions;
  readonly #session: DriverSession;
  #runner: Runner | null = null;
  /** The run that it drives, as it began. */
  #row: RunRow | null = null;
  /** The newest whole batch of answers, which outlives its run until another one writes. */
  #newest: {
    readonly run: string;
    readonly step: number;
    readonly rows: readonly RolloutRow[];
  } | null = null;

  constructor(options: DriverOptions, session: DriverSession) {
    this.#options = options;
    this.#session = session;
  }

  /** The stage that is training now. */
  get training(): TrainingStage | null {
    return this.#runner?.status === 'running' ? this.#runner.stage : null;
  }

  state(stage: TrainingStage): StageState {
    const { rows, readOnly } = this.#session.project();
    const runner = this.#runnerOf(stage);
    const own = runner !== null && runner.status !== 'done';
    const around = { elsewhere: readOnly, canGoOn: this.#unfinished(stage) !== null };
    const state = own ? runner.state : storedState(rows, stage, around);
    if (!['failed', 'done', 'stale'].includes(state.status)) return state;
    return { ...state, resumeAt: this.#resumeAt(stage) };
  }

  /** What drives a stage; in step 3 only when it is of the method chosen, since another's run waits where it is. */
  #runnerOf(stage: TrainingStage): Runner | null {
    if (this.#runner?.stage !== stage || this.#row === null) return null;
    const chosen = this.#session.settings().method.name;
    return stage !== 'ppo' || methodOf(this.#row.run) === chosen ? this.#runner : null;
  }

  /** Step from which the newest run of a stage can go on; null when it cannot. */
  #resumeAt(stage: TrainingStage): number | null {
    const row = this.#unfinished(stage);
    return row === null ? null : (this.#session.project().lastOf(row)?.manifest.step ?? null);
  }

  /**
   * Trains, or trains one step; goes on with an unfinished run unless `fresh`. Throws InputError for one step of a
   * stage that is done, which would silently begin another run.
   */
  async start(
    { stage, fresh }: { stage: TrainingStage; fresh: boolean },
    wish: 'run' | 'step' | 'phase',
  ): Reply {
    const project = this.#session.project();
    project.expectWritable();
    this.#session.expectIdle(stage);
    let runner = this.#runnerOf(stage);
    if (fresh || runner?.status !== 'paused') {
      await this.rest();
      const missing = missingFor(project.rows, stage);
      if (missing !== null) throw new InputError(missing);
      const { status, resumeAt } = this.state(stage);
      if (wish !== 'run' && resumeAt === null && (status === 'done' || status === 'stale')) {
        const name = stageName(stage, this.#session.settings());
        throw new InputError(`${name} is done: train it again as a whole.`);
      }
      runner = await this.#makeRunner(stage, fresh ? null : this.#unfinished(stage));
    }
    if (wish === 'run') runner.start();
    else if (wish === 'step') runner.step();
    else runner.phase();
    return { state: runner.state };
  }

  /** Turns a setting of the run of step 3 that is under way. Throws InputError or SettingsError. */
  async turn(wish: TurnWish): Promise<{ turns: readonly Turn[] }> {
    const project = this.#session.project();
    project.expectWritable();
    const runner = this.#runnerOf('ppo');
    const live = runner?.status === 'running' || runner?.status === 'paused' ? runner : null;
    const row = live?.row ?? this.#unfinished('ppo');
    const turns = turnsAfter(row?.run, live?.next ?? (row?.step ?? 0) + 1, wish);
    if (live !== null) await live.turn(turns);
    else if (row !== null) await project.saveRun({ ...row, run: { ...row.run, turns } });
    if (row !== null) this.#options.emit({ type: 'turns', run: row.id, turns });
    return { turns };
  }

  /**
   * Goes on from an earlier checkpoint of step 3, as a run of its own: the one that was under way is stopped, and keeps
   * what it has learned. Where nothing came after the checkpoint, only the half-done step is given up.
   */
  async goBack(checkpoint: string): Promise<void> {
    const project = this.#session.project();
    project.expectWritable();
    this.#session.expectIdle('ppo');
    await this.#runner?.pause();
    const run = runToGoBackIn(project.rows, checkpoint);
    // Now, because what is saved below may push it out.
    const loaded = await project.read(checkpoint);
    const under = this.#unfinished('ppo');
    const there = under !== null && project.lastOf(under)?.id === checkpoint;
    if (!there && under !== null && under.run.status !== 'stopped') await this.stop('ppo');
    await this.rest();
    if (there && under.run.status !== 'stopped') return;
    await project.forkRun(loaded, run, this);
  }

  /** An answer of the newest batch, from 0; null when that batch is another one, or has no such answer. */
  answer({ run, step, answer }: CommandMap['run.answer']['args']): RolloutView | null {
    const newest = this.#newest;
    const row = newest?.run === run && newest.step === step ? newest.rows[answer] : undefined;
    return row === undefined ? null : this.#options.workbench.rolloutView(row);
  }

  async pause(stage: TrainingStage): Reply {
    if (this.#runner?.stage === stage) await this.#runner.pause();
    return { state: this.state(stage) };
  }

  async stop(stage: TrainingStage): Reply {
    let runner = this.#runnerOf(stage);
    if (runner === null || runner.status === 'failed') {
      const unfinished = this.#unfinished(stage);
      if (unfinished === null || unfinished.run.status === 'stopped')
        return { state: this.state(stage) };
      this.#session.project().expectWritable();
      this.#session.expectIdle(stage);
      this.#drop();
      runner = await this.#makeRunner(stage, unfinished);
    }
    await runner.stop();
    return { state: this.state(stage) };
  }

  /** Pauses what is training and frees it. Throws StorageError when steps of it are not stored. */
  async rest(): Promise<void> {
    await this.#runner?.pause();
    this.#drop();
  }

  /**
   * Leaves what is training at its last checkpoint, without waiting for the step under way. Gives the stage that was
   * left, null when none had begun.
   */
  async abandon(message: string): Promise<TrainingStage | null> {
    const runner = this.#runner;
    this.#runner = null;
    if (runner === null || runner.status === 'done' || runner.status === 'failed') return null;
    await runner.abandon(message);
    return runner.stage;
  }

  #drop(): void {
    if (this.#runner?.unsaved === true) {
      throw new StorageError(
        `The last steps of ${this.#row?.run.name ?? 'the run'} could not be saved yet: ` +
          'make room, then go on with it or stop it.',
      );
    }
    this.#runner?.dispose();
    this.#runner = null;
  }

  /** The run of a stage that can go on: unfinished, and trained from what is there now. */
  #unfinished(stage: TrainingStage): RunRow | null {
    const { rows } = this.#session.project();
    const row = newestRun(rows, stage);
    if (row === undefined) return null;
    const { status } = row.run;
    if (status === 'finished') return null;
    if (status === 'stopped' && this.#session.project().lastOf(row) === undefined) return null;
    const settings = settingsOfRun(row);
    if (settings === null) return null;
    // A paused run keeps the settings it began with; one that failed or was stopped goes on only with the same ones.
    const ended = status === 'failed' || status === 'stopped';
    const as = ended ? rows : { ...rows, settings };
    return inputsOf(as, stage) === row.inputs ? row : null;
  }

  async #makeRunner(stage: TrainingStage, unfinished: RunRow | null): Promise<Runner> {
    const project = this.#session.project();
    const { workbench, emit, pace } = this.#options;
    const found = unfinished === null ? null : await project.snapshotOf(unfinished);
    for (const message of found?.notes ?? []) {
      emit({ type: 'failure', failure: { kind: 'storage', message } });
    }
    const row = unfinished ?? project.newRun(stage, this);
    const resumed = {
      ...row,
      step: found?.step ?? 0,
      run: { ...row.run, status: 'running' as const },
    };
    await project.saveRun(resumed);
    const settings = settingsOfRun(row) ?? this.#session.settings();
    const own = settings.base.model === 'own';
    const request = {
      stage,
      settings,
      snapshot: found?.snapshot ?? null,
      text: stage === 'pretrain' || own ? project.rows.text : null,
      base: own ? project.finished('pretrain') : null,
      sft: project.finished('sft'),
      reward: project.finished('reward'),
      rankings: chosenRankings({ ...project.rows, settings }),
      demonstrations: project.rows.demonstrations,
      prompts: trainingPromptsOf(project.rows),
    };
    const view = found === null ? null : await project.viewOf(row.id);
    const hooks = this.#hooks(project, stage, view ?? EMPTY_VIEW);
    const openLoop = () => workbench.createLoop(request, this.#session.progress);
    const stepWord = stepWordOfRun(row.run);
    this.#row = resumed;
    this.#runner = new Runner(stage, resumed, { ...hooks, openLoop, stepWord }, pace);
    return this.#runner;
  }

  /** `shown` is what the run has shown so far; it grows step by step and is stored with each checkpoint. */
  #hooks(project: Project, stage: TrainingStage, shown: RunView): StoringHooks {
    const { emit, now, yieldToMessages, workbench } = this.#options;
    let view = shown;
    return {
      now,
      yieldToMessages,
      save: async (loop, row, metrics, finished) => {
        await project.saveLoop(loop, row, { metrics, view }, finished);
        if (finished) this.#session.tellCheckpoints();
      },
      saveRun: async (row) => {
        try {
          await project.saveRun(row);
        } catch (error) {
          if (!(error instanceof StorageError)) throw error;
          emit({ type: 'failure', failure: failureOf(error) });
        }
      },
      phase: ({ id: run }, record) => {
        if (record === null) {
          emit({ type: 'phase', run, view: null });
        } else {
          const { rollout, ...position } = record;
          const views = rollout.slice(0, VIEWS_SENT).map((row) => workbench.rolloutView(row));
          emit({ type: 'phase', run, view: { ...position, views } });
        }
      },
      step: ({ id: run }, { step, values, samples, checks, rollout }) => {
        emit({ type: 'metrics', run, record: { stage, step, values } });
        if (samples !== undefined) {
          view = withSamples(view, { step, samples });
          emit({ type: 'samples', run, stage, step, samples });
        }
        if (checks !== undefined) {
          view = withChecks(view, checks);
          emit({ type: 'checks', run, checks });
        }
        if (rollout !== undefined) {
          this.#newest = { run, step, rows: rollout };
          const sent = rollout.slice(0, VIEWS_SENT).map((row) => workbench.rolloutView(row));
          const lens = { step, answers: rollout.length, views: sent };
          view = { ...view, rollout: lens };
          emit({ type: 'rollout', run, ...lens });
        }
      },
      changed: (state) => {
        if (state.status === 'running' || state.status === 'paused') {
          emit({ type: 'stage', stage, state });
        } else {
          this.#session.tellStages();
        }
      },
      failed: (error) => {
        emit({ type: 'failure', failure: failureOf(error) });
      },
    };
  }
}
