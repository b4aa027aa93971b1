// After the first load the page needs no network: it comes back and trains with the network off, under a sub-path of
// a host that sends no headers; and a new version is offered, taken only when asked, and loses nothing.
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { storedAnswersName } from '../../src/records/result-answers.ts';
import { launch, type LaunchedBrowser } from '../setup/browser.ts';
import { serveCopy, type ServedCopy } from '../setup/serve.ts';
import { EXAMPLE_ANSWERS, EXAMPLE_RESULTS } from '../unit/ui/stored-results.ts';
import {
  classRankings,
  letClassRank,
  openLaboratory,
  press,
  ready,
  textOf,
  train,
  visit,
} from './laboratory-page.ts';

let served: ServedCopy;
let browser: LaunchedBrowser;
beforeAll(async () => {
  served = await serveCopy('/courses/rlhf/');
  browser = await launch(served.url, { webgpu: 'off' });
});
afterAll(async () => {
  await browser.close();
  await served.close();
});

async function waitForOffline(): Promise<void> {
  await browser.page.locator('[data-testid="offline"][data-state="ready"]').waitFor();
}

/** Every answer behind the stored results, and the trained models, fetched when a reader asks for them. */
const ANSWERS = 'results/answers/';
const TRAINED = 'models/trained/';

/** Addresses of the files of the build. */
function builtFiles(): string[] {
  return readdirSync(served.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(served.folder, join(entry.parentPath, entry.name)));
}

test('says that every file is stored, and no file of the build is left out but stored answers and trained models', async () => {
  await openLaboratory(browser.page, served.url, 'preset=micro');
  await waitForOffline();
  const built = builtFiles();
  // The worker itself is kept by the browser; _headers is for the host.
  const files = built.filter(
    (url) =>
      !['service-worker.js', '_headers'].includes(url) &&
      !url.startsWith(ANSWERS) &&
      !url.startsWith(TRAINED),
  );
  expect(await textOf(browser.page, 'offline')).toContain(`all ${files.length} files`);
  const worker = readFileSync(join(served.folder, 'service-worker.js'), 'utf8');
  const listed = built.filter((url) => worker.includes(JSON.stringify(url)));
  expect(listed.sort()).toEqual(files.sort());
});

test('the whole loop runs with the network off', async () => {
  const { page } = browser;
  await browser.context.setOffline(true);
  onTestFinished(() => browser.context.setOffline(false));
  await page.reload();
  await ready(page);
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  await visit(page, 'rank');
  await letClassRank(page, 16);
  await train(page, 'reward');
  await visit(page, 'reinforce');
  await train(page, 'ppo');
  await visit(page, 'judge');
  await press(page, 'judge-start');
  await page.getByTestId('judge-pair').waitFor();
  expect(browser.problems()).toEqual([]);
});

test('says which files are gone when the browser has dropped some', async () => {
  const { page } = browser;
  await page.evaluate(async () => {
    const cache = await caches.open((await caches.keys())[0] ?? '');
    const model = (await cache.keys()).find(({ url }) => url.includes('model.safetensors'));
    if (model !== undefined) await cache.delete(model);
  });
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.locator('[data-testid="offline"][data-state="incomplete"]').waitFor();
  await expect.poll(() => textOf(page, 'offline')).toContain('1 of ');
});

test('offers a new version, takes it only when asked, and keeps what was made', async () => {
  const { page } = browser;
  expect(await page.getByTestId('update-offer').count()).toBe(0);
  appendFileSync(`${served.folder}/service-worker.js`, '\n// another version\n');
  await page.reload();
  await ready(page);
  await page.getByTestId('update-offer').waitFor();
  const loaded = await page.evaluate(() => performance.timeOrigin);
  await page.getByRole('button', { name: 'Update and reload' }).click();
  await page.waitForFunction((before) => performance.timeOrigin !== before, loaded);
  await ready(page);
  await waitForOffline();
  expect(await page.getByTestId('update-offer').count()).toBe(0);
  await visit(page, 'rank');
  await expect.poll(() => classRankings(page)).toBe(16);
  expect(browser.problems()).toEqual([]);
});

// Last, with what follows, because the browser reports what it could not fetch.
test('stored answers come from the host, and without a network it is said that they cannot be fetched', async () => {
  const { page } = browser;
  const ask = async (): Promise<void> => {
    await page.getByTestId('paper-all').first().click();
  };
  const name = storedAnswersName(1, 'made-up');
  mkdirSync(join(served.folder, ANSWERS, dirname(name)), { recursive: true });
  const answers = JSON.stringify({ ...EXAMPLE_ANSWERS, seed: 1 });
  writeFileSync(join(served.folder, ANSWERS, name), gzipSync(answers));
  await visit(page, 'paper');
  await page.getByTestId('paper-open').setInputFiles({
    name: 'mine.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(EXAMPLE_RESULTS)),
  });
  await page.getByRole('heading', { name: 'Stored results from mine.json' }).waitFor();
  await page.getByTestId('paper-items').first().locator('summary').click();
  await browser.context.setOffline(true);
  onTestFinished(() => browser.context.setOffline(false));
  await ask();
  await expect
    .poll(() => page.getByTestId('paper-items-problem').textContent())
    .toMatch(/could not be fetched/);
  await browser.context.setOffline(false);
  await ask();
  await expect.poll(() => textOf(page, 'page-words')).toBe('1 of 12 items');
  // The browser itself says that there was no network.
  const unexpected = browser.problems().filter((words) => !words.includes('ERR_INTERNET'));
  expect(unexpected).toEqual([]);
});

test('the trained models come from the host too: without a network it is said, with one they are loaded', async () => {
  const { page } = browser;
  await visit(page, 'runs');
  await page.getByTestId('trained-load').waitFor();
  await browser.context.setOffline(true);
  onTestFinished(() => browser.context.setOffline(false));
  await press(page, 'trained-load');
  await expect
    .poll(() => textOf(page, 'failure'))
    .toMatch(
      /models\.json could not be fetched.*files that the page keeps for use without a network/,
    );
  await expect.poll(() => textOf(page, 'trained-news')).toBe('Nothing was loaded.');
  await browser.context.setOffline(false);
  await press(page, 'trained-load');
  await expect.poll(() => textOf(page, 'trained-news')).toMatch(/^Loaded: /);
  const unexpected = browser.problems().filter((words) => !words.includes('ERR_INTERNET'));
  expect(unexpected).toEqual([]);
});
