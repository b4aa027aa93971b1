// Measure this machine as a person uses it, in its smallest form: reached and run by keys, stopped, saved as JSON and
// CSV, refused while something trains, and readable by everyone. What is computed from it is tested without a browser.
import type { Download } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { MEASURED_SIZES } from '../../src/config/measured-sizes.ts';
import type { MachineMeasurement } from '../../src/records/measurement.ts';
import { violations } from './accessibility.ts';
import {
  hasLoaded,
  openLaboratory,
  press,
  ready,
  textOf,
  visit,
  waitForStatus,
} from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';

const browser = sharedBrowser();
beforeAll(async () => {
  await openLaboratory(browser.page, browser.url, 'preset=micro');
});

async function waitFor(status: string): Promise<void> {
  await browser.page.locator(`[data-testid="machine-status"][data-status="${status}"]`).waitFor();
}

async function tabTo(testId: string): Promise<void> {
  const { page } = browser;
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
    if (at === testId) return;
  }
  throw new Error(`${testId} cannot be reached by Tab`);
}

async function saved(testId: string): Promise<{ name: string; text: string }> {
  const { page } = browser;
  const [download]: [Download, unknown] = await Promise.all([
    page.waitForEvent('download'),
    press(page, testId),
  ]);
  const parts = await (await download.createReadStream()).toArray();
  return {
    name: download.suggestedFilename(),
    text: Buffer.concat(parts as Buffer[]).toString(),
  };
}

test('by keys alone: it is loaded when asked for, measures every part, and gives the focus back', async () => {
  const { page } = browser;
  expect(await hasLoaded(page, 'MachineDialog')).toBe(false);
  await page.getByTestId('engine-badge').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('engine-select').waitFor();
  await tabTo('machine-open');
  await page.keyboard.press('Enter');
  await page.getByTestId('machine-dialog').waitFor();
  expect(await hasLoaded(page, 'MachineDialog')).toBe(true);
  await tabTo('machine-reach');
  await page.keyboard.press('Home');
  await tabTo('machine-start');
  await page.keyboard.press('Enter');
  await waitFor('done');
  const row = page.getByTestId('machine-row-tiny');
  expect(await row.getByRole('rowheader').innerText()).toContain(
    MEASURED_SIZES.tiny.parameters.toLocaleString('en-US'),
  );
  for (const part of ['train', 'sample', 'ppo']) {
    expect(await row.getByTestId(`machine-${part}`).innerText()).toMatch(
      /^[\d.,]+ (ms|s)\s+[\d.,]+ tokens\/s$/,
    );
  }
  expect(await textOf(page, 'machine-table')).toMatch(/WebAssembly on WASM.*\d+ cores/);
  // The focus stays on the one button for start and stop.
  await page.locator('[data-testid="machine-start"]:focus').waitFor();
  await page.keyboard.press('Escape');
  await page.getByTestId('machine-dialog').waitFor({ state: 'detached' });
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-testid')))
    .toBe('engine-badge');
});

async function openDialog(): Promise<void> {
  const { page } = browser;
  await page.getByTestId('engine-badge').click();
  await page.getByTestId('machine-open').click();
  await page.getByTestId('machine-dialog').waitFor();
}

test('what was measured is still there, and both files say the same as the table', async () => {
  const { page } = browser;
  await openDialog();
  const json = await saved('machine-json');
  const csv = await saved('machine-csv');
  expect([json.name, csv.name]).toEqual(['machine.json', 'machine.csv']);
  const measurement = JSON.parse(json.text) as MachineMeasurement;
  expect(measurement.complete).toBe(true);
  expect(measurement.conditions).toMatchObject({ backend: 'WebAssembly', wasHidden: false });
  const [size] = measurement.sizes;
  expect(Object.keys(size?.parts ?? {})).toEqual(['train', 'sample', 'ppo']);
  expect(size?.parts.train).toMatchObject({ tokens: 64 });
  for (const outcome of Object.values(size?.parts ?? {})) {
    const times = 'milliseconds' in outcome ? outcome.milliseconds : [];
    expect(times).toHaveLength(3);
    expect(Math.min(...times)).toBeGreaterThan(0);
  }
  const [head = '', line = ''] = csv.text.split('\r\n');
  const train = size?.parts.train;
  const times = train !== undefined && 'milliseconds' in train ? [...train.milliseconds] : [];
  times.sort((a, b) => a - b);
  expect(line).toContain(`,${times[1]},`);
  expect(head.split(',')).toContain('train_step_ms');
  await page.keyboard.press('Escape');
});

test('it stops, also by closing its window, and training goes on afterwards', async () => {
  const { page } = browser;
  await openDialog();
  await page.getByTestId('machine-reach').selectOption('25M');
  await press(page, 'machine-start');
  await page.getByTestId('machine-row-0.1M').waitFor();
  await press(page, 'machine-stop');
  await waitFor('stopped');
  await expect.poll(() => textOf(page, 'machine-table')).toContain('Not complete.');
  expect(await page.getByTestId('machine-row-25M').count()).toBe(0);
  // Closing the window stops as well; the worker takes no other work until the round is over.
  await press(page, 'machine-start');
  await waitFor('running');
  await page.keyboard.press('Escape');
  await visit(page, 'demonstrate');
  // Refused in words for as long as the last round takes.
  await expect
    .poll(async () => {
      await press(page, 'sft-start');
      return page.locator('[data-testid="sft-status"]').getAttribute('data-status');
    })
    .toMatch(/running|done/);
  await waitForStatus(page, 'sft', 'done');
});

test.each(['light', 'dark'] as const)(
  'no accessibility rule is broken, and nothing is wider than a phone, %s',
  async (theme) => {
    const { page } = browser;
    await page.emulateMedia({ colorScheme: theme });
    await page.reload();
    await ready(page);
    await openDialog();
    await page.getByTestId('machine-reach').selectOption('tiny');
    await press(page, 'machine-start');
    await waitFor('done');
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    const excess = () =>
      page.evaluate(() => {
        const dialog = document.querySelector('[data-testid="machine-dialog"]');
        return [document.documentElement, dialog].map((element) =>
          element === null ? NaN : element.scrollWidth - element.clientWidth,
        );
      });
    await expect.poll(excess).toEqual([0, 0]);
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 900 });
  },
);
