/**
 * `npm run bench`: this project beside its peers, in one run on one machine: training step, PPO iteration, sampling,
 * reward-model step and matrix products, as tables or JSON. What is measured and by whom is in bench/; this file
 * reads the options and prints.
 */
import { readFileSync, writeFileSync } from 'node:fs';
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
} from './bench/configs.ts';
import { conditionsNow, conditionsText, type Conditions } from './bench/conditions.ts';
import { installPeer } from './bench/peer-install.ts';
import { runJob, type JobResult, type RoundSettings } from './bench/rounds.ts';
import { replaceBlock } from './bench/sheet.ts';
import { jobTable, markdownTable, plainTable, type Table } from './bench/tables.ts';
import { targetRows, targetTable } from './bench/targets.ts';
import { choiceOption, readOptions, runCommand, UsageError, wholeOption } from './options.ts';

const PEERS = CONTENDERS.filter((name) => name !== 'ours');

const OPTIONS = {
  backend: { help: `one of ${BENCH_BACKENDS.join(', ')}; wasm by default`, value: 'NAME' },
  jobs: { help: `some of ${Object.keys(JOB_GROUPS).join(',')}; all by default, ppo at the first size only`, value: 'LIST' },
  config: { help: `some of ${CONFIG_NAMES.join(',')}; S by default`, value: 'LIST' },
  peers: { help: `all, none, or some of ${PEERS.join(',')}`, value: 'LIST' },
  repeats: { help: 'measured rounds of each job; 5 by default', value: 'N' },
  limit: { help: 'seconds that one round may take; 300 by default', value: 'N' },
  json: { help: 'prints JSON instead of tables' },
  sheet: {
    help: "Markdown file whose block for this backend is replaced by the run's tables",
    value: 'FILE',
  },
} as const;

interface Plan {
  readonly backend: BenchBackend;
  readonly jobs: readonly Job[];
  readonly configs: readonly ConfigName[];
  readonly peers: readonly Contender[];
  readonly rounds: RoundSettings;
}

function listOption<T extends string>(name: string, text: string, choices: readonly T[]): T[] {
  const words = [...new Set(text.split(','))];
  return words.flatMap((word) => choiceOption(name, word.trim(), choices) ?? []);
}

function readPlan(given: Partial<Record<keyof typeof OPTIONS, string>>): Plan {
  const groups = listOption('jobs', given.jobs ?? Object.keys(JOB_GROUPS).join(','), [
    ...Object.keys(JOB_GROUPS),
  ]);
  const peers = given.peers ?? 'all';
  return {
    backend: choiceOption('backend', given.backend, BENCH_BACKENDS) ?? 'wasm',
    jobs: groups.flatMap((group) => JOB_GROUPS[group] ?? []),
    configs: listOption('config', given.config ?? 'S', CONFIG_NAMES),
    peers: peers === 'all' ? PEERS : peers === 'none' ? [] : listOption('peers', peers, PEERS),
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

/** Runs all jobs; contenders that cannot be installed fail in every job of theirs. */
async function measure(plan: Plan): Promise<JobResult[]> {
  const { backend, jobs, configs, peers, rounds } = plan;
  const chosen = (job: Job): Contender[] =>
    contendersOf(job, backend).filter((name) => name === 'ours' || peers.includes(name));
  const nanogpt = jobs.some((job) => chosen(job).some((name) => name.startsWith('nanogpt')));
  const missing = nanogpt ? installPeer(say) : null;
  const results: JobResult[] = [];
  for (const config of configs) {
    for (const job of jobs) {
      const able = chosen(job).filter((name) => missing === null || !name.startsWith('nanogpt'));
      const result = await runJob({ job, config, backend }, able, rounds, say);
      const unable = chosen(job).filter((name) => !able.includes(name));
      const entries = unable.map((contender) => ({
        ...{ contender, ready: null, rounds: [], failure: missing },
      }));
      results.push({ ...result, entries: [...result.entries, ...entries] });
    }
  }
  return results;
}

function devicesOf(results: readonly JobResult[]): string[] {
  const ours = results.flatMap(({ entries }) => entries.filter((e) => e.contender === 'ours'));
  return [...new Set(ours.flatMap(({ ready }) => (ready ? [ready.device] : [])))];
}

function reportJson(plan: Plan, conditions: Conditions, results: readonly JobResult[]): string {
  const { backend, rounds } = plan;
  const targets = targetRows(backend, results);
  const { repeats, warmup } = rounds;
  const devices = devicesOf(results);
  const report = { conditions, devices, backend, repeats, warmup, targets, results };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function writeSheet(file: string, plan: Plan, text: string, tables: readonly Table[]): void {
  const body = [text, '', ...tables.map(markdownTable)].join('\n');
  writeFileSync(file, replaceBlock(readFileSync(file, 'utf8'), `bench:${plan.backend}`, body));
}

async function main(): Promise<void> {
  const given = readOptions('bench', OPTIONS, process.argv.slice(2));
  const plan = readPlan(given);
  const conditions = conditionsNow(new Date());
  const results = await measure(plan);
  if (results.every(({ entries }) => entries.every(({ failure }) => failure !== null))) {
    const [reason] = results.flatMap(({ entries }) => entries.map(({ failure }) => failure));
    throw new UsageError(`Nothing could be measured: ${reason ?? 'no contender was chosen'}.`);
  }
  const { repeats } = plan.rounds;
  const text =
    `${conditionsText(conditions, devicesOf(results))} Medians of ${repeats} rounds, all contenders in turn in each ` +
    'round, every contender in a process of its own.';
  const tables = [targetTable(plan.backend, results), ...results.map(jobTable)];
  if (given.sheet !== undefined) writeSheet(given.sheet, plan, text, tables);
  process.stdout.write(
    given.json === undefined
      ? [text, '', ...tables.map(plainTable)].join('\n')
      : reportJson(plan, conditions, results),
  );
}

await runCommand(main);
