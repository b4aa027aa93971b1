// Bad input and bad luck, each with a clear sentence, a next action, and nothing lost: a corrupt model
// file, settings out of range, malformed label files, a full disk, a browser without WebGPU.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launch, type LaunchedBrowser } from '../setup/browser.ts';
import { serveBuild, type ServedBuild } from '../setup/serve.ts';
import {
  openLaboratory,
  ownRankings,
  placeByButtons,
  press,
  ready,
  saveRanking,
  textOf,
  train,
  visit,
  waitForStatus,
} from './laboratory-page.ts';

let served: ServedBuild;
let browser: LaunchedBrowser;
beforeAll(async () => {
  served = await serveBuild();
});
afterAll(async () => {
  await served.close();
});
beforeEach(async () => {
  browser = await launch(served.url, { webgpu: 'off' });
});
afterEach(async () => {
  const problems = browser.problems();
  await browser.close();
  expect(problems).toEqual([]);
});

const SETTINGS = 'preset=micro&sft.demonstrations=16';

/** Makes writes to one store of the database fail as on a full disk, while `diskIsFull` is set. */
function fillDisk(store: string): void {
  const put = Reflect.get(IDBObjectStore.prototype, 'put') as (...args: unknown[]) => IDBRequest;
  Reflect.set(globalThis, 'diskIsFull', true);
  Reflect.set(
    IDBObjectStore.prototype,
    'put',
    function (this: IDBObjectStore, ...args: unknown[]): IDBRequest {
      if (this.name === store && Reflect.get(globalThis, 'diskIsFull') === true) {
        throw new DOMException('No space left.', 'QuotaExceededError');
      }
      return Reflect.apply(put, this, args) as IDBRequest;
    },
  );
}

test('a corrupt model file: a sentence, a next action, and a second try that works, link and all', async () => {
  const { page } = browser;
  await page.route('**/model.safetensors', (route) =>
    route.fulfill({ contentType: 'application/octet-stream', body: 'not a model at all' }),
  );
  await page.goto(`${served.url}#/demonstrate?${SETTINGS}`);
  const words = await textOf(page, 'failure');
  expect(words).toMatch(/damaged, in model\.safetensors.*Try again, or reload/s);
  expect(words).not.toContain('Choose another');
  expect(await page.getByTestId('nav-judge').isVisible()).toBe(true);
  await page.unroute('**/model.safetensors');
  await page.getByRole('button', { name: 'Try again' }).click();
  await ready(page);
  await page.getByText(/^16 demonstrations/).waitFor();
  expect(page.url()).not.toContain('sft.demonstrations');
});

test('settings out of range, in the address and in the form, change nothing', async () => {
  const { page } = browser;
  await openLaboratory(page, served.url, 'ppo.beta=99');
  expect(await textOf(page, 'link-error')).toMatch(/ppo\.beta.*must be a number from 0 to 10/);
  // What was wrong with that link is not said of the next address.
  await page.goto(`${served.url}#/exact?seed=3`);
  await expect.poll(() => page.getByTestId('link-error').count()).toBe(0);
  await page.goto(`${served.url}#/nowhere`);
  await expect
    .poll(() => textOf(page, 'link-error'))
    .toMatch(/There is no part “nowhere” here, so Model was opened\./);
  await press(page, 'settings-open');
  await page.getByRole('tab', { name: '3 Reinforce' }).click();
  const beta = page.getByTestId('setting-ppo.beta');
  const before = await beta.inputValue();
  await beta.fill('-3');
  expect(await page.getByTestId('settings-apply').isDisabled()).toBe(true);
  expect(await textOf(page, 'settings-problem')).toMatch(/1 setting cannot be used/);
  await page.keyboard.press('Escape');
  await press(page, 'settings-open');
  await page.getByRole('tab', { name: '3 Reinforce' }).click();
  await expect.poll(() => beta.inputValue()).toBe(before);
});

test('without WebGPU the badge says why, and WASM computes', async () => {
  const { page } = browser;
  await openLaboratory(page, served.url);
  await expect.poll(() => textOf(page, 'engine-badge')).toContain('WebAssembly');
  await page.getByTestId('engine-badge').click();
  // Chromium's switches hide WebGPU from the page; its workers still have it, without an adapter.
  await page.getByText(/This browser has no WebGPU|no graphics adapter answered/).waitFor();
});

