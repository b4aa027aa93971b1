/**
 * The session behind the protocol: engine, project, labels and judges, and who may compute when;
 * one handler for each command. Training is driven by stage-driver.ts; it computes nothing itself, the workbench does.
 */
import { defaultSettings, type Settings } from '../config/settings.ts';
import { acquireProjectLock, type LockProvider, type ProjectLock } from '../storage/locks.ts';
import { ReadOnlyError } from '../storage/errors.ts';
import type { Connection } from '../storage/open.ts';
import { ClassAtWork } from './class-at-work.ts';
import type { CommandHandlers, SessionHandlers } from './dispatch.ts';
import { DeviceLosses } from './device-losses.ts';
import { failureOf, InputError } from './failure.ts';
import { keptCheckpoints } from './go-back.ts';
import { JudgesAtWork } from './judges-at-work.ts';
import { exportLabels, importLabels } from './label-files.ts';
import { Occupancy } from './occupancy.ts';
import { ProgressClock } from './progress-clock.ts';
import { Project } from './project.ts';
import { stageName } from './stage-names.ts';
import { BACKEND_NAMES } from './protocol.ts';
import type {
  BackendName,
  CheckpointSummary,
  CommandMap,
  EngineInfo,
  StageStates,
  TrainingStage,
  WorkerEvent,
} from './protocol.ts';
import type { CheckpointPace } from './runner.ts';
import { runHandlers } from './run-handlers.ts';
import { StageDriver } from './stage-driver.ts';
import { classRankings, labelsState, trainingPromptsOf } from './stage-graph.ts';
import { WorkUnderWay } from './stoppable-work.ts';
import type { ModelSource, RankingRequest, ReportProgress, Workbench } from './stages.ts';
import { workHandlers } from './work-handlers.ts';
import { sourceOf } from '../records/ranking.ts';
import type { Suite } from '../records/suite.ts';

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

export class Session {
  readonly handlers: SessionHandlers;
  /** For those who compute alone and are no part of the project. */
  readonly occupancy = new Occupancy(() => {
    this.#expectIdle(null);
  });
  readonly #options: SessionOptions;
  #settings: Settings = defaultSettings();
  #project: Project | null = null;
  #lock: { readonly project: string; readonly lock: ProjectLock } | null = null;
  readonly #driver: StageDriver;
  readonly #class = new ClassAtWork();
  readonly #judges = new JudgesAtWork();
  #prefer: BackendName | undefined;
  readonly #losses = new DeviceLosses();
  #queue: Promise<unknown> = Promise.resolve();
  readonly #progress: ReportProgress;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#progress = new ProgressClock(options.now, options.emit).report;
    this.#driver = new StageDriver(options, {
      progress: this.#progress,
      project: () => this.#opened(),
      settings: () => this.#settings,
      expectIdle: (stage) => {
        this.#expectIdle(stage);
      },
      tellStages: () => {
        this.#tellStages();
      },
      tellCheckpoints: () => {
        options.emit({ type: 'checkpoints', checkpoints: this.#checkpoints() });
      },
    });
    const shared = {
      progress: this.#progress,
      project: () => this.#opened(),
      workbench: options.workbench,
      works: new WorkUnderWay(),
      model: (id: string) => this.#model(id),
    };
    const runs = runHandlers({
      ...shared,
      now: options.now,
      occupancy: this.occupancy,
      inOrder: (action) => this.#inOrder(action),
      rest: async () => {
        this.#expectIdle(null);
        await this.#driver.rest();
      },
      machinery: () => this.#driver,
    });
    const work = workHandlers({
      ...shared,
      settings: () => this.#settings,
      reward: () => this.#trainedReward(),
      toRank: (count, k) => this.#rankingRequest(count, k, true),
    });
    this.handlers = { ...this.#stageHandlers(), ...this.#modelHandlers(), ...runs, ...work };
  }

