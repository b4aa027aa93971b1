// The guided path as a newcomer takes it: predict, do, see what happened, go on; remembered across a reload, by keys.
import { beforeAll, expect, test } from 'vitest';
import { openLaboratory, press, ready, textOf, train, visit } from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';

const browser = sharedBrowser();
beforeAll(async () => {
  await openLaboratory(browser.page, browser.url, 'preset=micro&sft.demonstrations=16');
});

test('nothing is told before a prediction, and everything from what happened here', async () => {
  const { page } = browser;
  await press(page, 'lessons-toggle');
  expect(await textOf(page, 'lesson')).toMatch(/stop 1 of 10/i);
  await press(page, 'sample-button');
  await page.getByTestId('sample-text').first().waitFor();
  expect(await textOf(page, 'lesson-outcome')).toContain('Predict first');
  // By keys: the choices are one group, arrows move within it.
  await page.getByTestId('predict-stops').focus();
  await page.keyboard.press('ArrowDown');
  await expect
    .poll(() => textOf(page, 'lesson-outcome'))
    .toMatch(/Of the last 3 answers by .*, \d went on/);
  await expect.poll(() => page.getByTestId('predict-stops').isDisabled()).toBe(true);
});

test('goes on through the loop, and comes back after a reload', async () => {
  const { page } = browser;
  await press(page, 'lesson-next');
  await page.locator('#lesson-title:focus').waitFor();
  await page.getByTestId('predict-some').check();
  await expect.poll(() => textOf(page, 'lesson-outcome')).toContain('Waiting');
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  await expect.poll(() => textOf(page, 'lesson-outcome')).toMatch(/From .* to .* nats per token/);
  await page.reload();
  await ready(page);
  expect(await textOf(page, 'lesson')).toMatch(/stop 2 of 10/i);
  await expect.poll(() => textOf(page, 'lesson-outcome')).toMatch(/nats per token/);
  await page.getByText('Start over').click();
  await expect.poll(() => textOf(page, 'lesson-tally')).toContain('0 of 10');
});
