// The part Runs in a real browser: compare, rename, resume from a checkpoint, delete, hand in a report, print, and take
// the whole laboratory to another profile as one file. Everything is trained here, in the micro preset on WASM.
import { readFileSync } from 'node:fs';
import type { Download } from 'playwright-core';
import { expect, test } from 'vitest';
import { launch } from '../setup/browser.ts';
import { expectNoViolationsInBothThemes, violations } from './accessibility.ts';
import {
  openLaboratory,
  press,
  startAndPause,
  textOf,
  train,
  visit,
  waitForStatus,
  waitForStep,
} from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { expectFitsPhone } from './width.ts';

/** Long enough to be paused in the middle. */
const SETTINGS = 'preset=micro&sft.epochs=4';

const browser = sharedBrowser();
const rows = () =>
  browser.page
    .getByTestId('run-row')
    .evaluateAll((nodes) => nodes.map((node) => node.getAttribute('data-run')));

async function openRun(name: string): Promise<void> {
  const row = browser.page.locator(`[data-testid="run-row"][data-run="${name}"]`);
  await row.getByTestId('run-open').click();
  await browser.page
    .getByTestId('run-details')
    .getByRole('heading', { name, exact: true })
    .waitFor();
}

/** What a press hands over as a file. */
async function saved(testId: string): Promise<Download> {
  const [download] = await Promise.all([
    browser.page.waitForEvent('download'),
    press(browser.page, testId),
  ]);
  return download;
}

const contentOf = async (download: Download) => readFileSync(await download.path());

test('two runs are compared: what differs is written out, and their curves are drawn together', async () => {
  const { page } = browser;
  await openLaboratory(page, browser.url, SETTINGS);
  await visit(page, 'runs');
  await page.getByText('There is no run yet').waitFor();
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  await page.goto('about:blank');
  await openLaboratory(page, browser.url, `${SETTINGS}&sft.learningRate=0.003`);
  await visit(page, 'demonstrate');
  await page.locator('[data-testid="sft-status"][data-status="stale"]').waitFor();
  await startAndPause(page, 'sft');
  await press(page, 'sft-step');
  await waitForStep(page, 'sft', 1);
  await waitForStatus(page, 'sft', 'paused');
  await train(page, 'sft');
  await visit(page, 'runs');
  await expect.poll(rows).toEqual(['SFT 2', 'SFT 1']);
  for (const name of ['SFT 1', 'SFT 2']) await page.getByLabel(`Compare ${name}`).check();
  await expect
    .poll(() => textOf(page, 'run-differences'))
    .toMatch(/1 Demonstrate, .*earning rate: \S+ in SFT 1, 0\.003 in SFT 2\./);
  const legend = page.locator('figure').first();
  for (const name of ['SFT 1', 'SFT 2']) {
    await legend.locator('.key', { hasText: `loss, ${name}` }).waitFor();
  }
  await expectNoViolationsInBothThemes(browser.page);
  await expectFitsPhone(page);
});

