/**
 * The page's view of the worker: engine, stages, checkpoints, settings, progress, failures; and the verbs that
 * the panels share. Rankings, votes and demonstrations have classes of their own.
 */
import type { Settings } from '../config/settings.ts';
import type { MachineMeasurement } from '../records/measurement.ts';
import type { Suite } from '../records/suite.ts';
import type {
  BackendName,
  CheckpointSummary,
  CommandMap,
  CommandName,
  EngineInfo,
  Failure,
  ShownRuns,
  StageState,
  StageStates,
  TrainingStage,
  WorkerEvent,
} from '../worker/protocol.ts';
import { failureOf } from './failure.ts';
import { Training } from './training.svelte.ts';

/** The page's end of the worker, as worker/client.ts provides it. */
export interface LaboratoryClient {
  call<N extends CommandName>(
    name: N,
    args: CommandMap[N]['args'],
  ): Promise<CommandMap[N]['reply']>;
  on(listener: (event: WorkerEvent) => void): () => void;
}

export interface Progress {
  readonly task: string;
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number | null;
}

/** One laboratory per browser; another name is another project. */
export const PROJECT = 'laboratory';

const TRAINING_STAGES: readonly TrainingStage[] = ['pretrain', 'sft', 'reward', 'ppo'];

export class Laboratory {
  readonly training: Readonly<Record<TrainingStage, Training>> = {
    pretrain: new Training('pretrain', () => this.#settings),
    sft: new Training('sft', () => this.#settings),
    reward: new Training('reward', () => this.#settings),
    ppo: new Training('ppo', () => this.#settings),
  };
  readonly #client: LaboratoryClient;

  #engine: EngineInfo | null = $state.raw(null);
  #opened = $state.raw(false);
  #opening = $state.raw(false);
  #stages: StageStates | null = $state.raw(null);
  #checkpoints: readonly CheckpointSummary[] = $state.raw([]);
  #settings: Settings;
  #failure: Failure | null = $state.raw(null);
  #progress: Progress | null = $state.raw(null);
  #readOnly: string | null = $state.raw(null);
  #notes: readonly string[] = $state.raw([]);
  #linked: Settings | null = $state.raw(null);
  #suite: Suite | null = $state.raw(null);
  #asked: TrainingStage | null = $state.raw(null);
  #measured: MachineMeasurement | null = $state.raw(null);
  #chosen: string | null = $state.raw(null);
  /** Told at the next change of any stage. */
  #waiting: (() => void)[] = [];

  #policies = $derived(this.#checkpoints.filter((row) => row.kind === 'policy'));
  #speaker = $derived.by(() => {
    const chosen = this.#policies.find((row) => row.id === this.#chosen);
    return chosen ?? newest(this.#policies);
  });

  constructor(client: LaboratoryClient, settings: Settings) {
    this.#client = client;
    this.#settings = $state.raw(settings);
    client.on((event) => {
      this.#receive(event);
    });
  }

  get engine(): EngineInfo | null {
    return this.#engine;
  }
  /** True once the shipped model has loaded and the project has been brought back. */
  get opened(): boolean {
    return this.#opened;
  }
  /** True while the settings of a link have been asked for and not yet taken. */
  get linkPending(): boolean {
    return this.#linked !== null;
  }
  get opening(): boolean {
    return this.#opening;
  }
  get stages(): StageStates | null {
    return this.#stages;
  }
  get settings(): Settings {
    return this.#settings;
  }
  get failure(): Failure | null {
    return this.#failure;
  }
  /** Why nothing can be changed here, when another tab has the project. */
  get readOnly(): string | null {
    return this.#readOnly;
  }
  /** True when the project is open and this tab may change it. */
  get writable(): boolean {
    return this.#opened && this.#readOnly === null;
  }
  /** The judgement that was stored when the project was opened. */
  get suite(): Suite | null {
    return this.#suite;
  }
  /** What could not be brought back and what happened to the engine, a sentence each. */
  get notes(): readonly string[] {
    return this.#notes;
  }
  get progress(): Progress | null {
    return this.#progress;
  }
  /** Checkpoints that can speak, oldest first. */
  get policies(): readonly CheckpointSummary[] {
    return this.#policies;
  }
  /** What a checkpoint that can speak is called; votes and rankings outlive it. */
  nameOf(id: string): string {
    return this.#policies.find((row) => row.id === id)?.name ?? 'a deleted checkpoint';
  }
  /** Checkpoints that take room in this browser, each once, oldest first. */
  get stored(): readonly CheckpointSummary[] {
    return this.#checkpoints.filter((row) => !row.shipped && !row.average);
  }
  /** The checkpoint that answers prompts: the one chosen, else the newest. */
  get speaker(): CheckpointSummary | undefined {
    return this.#speaker;
  }
  get hasReward(): boolean {
    return this.#checkpoints.some((row) => row.kind === 'reward');
  }
  /** A stage whose start, pause or stop is on its way; its buttons wait. */
  get asked(): TrainingStage | null {
    return this.#asked;
  }

  /** The newest measurement of this machine since the page was opened. */
  get measured(): MachineMeasurement | null {
    return this.#measured;
  }
  set measured(measurement: MachineMeasurement | null) {
    this.#measured = measurement;
  }

  stage(stage: TrainingStage | 'labels'): StageState | null {
    return this.#stages?.[stage] ?? null;
  }
  /** The stage that is training now; only one can. */
  get running(): TrainingStage | null {
    return TRAINING_STAGES.find((stage) => this.stage(stage)?.status === 'running') ?? null;
  }

  /** Sends a command whose failure the caller shows. Rejects with it. */
  call<N extends CommandName>(
    name: N,
    args: CommandMap[N]['args'],
  ): Promise<CommandMap[N]['reply']> {
    return this.#client.call(name, args);
  }

  /** Sends a command; a failure is shown and gives null. */
  async ask<N extends CommandName>(
    name: N,
    args: CommandMap[N]['args'],
  ): Promise<CommandMap[N]['reply'] | null> {
    return this.attempt(() => this.#client.call(name, args));
  }

  /** Does something that can fail; a failure is shown and gives null. */
  async attempt<T>(action: () => Promise<T>): Promise<T | null> {
    try {
      return await action();
    } catch (error) {
      this.#failure = failureOf(error);
      return null;
    }
  }

  /** Writes to the store; refused with a sentence, shown, when another tab has the project. Null when not written. */
  async write<T>(action: () => Promise<T>): Promise<T | null> {
    if (this.#readOnly === null) return this.attempt(action);
    this.#failure = { kind: 'storage', message: this.#readOnly };
    return null;
  }

  /** Starts the engine and brings the project back. `linked` settings, from the address, win over stored ones. */
  async open(linked: Settings | null, backend?: BackendName): Promise<void> {
    this.#opening = true;
    this.#linked = linked;
    const settings = linked ?? this.#settings;
    const args = backend === undefined ? { settings } : { settings, backend };
    const engine = await this.ask('engine.start', args);
    if (engine !== null) this.#engine = engine;
    const project = engine === null ? null : await this.ask('project.open', { project: PROJECT });
    if (project !== null) {
      this.#take(project);
      if (linked !== null && (await this.setSettings(linked))) this.#linked = null;
    }
    this.#progress = null;
    this.#opening = false;
    this.#opened = project !== null;
  }

  /** Reads the project again after runs or a whole laboratory were changed in the store. True when it could be read. */
  async reopen(): Promise<boolean> {
    const project = await this.ask('project.open', { project: PROJECT });
    if (project === null) return false;
    for (const stage of TRAINING_STAGES) this.training[stage].clear();
    this.#take(project);
    return true;
  }

  /** Tries again after a failed start, with the link's settings if they are still to be taken. */
  async retry(): Promise<void> {
    this.#failure = null;
    await this.open(this.#linked);
  }

  /** Starts again on another backend. */
  async chooseBackend(backend: BackendName): Promise<void> {
    this.#opened = false;
    this.#failure = null;
    await this.open(this.#linked, backend);
  }

  /** True when the worker took them. */
  async setSettings(settings: Settings): Promise<boolean> {
    const reply = await this.ask('settings.set', { settings });
    if (reply === null) return false;
    const otherMethod = settings.method.name !== this.#settings.method.name;
    this.#settings = settings;
    this.#stages = reply.stages;
    if (otherMethod) {
      this.training.ppo.clear();
      this.#restore(reply);
    }
    return true;
  }

  /** Tells the worker that the person's labels or demonstrations have changed. */
  async labelsChanged(): Promise<void> {
    const reply = await this.ask('labels.changed', {});
    if (reply !== null) this.#stages = reply.stages;
  }

  /** Stores the rows of files, all or none, and gives their number; null when they were refused. */
  async importLabels(args: CommandMap['labels.import']['args']): Promise<number | null> {
    const reply = await this.ask('labels.import', args);
    if (reply === null) return null;
    this.#failure = null;
    this.#stages = reply.stages;
    return reply.added;
  }

  /** True when it is gone. */
  async deleteCheckpoint(checkpoint: string): Promise<boolean> {
    const reply = await this.ask('checkpoint.delete', { checkpoint });
    if (reply !== null) this.#checkpoints = reply.checkpoints;
    return reply !== null;
  }

  choose(checkpoint: string): void {
    this.#chosen = checkpoint;
  }

  async start(stage: TrainingStage, fresh = false): Promise<void> {
    await this.#drive(stage, () => this.ask('stage.start', { stage, fresh }));
  }
  async pause(stage: TrainingStage): Promise<void> {
    await this.#drive(stage, () => this.ask('stage.pause', { stage }));
  }
  async step(stage: TrainingStage): Promise<void> {
    await this.#drive(stage, () => this.ask('stage.step', { stage }));
  }
  /** One phase of an iteration, then a rest inside it. */
  async phase(stage: TrainingStage): Promise<void> {
    await this.#drive(stage, () => this.ask('stage.phase', { stage }));
  }
  async stop(stage: TrainingStage): Promise<void> {
    await this.#drive(stage, () => this.ask('stage.stop', { stage }));
  }
  /** Goes on from an earlier checkpoint of step 3, as a run of its own; true when it waits there. */
  async goBack(checkpoint: string): Promise<boolean> {
    const reply = await this.ask('run.back', { checkpoint });
    if (reply === null) return false;
    this.#stages = reply.stages;
    this.#restore(reply);
    return true;
  }

  /** How a stage stands when it has stopped running; at once when it is not running. */
  async settled(stage: TrainingStage): Promise<StageState | null> {
    while (this.stage(stage)?.status === 'running') {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.stage(stage);
  }

  /** Shows something that went wrong outside the worker. */
  report(failure: Failure): void {
    this.#failure = failure;
  }

  dismissNotes(): void {
    this.#notes = [];
  }

  dismissFailure(): void {
    this.#failure = null;
  }

  async #drive(
    stage: TrainingStage,
    send: () => Promise<{ state: StageState } | null>,
  ): Promise<void> {
    this.#asked = stage;
    const reply = await send();
    this.#asked = null;
    if (reply !== null) this.#setStage(stage, reply.state);
  }

  #setStage(stage: TrainingStage | 'labels', state: StageState): void {
    if (this.#stages !== null) this.#stages = { ...this.#stages, [stage]: state };
    for (const tell of this.#waiting.splice(0)) tell();
  }

  #take(project: CommandMap['project.open']['reply']): void {
    this.#settings = project.settings;
    this.#checkpoints = project.checkpoints;
    this.#stages = project.stages;
    this.#readOnly = project.readOnly;
    this.#notes = project.notes;
    this.#suite = project.suite;
    this.#restore(project);
  }

  #restore({ metrics, views }: ShownRuns): void {
    for (const series of metrics) {
      const view = views.find((row) => row.run === series.run)?.view;
      this.training[series.stage].restore(series, view);
    }
  }

  #receive(event: WorkerEvent): void {
    for (const stage of TRAINING_STAGES) this.training[stage].receive(event);
    switch (event.type) {
      case 'progress':
        this.#progress = event.done >= event.total ? null : event;
        return;
      case 'stage':
        if (this.#asked === event.stage) this.#asked = null;
        this.#setStage(event.stage, event.state);
        return;
      case 'checkpoints':
        this.#checkpoints = event.checkpoints;
        return;
      case 'engine':
        this.#engine = event.info;
        this.#notes = [...this.#notes, event.message];
        return;
      case 'failure':
        this.#failure = event.failure;
        return;
      case 'metrics':
      case 'samples':
      case 'rollout':
      case 'phase':
      case 'turns':
      case 'checks':
      case 'exact':
        return;
    }
    event satisfies never;
  }
}

/** The latest trained checkpoint; a shipped one only while there is no other. */
function newest(rows: readonly CheckpointSummary[]): CheckpointSummary | undefined {
  const trained = rows.filter((row) => !row.shipped);
  const among = trained.length > 0 ? trained : rows;
  return among.reduce<CheckpointSummary | undefined>(
    (best, row) => (best === undefined || row.createdAt >= best.createdAt ? row : best),
    undefined,
  );
}
