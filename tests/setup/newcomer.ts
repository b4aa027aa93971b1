// `npm run newcomer`: what a newcomer's first sitting takes on this machine, on WASM and with the settings that a newcomer
// gets, written between the marks of docs/newcomer.md beside what product.md allows. Not a test: its micro form is
// tests/e2e/newcomer.test.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { hasPriority } from '../../src/cli/bench/conditions.ts';
import { replaceBlock } from '../../src/cli/bench/sheet.ts';
import { markdownTable, short } from '../../src/cli/bench/tables.ts';
import { launch } from './browser.ts';
import {
  LIMITS,
  MILESTONES,
  watchNewcomer,
  type MilestoneName,
  type NewcomerRun,
} from './newcomer-run.ts';
import { buildPage, serveBuild } from './serve.ts';
import { slownessOf } from './slowness.ts';

const SHEET = fileURLToPath(new URL('../../docs/newcomer.md', import.meta.url));

/** The milestones that have a limit of their own. */
const WANTED: Partial<Record<MilestoneName, number>> = {
  'first sample': LIMITS.firstSample,
  'first blind vote': LIMITS.wholeLoop,
};

/** `7.3 s`, `5 min 12 s` */
function lasting(seconds: number): string {
  if (seconds < 60) return `${short(seconds)} s`;
  const whole = Math.round(seconds);
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest === 0 ? '' : ` ${rest} s`}`;
}

function rowOf(name: MilestoneName, { milestones }: NewcomerRun): string[] {
  const found = milestones.find((each) => each.name === name);
  if (found === undefined) return [name, 'not reached', '', '', ''];
  const limit = WANTED[name];
  const judged =
    limit === undefined
      ? ['', '']
      : [`under ${lasting(limit)}`, found.seconds < limit ? 'met' : 'missed'];
  return [name, lasting(found.seconds), String(found.presses), ...judged];
}

/** Where PPO began, where it had improved and where it ended, as the page said it. */
function ppoWords({ scores, milestones }: NewcomerRun): string {
  const [first, last] = [scores[0], scores.at(-1)];
  const improved = milestones.find(({ name }) => name === 'first PPO improvement');
  const at = scores.find(({ seconds }) => seconds === improved?.seconds);
  const told = (each: typeof first) =>
    each === undefined ? 'nothing' : `${each.score} at iteration ${each.iteration}`;
  return `Mean score of an answer: ${told(first)}, improved by iteration ${at?.iteration ?? 'none'}, ${told(last)}.`;
}

async function main(): Promise<void> {
  const load = loadavg()[0] ?? NaN;
  buildPage();
  const served = await serveBuild();
  const browser = await launch(served.url, { webgpu: 'off' });
  const { clock } = await slownessOf(browser.page);
  const run = await watchNewcomer(browser.page, served.url, '', ({ name, seconds, presses }) => {
    process.stderr.write(`${name}: ${lasting(seconds)}, ${presses} presses\n`);
  });
  const problems = browser.problems();
  await browser.close();
  await served.close();
  const names = Object.keys(MILESTONES) as MilestoneName[];
  const table = markdownTable({
    title: 'From the opening of the page',
    head: ['', 'time', 'presses', 'wanted', ''],
    rows: names.map((name) => rowOf(name, run)),
    notes: [ppoWords(run)],
  });
  const conditions =
    `${new Date().toISOString().slice(0, 10)}: ${cpus().length} shared cores (${cpus()[0]?.model ?? 'unknown'}), no GPU, ` +
    `Chromium, ${run.engine.trim().split(/\s+/).at(-1) ?? ''}, load ${load.toFixed(1)} before the start` +
    `${hasPriority() ? ', this run with real-time priority' : ''}; the page waited ${short(clock)} times as long for fixed arithmetic as on the same machine when idle.`;
  writeFileSync(
    SHEET,
    replaceBlock(readFileSync(SHEET, 'utf8'), 'newcomer', `${conditions}\n\n${table}`),
  );
  process.stdout.write(`${conditions}\n\n${table}\n`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

await main();
