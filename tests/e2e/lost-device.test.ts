// The browser's GPU process is crashed in the middle of a training run, as a driver reset does it: the page says so
// in a sentence, starts the engine again, and the run goes on from its last checkpoint.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch } from '../setup/browser.ts';
import { serveBuild, type ServedBuild } from '../setup/serve.ts';
import {
  openLaboratory,
  press,
  ready,
  stepsOf,
  textOf,
  visit,
  waitForStatus,
  waitForStep,
} from './laboratory-page.ts';

/** Tiny shapes, and more steps than can be done before the crash. */
const SETTINGS = [
  'preset=micro&general.maxPromptTokens=32&general.maxResponseTokens=8',
  'sft.demonstrations=400&sft.batchSize=8&sft.pretrainMix=0',
].join('&');

let served: ServedBuild;
beforeAll(async () => {
  served = await serveBuild();
});
afterAll(async () => {
  await served.close();
});

/** A software adapter compiles each shader on the processor; crowded, that alone takes minutes. Milliseconds. */
const TIME_LIMIT = 600_000;

test('a crashed GPU process loses no checkpoint', { timeout: TIME_LIMIT }, async () => {
  const browser = await launch(served.url, { webgpu: 'swiftshader' });
  const { page, context } = browser;
  try {
    await openLaboratory(page, served.url, SETTINGS);
    await page.getByTestId('engine-badge').click();
    await page.getByTestId('engine-select').selectOption('webgpu');
    await page.getByTestId('engine-badge').filter({ hasText: 'WebGPU' }).waitFor();
    await ready(page);
    await page.keyboard.press('Escape');
    await visit(page, 'demonstrate');
    await press(page, 'sft-step');
    await waitForStep(page, 'sft', 1);
    await waitForStatus(page, 'sft', 'paused');
    await press(page, 'sft-start');
    await waitForStep(page, 'sft', 3);
    const session = await context.browser()?.newBrowserCDPSession();
    await session?.send('Browser.crashGpuProcess');
    expect(await textOf(page, 'notes')).toMatch(
      /graphics device was lost.*SFT is paused at its last checkpoint/,
    );
    await waitForStatus(page, 'sft', 'paused');
    const { step } = await stepsOf(page, 'sft');
    expect(step).toBeGreaterThanOrEqual(1);
    await press(page, 'sft-start');
    await waitForStep(page, 'sft', step + 1);
    await press(page, 'sft-pause');
    await waitForStatus(page, 'sft', 'paused');
    expect(browser.problems()).toEqual([]);
  } finally {
    await browser.close();
  }
});
