// `npm run bench:page`: how fast the built page is there and how smooth it stays, measured in a real Chromium and
// written between the marks of docs/performance.md: page open to first answer on WASM and on WebGPU, each time with a
// profile that has never seen the page, and the longest tasks of the page's thread while PPO runs. Not a test: the
// budget is held by tests/e2e/smooth.test.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { hasPriority } from '../../src/cli/bench/conditions.ts';
import { replaceBlock } from '../../src/cli/bench/sheet.ts';
import { markdownTable, short, type Table } from '../../src/cli/bench/tables.ts';
import { spreadOf } from '../../src/records/spread.ts';
import { launch, type LaunchOptions } from './browser.ts';
import { buildPage, serveBuild } from './serve.ts';
import { ITERATIONS, LONGEST_TASK, watchPpo } from './smooth-run.ts';

const SHEET = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const REPEATS = 5;
/** Seconds from the page's opening to the first answer on WASM. */
const FIRST_ANSWER = 3;

/** Milliseconds from the navigation's start, by the page's own clock. */
interface Start {
  readonly usable: number;
  readonly answer: number;
}

/**
 * Runs in the page from its first script on: presses the button as soon as it can be pressed, as a person would. As text,
 * because what compiles this file adds helpers that the page does not have.
 */
const ASK_AT_ONCE = `{
  const times = (globalThis.startTimes = {});
  const look = () => {
    const button = document.querySelector('[data-testid="sample-button"]');
    if (times.usable === undefined && button !== null && !button.disabled) {
      times.usable = performance.now();
      button.click();
    }
    if (times.answer === undefined && document.querySelector('[data-testid="sample-text"]')) {
      times.answer = performance.now();
    }
  };
  new MutationObserver(look).observe(document, { attributes: true, childList: true, subtree: true });
}`;

async function startOf(page: Page, url: string): Promise<Start> {
  await page.addInitScript({ content: ASK_AT_ONCE });
  await page.goto(url);
  await page.getByTestId('sample-text').first().waitFor({ timeout: 240_000 });
  const times: unknown = await page.evaluate((): unknown => Reflect.get(globalThis, 'startTimes'));
  const read = (name: string): number =>
    typeof times === 'object' && times !== null ? Number(Reflect.get(times, name)) : NaN;
  return { usable: read('usable'), answer: read('answer') };
}

async function inFreshBrowser<T>(
  webgpu: LaunchOptions['webgpu'],
  use: (page: Page) => Promise<T>,
  url: string,
): Promise<T> {
  const browser = await launch(url, { webgpu });
  try {
    return await use(browser.page);
  } finally {
    await browser.close();
  }
}

/** The page on software WebGPU; chosen by hand, because such an adapter loses to WASM. */
async function startOnWebGpu(page: Page, url: string): Promise<{ engine: number; answer: number }> {
  await page.goto(url);
  const loaded = page.locator('[data-testid="nav-model"]', { hasText: 'loaded' });
  await loaded.waitFor({ timeout: 240_000 });
  await page.getByTestId('engine-badge').click();
  const began = Date.now();
  await page.getByTestId('engine-select').selectOption('webgpu');
  await page
    .locator('[data-testid="engine-badge"]', { hasText: 'WebGPU' })
    .waitFor({ timeout: 240_000 });
  await loaded.waitFor({ timeout: 240_000 });
  const engine = Date.now() - began;
  await page.keyboard.press('Escape');
  const asked = Date.now();
  await page.locator('[data-testid="sample-button"]:enabled').click({ timeout: 240_000 });
  await page.getByTestId('sample-text').first().waitFor({ timeout: 480_000 });
  return { engine, answer: Date.now() - asked };
}

const seconds = (milliseconds: readonly number[]): string[] => {
  const { median, low, high } = spreadOf(milliseconds.map((each) => each / 1000));
  return [short(median), `${short(low)} to ${short(high)}`];
};

const verdict = (met: boolean): string => (met ? 'met' : 'missed');

function startTable(starts: readonly Start[], webgpu: { engine: number; answer: number }): Table {
  const answers = starts.map(({ answer }) => answer);
  const met = spreadOf(answers).median < 1000 * FIRST_ANSWER;
  return {
    title: 'Cold start: a profile that has never seen the page',
    head: ['', 's', 'low to high', 'wanted', ''],
    rows: [
      ['WASM: open to usable', ...seconds(starts.map(({ usable }) => usable)), '', ''],
      ['WASM: open to first answer', ...seconds(answers), `under ${FIRST_ANSWER} s`, verdict(met)],
      ['software WebGPU: engine and model', ...seconds([webgpu.engine]), '', ''],
      [
        'software WebGPU: asked to first answer, all shaders compiled',
        ...seconds([webgpu.answer]),
        '',
        '',
      ],
    ],
    notes: [
      `Production build from the local disk. Three answers of up to the whole response length are written at once and ` +
        `shown together, so the first token is there earlier than the first answer. Medians of ${starts.length} on WASM, one start on WebGPU.`,
    ],
  };
}

function smoothTable({ tasks, busy }: Awaited<ReturnType<typeof watchPpo>>): Table {
  const [longest] = tasks;
  const worst = longest?.milliseconds ?? NaN;
  return {
    title: "Smoothness: the page's thread while PPO runs",
    head: ['', 'measured', 'wanted', ''],
    rows: [
      [
        'longest task, processor ms',
        short(worst),
        `at most ${LONGEST_TASK}`,
        verdict(worst <= LONGEST_TASK),
      ],
      ['most of it', longest?.mostly ?? '', '', ''],
      ['tasks', short(tasks.length), '', ''],
      ['all tasks together, processor ms', short(busy), '', ''],
    ],
    notes: [
      `${ITERATIONS} iterations of the micro run; on the way the person leaves the part and comes back. By the ` +
        "thread's own clock, from Chromium's trace, so that other work on the same cores does not count.",
    ],
  };
}

async function main(): Promise<void> {
  const load = loadavg()[0] ?? NaN;
  buildPage();
  const served = await serveBuild();
  const { url } = served;
  const starts: Start[] = [];
  for (let i = 0; i < REPEATS; i++) {
    starts.push(await inFreshBrowser('off', (page) => startOf(page, url), url));
    process.stderr.write(`start ${i + 1} of ${REPEATS}: ${short(starts[i]?.answer ?? NaN)} ms\n`);
  }
  const webgpu = await inFreshBrowser('swiftshader', (page) => startOnWebGpu(page, url), url);
  const thread = await inFreshBrowser('off', (page) => watchPpo(page, url), url);
  await served.close();
  const conditions =
    `${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ` +
    `Chromium, load ${load.toFixed(1)} before the start${hasPriority() ? ', this run with real-time priority' : ''}.`;
  const tables = [startTable(starts, webgpu), smoothTable(thread)].map(markdownTable);
  const body = [conditions, '', ...tables].join('\n');
  writeFileSync(SHEET, replaceBlock(readFileSync(SHEET, 'utf8'), 'page', body));
  process.stdout.write(`${body}\n`);
}

await main();
