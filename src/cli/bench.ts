/**
 * `npm run bench`: this project beside its peers, in one run on one machine: training step, PPO iteration, sampling,
 * reward-model step and matrix products, as tables or JSON. What is measured and by whom is in bench/; this file
 * reads the options and prints.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  BENCH_BACKENDS,
  CONFIG_NAMES,
  contendersOf,
  CONTENDERS,
  JOB_GROUPS,
  type BenchBackend,
  type ConfigName,
  type Contender,
  type Job,
  type SizeName,
} from './bench/configs.ts';
import { curveDrawing, curveTables, measureCurves } from './bench/curves.ts';
import { conditionsNow, conditionsText } from './bench/conditions.ts';
import { measureProfiles, profileTable, type Profile } from './bench/profile.ts';
import { installPeer } from './bench/peer-install.ts';
import { runJob, type JobResult, type RoundSettings } from './bench/rounds.ts';
import { replaceBlock } from './bench/sheet.ts';
import { jobTable, markdownTable, plainTable, type Table } from './bench/tables.ts';
import { targetRows, targetTable, type TargetRow } from './bench/targets.ts';
import { choiceOption, readOptions, runCommand, UsageError, wholeOption } from './options.ts';

const PEERS = CONTENDERS.filter((name) => name !== 'ours');

const OPTIONS = {
  backend: { help: `one of ${BENCH_BACKENDS.join(', ')}; wasm by default`, value: 'NAME' },
  jobs: {
    help: `some of ${Object.keys(JOB_GROUPS).join(',')}; all by default, ppo at the first size only`,
    value: 'LIST',
  },
  config: { help: `some of ${CONFIG_NAMES.join(',')}; S by default`, value: 'LIST' },
  peers: { help: `all, none, or some of ${PEERS.join(',')}`, value: 'LIST' },
  repeats: { help: 'measured rounds of each job; 5 by default', value: 'N' },
  limit: {
    help: 'seconds that one round may take, or one point of --curves; 300 by default',
    value: 'N',
  },
  curves: {
    help: 'times the training step of ours over model sizes, contexts and batches instead',
  },
  kernels: { help: 'times the training step of ours kernel by kernel instead' },
  json: { help: 'prints JSON instead of tables' },
  sheet: {
    help: "Markdown file whose blocks for this backend and size are replaced by the run's tables",
    value: 'FILE',
  },
} as const;

interface Plan {
  readonly backend: BenchBackend;
  readonly work: readonly { readonly config: ConfigName; readonly job: Job }[];
  readonly peers: readonly Contender[];
  readonly rounds: RoundSettings;
}

function listOption<T extends string>(name: string, text: string, choices: readonly T[]): T[] {
  const words = [...new Set(text.split(','))];
  return words.flatMap((word) => choiceOption(name, word.trim(), choices) ?? []);
}

/** All jobs by default, but PPO at the first size only: at M a round of it takes minutes. */
function workOf(jobs: string | undefined, configs: readonly ConfigName[]): Plan['work'] {
  const names = Object.keys(JOB_GROUPS);
  const groups = jobs === undefined ? names : listOption('jobs', jobs, names);
  return configs.flatMap((config, i) =>
    groups
      .filter((group) => jobs !== undefined || group !== 'ppo' || i === 0)
      .flatMap((group) => (JOB_GROUPS[group] ?? []).map((job) => ({ config, job }))),
  );
}

function peersOf(text = 'all'): readonly Contender[] {
  if (text === 'all') return PEERS;
  return text === 'none' ? [] : listOption('peers', text, PEERS);
}

function readPlan(given: Partial<Record<keyof typeof OPTIONS, string>>): Plan {
  return {
    backend: choiceOption('backend', given.backend, BENCH_BACKENDS) ?? 'wasm',
    work: workOf(given.jobs, listOption('config', given.config ?? 'S', CONFIG_NAMES)),
    peers: peersOf(given.peers),
    rounds: {
      repeats: wholeOption('repeats', given.repeats, 5, 1, 1000),
      warmup: 2,
      limitMs: 1000 * wholeOption('limit', given.limit, 300, 1, 36_000),
    },
  };
}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** True once someone has pressed Ctrl-C: the job at hand is finished, the rest is left out. */
function stopRequest(): () => boolean {
  let stopped = false;
  process.once('SIGINT', () => {
    stopped = true;
    say('Stopping after this job; what is measured will be printed.');
  });
  return () => stopped;
}

