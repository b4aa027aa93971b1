/**
 * One open project on the worker's side: its rows in memory as they are on disk, its checkpoints as model sources,
 * and every write of training. It decides nothing about what runs when: see session.ts; nor which checkpoints stay: see
 * kept-checkpoints.ts.
 */
import {
  defaultSettings,
  parseSettings,
  SettingsError,
  type Settings,
} from '../config/settings.ts';
import { readSafetensors, writeSafetensors } from '../data/safetensors.ts';
import type { Demonstration, Prompt } from '../records/prompt.ts';
import type { Ranking } from '../records/ranking.ts';
import type { CheckpointManifest, JsonValue, MetricRecord } from '../records/run.ts';
import { EMPTY_VIEW, type RunView } from '../records/run-view.ts';
import type { Suite } from '../records/suite.ts';
import { resultTensors, type Loop, type Snapshot } from '../rlhf/loop.ts';
import {
  deleteCheckpoints,
  listCheckpoints,
  loadCheckpoint,
  pruneCheckpoints,
  readCheckpoint,
  rewriteCheckpoint,
  saveCheckpoint,
  type LoadedCheckpoint,
} from '../storage/checkpoints.ts';
import { ReadOnlyError } from '../storage/errors.ts';
import {
  addDemonstrations,
  addPrompts,
  addRankings,
  listDemonstrations,
  listPrompts,
  listRankings,
} from '../storage/labels.ts';
import { listMetrics, listRuns, readOwnText, readSuite, readView } from '../storage/lists.ts';
import type { Connection, Database } from '../storage/open.ts';
import { openProject, readProject, saveSettings, saveSuite } from '../storage/projects.ts';
import { saveRun } from '../storage/runs.ts';
import type { CheckpointRow, RunRow } from '../storage/schema.ts';
import { InputError } from './failure.ts';
import {
  deletedWith,
  KEPT_UNFINISHED,
  sparedCheckpoints,
  supersededBy,
} from './kept-checkpoints.ts';
import { newRunRow, type RunMachine } from './new-run.ts';
import type { CheckpointSummary, TrainingStage } from './protocol.ts';
import { finishedCheckpoint, methodOf, newestRun, type ProjectRows } from './stage-graph.ts';
import type { ModelSource } from './stages.ts';

/** Stored settings; those of another version that no longer pass are replaced by the defaults, with a note. */
function readSettings(stored: JsonValue, notes: string[]): Settings {
  try {
    return parseSettings(stored);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    notes.push(`The stored settings no longer pass (${error.message}) The defaults are used.`);
    return defaultSettings();
  }
}

/** Settings that a run was started with; null when they are of another version and no longer pass. */
export function settingsOfRun(row: RunRow): Settings | null {
  try {
    return parseSettings(row.run.settings);
  } catch (error) {
    if (error instanceof SettingsError) return null;
    throw error;
  }
}

