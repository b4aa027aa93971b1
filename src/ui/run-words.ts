/**
 * A run in words: when, on what, how far; what its checkpoints were judged to be; what tells runs apart. Plain functions
 * of plain values, shared by the page, its print and the report.
 */
import type { Suite } from '../records/suite.ts';
import type { Vote } from '../records/vote.ts';
import { voteRate, type VoteRate } from '../records/vote-rate.ts';
import { BACKEND_NAMES, BACKENDS, type RunSummary } from '../worker/protocol.ts';
import { formatPercent, precisionOf } from './format.ts';
import { differenceSentences, runDifferences } from './run-differences.ts';
import { stepWordOfRun } from './stage-charts.ts';
import { turnSentence } from './turn-words.ts';

export const RUN_STATUS_WORDS: Readonly<Record<RunSummary['status'], string>> = {
  running: 'running',
  paused: 'paused',
  finished: 'finished',
  stopped: 'stopped',
  failed: 'failed',
};

/** Milliseconds since 1970 as `2026-05-01 12:30 UTC`: the same in every place. */
export function timeWords(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `WebGPU, NVIDIA ...`; the backend alone where the device was not written down. */
export function deviceWords({ backend, device }: Pick<RunSummary, 'backend' | 'device'>): string {
  const known = BACKENDS.find((name) => name === backend);
  const name = known === undefined ? backend : BACKEND_NAMES[known];
  return device === '' || device === name ? name : `${name}, ${device}`;
}

/** `step 5 of 8`. */
export function stepsWords(run: RunSummary): string {
  return `${stepWordOfRun(run)} ${run.step} of ${run.total}`;
}

/** What tells runs apart: seeds unless their settings tell them, devices, settings, and what was turned; a sentence each. */
export function comparisonSentences(runs: readonly RunSummary[]): readonly string[] {
  const differing = (name: string, wordOf: (run: RunSummary) => string | number) =>
    new Set(runs.map(wordOf)).size > 1
      ? [`${name}: ${runs.map((run) => `${wordOf(run)} in ${run.name}`).join(', ')}.`]
      : [];
  const told = runDifferences(runs).some(({ key }) => key === 'general.seed');
  return [
    ...(told ? [] : differing('Seed', ({ seed }) => seed)),
    ...differing('Device', deviceWords),
    ...differenceSentences(runs),
  ];
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** What a run is, line by line. */
export function runFacts(run: RunSummary): readonly Fact[] {
  const stale = run.stale ? '; stale: something that it was trained from has changed since' : '';
  return [
    { name: 'State', value: `${RUN_STATUS_WORDS[run.status]}, ${stepsWords(run)}${stale}` },
    { name: 'Begun', value: timeWords(run.startedAt) },
    { name: 'Seed', value: String(run.seed) },
    { name: 'Device', value: deviceWords(run) },
    ...(run.turns.length > 0
      ? [{ name: 'Turned while it ran', value: run.turns.map(turnSentence).join(' ') }]
      : []),
  ];
}

/** What was turned in runs whose curves are drawn together: where, and a sentence each that says in which run. */
export function turnsAcross(runs: readonly Pick<RunSummary, 'name' | 'turns'>[]): {
  readonly marks: readonly number[];
  readonly sentences: readonly string[];
} {
  const marks = new Set(runs.flatMap(({ turns }) => turns.map(({ iteration }) => iteration)));
  const sentences = runs.flatMap(({ name, turns }) =>
    turns.map((turn) => (runs.length > 1 ? `In ${name}: ` : '') + turnSentence(turn)),
  );
  return { marks: [...marks].sort((a, b) => a - b), sentences };
}

/** Votes between a checkpoint of a run and another one, or all against it. */
export interface VoteSummary {
  readonly own: string;
  readonly other: string;
  readonly rate: VoteRate;
}

/** The id under which a running average is judged begins with that of its checkpoint. */
function belongsTo(run: RunSummary, policy: string): boolean {
  return run.checkpoints.some(({ id }) => policy === id || policy === `${id}/average`);
}

/** What the person's blind votes say of a run's checkpoints; `nameOf` gives the name of a checkpoint by id. */
export function votesAbout(
  run: RunSummary,
  votes: readonly Vote[],
  nameOf: (checkpoint: string) => string,
): readonly VoteSummary[] {
  const pairs = new Map<string, { own: string; other: string; votes: Vote[] }>();
  for (const vote of votes) {
    const sides = [vote.left.policy, vote.right.policy];
    const own = sides.find((policy) => belongsTo(run, policy));
    const other = sides.find((policy) => policy !== own);
    if (own === undefined || other === undefined) continue;
    // A pair of two checkpoints of the run is told once, whichever side came first.
    const known = pairs.get(`${own}\n${other}`) ?? pairs.get(`${other}\n${own}`);
    if (known === undefined) pairs.set(`${own}\n${other}`, { own, other, votes: [vote] });
    else known.votes.push(vote);
  }
  return [...pairs.values()].map(({ own, other, votes: cast }) => ({
    own: nameOf(own),
    other: nameOf(other),
    rate: voteRate(own, cast),
  }));
}

/** `won 60 % (95 % interval 42 % to 76 %); 30 votes: ±18 points`. */
export function rateWords({ rate, low, high, n }: VoteRate): string {
  return (
    `won ${formatPercent(rate)} (95 % interval ${formatPercent(low)} to ${formatPercent(high)}); ` +
    precisionOf(n)
  );
}

/** What the gold judges say of a run's checkpoints; null when they were not asked about any. */
export function suiteAbout(run: RunSummary, suite: Suite | null): Suite | null {
  const reports = suite?.reports.filter(({ checkpoint }) => belongsTo(run, checkpoint)) ?? [];
  if (suite === null || reports.length === 0) return null;
  const names = new Set(reports.map(({ name }) => name));
  const pairs = suite.pairs.filter(({ name }) => name.split(' > ').some((side) => names.has(side)));
  return { reports, pairs };
}
