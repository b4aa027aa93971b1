// The whole loop at micro size in a stock Firefox, on WASM: the same build, the same database, the same keys as in
// Chromium. By clicks and keys through WebDriver BiDi. What the loop does in detail is whole-loop.test.ts's.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Part } from '../../src/ui/hash-route.ts';
import { launchFirefox, requireFirefox, type LaunchedFirefox } from '../setup/firefox.ts';
import { serveBuild, type ServedBuild } from '../setup/serve.ts';

let served: ServedBuild;
let firefox: LaunchedFirefox;
beforeAll(async () => {
  process.stderr.write(`Firefox: ${requireFirefox()}\n`);
  served = await serveBuild();
  firefox = await launchFirefox(served.url);
});
afterAll(async () => {
  await firefox.close();
  await served.close();
});

/** Presses what has this test id as soon as it can be pressed. */
async function press(testId: string): Promise<void> {
  await firefox.page.locator(`[data-testid="${testId}"]:enabled`).click();
}

async function visit(part: Part): Promise<void> {
  const { page } = firefox;
  await page.locator(`[data-testid="nav-${part}"]`).click();
  await page.waitForSelector(`.page[data-part="${part}"]`);
}

/** Waits until the text of what has this test id matches, and returns it. */
async function textLike(testId: string, pattern: RegExp): Promise<string> {
  const { page } = firefox;
  await page.waitForFunction(
    (id, source) => {
      const words = document.querySelector(`[data-testid="${id}"]`)?.textContent ?? '';
      return new RegExp(source).test(words.replaceAll(/\s+/g, ' '));
    },
    {},
    testId,
    pattern.source,
  );
  return page.$eval(`[data-testid="${testId}"]`, (node) => node.textContent.trim());
}

async function train(stage: 'sft' | 'reward' | 'ppo'): Promise<void> {
  await press(`${stage}-start`);
  await firefox.page.waitForSelector(`[data-testid="${stage}-status"][data-status="done"]`);
}

test('the page loads in Firefox, says WebAssembly, and the model answers', async () => {
  const { page, version } = firefox;
  expect(version).toMatch(/^firefox\//i);
  await page.goto(`${served.url}#/model?preset=micro&labels.source=both`);
  await textLike('nav-model', /loaded/);
  await textLike('engine-badge', /WebAssembly/);
  await press('sample-button');
  expect(await textLike('sample-text', /\S/)).not.toBe('');
});

test('SFT, a ranking by keys, the class, the reward model and PPO', async () => {
  const { page } = firefox;
  await visit('demonstrate');
  await train('sft');
  await visit('rank');
  await press('rank-fetch');
  await page.waitForSelector('[data-testid="rank-item-0"]');
  // Nothing is clicked: the list has taken the focus, and gives it to the next text without a place.
  const texts = await page.$$eval('[data-testid^="rank-item-"]', (nodes) => nodes.length);
  expect(texts).toBeGreaterThan(1);
  for (let place = 1; place <= texts; place += 1) {
    await page.waitForFunction(
      () => document.activeElement?.matches('[data-testid^="rank-item-"][data-place=""]') === true,
    );
    await page.keyboard.press(place === 1 ? '1' : '2');
  }
  await page.waitForSelector('[data-testid="rank-save"]:enabled');
  await page.keyboard.press('Enter');
  await textLike('rank-count', /^1 ranking of yours/);
  await press('simulate-button');
  await textLike('class-count', /^16 rankings/);
  await train('reward');
  await textLike('reward-accuracy', /% right on \d+ held-out|too few rankings/);
  await visit('reinforce');
  await train('ppo');
  const failed = await page.$$eval(
    '[data-testid^="check-"]',
    (nodes) => nodes.filter((node) => node.getAttribute('data-ok') !== 'true').length,
  );
  expect(failed).toBe(0);
  await page.waitForSelector('[data-testid="token-lens"] tbody tr');
});

test('a blind vote by keys, and a reload brings everything back', async () => {
  const { page } = firefox;
  await visit('judge');
  await page.locator('[data-testid="judge-count"]').fill('3');
  await press('judge-start');
  for (const [i, key] of (['ArrowLeft', 't', 'ArrowRight'] as const).entries()) {
    await page.waitForSelector(`[aria-label="Blind comparison ${i + 1} of 3"]:focus`);
    await page.keyboard.press(key);
  }
  await textLike('judge-rate', /wins \d+ % against/);
  await page.reload();
  await textLike('nav-model', /loaded/);
  await textLike('nav-judge', /done/);
  await visit('rank');
  await textLike('rank-count', /^1 ranking of yours/);
  await visit('reinforce');
  await page.waitForSelector('[data-testid="ppo-status"][data-status="done"]');
  await page.waitForSelector('[data-testid="token-lens"] tbody tr');
});

test('nothing of it went wrong on the console, and nothing left the page', () => {
  expect(firefox.problems()).toEqual([]);
});
