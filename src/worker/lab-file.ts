/**
 * A whole laboratory (labels, runs, checkpoints, settings) as one zip: out of the project and into it. A file is unpacked,
 * checked and merged in memory, then added in one transaction, so a bad one changes nothing. Loaded when first asked for.
 */
import { packFiles, unpackFiles, type ArchiveLimits } from '../data/zip-archive.ts';
import { readCheckpoint } from '../storage/checkpoints.ts';
import { DamagedCheckpointError } from '../storage/errors.ts';
import { readLab, writeLab } from '../storage/lab.ts';
import { InputError } from './failure.ts';
import { labFiles, labFromFiles } from './lab-format.ts';
import { keptApart } from './lab-merge.ts';
import type { Project } from './project.ts';
import type { CommandMap, LabAdditions } from './protocol.ts';
import type { ReportProgress } from './stages.ts';

const GIGABYTE = 1e9;
const LIMITS: ArchiveLimits = { files: 10_000, fileBytes: GIGABYTE, totalBytes: 4 * GIGABYTE };
/** Of the zip itself: it is held in memory as a whole. */
const LARGEST_FILE = 2 * GIGABYTE;

/** The project as a zip; a damaged checkpoint is left out and named in a note. */
export async function exportLab(
  project: Project,
  now: number,
  report: ReportProgress,
): Promise<CommandMap['lab.export']['reply']> {
  const task = 'Packing the laboratory';
  const db = await project.database();
  const { rows, damaged } = await readLab(db, project.id);
  const notes = damaged === 0 ? [] : [`${damaged} stored rows could not be read and are left out.`];
  const bytes = new Map<string, Uint8Array>();
  const steps = rows.checkpoints.length + 1;
  report(task, 0, steps);
  try {
    for (const [i, { id, manifest }] of rows.checkpoints.entries()) {
      try {
        bytes.set(id, (await readCheckpoint(db, id)).bytes);
      } catch (error) {
        if (!(error instanceof DamagedCheckpointError)) throw error;
        notes.push(`${manifest.name} is damaged and is left out.`);
      }
      report(task, i + 1, steps);
    }
    const sound = { ...rows, checkpoints: rows.checkpoints.filter(({ id }) => bytes.has(id)) };
    const files = await labFiles({ settings: project.rows.settings, rows: sound, bytes }, now);
    return { file: new Blob([packFiles(files)], { type: 'application/zip' }), notes };
  } finally {
    report(task, steps, steps);
  }
}

/** Adds what the file holds. Throws FormatError (which file inside, what is wrong) or StorageError; then nothing changed. */
export async function importLab(
  project: Project,
  { file, settings }: CommandMap['lab.import']['args'],
  report: ReportProgress,
): Promise<LabAdditions> {
  if (file.size > LARGEST_FILE) {
    throw new InputError(
      'This file is larger than 2 GB: export fewer checkpoints, then try again.',
    );
  }
  const task = 'Reading the laboratory';
  report(task, 0, 3);
  try {
    const files = unpackFiles(new Uint8Array(await file.arrayBuffer()), LIMITS);
    report(task, 1, 3);
    const incoming = await labFromFiles(files);
    report(task, 2, 3);
    const db = await project.database();
    const { rows, sources } = keptApart(
      project.id,
      (await readLab(db, project.id)).rows,
      incoming.rows,
    );
    const bytes = new Map(
      [...sources].map(([id, from]) => [id, incoming.bytes.get(from) ?? new Uint8Array()]),
    );
    await writeLab(db, project.id, { rows, bytes, settings: settings ? incoming.settings : null });
    await project.refreshTraining();
    await project.refreshLabels();
    return {
      runs: rows.runs.length,
      checkpoints: rows.checkpoints.length,
      rankings: rows.rankings.length,
      votes: rows.votes.length + rows.evaluations.length,
      demonstrations: rows.demonstrations.length,
      prompts: rows.prompts.length,
    };
  } finally {
    report(task, 3, 3);
  }
}
