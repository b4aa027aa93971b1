// Makes the pictures of docs/screens from a short real run in a real Chromium: `npm run screenshots`.
// Not a test: it asserts nothing, and its pictures are looked at by people.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { Part } from '../../src/ui/hash-route.ts';
import {
  letClassRank,
  openLaboratory,
  placeByButtons,
  press,
  saveRanking,
  textOf,
  textsToRank,
  train,
  visit,
} from '../e2e/laboratory-page.ts';
import { launch } from './browser.ts';
import { buildPage, serveBuild } from './serve.ts';

const FOLDER = fileURLToPath(new URL('../../docs/screens', import.meta.url));

/** A few minutes on two cores: enough for curves with a shape. */
const SETTINGS = [
  'sft.demonstrations=960&sft.epochs=1&labels.prompts=64',
  'ppo.episodes=768&ppo.rolloutBatch=64&ppo.minibatches=4&evaluate.prompts=100',
].join('&');

/** The part from its top, or from the text `from` on. */
async function picture(page: Page, part: Part, from = 'RLHF Playground'): Promise<void> {
  await page
    .getByText(from, { exact: true })
    .first()
    .evaluate((node) => {
      node.scrollIntoView({ block: 'start' });
      window.scrollBy(0, -24);
      (document.activeElement as HTMLElement | null)?.blur();
    });
  await page.screenshot({ path: `${FOLDER}/${part}.png` });
}

async function ask(page: Page): Promise<void> {
  await page.getByTestId('prompt-input').fill('tell me a happy story about a bee.');
  await press(page, 'sample-button');
  await textOf(page, 'sample-text');
}

async function wholeLoop(page: Page): Promise<void> {
  await ask(page);
  await picture(page, 'model');
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  await picture(page, 'demonstrate');
  await visit(page, 'rank');
  await press(page, 'rank-fetch');
  await placeByButtons(page);
  await saveRanking(page, 'button');
  await letClassRank(page, 64);
  await train(page, 'reward');
  await textsToRank(page);
  await page.getByTestId('rank-item-2').click();
  await page.getByTestId('rank-item-0').click();
  await picture(page, 'rank');
  await visit(page, 'reinforce');
  await train(page, 'ppo');
  await picture(page, 'reinforce', 'Reinforce');
  await visit(page, 'judge');
  await press(page, 'suite-run');
  await page.locator('[data-testid="suite-table"]').waitFor({ timeout: 300_000 });
  await page.getByTestId('judge-count').fill('30');
  await press(page, 'judge-start');
  await page.getByTestId('judge-pair').waitFor({ timeout: 60_000 });
  await picture(page, 'judge', 'Vote blind');
}

mkdirSync(FOLDER, { recursive: true });
buildPage();
const served = await serveBuild();
const browser = await launch(served.url, {
  webgpu: 'off',
  viewport: { width: 1280, height: 800 },
});
try {
  await browser.page.emulateMedia({ colorScheme: 'light' });
  await openLaboratory(browser.page, served.url, SETTINGS);
  await wholeLoop(browser.page);
} finally {
  await browser.close();
  await served.close();
}
