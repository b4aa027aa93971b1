// The trained models that come with the page, in a fresh browser: one press in Judge, and PPO-ptx is compared with SFT at
// once; a second press adds nothing, a reload keeps them, and what stands on a run without a loop copes with these.
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { violations } from './accessibility.ts';
import { openLaboratory, press, ready, textOf, visit, waitForStatus } from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { allFinished } from './stored-run.ts';
import { expectFitsPhone } from './width.ts';

const NAMES = ['Shipped SFT', 'Shipped reward model', 'Shipped PPO-ptx'];

const browser = sharedBrowser();
beforeAll(async () => {
  await openLaboratory(browser.page, browser.url);
});

const news = () => textOf(browser.page, 'trained-news');
const chosen = (testId: string) =>
  browser.page
    .getByTestId(testId)
    .locator('option:checked')
    .evaluate((option) => option.textContent?.trim());

async function storedNames(): Promise<string[]> {
  const stages = ['sft', 'reward', 'ppo'] as const;
  const runs = await Promise.all(stages.map((stage) => allFinished(browser.page, stage)));
  return runs.flat().map(({ name }) => name);
}

test('stopped on a line that brings nothing, nothing is loaded', async () => {
  const { page } = browser;
  await page.route('**/models/trained/*', () => undefined);
  await visit(page, 'judge');
  await press(page, 'trained-load');
  await press(page, 'stop-trained');
  await expect.poll(() => textOf(page, 'stopped-trained')).toMatch(/^Stopped before all/);
  await expect.poll(news).toBe('Nothing was loaded.');
  expect(await page.getByTestId('trained-load').isEnabled()).toBe(true);
  await page.unroute('**/models/trained/*');
});

test('Model leads to them, and in Judge one press brings all three', async () => {
  const { page } = browser;
  await visit(page, 'model');
  await page.getByRole('link', { name: 'load the trained ones (Runs)' }).waitFor();
  await visit(page, 'judge');
  await page.getByTestId('trained-load').waitFor();
  expect(await violations(page)).toEqual([]);
  await expectFitsPhone(page);
  await press(page, 'trained-load');
  await expect.poll(news).toMatch(/^Loaded: Shipped SFT, Shipped reward model, Shipped PPO-ptx\. /);
  expect(await storedNames()).toEqual(NAMES);
});

test('PPO-ptx is compared with SFT at once, blind, on answers of both', async () => {
  const { page } = browser;
  expect([await chosen('judge-first'), await chosen('judge-second')]).toEqual([
    'Shipped PPO-ptx',
    'Shipped SFT',
  ]);
  await page.getByTestId('judge-count').fill('2');
  await press(page, 'judge-start');
  await page.getByTestId('judge-pair').waitFor();
  await press(page, 'judge-left');
  await expect.poll(() => textOf(page, 'judge-pair')).toContain('Pair 2 of 2');
  await press(page, 'judge-tie');
  await expect
    .poll(() => textOf(page, 'judge-rate'))
    .toMatch(/Shipped PPO-ptx wins \d+ % against Shipped SFT/);
});

test('pressed again they are said to be here, and nothing is added', async () => {
  await press(browser.page, 'trained-load');
  await expect.poll(news).toMatch(/^They are here already/);
  expect(await storedNames()).toEqual(NAMES);
});

test('a reload keeps them as the results of their steps, and the policy speaks and is scored', async () => {
  const { page } = browser;
  await page.reload();
  await ready(page);
  for (const [part, stage] of [
    ['demonstrate', 'sft'],
    ['rank', 'reward'],
    ['reinforce', 'ppo'],
  ] as const) {
    await visit(page, part);
    await waitForStatus(page, stage, 'done');
  }
  await visit(page, 'model');
  expect(await chosen('model-picker')).toBe('Shipped PPO-ptx');
  await press(page, 'sample-button');
  await page.getByTestId('sample-text').first().waitFor();
  await visit(page, 'judge');
  // There are models now: the offer is in Runs.
  await page.getByTestId('judge-start').waitFor();
  expect(await page.getByTestId('trained-load').count()).toBe(0);
});

test('Runs lists them with how they were trained, and hands the policy in as a report', async () => {
  const { page } = browser;
  await visit(page, 'runs');
  await page.getByTestId('trained-load').waitFor();
  await page.locator('[data-run="Shipped PPO-ptx"]').getByTestId('run-open').click();
  await expect.poll(() => textOf(page, 'run-details')).toContain('shipped with the page');
  expect(await violations(page)).toEqual([]);
  await expectFitsPhone(page);
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'run-report')]);
  const report = readFileSync(await download.path(), 'utf8');
  expect(report).toContain('Shipped PPO-ptx');
  expect(await page.locator('[data-testid="checkpoint-resume"]:enabled').count()).toBe(0);
});
