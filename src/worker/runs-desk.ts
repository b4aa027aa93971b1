/**
 * What the page can do with stored runs and their checkpoints beside training them: list, show, rename, delete, fork,
 * export. Loaded when it is first asked for. It trains nothing: a fork waits until its stage is started.
 */
import { forkPlan } from '../config/fork-settings.ts';
import { METHOD_LABELS } from '../config/method-table.ts';
import type { Settings } from '../config/settings.ts';
import { writeSafetensors } from '../data/safetensors.ts';
import type { CheckpointManifest, JsonValue, Run, Stage } from '../records/run.ts';
import { resultTensors, unprefixed } from '../rlhf/loop.ts';
import { readCheckpoint, sha256 } from '../storage/checkpoints.ts';
import { DamagedCheckpointError } from '../storage/errors.ts';
import { listMetrics } from '../storage/lists.ts';
import { deleteRun, renameRun } from '../storage/runs.ts';
import type { CheckpointRow, RunRow } from '../storage/schema.ts';
import { InputError } from './failure.ts';
import { endedBecause } from './go-back.ts';
import { freeName } from './free-name.ts';
import { prefixOf } from './model-shelf.ts';
import { settingsOfRun, snapshotOf, type Project } from './project.ts';
import type {
  CommandMap,
  HashedCheckpoint,
  RunCheckpoint,
  RunSummary,
  TrainingStage,
} from './protocol.ts';
import { finishedCheckpoint, inputsOf, methodOf, newestRun, stepWordOfRun } from './stage-graph.ts';

/** Longer names would not fit a legend. */
const LONGEST_NAME = 80;

/** Of SHA-256: enough that no two checkpoints of a course meet, in a link that can be read out. Hexadecimal. */
const HASH_DIGITS = 16;

/** What goes on from the result of a stage, in words. */
const READERS: Readonly<Record<TrainingStage, string>> = {
  pretrain: 'Step 1 can start from it',
  sft: 'The answers to rank, the reward model and step 3 start from it',
  reward: 'Step 3 is rewarded by it',
  ppo: 'It is the result of step 3',
};

const isTraining = (stage: Stage): stage is TrainingStage => Object.hasOwn(READERS, stage);

/** Stage of a run; the other stages of the records are not trained here. */
function trainingStage({ stage, name }: Run): TrainingStage {
  if (isTraining(stage)) return stage;
  throw new InputError(`${name} is of a stage that this version does not train.`);
}

/** Without what a changed beta or ptx coefficient would be overruled by: the values that the run had come to. */
function withoutOldValues(state: JsonValue, before: RunRow, fork: RunRow): JsonValue {
  const own = settingsOfRun(before);
  const forked = settingsOfRun(fork);
  if (own === null || forked === null) return state;
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return state;
  const { turns = [] } = before.run;
  const gone: readonly string[] = (['beta', 'ptxCoefficient'] as const).filter(
    (name) => own.ppo[name] !== forked.ppo[name] || turns.some((turn) => turn.name === name),
  );
  return Object.fromEntries(Object.entries(state).filter(([key]) => !gone.includes(key)));
}

/** Of older runs the model is kept without what only going on needs. */
function isModelAlone({ finished, state }: CheckpointManifest): boolean {
  return finished && state === null;
}

export class RunsDesk {
  readonly #project: Project;
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(project: Project, now: () => number) {
    this.#project = project;
    this.#now = now;
  }