/** Runs all jobs; contenders that cannot be installed fail in every job of theirs. */
async function measure({ backend, work, peers, rounds }: Plan): Promise<JobResult[]> {
  const chosen = (job: Job): Contender[] =>
    contendersOf(job, backend).filter((name) => name === 'ours' || peers.includes(name));
  const isNanogpt = (name: Contender): boolean => name.startsWith('nanogpt');
  const missing = work.some(({ job }) => chosen(job).some(isNanogpt)) ? installPeer(say) : null;
  const results: JobResult[] = [];
  const stopped = stopRequest();
  for (const { config, job } of work) {
    if (stopped()) break;
    const able = chosen(job).filter((name) => missing === null || !isNanogpt(name));
    // An iteration of PPO goes through everything dozens of times: one is warm-up enough.
    const warmup = job.startsWith('ppo') ? 1 : rounds.warmup;
    const result = await runJob({ job, config, backend }, able, { ...rounds, warmup }, say);
    const unable = chosen(job)
      .filter((contender) => !able.includes(contender))
      .map((contender) => ({ contender, ready: null, rounds: [], failure: missing }));
    results.push({ ...result, entries: [...result.entries, ...unable] });
  }
  return results;
}

function devicesOf(results: readonly JobResult[]): string[] {
  const ours = results.flatMap(({ entries }) => entries.filter((e) => e.contender === 'ours'));
  return [...new Set(ours.flatMap(({ ready }) => (ready ? [ready.device] : [])))];
}

/** What a run gives in every form. */
interface Outcome {
  readonly results: readonly JobResult[];
  readonly targets: readonly TargetRow[];
  readonly profiles: readonly Profile[];
  /** Tables by the name of their block in a Markdown file. */
  readonly sections: ReadonlyMap<string, readonly Table[]>;
  /** An SVG beside the Markdown file, by its name. */
  readonly drawing?: { readonly name: string; readonly svg: string };
}

const MODES = ['bench', 'curves', 'kernels'] as const;
type Mode = (typeof MODES)[number];

async function runMode(mode: Mode, plan: Plan): Promise<Outcome> {
  const { backend, rounds, work } = plan;
  const one = `${mode}:${backend}`;
  if (mode === 'curves') {
    const results = await measureCurves(backend, rounds, say);
    const sections = new Map([[one, curveTables(results)]]);
    const svg = curveDrawing(backend, results);
    const drawing = svg === null ? {} : { drawing: { name: `curves-${backend}.svg`, svg } };
    return { results, targets: [], profiles: [], sections, ...drawing };
  }
  if (mode === 'kernels') {
    const profiles = await measureProfiles(backend, work[0]?.config ?? 'S', rounds, say);
    const sections = new Map([[one, profiles.map(profileTable)]]);
    return { results: [], targets: [], profiles, sections };
  }
  const results = await measure(plan);
  const targets = targetRows(backend, results);
  const sizes = [...new Set(results.map(({ config }) => config))];
  const tablesOf = (size: SizeName): Table[] => [
    targetTable(backend, size, targets),
    ...results.filter(({ config }) => config === size).map(jobTable),
  ];
  const sections = new Map(sizes.map((size) => [`${one}:${size}`, tablesOf(size)]));
  return { results, targets, profiles: [], sections };
}

function expectSomething({ results, profiles }: Outcome): void {
  const entries = results.flatMap((result) => result.entries);
  if (profiles.length > 0 || entries.some(({ rounds }) => rounds.length > 0)) return;
  throw new UsageError(`Nothing could be measured: ${entries[0]?.failure ?? 'no contender'}.`);
}

/** Replaces the blocks of the sections, under the sentences of `text`, and writes the drawing beside the file. */
function writeSheet(path: string, text: string, { sections, drawing }: Outcome): void {
  let sheet = readFileSync(path, 'utf8');
  for (const [name, tables] of sections) {
    const picture = drawing === undefined ? [] : [`![The curves](${drawing.name})`, ''];
    const body = [text, '', ...picture, ...tables.map(markdownTable)].join('\n');
    sheet = replaceBlock(sheet, name, body);
  }
  if (drawing !== undefined) writeFileSync(join(dirname(path), drawing.name), drawing.svg);
  writeFileSync(path, sheet);
}

async function main(): Promise<void> {
  const given = readOptions('bench', OPTIONS, process.argv.slice(2));
  const plan = readPlan(given);
  const [mode = 'bench', other] = MODES.filter((name) => name !== 'bench' && given[name]);
  if (other !== undefined) throw new UsageError('--curves and --kernels are runs of their own.');
  const conditions = conditionsNow(new Date());
  const outcome = await runMode(mode, plan);
  expectSomething(outcome);
  const { results, targets, profiles, sections } = outcome;
  const devices = devicesOf(results);
  const text =
    `${conditionsText(conditions, devices)} Medians of ${plan.rounds.repeats} rounds, ` +
    'all contenders in turn in each round, every contender in a process of its own.';
  if (given.sheet !== undefined) writeSheet(given.sheet, text, outcome);
  const { backend, rounds } = plan;
  const report = { conditions, devices, backend, rounds, targets, results, profiles };
  process.stdout.write(
    given.json === undefined
      ? [text, '', ...[...sections.values()].flat().map(plainTable)].join('\n')
      : `${JSON.stringify(report, null, 2)}\n`,
  );
}

await runCommand(main);