  /** Commands that change what is stored or running; done one after the other, in the order they came. */
  #stageHandlers() {
    const inOrder =
      <A, R>(action: (args: A) => Promise<R>) =>
      (args: A): Promise<R> =>
        this.#inOrder(() => action(args));
    return {
      'engine.start': inOrder((args: CommandMap['engine.start']['args']) =>
        this.#startEngine(args),
      ),
      'project.open': inOrder(({ project }: { project: string }) => this.#open(project)),
      'settings.set': inOrder(({ settings }: { settings: Settings }) => this.#set(settings)),
      'labels.changed': inOrder(() => this.#labelsChanged()),
      'labels.import': inOrder((args: CommandMap['labels.import']['args']) => this.#import(args)),
      'stage.start': inOrder((args: CommandMap['stage.start']['args']) =>
        this.#driver.start(args, 'run'),
      ),
      'stage.step': inOrder(({ stage }: { stage: TrainingStage }) =>
        this.#driver.start({ stage, fresh: false }, 'step'),
      ),
      'stage.phase': inOrder(({ stage }: { stage: TrainingStage }) =>
        this.#driver.start({ stage, fresh: false }, 'phase'),
      ),
      'run.turn': inOrder((args: CommandMap['run.turn']['args']) => this.#driver.turn(args)),
      'run.back': inOrder(({ checkpoint }: { checkpoint: string }) => this.#goBack(checkpoint)),
      'stage.pause': inOrder(({ stage }: { stage: TrainingStage }) => this.#driver.pause(stage)),
      'stage.stop': inOrder(({ stage }: { stage: TrainingStage }) => this.#driver.stop(stage)),
      'checkpoint.delete': inOrder(({ checkpoint }: { checkpoint: string }) =>
        this.#deleteCheckpoint(checkpoint),
      ),
    } satisfies Partial<CommandHandlers>;
  }

  #inOrder<R>(action: () => Promise<R>): Promise<R> {
    const result = this.#queue.then(action);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Commands that only ask the workbench, and the simulated class, which must not hold up the others. */
  #modelHandlers() {
    const bench = this.#options.workbench;
    return {
      'labels.simulate': (args) => this.#simulate(args),
      'labels.stop': () => {
        this.#class.stop();
        return Promise.resolve({ stages: this.#stages() });
      },
      'run.checkpoints': () =>
        Promise.resolve({ checkpoints: keptCheckpoints(this.#opened().rows) }),
      'run.answer': (args) => Promise.resolve({ view: this.#driver.answer(args) }),
      'labels.export': ({ kind }) => Promise.resolve(exportLabels(this.#opened(), kind)),
      'world.words': () => Promise.resolve({ words: bench.words() }),
      'model.sample': async (args) =>
        bench.sample(
          this.#model(args.checkpoint),
          this.#finished('reward'),
          args,
          this.#settings,
          this.#progress,
        ),
      'prompts.examples': async ({ count }) => ({
        prompts: await bench.examplePrompts(count, this.#settings),
      }),
      'demonstrations.list': ({ count }) =>
        bench.demonstrations(count, this.#opened().rows.demonstrations, this.#settings),
      'reward.score': async (args) => ({
        score: await bench.score(this.#trainedReward(), args, this.#settings),
      }),
      'judge.suite': (args) => this.#judge(args),
      'judge.stop': () => {
        this.#judges.stop();
        return Promise.resolve({ stages: this.#stages() });
      },
    } satisfies Partial<CommandHandlers>;
  }

  async #startEngine({
    backend,
    settings,
  }: CommandMap['engine.start']['args']): Promise<EngineInfo> {
    await this.#driver.rest();
    this.occupancy.evict('The engine was started again.');
    if (this.#project === null) this.#settings = settings;
    this.#prefer = backend;
    if (backend !== undefined) this.#losses.forgive(backend);
    return this.#launch();
  }

  async #launch(): Promise<EngineInfo> {
    const start = {
      prefer: this.#prefer,
      avoid: this.#losses.avoid,
      lost: (sentence: string) => {
        this.#recover(info.backend, sentence);
      },
    };
    const info = await this.#options.workbench.start(start, this.#progress);
    this.#driver.backend = info.backend;
    this.#driver.device = info.device;
    return info;
  }

  /** After a lost device: the run stays at its last checkpoint, and the engine starts again, on the same backend once. */
  #recover(lost: BackendName, sentence: string): void {
    this.#losses.count(lost);
    const { emit } = this.#options;
    this.occupancy.evict(sentence);
    // Not in order: what is in the queue may be waiting for the step that will never end.
    const left = this.#driver.abandon(sentence);
    void this.#inOrder(async () => {
      const stage = await left;
      const run =
        stage === null
          ? ''
          : ` ${stageName(stage, this.#settings)} is paused at its last checkpoint.`;
      try {
        const info = await this.#launch();
        const now =
          info.backend === lost
            ? 'It was started again'
            : `${BACKEND_NAMES[info.backend]} computes now`;
        emit({
          type: 'engine',
          info,
          message: `${sentence} ${now}; nothing stored is lost.${run}`,
        });
        if (this.#project !== null) this.#tellStages();
      } catch (error) {
        emit({ type: 'failure', failure: failureOf(error) });
      }
    });
  }

  async #open(id: string): Promise<CommandMap['project.open']['reply']> {
    await this.#driver.rest();
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
      ...(await project.newestShown()),
      suite: await project.suite(),
      notes,
    };
  }

  /** With another method other runs are shown: what they left is in the reply. */
  async #set(settings: Settings): Promise<CommandMap['settings.set']['reply']> {
    const project = this.#opened();
    if (this.#driver.training === 'ppo' && settings.method.name !== this.#settings.method.name) {
      const name = stageName('ppo', this.#settings);
      throw new InputError(`${name} is training: pause it before you choose another method.`);
    }
    await project.setSettings(settings);
    this.#settings = settings;
    return { stages: this.#stages(), ...(await project.newestShown()) };
  }

  async #goBack(checkpoint: string): Promise<CommandMap['run.back']['reply']> {
    const project = this.#opened();
    await this.#driver.goBack(checkpoint);
    return { stages: this.#stages(), ...(await project.newestShown()) };
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

  async #simulate({ count, k }: { count: number; k: number }): Promise<{ added: number }> {
    const project = this.#opened();
    project.expectWritable();
    this.#expectIdle(null);
    const { workbench, yieldToMessages } = this.#options;
    const added = await this.#class.rank({
      batches: workbench.simulateLabels(this.#rankingRequest(count, k, false)),
      total: count,
      store: (batch) => project.addRankings(batch),
      progress: this.#progress,
      changed: () => {
        this.#tellStages();
      },
      yieldToMessages,
    });
    return { added };
  }

  async #judge({ checkpoints, prompts }: CommandMap['judge.suite']['args']): Promise<Suite> {
    const models = checkpoints.map((id) => this.#model(id));
    const { workbench, emit } = this.#options;
    this.#expectIdle(null);
    const settings = this.#settings;
    const base = settings.base.model === 'own' ? this.#finished('pretrain') : null;
    const text = base === null ? null : this.#opened().rows.text;
    const request = { models, prompts, settings, base, text };
    return this.#judges.judge({
      judge: (stopped) => workbench.judgeSuite({ ...request, stopped }, this.#progress),
      store: async (suite) => this.#project?.saveSuite(suite),
      tell: (error) => {
        emit({ type: 'failure', failure: failureOf(error) });
      },
    });
  }

  async #deleteCheckpoint(id: string): Promise<{ checkpoints: readonly CheckpointSummary[] }> {
    if (this.#options.workbench.shipped().some((row) => row.id === id)) {
      throw new InputError('This model came with the page and cannot be deleted.');
    }
    const project = this.#opened();
    if (project.source(id).summary.average) {
      throw new InputError('An average is stored with its checkpoint: delete that one.');
    }
    const before = this.#checkpoints();
    await project.deleteCheckpoint(id);
    const left = new Set(this.#checkpoints().map((row) => row.id));
    for (const row of before) if (!left.has(row.id)) this.#options.workbench.forget(row.id);
    this.#tellStages();
    return { checkpoints: this.#checkpoints() };
  }

  #rankingRequest(count: number, k: number, byPerson: boolean): RankingRequest {
    const sft = this.#finished('sft');
    if (sft === null) throw new InputError('First train on demonstrations (1 Demonstrate).');
    const { rows } = this.#opened();
    const own = byPerson
      ? rows.rankings.filter(({ labeler }) => sourceOf(labeler) === 'person')
      : classRankings(rows);
    const ranked = new Set(own.map((ranking) => ranking.prompt.id));
    return { sft, settings: this.#settings, count, k, ranked, prompts: trainingPromptsOf(rows) };
  }

  /** Throws {@link InputError} when something else is computing. */
  #expectIdle(stage: TrainingStage | null): void {
    if (this.#options.workbench.shipped().length === 0) {
      throw new InputError('The model has not been loaded yet: wait until it is.');
    }
    if (this.#class.busy) {
      throw new InputError('The simulated class is still ranking: wait for it or stop it.');
    }
    if (this.#judges.busy) {
      throw new InputError('The automatic judges are at work: wait for them or stop them (Judge).');
    }
    this.occupancy.expectFree();
    const training = this.#driver.training;
    if (training !== null && training !== stage) {
      const name = stageName(training, this.#settings);
      throw new InputError(`${name} is training: pause it first.`);
    }
  }

  #opened(): Project {
    if (this.#project === null) throw new InputError('No project is open yet.');
    return this.#project;
  }

  #finished(stage: TrainingStage): ModelSource | null {
    return this.#project?.finished(stage) ?? null;
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
    const finished = rows
      .filter((row) => row.manifest.finished)
      .flatMap((row) => this.#opened().summariesOf(row));
    return [...this.#options.workbench.shipped(), ...finished];
  }

  #stages(): StageStates {
    const labels = labelsState(this.#opened().rows);
    return {
      pretrain: this.#driver.state('pretrain'),
      sft: this.#driver.state('sft'),
      labels: this.#class.busy ? { ...labels, status: 'running' } : labels,
      reward: this.#driver.state('reward'),
      ppo: this.#driver.state('ppo'),
    };
  }

  #tellStages(): void {
    const stages = this.#stages();
    for (const stage of ['pretrain', 'sft', 'labels', 'reward', 'ppo'] as const) {
      this.#options.emit({ type: 'stage', stage, state: stages[stage] });
    }
  }

  #tellNotes(notes: readonly string[]): void {
    for (const message of notes) {
      this.#options.emit({ type: 'failure', failure: { kind: 'storage', message } });
    }
  }
}
