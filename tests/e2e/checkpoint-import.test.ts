// A checkpoint out of the page as a file and in again, at micro size: the same bytes come out of it, what was there stays,
// and a damaged file is refused in words.
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { violations } from './accessibility.ts';
import { openLaboratory, press, textOf, train, visit } from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { allFinished } from './stored-run.ts';
import { expectFitsPhone } from './width.ts';

const browser = sharedBrowser();
let exported: Buffer;
beforeAll(async () => {
  const { page } = browser;
  await openLaboratory(page, browser.url, 'preset=micro');
  await visit(page, 'demonstrate');
  await train(page, 'sft');
});

const names = async () => (await allFinished(browser.page, 'sft')).map(({ name }) => name);
const status = () => textOf(browser.page, 'checkpoint-import-news');

async function openRun(name: string): Promise<void> {
  const { page } = browser;
  await page.locator(`[data-run="${name}"]`).getByTestId('run-open').click();
  await page.getByTestId('checkpoint-export').first().waitFor();
}

/** The bytes of the run's last checkpoint, as the page saves them. */
async function save(): Promise<Buffer> {
  const { page } = browser;
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByTestId('checkpoint-export').last().click(),
  ]);
  return readFile(await download.path());
}

const choose = (buffer: Buffer, name = 'brought.safetensors') =>
  browser.page
    .getByTestId('checkpoint-import')
    .setInputFiles({ name, mimeType: 'application/octet-stream', buffer });

test('the part Model leads to it, and what is exported comes back as the result of step 1', async () => {
  const { page } = browser;
  await visit(page, 'model');
  await page.getByRole('link', { name: 'Import a checkpoint (Runs)' }).click();
  await openRun('SFT 1');
  exported = await save();
  await choose(exported);
  await expect.poll(status).toMatch(/^Imported: brought\. /);
  expect(await names()).toEqual(['SFT 1', 'brought']);
  await page.locator('[data-run="brought"]').waitFor();
  expect(await violations(page)).toEqual([]);
  await expectFitsPhone(page);
});

test('out of the imported one come the same weights', async () => {
  await openRun('brought');
  const again = await save();
  // The name that is written into the file is the run's own.
  expect(again.length).toBeGreaterThan(1e6);
  expect(again.subarray(-1e6).equals(exported.subarray(-1e6))).toBe(true);
});

test.each([
  [
    'half of it',
    () => exported.subarray(0, exported.length / 2),
    /longer or shorter than its header says/,
  ],
  ['something else', () => Buffer.from('hello'), /shorter than 8 bytes/],
])('%s is refused in words, and everything is as it was', async (_, bytes, reason) => {
  const { page } = browser;
  const before = await allFinished(page, 'sft');
  await choose(bytes());
  await expect.poll(() => textOf(page, 'failure')).toMatch(reason);
  await expect.poll(status).toBe('Nothing was imported.');
  expect(await allFinished(page, 'sft')).toEqual(before);
});

test('it can be asked: it is among the models that speak', async () => {
  const { page } = browser;
  await visit(page, 'model');
  await page.getByTestId('model-picker').selectOption({ label: 'brought' });
  await press(page, 'sample-button');
  await page.getByTestId('sample-text').first().waitFor();
});
