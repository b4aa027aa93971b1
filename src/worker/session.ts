/**
 * The state machine behind the protocol: which stage may start, runs, is paused, done or stale; what is stored when;
 * one handler for each command. It computes nothing itself: loops, sampling and judging are the workbench's.
 */
import { defaultSettings, type Settings } from '../config/settings.ts';
import { acquireProjectLock, type LockProvider, type ProjectLock } from '../storage/locks.ts';
import { ReadOnlyError, StorageError } from '../storage/errors.ts';
import type { Connection } from '../storage/open.ts';
import type { RunRow } from '../storage/schema.ts';
import type { CommandHandlers } from './dispatch.ts';
import { failureOf, InputError } from './failure.ts';
import { exportLabels, importLabels } from './label-files.ts';
import { ProgressClock } from './progress-clock.ts';
import { Project, settingsOfRun, STAGE_NAMES, summaryOf } from './project.ts';
import type {
  CheckpointSummary,
  CommandMap,
  EngineInfo,
  StageState,
  StageStates,
  TrainingStage,
  WorkerEvent,
} from './protocol.ts';
import { Runner, type CheckpointPace, type RunnerHooks } from './runner.ts';
import {
  chosenRankings,
  finishedCheckpoint,
  inputsOf,
  labelsState,
  missingFor,
  newestRun,
  storedState,
} from './stage-graph.ts';
import type { ModelSource, RankingRequest, ReportProgress, Workbench } from './stages.ts';
import { PERSON } from '../records/ranking.ts';

export interface SessionOptions {
  readonly workbench: Workbench;
  readonly connection: Connection;
  readonly locks: LockProvider | undefined;
  readonly emit: (event: WorkerEvent) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly yieldToMessages: () => Promise<void>;
  readonly pace: CheckpointPace;
}

interface Simulation {
  done: number;
  readonly total: number;
  stopped: boolean;
}

export class Session {
  readonly handlers: CommandHandlers;
  readonly #options: SessionOptions;
  #settings: Settings = defaultSettings();
  #project: Project | null = null;
  #lock: { readonly project: string; readonly lock: ProjectLock } | null = null;
  #backend = '';
  #runner: Runner | null = null;
  #simulation: Simulation | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #progress: ReportProgress;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#progress = new ProgressClock(options.now, options.emit).report;
    this.handlers = { ...this.#stageHandlers(), ...this.#modelHandlers() };
  }

