/**
 * A laboratory as files and back: `lab.json` says what is in it (format, version, settings, size and hash of each file),
 * rows are JSON lines, each checkpoint is a safetensors file. Every byte is checked before anything is returned. What is
 * done with the rows is lab-merge.ts and storage/lab.ts.
 */
import * as v from 'valibot';
import { parseSettings, SettingsError, type Settings } from '../config/settings.ts';
import { FormatError } from '../data/format-error.ts';
import { readSafetensors } from '../data/safetensors.ts';
import { parseStrictJson } from '../data/strict-json.ts';
import { sha256 } from '../storage/checkpoints.ts';
import type { LabRows } from '../storage/lab.ts';
import { ROW_CHECKS, VALUE_CHECKS } from '../storage/validators.ts';
import { withNumberNames, withNumbers } from './number-names.ts';

const FORMAT = 'rlhf-playground-lab';
const VERSION = 1;
const MANIFEST = 'lab.json';

/** Where the rows of each kind lie. */
const ROW_FILES = {
  prompts: 'labels/prompts.jsonl',
  demonstrations: 'labels/demonstrations.jsonl',
  rankings: 'labels/rankings.jsonl',
  votes: 'labels/votes.jsonl',
  evaluations: 'labels/evaluations.jsonl',
  runs: 'runs/runs.jsonl',
  metrics: 'runs/metrics.jsonl',
  views: 'runs/views.jsonl',
  checkpoints: 'checkpoints/checkpoints.jsonl',
  suites: 'judge/suite.jsonl',
  sittings: 'judge/sitting.jsonl',
  evaluationSittings: 'judge/evaluation.jsonl',
  texts: 'base/text.jsonl',
} as const satisfies Record<keyof LabRows, string>;

const CHECKS = {
  ...VALUE_CHECKS,
  runs: ROW_CHECKS.runs,
  metrics: ROW_CHECKS.metrics,
  views: ROW_CHECKS.views,
  checkpoints: ROW_CHECKS.checkpoints,
} satisfies { [K in keyof LabRows]: v.GenericSchema<unknown, LabRows[K][number]> };

const manifestCheck = v.strictObject({
  format: v.literal(FORMAT),
  version: v.literal(VERSION),
  createdAt: v.pipe(v.number(), v.safeInteger()),
  settings: v.unknown(),
  files: v.record(
    v.string(),
    v.strictObject({
      bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
      sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    }),
  ),
});

/** A whole laboratory outside the database. */
export interface LabContents {
  readonly settings: Settings;
  readonly rows: LabRows;
  /** Bytes of each checkpoint by its id. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
}

function weightsFile(index: number): string {
  return `checkpoints/${String(index + 1).padStart(4, '0')}.safetensors`;
}

/** Nothing was imported, because of a file inside. */
function refused(file: string, problem: string): FormatError {
  return new FormatError(
    `${file} in this laboratory file: ${problem}`,
    'Nothing was imported. Choose another file, or export it again where it came from.',
  );
}

/** Files by name, for data/zip-archive.ts. `createdAt` in milliseconds since 1970. */
export async function labFiles(
  { settings, rows, bytes }: LabContents,
  createdAt: number,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const text = new TextEncoder();
  for (const [kind, name] of Object.entries(ROW_FILES)) {
    const lines = rows[kind as keyof LabRows].map(
      (row) => `${JSON.stringify(withNumberNames(row))}\n`,
    );
    files.set(name, text.encode(lines.join('')));
  }
  rows.checkpoints.forEach(({ id }, i) =>
    files.set(weightsFile(i), bytes.get(id) ?? new Uint8Array()),
  );
  const listed = await Promise.all(
    [...files].map(async ([name, content]) => {
      return [
        name,
        { bytes: content.length, sha256: await sha256(new Uint8Array(content)) },
      ] as const;
    }),
  );
  const manifest = {
    ...{ format: FORMAT, version: VERSION, createdAt, settings },
    files: Object.fromEntries(listed),
  };
  return new Map([[MANIFEST, text.encode(`${JSON.stringify(manifest, null, 2)}\n`)], ...files]);
}

function jsonOf(file: string, bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw refused(file, `it is not valid JSON (${error instanceof Error ? error.message : ''}).`);
  }
}

