// The loop once more, short and with tiny shapes, on WebGPU through Chromium's software adapter. The
// engine is chosen by name, because a software adapter loses to WASM otherwise. Speed is not tested.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch } from '../setup/browser.ts';
import { serveBuild, type ServedBuild } from '../setup/serve.ts';
import {
  letClassRank,
  openLaboratory,
  placeByButtons,
  press,
  ready,
  saveRanking,
  stepsOf,
  textOf,
  train,
  visit,
} from './laboratory-page.ts';

const SETTINGS = [
  'preset=micro&labels.source=both&general.maxPromptTokens=32&general.maxResponseTokens=8',
  'sft.demonstrations=8&sft.batchSize=8&sft.pretrainMix=0&labels.prompts=8&labels.k=2&reward.promptsPerBatch=4',
  'ppo.episodes=16&ppo.rolloutBatch=8&ppo.minibatches=1&ppo.ptxTokens=16&evaluate.prompts=10',
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

test('the loop on WebGPU, chosen by name', { timeout: TIME_LIMIT }, async () => {
  const browser = await launch(served.url, { webgpu: 'swiftshader' });
  const { page } = browser;
  try {
    await openLaboratory(page, served.url, SETTINGS);
    await page.getByTestId('engine-badge').click();
    await page.getByText(/would run in software/).waitFor();
    await page.getByTestId('engine-select').selectOption('webgpu');
    await page.getByTestId('engine-badge').filter({ hasText: 'WebGPU' }).waitFor();
    await ready(page);
    await page.keyboard.press('Escape');
    await page.getByTestId('prompt-input').fill('what do bees eat?');
    await press(page, 'sample-button');
    expect((await textOf(page, 'sample-text')).length).toBeGreaterThan(0);
    await visit(page, 'demonstrate');
    const told = page.getByText('Preparing the GPU: programs ready').first();
    await Promise.all([told.waitFor({ state: 'attached' }), train(page, 'sft')]);
    await visit(page, 'rank');
    await press(page, 'rank-fetch');
    await placeByButtons(page);
    await saveRanking(page, 'button');
    await letClassRank(page, 8);
    await train(page, 'reward');
    expect(await textOf(page, 'reward-accuracy')).toMatch(/% right/);
    await visit(page, 'reinforce');
    await train(page, 'ppo');
    expect(await stepsOf(page, 'ppo')).toEqual({ step: 2, total: 2 });
    expect(await page.locator('[data-testid^="check-"]').count()).toBeGreaterThan(4);
    expect(await page.locator('[data-testid^="check-"][data-ok="false"]').count()).toBe(0);
    await visit(page, 'judge');
    await page.getByTestId('judge-count').fill('1');
    await press(page, 'judge-start');
    await page.getByRole('region', { name: 'Blind comparison 1 of 1' }).waitFor();
    await page.keyboard.press('t');
    expect(await textOf(page, 'judge-rate')).toMatch(/wins 50 % against/);
    expect(browser.problems()).toEqual([]);
  } finally {
    await browser.close();
  }
});