test('a run that is opened and compared with none is named twice, and its two regions differ', async () => {
  const { page } = browser;
  await page.getByLabel('Compare SFT 2').uncheck();
  await openRun('SFT 1');
  await page.getByRole('region', { name: 'SFT 1', exact: true }).waitFor();
  await page.getByRole('region', { name: 'Compared: SFT 1', exact: true }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByLabel('Compare SFT 2').check();
  await page.locator('[data-run="SFT 1"]').getByTestId('run-open').click();
  await page.getByTestId('run-details').waitFor({ state: 'detached' });
});

test('a run bears its new name wherever it is named', async () => {
  const { page } = browser;
  await openRun('SFT 1');
  await page.getByTestId('run-name').fill('the slow one');
  await press(page, 'run-rename');
  await expect.poll(rows).toEqual(['SFT 2', 'the slow one']);
  await expect.poll(() => textOf(page, 'run-news')).toBe('The run is called the slow one now.');
  await page.getByTestId('run-name').fill('SFT 2');
  await press(page, 'run-rename');
  await page.getByText('There is another run called SFT 2').waitFor();
  expect(await rows()).toEqual(['SFT 2', 'the slow one']);
  await page.getByRole('button', { name: 'Dismiss' }).click();
});

test('training goes on from a checkpoint as another run, and ends where the run itself ended', async () => {
  const { page } = browser;
  await openRun('SFT 2');
  const resume = page.getByRole('button', { name: /^Resume SFT 2, step \d+$/ }).last();
  const name = (await resume.getAttribute('aria-label'))?.replace('Resume SFT 2,', 'SFT 2, from');
  await resume.click();
  await page.locator(`[data-run="${name ?? ''}"]`, { hasText: 'finished' }).waitFor();
  await page.getByLabel('Compare the slow one').uncheck();
  await page.getByLabel(`Compare ${name ?? ''}`).check();
  await expect
    .poll(() => textOf(page, 'run-news'))
    .toMatch(/^SFT 2 goes on from step \d+ as SFT 2, from step \d+; SFT 2 stays as it is\.$/);
  const cells = page.getByTestId('run-comparison').locator('tr', { hasText: 'Loss: loss' });
  await expect.poll(async () => new Set(await cells.locator('td').allInnerTexts()).size).toBe(1);
  await expect.poll(() => textOf(page, 'run-differences')).toMatch(/same settings and seed/);
});

test('a report is one well-formed document that needs nothing else', async () => {
  await openRun('the slow one');
  const download = await saved('run-report');
  expect(download.suggestedFilename()).toBe('the-slow-one-report.html');
  const text = (await contentOf(download)).toString();
  // A browser of its own: it has none of the page's policy, and sees every request.
  const reader = await launch('about:blank', { webgpu: 'off' });
  const found = await reader.page.evaluate((source) => {
    const xml = new DOMParser().parseFromString(source, 'application/xhtml+xml');
    const attributes = [...xml.querySelectorAll('*')].flatMap((node) => [...node.attributes]);
    return {
      errors: xml.querySelectorAll('parsererror').length,
      scripts: xml.querySelectorAll('script, link, iframe, object, embed, img').length,
      outside: attributes
        .filter(({ name, value }) => name !== 'xmlns' && /^(https?:)?\/\//.test(value))
        .map(({ name }) => name),
      handlers: attributes.filter(({ name }) => name.startsWith('on')).length,
      curves: xml.querySelectorAll('svg').length,
      headings: [...xml.querySelectorAll('h2')].map((node) => node.textContent),
    };
  }, text);
  expect(found).toMatchObject({ errors: 0, scripts: 0, outside: [], handlers: 0, curves: 2 });
  expect(found.headings).toEqual([
    'Settings',
    'Curves',
    'Samples for the pinned prompts',
    'Blind votes',
    'Self-checks',
  ]);
  await reader.page.setContent(text);
  expect(await reader.page.locator('h1').innerText()).toBe('the slow one');
  expect(await violations(reader.page)).toEqual([]);
  expect(reader.requests()).toEqual([]);
  expect(reader.problems()).toEqual([]);
  await reader.close();
});

test('on paper there is the run, and nothing to press', async () => {
  const { page } = browser;
  await page.emulateMedia({ media: 'print' });
  await page.getByTestId('run-print').waitFor();
  await expect.poll(() => page.locator('.button:visible').count()).toBe(0);
  expect(await page.locator('nav').isVisible()).toBe(false);
  await expect.poll(() => page.getByTestId('run-print').locator('img').count()).toBe(2);
  await page.emulateMedia({ media: 'screen' });
  await page.getByTestId('run-print').waitFor({ state: 'hidden' });
});

test('a run in use says so before it is deleted, and is deleted only on a second press', async () => {
  const { page } = browser;
  await expect.poll(rows).toHaveLength(3);
  const name = (await rows())[0] ?? '';
  expect(name).toMatch(/^SFT 2, from step \d+$/);
  await openRun(name);
  await press(page, 'run-delete');
  await expect.poll(() => textOf(page, 'confirm-use')).toMatch(/It is in use\..*start from it/s);
  expect(await violations(page)).toEqual([]);
  await press(page, 'confirm-no');
  expect(await rows()).toHaveLength(3);
  await press(page, 'run-delete');
  await press(page, 'confirm-yes');
  await expect.poll(rows).toEqual(['SFT 2', 'the slow one']);
  await expect.poll(() => textOf(page, 'run-news')).toBe(`${name} is deleted.`);
  // What was pressed is gone: the keyboard goes on from the top of the part.
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Runs');
});

test('a checkpoint is saved as safetensors', async () => {
  await openRun('SFT 2');
  const [download] = await Promise.all([
    browser.page.waitForEvent('download'),
    browser.page.getByRole('button', { name: 'Export SFT 2', exact: true }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('sft-2.safetensors');
  const bytes = await contentOf(download);
  const header = JSON.parse(bytes.subarray(8, 8 + bytes.readUInt32LE(0)).toString()) as Record<
    string,
    unknown
  >;
  expect(Object.keys(header)).toEqual(
    expect.arrayContaining(['wte.weight', 'h.0.attn.c_attn.weight']),
  );
});

test('a whole laboratory goes to another profile; a damaged file is refused by name and changes nothing', async () => {
  const { page } = browser;
  const download = await saved('lab-export');
  const path = await download.path();
  await expect.poll(() => textOf(page, 'lab-news')).toMatch(/^Packed: /);
  const other = await launch(browser.url, { webgpu: 'off' });
  try {
    await openLaboratory(other.page, browser.url);
    await visit(other.page, 'runs');
    const bytes = readFileSync(path);
    const take = async (buffer: Buffer) => {
      const file = { name: 'laboratory.zip', mimeType: 'application/zip', buffer };
      await other.page.getByTestId('lab-import').setInputFiles(file);
    };
    const damaged = Buffer.from(bytes);
    damaged[Math.floor(bytes.length / 2)]! ^= 0xff;
    await take(damaged);
    await other.page.getByText(/safetensors in this laboratory file: its content/).waitFor();
    await expect.poll(() => textOf(other.page, 'lab-news')).toBe('Nothing was imported.');
    await take(bytes.subarray(0, bytes.length - 100));
    await other.page.getByText(/no zip, or its end is missing/).waitFor();
    expect(await other.page.getByTestId('run-row').count()).toBe(0);
    await other.page.getByTestId('lab-settings').check();
    await take(bytes);
    await other.page.getByTestId('run-row').first().waitFor();
    await expect
      .poll(() => textOf(other.page, 'lab-news'))
      .toMatch(/^Added: 2 runs, \d+ checkpoints\.$/);
    await visit(other.page, 'demonstrate');
    await waitForStatus(other.page, 'sft', 'done');
    expect(other.problems()).toEqual([]);
  } finally {
    await other.close();
  }
});