  list(): readonly RunSummary[] {
    const { rows } = this.#project;
    return rows.runs.flatMap((row) => {
      const { run, step, total } = row;
      const { stage } = run;
      if (!isTraining(stage)) return [];
      const settings = settingsOfRun(row);
      const checkpoints = rows.checkpoints.filter(({ manifest }) => manifest.run === run.id);
      const { id, name, seed, backend, device = '', turns = [], startedAt, status } = run;
      const shown = {
        id,
        name,
        stage,
        seed,
        backend,
        device,
        turns,
        startedAt,
        status,
        step,
        total,
      };
      return {
        ...shown,
        settings,
        stale: row.inputs !== inputsOf({ ...rows, ...this.#asChosen(row) }, stage),
        use: this.#useOfRun(row),
        checkpoints: checkpoints.map((own) => this.#checkpoint(row, own)),
      };
    });
  }

  async show({ runs }: CommandMap['runs.show']['args']): Promise<CommandMap['runs.show']['reply']> {
    const db = await this.#project.database();
    const known = runs.filter((id) => this.#project.rows.runs.some((row) => row.id === id));
    const shown = known.map(async (run) => ({
      run,
      records: await listMetrics(db, run),
      view: await this.#project.viewOf(run),
    }));
    return { shown: await Promise.all(shown) };
  }

  async rename({ run, name }: CommandMap['run.rename']['args']): Promise<void> {
    const wished = name.trim();
    const { rows, id } = this.#writable();
    const own = this.#run(run);
    if (wished === '' || wished.length > LONGEST_NAME) {
      throw new InputError(`A name has from 1 to ${LONGEST_NAME} characters: write another.`);
    }
    if (rows.runs.some((row) => row.id !== own.id && row.run.name === wished)) {
      throw new InputError(`There is another run called ${wished}: write another name.`);
    }
    await renameRun(await this.#project.database(), id, run, wished);
    await this.#project.refreshTraining();
  }

  /** Gives the ids of the checkpoints that went with the run. */
  async remove(run: string): Promise<readonly string[]> {
    const { id, rows } = this.#writable();
    this.#run(run);
    const own = rows.checkpoints.filter(({ manifest }) => manifest.run === run);
    const models = own.flatMap((row) => this.#project.summariesOf(row).map((model) => model.id));
    await deleteRun(await this.#project.database(), id, run);
    await this.#project.refreshTraining();
    return models;
  }

  /**
   * A new run with the series, the view and the bytes of another up to one of its checkpoints. Throws InputError when
   * nothing can go on from it; the other run is as it was.
   */
  async fork({ checkpoint, settings }: CommandMap['run.fork']['args']): Promise<string> {
    this.#writable();
    const from = this.#checkpointRow(checkpoint);
    const row = this.#run(from.manifest.run);
    const forked = this.#forkedRun(row, from, settings);
    const { state } = from.manifest;
    await this.#project.saveFork(forked, await this.#project.read(from.id), {
      finished: isModelAlone(from.manifest),
      state: settings === 'own' ? state : withoutOldValues(state, row, forked),
    });
    return forked.id;
  }

  /** The weights under their GPT-2 names, in full precision: what `transformers` reads beside the base's config.json. */
  async export({ checkpoint }: CommandMap['checkpoint.export']['args']): Promise<Blob> {
    const source = this.#project.source(checkpoint);
    const { summary } = source;
    if (summary.kind === 'sampling') {
      throw new InputError(`${summary.name} trained nothing and has no weights of its own.`);
    }
    const { tensors } = await source.load();
    const bytes = writeSafetensors(unprefixed(tensors, prefixOf(summary)), 'F32', {
      format: 'pt',
      name: summary.name,
      step: String(summary.step),
    });
    return new Blob([new Uint8Array(bytes)], { type: 'application/octet-stream' });
  }

  /**
   * Of the models alone: what only going on needs is dropped from older runs, and they stay the same checkpoint. Damaged
   * ones are left out.
   */
  async hashes(): Promise<readonly HashedCheckpoint[]> {
    const db = await this.#project.database();
    const hashed: HashedCheckpoint[] = [];
    for (const { id, manifest } of this.#project.rows.checkpoints) {
      try {
        const { tensors } = snapshotOf(await readCheckpoint(db, id));
        const models = [...resultTensors(manifest.stage, tensors)];
        models.sort(([a], [b]) => (a < b ? -1 : 1));
        const bytes = new Uint8Array(writeSafetensors(new Map(models), 'F32'));
        hashed.push({ id, name: manifest.name, hash: (await sha256(bytes)).slice(0, HASH_DIGITS) });
      } catch (error) {
        if (!(error instanceof DamagedCheckpointError)) throw error;
      }
    }
    return hashed;
  }

  #writable(): Project {
    this.#project.expectWritable();
    return this.#project;
  }

  #run(id: string): RunRow {
    const row = this.#project.rows.runs.find((candidate) => candidate.id === id);
    if (row === undefined)
      throw new InputError('This run does not exist (any more): choose another.');
    return row;
  }

  #checkpointRow(id: string): CheckpointRow {
    const row = this.#project.rows.checkpoints.find((candidate) => candidate.id === id);
    if (row !== undefined) return row;
    throw new InputError('This checkpoint does not exist (any more): choose another.');
  }

  /** A run's staleness is asked under its own method: the runs of the others are not stale for not being chosen. */
  #asChosen({ run }: RunRow): { readonly settings: Settings } {
    const { settings } = this.#project.rows;
    const name = methodOf(run);
    if (run.stage !== 'ppo' || name === null) return { settings };
    return { settings: { ...settings, method: { ...settings.method, name } } };
  }

  #useOfRun(row: RunRow): string {
    const { rows } = this.#project;
    const stage = trainingStage(row.run);
    const seen = { ...rows, ...this.#asChosen(row) };
    const words: string[] = [];
    const { status } = row.run;
    if (newestRun(seen, stage)?.id === row.id && (status === 'paused' || status === 'running')) {
      words.push(`It is under way, at ${stepWordOfRun(row.run)} ${row.step} of ${row.total}.`);
    }
    const result = finishedCheckpoint(seen, stage);
    if (result?.manifest.run === row.id) words.push(`${READERS[stage]}.`);
    return words.join(' ');
  }

  #checkpoint(row: RunRow, own: CheckpointRow): RunCheckpoint {
    const { id, name, step, finished, createdAt } = own.manifest;
    const stage = trainingStage(row.run);
    const seen = { ...this.#project.rows, ...this.#asChosen(row) };
    const isResult = finishedCheckpoint(seen, stage)?.id === id;
    const isNext = this.#project.lastOf(row)?.id === id && row.run.status !== 'finished';
    const use = isResult ? `${READERS[stage]}.` : isNext ? `${row.run.name} goes on from it.` : '';
    const of = { id, name, step, finished, createdAt, bytes: own.byteLength };
    return { ...of, use, ended: endedBecause(this.#project.rows, row, own, stage) };
  }

  /** The run that a fork would be. Throws InputError when nothing can go on from the checkpoint. */
  #forkedRun(row: RunRow, from: CheckpointRow, wish: 'own' | 'present'): RunRow {
    this.#expectMethod(row);
    const { step } = from.manifest;
    const startedAt = this.#now();
    const id = `${row.id.replace(/-[^-]*$/, '')}-${startedAt.toString(36)}`;
    const taken = new Set(this.#project.rows.runs.map(({ run }) => run.name));
    const name = freeName(
      `${row.run.name.replace(/, from step .*$/, '')}, from step ${step}`,
      taken,
    );
    const { turns = [], ...plain } = row.run;
    const origin = { run: row.id, step };
    const fork = { ...row, id, step, run: { ...plain, id, name, startedAt, origin } };
    const turned = turns.filter(({ iteration }) => iteration <= step);
    if (isModelAlone(from.manifest)) return fork;
    const ended = endedBecause(this.#project.rows, row, from, trainingStage(row.run));
    if (ended !== null) throw new InputError(`${ended} Train again instead.`);
    const own = settingsOfRun(row);
    if (own === null || wish === 'own') {
      if (from.manifest.finished && step >= row.total) {
        throw new InputError(`${row.run.name} is finished: change a setting, then fork it.`);
      }
      return { ...fork, run: { ...fork.run, status: 'paused', turns: turned } };
    }
    const { rows } = this.#project;
    const stage = trainingStage(row.run);
    const { settings } = forkPlan(stage, own, rows.settings);
    const inputs = inputsOf({ ...rows, settings }, stage);
    return { ...fork, inputs, run: { ...fork.run, settings, status: 'paused' } };
  }

  /** In step 3 the runs of a method go on while that method is chosen. */
  #expectMethod({ run }: RunRow): void {
    const { settings } = this.#project.rows;
    const name = methodOf(run);
    if (run.stage !== 'ppo' || name === settings.method.name) return;
    const words = name === null ? 'an unknown method' : METHOD_LABELS[name];
    throw new InputError(`${run.name} was made by ${words}: choose that first (3 Reinforce).`);
  }
}