test('malformed label files are refused by line, good ones are taken, and both can be had back', async () => {
  const { page } = browser;
  await openLaboratory(page, served.url, SETTINGS);
  await visit(page, 'rank');
  const ranking = { prompt: 'do birds fly ?', completions: ['yes .', 'no .'], ranks: [1, 2] };
  const good = JSON.stringify(ranking);
  const choose = (text: string) =>
    page.getByTestId('import-rankings').setInputFiles({
      name: 'rankings.jsonl',
      mimeType: 'application/x-ndjson',
      buffer: Buffer.from(text),
    });
  await choose(`${good}\n{"prompt": "x", "completions": ["a"], "ranks": [1]}\n`);
  expect(await textOf(page, 'failure')).toMatch(/Line 2, field completions/);
  expect(await ownRankings(page)).toBe(0);
  await choose(`${good}\n{"prompt": \n`);
  await expect.poll(() => textOf(page, 'failure')).toMatch(/Line 2.*not a valid JSON object/);
  expect(await ownRankings(page)).toBe(0);
  await choose(good);
  await expect
    .poll(() => textOf(page, 'rank-count'))
    .toMatch(/^0 rankings of yours.*; 1 imported$/);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    press(page, 'export-rankings'),
  ]);
  const written = await (await download.createReadStream()).toArray();
  expect(JSON.parse(Buffer.concat(written as Buffer[]).toString())).toMatchObject({
    ...ranking,
    completions: [{ text: 'yes .' }, { text: 'no .' }],
    labeler: 'imported',
  });

  const choosePrompts = (text: string) =>
    page.getByTestId('import-prompts').setInputFiles({
      name: 'prompts.jsonl',
      mimeType: 'application/x-ndjson',
      buffer: Buffer.from(text),
    });
  await choosePrompts(
    '{"prompt": "do cows fly ?"}\n{"prompt": "do cows fly ?", "useCase": "verse"}',
  );
  await expect.poll(() => textOf(page, 'failure')).toMatch(/Line 2, field useCase/);
  await choosePrompts('{"prompt": "do cows fly ?"}');
  await page.getByText('1 prompt imported.').waitFor();

  await visit(page, 'demonstrate');
  await page.getByTestId('import-demonstrations').setInputFiles({
    name: 'demonstrations.jsonl',
    mimeType: 'application/x-ndjson',
    buffer: Buffer.from('{"prompt": "do birds fly ?", "answer": "yes ."}'),
  });
  await expect.poll(() => textOf(page, 'failure')).toMatch(/Line 1, field/);
  expect(await page.getByTestId('demo-own').count()).toBe(0);

  // An imported prompt is the first to be ranked.
  await train(page, 'sft');
  await visit(page, 'rank');
  await press(page, 'rank-fetch');
  expect(await textOf(page, 'rank-prompt')).toBe('do cows fly ?');
});

test('a second tab changes nothing, and says why', async () => {
  const { page, context } = browser;
  await openLaboratory(page, served.url, SETTINGS);
  const second = await context.newPage();
  // With a link, whose settings cannot be taken: that is said once, and no more than can be done.
  await openLaboratory(second, served.url, SETTINGS);
  await expect.poll(() => textOf(second, 'read-only')).toMatch(/open in another tab/);
  expect(await second.getByText('Close the other tab').count()).toBe(1);
  expect(await second.getByTestId('failure').count()).toBe(0);
  await visit(second, 'demonstrate');
  await second.getByTestId('demo-prompt').fill('say hello .');
  await second.getByTestId('demo-response').fill('hello .');
  expect(await second.getByTestId('demo-add').isDisabled()).toBe(true);
  expect(await second.getByTestId('sft-start').isDisabled()).toBe(true);
  await second.close();
});

test('numbers out of range are refused in words where they are typed', async () => {
  const { page } = browser;
  await openLaboratory(page, served.url, SETTINGS);
  await visit(page, 'rank');
  await page.getByTestId('simulate-count').fill('90000');
  await page.getByText('Use a whole number from 1 to 7,000.').waitFor();
  expect(await page.getByTestId('simulate-button').isDisabled()).toBe(true);
  await visit(page, 'judge');
  await page.getByTestId('judge-count').fill('2.5');
  await page.getByText('Use a whole number from 1 to 500.').waitFor();
});

test('checkpoints are listed with their size and deleted by keys, after a question', async () => {
  const { page } = browser;
  await openLaboratory(page, served.url, SETTINGS);
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  await visit(page, 'model');
  await expect.poll(() => textOf(page, 'checkpoint-list')).toMatch(/^SFT 1, step \d+: [\d.]+ MB/);
  await page.getByTestId('checkpoint-delete').focus();
  await page.keyboard.press('Enter');
  // The question has the focus on the harmless answer.
  await page.locator('[data-testid="checkpoint-keep"]:focus').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('[data-testid="checkpoint-delete"]:focus').waitFor();
  await page.keyboard.press('Enter');
  await page.getByTestId('checkpoint-confirm').focus();
  await page.keyboard.press('Enter');
  await page.getByText('SFT 1 is deleted.').waitFor();
  await expect.poll(() => page.getByTestId('checkpoint-list').count()).toBe(0);
  await visit(page, 'demonstrate');
  await page.locator('[data-testid="sft-status"][data-status="ready"]').waitFor();
});

test('a full disk: rankings and checkpoints are refused with a sentence and can be saved later', async () => {
  const { page } = browser;
  await openLaboratory(page, served.url, SETTINGS);
  await visit(page, 'demonstrate');
  const worker = page.workers()[0];
  if (worker === undefined) throw new Error('The page has no worker.');
  await worker.evaluate(fillDisk, 'chunks');
  await press(page, 'sft-start');
  expect(await textOf(page, 'failure')).toMatch(/no space left/i);
  await waitForStatus(page, 'sft', 'paused');
  await worker.evaluate(() => Reflect.set(globalThis, 'diskIsFull', false));
  await train(page, 'sft');

  await visit(page, 'rank');
  await press(page, 'rank-fetch');
  await placeByButtons(page);
  await saveRanking(page, 'button');
  await placeByButtons(page);
  await page.evaluate(fillDisk, 'rankings');
  await press(page, 'rank-save');
  await expect.poll(() => textOf(page, 'failure')).toMatch(/no space left.*not saved/i);
  expect(await ownRankings(page)).toBe(1);
  await page.reload();
  await ready(page);
  // The counts are read from the database when the page is ready.
  await expect.poll(() => ownRankings(page)).toBe(1);
});