  /** Commands that change what is stored or running; done one after the other, in the order they came. */
  #stageHandlers() {
    const inOrder =
      <A, R>(action: (args: A) => Promise<R>) =>
      (args: A): Promise<R> => {
        const result = this.#queue.then(() => action(args));
        this.#queue = result.catch(() => undefined);
        return result;
      };
    return {
      'engine.start': inOrder((args: CommandMap['engine.start']['args']) =>
        this.#startEngine(args),
      ),
      'project.open': inOrder(({ project }: { project: string }) => this.#open(project)),
      'settings.set': inOrder(({ settings }: { settings: Settings }) => this.#set(settings)),
      'labels.changed': inOrder(() => this.#labelsChanged()),
      'labels.import': inOrder((args: CommandMap['labels.import']['args']) => this.#import(args)),
      'stage.start': inOrder((args: CommandMap['stage.start']['args']) => this.#start(args, 'run')),
      'stage.step': inOrder(({ stage }: { stage: TrainingStage }) =>
        this.#start({ stage, fresh: false }, 'step'),
      ),
      'stage.pause': inOrder(({ stage }: { stage: TrainingStage }) => this.#pause(stage)),
      'stage.stop': inOrder(({ stage }: { stage: TrainingStage }) => this.#stop(stage)),
      'checkpoint.delete': inOrder(({ checkpoint }: { checkpoint: string }) =>
        this.#deleteCheckpoint(checkpoint),
      ),
    } satisfies Partial<CommandHandlers>;
  }

  /** Commands that only ask the workbench, and the simulated class, which must not hold up the others. */
  #modelHandlers() {
    const bench = this.#options.workbench;
    return {
      'labels.simulate': (args) => this.#simulate(args),
      'labels.stop': () => {
        if (this.#simulation !== null) this.#simulation.stopped = true;
        return Promise.resolve({ stages: this.#stages() });
      },
      'labels.export': ({ kind }) => Promise.resolve(exportLabels(this.#opened(), kind)),
      'world.words': () => Promise.resolve({ words: bench.words() }),
      'model.sample': async (args) =>
        bench.sample(this.#model(args.checkpoint), this.#finished('reward'), args, this.#settings),
      'prompts.examples': async ({ count }) => ({
        prompts: await bench.examplePrompts(count, this.#settings),
      }),
      'demonstrations.list': ({ count }) =>
        bench.demonstrations(count, this.#opened().rows.demonstrations, this.#settings),
      'ranking.next': async ({ count, k }) =>
        bench.completionsToRank(this.#rankingRequest(count, k, true)),
      'reward.score': async (args) => ({
        score: await bench.score(this.#trainedReward(), args, this.#settings),
      }),
      'reward.report': async () => {
        const rankings = chosenRankings(this.#opened().rows);
        return bench.rewardReport(this.#trainedReward(), rankings, this.#settings);
      },
      'judge.pairs': async (args) =>
        bench.blindPairs([this.#model(args.left), this.#model(args.right)], args, this.#settings),
      'judge.suite': async ({ checkpoints, prompts }) => {
        const models = checkpoints.map((id) => this.#model(id));
        return bench.judgeSuite(models, prompts, this.#settings, this.#progress);
      },
    } satisfies Partial<CommandHandlers>;
  }

  async #startEngine({
    backend,
    settings,
  }: CommandMap['engine.start']['args']): Promise<EngineInfo> {
    await this.#runner?.pause();
    this.#dropRunner();
    if (this.#project === null) this.#settings = settings;
    const info = await this.#options.workbench.start(backend, this.#progress);
    this.#backend = info.backend;
    return info;
  }

  async #open(id: string): Promise<CommandMap['project.open']['reply']> {
    await this.#runner?.pause();
    this.#dropRunner();
    if (this.#lock?.project !== id) {
      this.#lock?.lock.release();
      this.#lock = { project: id, lock: await acquireProjectLock(id, this.#options.locks) };
    }
    const readOnly = !this.#lock.lock.held;
    const { connection, now } = this.#options;
    const { project, notes } = await Project.open({
      connection,
      id,
      now,
      settings: this.#settings,
      readOnly,
    });
    this.#project = project;
    this.#settings = project.rows.settings;
    return {
      stages: this.#stages(),
      checkpoints: this.#checkpoints(),
      settings: this.#settings,
      readOnly: readOnly ? new ReadOnlyError().message : null,
      metrics: await project.newestMetrics(),
      notes,
    };
  }

  async #set(settings: Settings): Promise<{ stages: StageStates }> {
    await this.#opened().setSettings(settings);
    this.#settings = settings;
    return { stages: this.#stages() };
  }

  async #import(args: CommandMap['labels.import']['args']) {
    const added = await importLabels(this.#opened(), args, this.#options.now());
    return { added, stages: this.#stages() };
  }

  async #labelsChanged(): Promise<{ stages: StageStates }> {
    const notes = await this.#opened().refreshLabels();
    this.#tellNotes(notes);
    return { stages: this.#stages() };
  }

  async #start(
    { stage, fresh }: { stage: TrainingStage; fresh: boolean },
    wish: 'run' | 'step',
  ): Promise<{ state: StageState }> {
    const project = this.#opened();
    project.expectWritable();
    this.#expectIdle(stage);
    if (fresh || this.#runner?.stage !== stage || this.#runner.status !== 'paused') {
      await this.#runner?.pause();
      this.#dropRunner();
      const missing = missingFor(project.rows, stage);
      if (missing !== null) throw new InputError(missing);
      this.#runner = await this.#makeRunner(stage, fresh ? null : this.#unfinished(stage));
    }
    if (wish === 'run') this.#runner.start();
    else this.#runner.step();
    return { state: this.#runner.state };
  }

  async #pause(stage: TrainingStage): Promise<{ state: StageState }> {
    if (this.#runner?.stage === stage) await this.#runner.pause();
    return { state: this.#state(stage) };
  }

  async #stop(stage: TrainingStage): Promise<{ state: StageState }> {
    if (this.#runner?.stage !== stage || this.#runner.status === 'failed') {
      const unfinished = this.#unfinished(stage);
      if (unfinished === null) return { state: this.#state(stage) };
      this.#opened().expectWritable();
      this.#expectIdle(stage);
      this.#dropRunner();
      this.#runner = await this.#makeRunner(stage, unfinished);
    }
    await this.#runner.stop();
    return { state: this.#state(stage) };
  }

  /** The run of a stage that can go on: unfinished, and trained from what is there now. */
  #unfinished(stage: TrainingStage): RunRow | null {
    const { rows } = this.#opened();
    const row = newestRun(rows, stage);
    if (row === undefined) return null;
    const { status } = row.run;
    if (status === 'finished' || status === 'stopped') return null;
    const settings = settingsOfRun(row);
    if (settings === null) return null;
    // A paused run keeps the settings it began with; one that failed goes on only with the same ones.
    const as = status === 'failed' ? rows : { ...rows, settings };
    return inputsOf(as, stage) === row.inputs ? row : null;
  }

  async #makeRunner(stage: TrainingStage, unfinished: RunRow | null): Promise<Runner> {
    const project = this.#opened();
    const found = unfinished === null ? null : await project.snapshotOf(unfinished);
    this.#tellNotes(found?.notes ?? []);
    const row = unfinished ?? project.newRun(stage, this.#backend);
    const resumed = {
      ...row,
      step: found?.step ?? 0,
      run: { ...row.run, status: 'running' as const },
    };
    await project.saveRun(resumed);
    const settings = settingsOfRun(row) ?? this.#settings;
    const request = {
      stage,
      settings,
      snapshot: found?.snapshot ?? null,
      sft: this.#finished('sft'),
      reward: this.#finished('reward'),
      rankings: chosenRankings({ ...project.rows, settings }),
      demonstrations: project.rows.demonstrations,
    };
    const openLoop = () => this.#options.workbench.createLoop(request);
    return new Runner(stage, resumed, this.#hooks(project, stage, openLoop), this.#options.pace);
  }

  #hooks(project: Project, stage: TrainingStage, openLoop: RunnerHooks['openLoop']): RunnerHooks {
    const { emit, now, yieldToMessages } = this.#options;
    return {
      now,
      yieldToMessages,
      openLoop,
      save: async (loop, row, metrics, finished) => {
        await project.saveLoop(loop, row, metrics, finished);
        if (finished) emit({ type: 'checkpoints', checkpoints: this.#checkpoints() });
      },
      saveRun: async (row) => {
        try {
          await project.saveRun(row);
        } catch (error) {
          if (!(error instanceof StorageError)) throw error;
          emit({ type: 'failure', failure: failureOf(error) });
        }
      },
      step: ({ id: run }, { step, values, samples, checks, rollout }) => {
        emit({ type: 'metrics', run, record: { stage, step, values } });
        if (samples !== undefined) emit({ type: 'samples', run, stage, step, samples });
        if (checks !== undefined) emit({ type: 'checks', run, checks });
        if (rollout !== undefined) {
          const view = this.#options.workbench.rolloutView(rollout);
          emit({ type: 'rollout', run, step, view });
        }
      },
      changed: (state) => {
        if (state.status === 'running' || state.status === 'paused') {
          emit({ type: 'stage', stage, state });
        } else {
          this.#tellStages();
        }
      },
      failed: (error) => {
        emit({ type: 'failure', failure: failureOf(error) });
      },
    };
  }

  async #simulate({ count, k }: { count: number; k: number }): Promise<{ added: number }> {
    const project = this.#opened();
    project.expectWritable();
    this.#expectIdle(null);
    const request = this.#rankingRequest(count, k, false);
    const simulation: Simulation = { done: 0, total: count, stopped: false };
    this.#simulation = simulation;
    this.#tellStages();
    try {
      for await (const batch of this.#options.workbench.simulateLabels(request)) {
        await project.addRankings(batch);
        simulation.done += batch.length;
        this.#progress('The class is ranking', simulation.done, count);
        this.#tellStages();
        await this.#options.yieldToMessages();
        if (simulation.stopped) break;
      }
    } finally {
      this.#simulation = null;
      this.#progress('The class is ranking', count, count);
      this.#tellStages();
    }
    return { added: simulation.done };
  }

  async #deleteCheckpoint(id: string): Promise<{ checkpoints: readonly CheckpointSummary[] }> {
    if (this.#options.workbench.shipped().some((row) => row.id === id)) {
      throw new InputError('This model came with the page and cannot be deleted.');
    }
    const project = this.#opened();
    project.source(id);
    await project.deleteCheckpoint(id);
    this.#options.workbench.forget(id);
    this.#tellStages();
    return { checkpoints: this.#checkpoints() };
  }

  #rankingRequest(count: number, k: number, byPerson: boolean): RankingRequest {
    const sft = this.#finished('sft');
    if (sft === null) throw new InputError('First train on demonstrations (1 Demonstrate).');
    const own = this.#opened().rows.rankings.filter(
      (ranking) => (ranking.labeler === PERSON) === byPerson,
    );
    const ranked = new Set(own.map((ranking) => ranking.prompt.id));
    return { sft, settings: this.#settings, count, k, ranked };
  }

  /** Throws {@link InputError} when something else is computing. */
  #expectIdle(stage: TrainingStage | null): void {
    if (this.#options.workbench.shipped().length === 0) {
      throw new InputError('The model has not been loaded yet: wait until it is.');
    }
    if (this.#simulation !== null) {
      throw new InputError('The simulated class is still ranking: wait for it or stop it.');
    }
    const runner = this.#runner;
    if (runner?.status === 'running' && runner.stage !== stage) {
      throw new InputError(`${STAGE_NAMES[runner.stage]} is training: pause it first.`);
    }
  }

  /** Frees the paused or ended loop. Throws when steps of it are not stored. */
  #dropRunner(): void {
    if (this.#runner?.unsaved === true) {
      throw new StorageError(
        `The last steps of ${STAGE_NAMES[this.#runner.stage]} could not be saved yet: ` +
          'make room, then go on with it or stop it.',
      );
    }
    this.#runner?.dispose();
    this.#runner = null;
  }

  #opened(): Project {
    if (this.#project === null) throw new InputError('No project is open yet.');
    return this.#project;
  }

  #finished(stage: TrainingStage): ModelSource | null {
    if (this.#project === null) return null;
    const row = finishedCheckpoint(this.#project.rows, stage);
    return row === undefined ? null : this.#project.source(row.id);
  }

  #trainedReward(): ModelSource {
    const reward = this.#finished('reward');
    if (reward === null) throw new InputError('First train the reward model (2 Rank).');
    return reward;
  }

  #model(id: string): ModelSource {
    const summary = this.#options.workbench.shipped().find((row) => row.id === id);
    if (summary === undefined) return this.#opened().source(id);
    const load = () => Promise.reject(new InputError('A shipped model is not stored.'));
    return { summary, load };
  }

  #checkpoints(): readonly CheckpointSummary[] {
    const rows = this.#project?.rows.checkpoints ?? [];
    const finished = rows.filter((row) => row.manifest.finished).map(summaryOf);
    return [...this.#options.workbench.shipped(), ...finished];
  }

  #state(stage: TrainingStage): StageState {
    const { rows } = this.#opened();
    const runner = this.#runner;
    if (runner?.stage === stage && runner.status !== 'done') return runner.state;
    return storedState(rows, stage);
  }

  #stages(): StageStates {
    const simulation = this.#simulation;
    const labels = labelsState(this.#opened().rows);
    return {
      sft: this.#state('sft'),
      labels: simulation === null ? labels : { ...labels, status: 'running' },
      reward: this.#state('reward'),
      ppo: this.#state('ppo'),
    };
  }

  #tellStages(): void {
    const stages = this.#stages();
    for (const stage of ['sft', 'labels', 'reward', 'ppo'] as const) {
      this.#options.emit({ type: 'stage', stage, state: stages[stage] });
    }
  }

  #tellNotes(notes: readonly string[]): void {
    for (const message of notes) {
      this.#options.emit({ type: 'failure', failure: { kind: 'storage', message } });
    }
  }
}