function manifestOf(files: ReadonlyMap<string, Uint8Array>) {
  const bytes = files.get(MANIFEST);
  if (bytes === undefined) {
    throw refused(MANIFEST, 'it is missing, so this zip is not a laboratory of this program.');
  }
  const json = jsonOf(MANIFEST, bytes);
  const version: unknown = v.is(v.looseObject({ version: v.unknown() }), json)
    ? json.version
    : null;
  if (typeof version === 'number' && version > VERSION) {
    throw refused(
      MANIFEST,
      `it is of version ${version}, and this program reads version ${VERSION}: update the page.`,
    );
  }
  const parsed = v.safeParse(manifestCheck, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw refused(MANIFEST, `${v.getDotPath(issue) ?? 'content'}: ${issue.message}.`);
}

/** Every file is listed with its size and hash, and every listed one is there. */
async function checkListed(
  files: ReadonlyMap<string, Uint8Array>,
  listed: v.InferOutput<typeof manifestCheck>['files'],
): Promise<void> {
  for (const [name, { bytes, sha256: hash }] of Object.entries(listed)) {
    const content = files.get(name);
    if (content === undefined) throw refused(name, 'it is missing.');
    if (content.length !== bytes)
      throw refused(name, `it has ${content.length} bytes instead of ${bytes}.`);
    if ((await sha256(new Uint8Array(content))) !== hash) {
      throw refused(name, 'its content is not what was exported.');
    }
  }
  const known = new Set([MANIFEST, ...Object.keys(listed)]);
  const stranger = [...files.keys()].find((name) => !known.has(name));
  if (stranger !== undefined) throw refused(stranger, 'it is not in the list of lab.json.');
}

function rowsOf<T>(
  file: string,
  bytes: Uint8Array | undefined,
  check: v.GenericSchema<unknown, T>,
): T[] {
  if (bytes === undefined) throw refused(file, 'it is missing.');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused(file, 'it is not text in UTF-8.');
  }
  return text.split('\n').flatMap((line, i) => {
    if (line === '') return [];
    const row = v.safeParse(
      check,
      withNumbers(jsonOf(`${file}, line ${i + 1},`, new TextEncoder().encode(line))),
    );
    if (row.success) return [row.output];
    const [issue] = row.issues;
    throw refused(`${file}, line ${i + 1},`, `${v.getDotPath(issue) ?? 'row'}: ${issue.message}.`);
  });
}

function checkUnique(file: string, ids: readonly string[]): void {
  const seen = new Set<string>();
  for (const [i, id] of ids.entries()) {
    if (seen.has(id)) throw refused(`${file}, line ${i + 1},`, `${id} is there twice.`);
    seen.add(id);
  }
}

/** Ids are each there once, and what belongs to a run belongs to one in the file. */
function checkTogether(rows: LabRows): void {
  for (const kind of [
    'prompts',
    'demonstrations',
    'rankings',
    'votes',
    'runs',
    'checkpoints',
  ] as const) {
    checkUnique(
      ROW_FILES[kind],
      rows[kind].map(({ id }) => id),
    );
  }
  checkUnique(
    ROW_FILES.metrics,
    rows.metrics.map(({ run, from }) => `${run} from ${from}`),
  );
  checkUnique(
    ROW_FILES.views,
    rows.views.map(({ run }) => run),
  );
  const runs = new Set(rows.runs.map(({ id }) => id));
  const of = {
    runs: rows.runs.map(({ run }) => run.id),
    metrics: rows.metrics.map(({ run }) => run),
    views: rows.views.map(({ run }) => run),
    checkpoints: rows.checkpoints.map(({ manifest }) => manifest.run),
  };
  for (const [kind, named] of Object.entries(of)) {
    const i = named.findIndex((run) => !runs.has(run));
    const file = ROW_FILES[kind as keyof typeof of];
    if (i >= 0)
      throw refused(`${file}, line ${i + 1},`, `run ${named[i] ?? ''} is not in the file.`);
  }
  for (const [kind, most] of [
    ['suites', 1],
    ['sittings', 1],
    ['evaluationSittings', 1],
    ['texts', 1],
  ] as const) {
    if (rows[kind].length > most) throw refused(ROW_FILES[kind], 'it has more than one row.');
  }
}

function weightsOf(rows: LabRows, files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  return new Map(
    rows.checkpoints.map(({ id, byteLength, manifest }, i) => {
      const file = weightsFile(i);
      const bytes = files.get(file);
      if (bytes === undefined) throw refused(file, 'it is missing.');
      if (manifest.id !== id)
        throw refused(ROW_FILES.checkpoints, `${id} calls itself ${manifest.id}.`);
      if (bytes.length !== byteLength)
        throw refused(file, `it does not have the size of ${manifest.name}.`);
      try {
        readSafetensors(bytes);
      } catch (error) {
        if (error instanceof FormatError) throw refused(file, error.problem);
        throw error;
      }
      return [id, bytes];
    }),
  );
}

function settingsOf(stored: unknown): Settings {
  try {
    return parseSettings(stored);
  } catch (error) {
    if (error instanceof SettingsError) throw refused(MANIFEST, `settings: ${error.message}`);
    throw error;
  }
}

/** What unpacked files hold. Throws {@link FormatError} that names the file inside, the line, and the problem. */
export async function labFromFiles(files: ReadonlyMap<string, Uint8Array>): Promise<LabContents> {
  const manifest = manifestOf(files);
  await checkListed(files, manifest.files);
  const read = <K extends keyof LabRows>(kind: K): LabRows[K][number][] =>
    rowsOf<LabRows[K][number]>(ROW_FILES[kind], files.get(ROW_FILES[kind]), CHECKS[kind]);
  // Files from before these were packed have no such file.
  const readNewer = <K extends 'evaluations' | 'evaluationSittings' | 'texts'>(kind: K) =>
    files.has(ROW_FILES[kind]) ? read(kind) : [];
  const rows: LabRows = {
    prompts: read('prompts'),
    demonstrations: read('demonstrations'),
    rankings: read('rankings'),
    votes: read('votes'),
    evaluations: readNewer('evaluations'),
    runs: read('runs'),
    metrics: read('metrics'),
    views: read('views'),
    checkpoints: read('checkpoints'),
    suites: read('suites'),
    sittings: read('sittings'),
    evaluationSittings: readNewer('evaluationSittings'),
    texts: readNewer('texts'),
  };
  checkTogether(rows);
  return { settings: settingsOf(manifest.settings), rows, bytes: weightsOf(rows, files) };
}
