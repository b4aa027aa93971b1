/**
 * Drives one training loop to its end with progress, saving a snapshot now and then so that a killed process goes on
 * where it was. Finished stages leave `NAME-done` behind and are not run again.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStrictJson } from '../data/strict-json.ts';
import type { Loop, Snapshot, StepRecord } from '../rlhf/loop.ts';
import { compileFirstStep } from '../rlhf/rehearsal.ts';
import { UsageError } from './options.ts';
import { Progress } from './progress.ts';
import { loadSnapshot, saveSnapshot } from './snapshot-files.ts';

const SAVE_EVERY_MS = 60_000;

type SavedRecord = Pick<StepRecord, 'step' | 'values'> & Partial<Pick<StepRecord, 'checks'>>;

export interface RunFolder {
  /** Null keeps nothing. */
  readonly path: string | null;
}

export interface StageOutcome {
  readonly records: readonly SavedRecord[];
  readonly wallSeconds: number;
}

interface Journal {
  readonly records: SavedRecord[];
  seconds: number;
  readonly facts?: Readonly<Record<string, number>>;
}

function readJournal(folder: string, name: string): Journal {
  const file = join(folder, `${name}.json`);
  if (!existsSync(file)) return { records: [], seconds: 0 };
  try {
    return parseStrictJson(readFileSync(file, 'utf8')) as unknown as Journal;
  } catch {
    throw new UsageError(
      `${file} is damaged. Delete it and the folders ${name}-part and ${name}-done to do that stage again.`,
    );
  }
}

/** By a rename, so that a killed process leaves a whole journal. */
function writeJournal(folder: string, name: string, journal: Journal): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  writeFileSync(`${file}.new`, JSON.stringify(journal));
  renameSync(`${file}.new`, file);
}

/** Keeps the facts of a stage that trains nothing, for a later process that does not run it again. */
export function keepFacts(
  folder: RunFolder,
  name: string,
  facts: Readonly<Record<string, number>>,
  seconds: number,
): void {
  if (folder.path !== null) writeJournal(folder.path, name, { records: [], seconds, facts });
}

/** What {@link keepFacts} kept; empty when it kept nothing. */
export function keptFacts(
  folder: RunFolder,
  name: string,
): { facts: Readonly<Record<string, number>>; outcome: StageOutcome } {
  const { seconds, facts = {} } =
    folder.path === null ? { seconds: 0 } : readJournal(folder.path, name);
  return { facts, outcome: { records: [], wallSeconds: seconds } };
}

/** The snapshot that a stage left when it was finished, or null. */
export function finishedStage(
  folder: RunFolder,
  name: string,
): { snapshot: Snapshot; outcome: StageOutcome } | null {
  if (folder.path === null) return null;
  const snapshot = loadSnapshot(folder.path, `${name}-done`);
  if (!snapshot) return null;
  const { records, seconds } = readJournal(folder.path, name);
  return { snapshot, outcome: { records, wallSeconds: seconds } };
}

export function unfinishedStage(folder: RunFolder, name: string): Snapshot | undefined {
  if (folder.path === null) return undefined;
  return loadSnapshot(folder.path, `${name}-part`) ?? undefined;
}

/** TRL's `eps`, episodes per second of this process; empty for stages that count no episodes. */
function speed({ values, step }: StepRecord, first: number, seconds: number): string {
  const { episode } = values;
  if (episode === undefined || seconds <= 0) return '';
  const perStep = episode / step;
  return `, ${((perStep * (step - first + 1)) / seconds).toFixed(1)} eps`;
}

/**
 * Compiles the GPU programs of a stage with progress, where there are any, before it is opened to be run. `open` opens
 * it anew, whatever snapshot there is.
 */
export async function prepareStage(
  name: string,
  open: () => Promise<{ readonly loop: Loop; dispose(): void }>,
): Promise<void> {
  const progress = new Progress(`${name}: preparing the GPU, programs`, () => performance.now());
  const opened = async () => {
    const stage = await open();
    return { steps: () => stage.loop.steps(), dispose: () => stage.dispose() };
  };
  await compileFirstStep(opened, (done, total) => {
    progress.update(done, total);
  });
}

/** Runs the loop to its end; `watch` is the metric shown beside the progress. */
export async function runStage(
  name: string,
  loop: Loop,
  folder: RunFolder,
  watch: string,
  finish: () => Promise<void>,
): Promise<StageOutcome> {
  const started = performance.now();
  const { path } = folder;
  if (path !== null) mkdirSync(path, { recursive: true });
  const journal: Journal = path === null ? { records: [], seconds: 0 } : readJournal(path, name);
  const before = journal.seconds;
  const elapsed = (): number => before + (performance.now() - started) / 1000;
  const save = async (kind: 'part' | 'done'): Promise<void> => {
    if (path === null) return;
    journal.seconds = elapsed();
    // The journal first: steps that it has and the snapshot lacks are done again, missing ones would be lost.
    writeJournal(path, name, journal);
    saveSnapshot(path, `${name}-${kind}`, await loop.snapshot());
  };
  const progress = new Progress(name, () => performance.now());
  let saved = performance.now();
  let first = Infinity;
  for await (const record of loop.steps()) {
    // The journal may be ahead of the snapshot that this loop began with: such steps are recorded once.
    journal.records.length = Math.min(journal.records.length, record.step - 1);
    const { step, values, checks } = record;
    journal.records.push(checks ? { step, values, checks } : { step, values });
    first = Math.min(first, step);
    const pace = speed(record, first, (performance.now() - started) / 1000);
    progress.update(step, record.total, `${watch} ${(values[watch] ?? NaN).toFixed(4)}${pace}`);
    if (performance.now() - saved > SAVE_EVERY_MS) {
      await save('part');
      saved = performance.now();
    }
  }
  await finish();
  await save('done');
  return { records: journal.records, wallSeconds: elapsed() };
}
