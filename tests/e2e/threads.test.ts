// WASM with helper threads where the page is cross-origin isolated, by a host's headers or by the service worker's, and
// without them where it is not; training gives the same numbers, digit by digit. Speed is not tested.
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { launch, type LaunchedBrowser } from '../setup/browser.ts';
import { serveBuild, serveCopy, type ServedBuild } from '../setup/serve.ts';
import { openLaboratory, press, ready, textOf, train, visit } from './laboratory-page.ts';

async function open(serve: () => Promise<ServedBuild>): Promise<LaunchedBrowser> {
  const served = await serve();
  onTestFinished(() => served.close());
  const browser = await launch(served.url, { webgpu: 'off' });
  onTestFinished(() => browser.close());
  await openLaboratory(browser.page, served.url, 'preset=micro');
  return browser;
}

/** Whether the page is isolated, and the engine in words. */
async function engineOf({ page }: LaunchedBrowser) {
  const isolated = await page.evaluate(() => crossOriginIsolated);
  await page.getByTestId('engine-badge').click();
  const words = await page.locator('.popover p').first().innerText();
  await page.keyboard.press('Escape');
  return { isolated, words };
}

/** The loss of every step of a run, as the page saves it. */
async function losses(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Loss: scale and files' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('menu').getByText('Save numbers (CSV)').click();
  return readFileSync(await (await download).path(), 'utf8');
}

/** Trains, and returns the losses and what the trained model writes. */
async function trained({ page }: LaunchedBrowser): Promise<[string, string]> {
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  const numbers = await losses(page);
  await visit(page, 'model');
  await page.getByTestId('prompt-input').fill('what do bees eat?');
  await press(page, 'sample-button');
  return [numbers, await textOf(page, 'sample-text')];
}

test('threads where the page is isolated, none where it is not, and the same numbers', async () => {
  const isolated = await open(serveBuild);
  const shared = await engineOf(isolated);
  expect(shared.isolated).toBe(true);
  expect(shared.words).toMatch(/WASM, SIMD, own kernels, [2-4] threads$/);
  const alone = await open(() => serveCopy('/courses/rlhf/'));
  const plain = await engineOf(alone);
  expect(plain.isolated).toBe(false);
  expect(plain.words).toMatch(/WASM, SIMD, own kernels$/);
  const results = [await trained(isolated), await trained(alone)];
  expect(results[0]?.[0].split('\r\n').length).toBeGreaterThan(4);
  expect(results[0]).toEqual(results[1]);
  expect([...isolated.problems(), ...alone.problems()]).toEqual([]);
});

test('a host without headers gets threads once the page is stored, and its first visit had none', async () => {
  const browser = await open(() => serveCopy('/courses/rlhf/'));
  const { page } = browser;
  expect((await engineOf(browser)).isolated).toBe(false);
  await page.locator('[data-testid="offline"][data-state="ready"]').waitFor();
  await page.reload();
  await ready(page);
  const { isolated, words } = await engineOf(browser);
  expect(isolated).toBe(true);
  expect(words).toMatch(/[2-4] threads/);
  expect(browser.problems()).toEqual([]);
});