function damagedNote(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} stored ${what} could not be read and were left out.`];
}

/** What the store does with rows that it already has: the new one takes the place of the old. */
function replacedById<Row extends { readonly id: string }>(
  rows: readonly Row[],
  added: readonly Row[],
): Row[] {
  const ids = new Set(added.map(({ id }) => id));
  return [...rows.filter(({ id }) => !ids.has(id)), ...added];
}

export function snapshotOf({ row, bytes }: LoadedCheckpoint): Snapshot {
  return { tensors: readSafetensors(bytes), state: row.manifest.state };
}

/** Ends the id of a checkpoint's running average. */
const AVERAGE = '/average';

export interface OpenOptions {
  readonly connection: Connection;
  readonly id: string;
  readonly now: () => number;
  /** Settings of a project that is new. */
  readonly settings: Settings;
  readonly readOnly: boolean;
}

export class Project {
  readonly id: string;
  readonly #connection: Connection;
  readonly #now: () => number;
  /** True when another tab has the project. */
  readonly readOnly: boolean;
  #rows: ProjectRows;

  private constructor(options: OpenOptions, rows: ProjectRows) {
    this.id = options.id;
    this.#connection = options.connection;
    this.#now = options.now;
    this.readOnly = options.readOnly;
    this.#rows = rows;
  }

  /** Reads everything but the tensors; `notes` says what could not be read. */
  static async open(options: OpenOptions): Promise<{ project: Project; notes: readonly string[] }> {
    const notes: string[] = [];
    const db = await options.connection.db();
    const stored = options.readOnly
      ? await readProject(db, options.id)
      : await openProject(db, options.id, options.settings, options.now());
    const settings = stored === null ? options.settings : readSettings(stored.settings, notes);
    const empty = {
      settings,
      runs: [],
      checkpoints: [],
      rankings: [],
      demonstrations: [],
      prompts: [],
      text: null,
    };
    const project = new Project(options, empty);
    notes.push(...(await project.refreshTraining()), ...(await project.refreshLabels()));
    return { project, notes };
  }

  get rows(): ProjectRows {
    return this.#rows;
  }

  /** Throws {@link ReadOnlyError} when another tab has the project. */
  expectWritable(): void {
    if (this.readOnly) throw new ReadOnlyError();
  }

  async setSettings(settings: Settings): Promise<void> {
    this.expectWritable();
    await saveSettings(await this.database(), this.id, settings);
    this.#rows = { ...this.#rows, settings };
  }

  /** Reads labels and demonstrations again after the page wrote some. */
  async refreshLabels(): Promise<string[]> {
    const db = await this.database();
    const rankings = await listRankings(db, this.id);
    const demonstrations = await listDemonstrations(db, this.id);
    const prompts = await listPrompts(db, this.id);
    const text = await readOwnText(db, this.id);
    this.#rows = {
      ...this.#rows,
      rankings: rankings.rows,
      demonstrations: demonstrations.rows,
      prompts: prompts.rows,
      text,
    };
    return [
      ...damagedNote(rankings.damaged, 'rankings'),
      ...damagedNote(demonstrations.damaged, 'demonstrations'),
      ...damagedNote(prompts.damaged, 'prompts'),
    ];
  }

  async refreshTraining(): Promise<string[]> {
    const db = await this.database();
    const runs = await listRuns(db, this.id);
    this.#rows = {
      ...this.#rows,
      runs: runs.rows,
      checkpoints: await listCheckpoints(db, this.id),
    };
    return damagedNote(runs.damaged, 'runs');
  }

  async addRankings(rankings: readonly Ranking[]): Promise<void> {
    this.expectWritable();
    await addRankings(await this.database(), this.id, rankings);
    this.#rows = { ...this.#rows, rankings: replacedById(this.#rows.rankings, rankings) };
  }

  async addDemonstrations(demonstrations: readonly Demonstration[]): Promise<void> {
    this.expectWritable();
    await addDemonstrations(await this.database(), this.id, demonstrations);
    const rows = replacedById(this.#rows.demonstrations, demonstrations);
    this.#rows = { ...this.#rows, demonstrations: rows };
  }

  async addPrompts(prompts: readonly Prompt[]): Promise<void> {
    this.expectWritable();
    await addPrompts(await this.database(), this.id, prompts);
    this.#rows = { ...this.#rows, prompts: replacedById(this.#rows.prompts, prompts) };
  }

  async saveRun(row: RunRow): Promise<void> {
    this.expectWritable();
    await saveRun(await this.database(), row);
    await this.refreshTraining();
  }

  /** What the newest run of each stage has left to show: its metric series, and its view if it has one. */
  async newestShown() {
    const db = await this.database();
    const runs = (['pretrain', 'sft', 'reward', 'ppo'] as const).flatMap((stage) => {
      const row = newestRun(this.#rows, stage);
      if (row === undefined) return [];
      const { turns } = row.run;
      const of = { run: row.id, stage, settings: settingsOfRun(row) };
      return [turns === undefined ? of : { ...of, turns }];
    });
    const metrics = await Promise.all(
      runs.map(async (of) => ({ ...of, records: await listMetrics(db, of.run) })),
    );
    const views = await Promise.all(
      runs.map(async ({ run, stage }) => ({ run, stage, view: await readView(db, run) })),
    );
    return {
      metrics,
      views: views.flatMap(({ view, ...of }) => (view === null ? [] : [{ ...of, view }])),
    };
  }

  /** What a run showed at its last checkpoint. */
  async viewOf(run: string): Promise<RunView | null> {
    return readView(await this.database(), run);
  }

  async suite(): Promise<Suite | null> {
    return readSuite(await this.database(), this.id);
  }

  /** Keeps a judgement, in the place of the one before. */
  async saveSuite(suite: Suite): Promise<void> {
    this.expectWritable();
    await saveSuite(await this.database(), this.id, suite);
  }

  /** A checkpoint as models to pick: its last weights and, before them, their running average where it has one (PPO). */
  summariesOf({ manifest, kind, byteLength }: CheckpointRow): CheckpointSummary[] {
    const { id, name, run, stage, step, createdAt } = manifest;
    const made = this.#rows.runs.find((row) => row.id === run);
    const method = stage === 'ppo' && made !== undefined ? methodOf(made.run) : null;
    // Best of n trains nothing: its policy is the one of step 1, under another name.
    const what = method === 'best-of-n' ? ('sampling' as const) : kind;
    const of = { run, stage, step, kind: what, createdAt, shipped: false, bytes: byteLength };
    const last = { ...of, id, name, average: false };
    const average = { ...of, id: `${id}${AVERAGE}`, name: `${name} (average)`, average: true };
    return method === 'ppo' && manifest.withoutAverage !== true ? [average, last] : [last];
  }

  /** A checkpoint of this project as something that can be loaded. Throws {@link InputError} when there is none. */
  source(id: string): ModelSource {
    const own = id.endsWith(AVERAGE) ? id.slice(0, -AVERAGE.length) : id;
    const row = this.#rows.checkpoints.find((candidate) => candidate.id === own);
    const summary = row && this.summariesOf(row).find((candidate) => candidate.id === id);
    if (summary === undefined) {
      throw new InputError('This checkpoint does not exist (any more): choose another.');
    }
    return {
      summary,
      load: async () => snapshotOf(await readCheckpoint(await this.database(), own)),
    };
  }

  /** The newest finished model of a stage; null when there is none. */
  finished(stage: TrainingStage): ModelSource | null {
    const row = finishedCheckpoint(this.#rows, stage);
    return row === undefined ? null : this.source(row.id);
  }

  /** The newest checkpoint from which a run could go on. */
  lastOf(run: RunRow): CheckpointRow | undefined {
    return this.#rows.checkpoints.findLast(
      ({ manifest }) => manifest.run === run.id && manifest.state !== null,
    );
  }

  /** Where an unfinished run can go on; null when it has no sound checkpoint and has to begin again. */
  async snapshotOf(
    run: RunRow,
  ): Promise<{ snapshot: Snapshot; step: number; notes: readonly string[] } | null> {
    const own = this.lastOf(run);
    if (own === undefined) return null;
    const { loaded, notes } = await loadCheckpoint(await this.database(), own.id);
    if (loaded?.row.manifest.run !== run.id) return null;
    return { snapshot: snapshotOf(loaded), step: loaded.row.manifest.step, notes };
  }

  /** Saves a loop at a step boundary with its run and what it shows, all or nothing, then drops what is superseded. */
  async saveLoop(
    loop: Loop,
    row: RunRow,
    shown: { readonly metrics: readonly MetricRecord[]; readonly view: RunView },
    finished: boolean,
  ): Promise<void> {
    this.expectWritable();
    const { tensors, state } = await loop.snapshot();
    const stage = row.run.stage;
    const manifest: CheckpointManifest = {
      // With its step, because a run that was stopped can go on and end again as another model.
      id: `${row.id}/${finished ? `finished-${row.step}` : row.step}`,
      project: this.id,
      run: row.id,
      stage,
      name: finished ? row.run.name : `${row.run.name}, step ${row.step}`,
      step: row.step,
      finished,
      state,
      createdAt: this.#now(),
    };
    const bytes = writeSafetensors(tensors, 'F32');
    const kind = stage === 'reward' ? 'reward' : 'policy';
    const db = await this.database();
    await saveCheckpoint(db, { manifest, kind, bytes, run: row, ...shown });
    await pruneCheckpoints(db, this.id, KEPT_UNFINISHED, sparedCheckpoints(this.#rows));
    await this.refreshTraining();
    if (finished) await this.#dropSuperseded(manifest);
  }

  /** A checkpoint with its bytes. Throws DamagedCheckpointError. */
  async read(id: string): Promise<LoadedCheckpoint> {
    return readCheckpoint(await this.database(), id);
  }

  /** A run of step 3 that goes on from a checkpoint of `other`, with what was turned by then; it waits, paused. */
  async forkRun(from: LoadedCheckpoint, other: RunRow, on: RunMachine): Promise<void> {
    const { step, state } = from.row.manifest;
    const settings = settingsOfRun(other) ?? this.#rows.settings;
    const { id, run } = this.newRun('ppo', on, settings);
    const turns = (other.run.turns ?? []).filter(({ iteration }) => iteration <= step);
    const origin = { run: other.id, step };
    const forked = {
      ...other,
      id,
      step,
      run: { ...run, status: 'paused' as const, origin, turns },
    };
    await this.saveFork(forked, from, { finished: false, state });
  }

  /**
   * Stores a run that goes on from a checkpoint of another, all or nothing: the checkpoint as its own, the series up to it,
   * and of the view what holds there. It is the newest run of its stage; the other run is as it was.
   */
  async saveFork(
    forked: RunRow,
    { row, bytes }: LoadedCheckpoint,
    own: Pick<CheckpointManifest, 'finished' | 'state'>,
  ): Promise<void> {
    this.expectWritable();
    const db = await this.database();
    const { run, step } = row.manifest;
    const { finished } = own;
    const manifest: CheckpointManifest = {
      ...{ ...row.manifest, ...own, run: forked.id, createdAt: this.#now() },
      id: `${forked.id}/${finished ? `finished-${step}` : step}`,
      name: finished ? forked.run.name : `${forked.run.name}, step ${step}`,
    };
    const metrics = (await listMetrics(db, run)).filter((record) => record.step <= step);
    const whole = (await this.viewOf(run)) ?? EMPTY_VIEW;
    const view = finished ? whole : { ...EMPTY_VIEW, first: whole.first };
    await saveCheckpoint(db, { manifest, kind: row.kind, bytes, run: forked, metrics, view });
    await this.refreshTraining();
  }

  /** After a finished model: what {@link supersededBy} names. */
  async #dropSuperseded(manifest: CheckpointManifest): Promise<void> {
    const db = await this.database();
    const { gone, stripped } = supersededBy(manifest, this.#rows);
    if (gone.length > 0) await deleteCheckpoints(db, this.id, gone);
    for (const older of stripped) {
      const { tensors } = snapshotOf(await readCheckpoint(db, older.id));
      const bytes = writeSafetensors(resultTensors(manifest.stage, tensors), 'F32');
      await rewriteCheckpoint(db, { ...older, state: null }, bytes);
    }
    await this.refreshTraining();
  }

  /** Deletes a checkpoint; with the model of an ended run those in its middle, which lead nowhere any more. */
  async deleteCheckpoint(id: string): Promise<void> {
    this.expectWritable();
    await deleteCheckpoints(await this.database(), this.id, deletedWith(id, this.#rows));
    await this.refreshTraining();
  }

  /** A run of a stage that begins now, on that machinery, by default with the settings as they are; not stored yet. */
  newRun(stage: TrainingStage, on: RunMachine, settings = this.#rows.settings): RunRow {
    const begun = { project: this.id, stage, settings, on, startedAt: this.#now() };
    return newRunRow(this.#rows, begun);
  }

  /** The database, for what is stored of the project beside its rows (runs-desk.ts, lab-file.ts). */
  database(): Promise<Database> {
    return this.#connection.db();
  }
}
