// The whole loop by clicks and keys on WASM, in one sitting: base, demonstrations, rankings by a
// scripted person and by the class, reward model, PPO with a reload in its middle, judgement. At the
// end the filled page is looked at by axe. What the numbers are worth is not tested here.
import { describe, expect, test } from 'vitest';
import { PARTS } from '../../src/ui/hash-route.ts';
import { violations } from './accessibility.ts';
import {
  classRankings,
  letClassRank,
  openLaboratory,
  ownRankings,
  placeByButtons,
  placeByKeys,
  press,
  ready,
  saveRanking,
  stepsOf,
  textOf,
  textsToRank,
  train,
  visit,
  waitForStatus,
  waitForStep,
} from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';

/** Iterations of PPO: so many that it can be paused and left in the middle, however late the press. */
const ITERATIONS = 24;
const SETTINGS = `preset=micro&labels.source=both&ppo.episodes=${32 * ITERATIONS}&evaluate.prompts=50`;

const browser = sharedBrowser();
describe('the whole loop on WASM', () => {
  test('the base model loads by itself and answers', async () => {
    const { page } = browser;
    await openLaboratory(page, browser.url, SETTINGS);
    await expect.poll(() => textOf(page, 'engine-badge')).toContain('WebAssembly');
    await page.getByTestId('prompt-input').fill('Tell me what zebras eat.');
    await expect.poll(() => textOf(page, 'unknown-words')).toMatch(/Not in this world: zebras\./);
    expect(await textOf(page, 'unknown-words')).toMatch(/In capitals: Tell\./);
    await press(page, 'lower-case');
    await expect.poll(() => textOf(page, 'unknown-words')).not.toContain('In capitals');
    expect(await page.getByTestId('prompt-input').inputValue()).toBe('tell me what zebras eat.');
    await press(page, 'sample-button');
    expect((await textOf(page, 'sample-text')).length).toBeGreaterThan(0);
  });

  test('one button imitates demonstrations, with a chart and samples', async () => {
    const { page } = browser;
    await visit(page, 'demonstrate');
    expect(await stepsOf(page, 'sft')).toEqual({ step: 0, total: 0 });
    await train(page, 'sft');
    // 68 demonstrations by 16, and up to four of them too long.
    expect(await stepsOf(page, 'sft')).toEqual({ step: 4, total: 4 });
    await expectPoints('Loss', 4);
    await page.getByTestId('pinned-text').first().waitFor();
  });

  test('a person ranks by keys and buttons, with a tie, a skip and an undo', async () => {
    const { page } = browser;
    await visit(page, 'rank');
    await press(page, 'rank-fetch');
    await placeByButtons(page);
    await saveRanking(page, 'button');
    for (let i = 0; i < 3; i += 1) {
      await placeByKeys(page);
      await saveRanking(page, 'key');
    }
    const skipped = await textOf(page, 'rank-prompt');
    await press(page, 'rank-skip');
    await expect.poll(() => textOf(page, 'rank-prompt')).not.toBe(skipped);
    expect(await ownRankings(page)).toBe(4);
    await press(page, 'rank-undo');
    await expect.poll(() => textOf(page, 'rank-prompt')).toBe(skipped);
    await tieLastTwo();
    await saveRanking(page, 'button');
    await expect.poll(() => textOf(page, 'rank-news')).toContain('tied');
    expect(await ownRankings(page)).toBe(5);
    await press(page, 'rank-undo');
    await expect.poll(() => ownRankings(page)).toBe(4);
  });

  test('the class fills up labels, apart from the person, and the reward model trains', async () => {
    const { page } = browser;
    expect(await classRankings(page)).toBe(0);
    await letClassRank(page, 16);
    await expectRankings([4, 16]);
    await train(page, 'reward');
    await expect
      .poll(() => textOf(page, 'reward-accuracy'))
      .toMatch(/\d+(\.\d)? % right on \d+ held-out/);
    await page.getByTestId('score-input').fill('zebras eat grass .');
    await expect.poll(() => textOf(page, 'score-value')).toMatch(/^.?\d/);
    const first = await textOf(page, 'score-value');
    await page.getByTestId('score-input').fill('no no no no no no');
    await expect.poll(() => textOf(page, 'score-value')).not.toBe(first);
  });

  test('PPO steps, plays, pauses; charts, checks and token lens show its numbers', async () => {
    const { page } = browser;
    await visit(page, 'reinforce');
    await press(page, 'ppo-step');
    await waitForStep(page, 'ppo', 1);
    await waitForStatus(page, 'ppo', 'paused');
    expect(await stepsOf(page, 'ppo')).toEqual({ step: 1, total: ITERATIONS });
    const checks = page.locator('[data-testid^="check-"]');
    await expect.poll(() => checks.count()).toBeGreaterThan(4);
    expect(await page.locator('[data-testid^="check-"][data-ok="false"]').count()).toBe(0);
    const rows = page.locator('[data-testid="token-lens"] tbody tr');
    await rows.first().waitFor();
    expect(await rows.first().innerText()).not.toContain('NaN');
    await press(page, 'ppo-start');
    await waitForStep(page, 'ppo', 2);
    await press(page, 'ppo-pause');
    await waitForStatus(page, 'ppo', 'paused');
    const { step } = await stepsOf(page, 'ppo');
    await expectPoints('Reward', step);
  });

  test('a reload in the middle brings everything back, and PPO goes on where it was', async () => {
    const { page } = browser;
    const before = await stepsOf(page, 'ppo');
    await page.reload();
    await ready(page);
    await waitForStatus(page, 'ppo', 'paused');
    expect(await stepsOf(page, 'ppo')).toEqual(before);
    await expectPoints('Reward', before.step);
    await visit(page, 'rank');
    await expectRankings([4, 16]);
    expect(await textOf(page, 'reward-accuracy')).toMatch(/% right/);
    await visit(page, 'demonstrate');
    await waitForStatus(page, 'sft', 'done');
    await visit(page, 'reinforce');
    await press(page, 'ppo-start');
    await waitForStatus(page, 'ppo', 'running');
    await page.reload();
    await ready(page);
    await waitForStatus(page, 'ppo', 'paused');
    expect((await stepsOf(page, 'ppo')).step).toBeGreaterThanOrEqual(before.step);
    await train(page, 'ppo');
    expect(await stepsOf(page, 'ppo')).toEqual({ step: ITERATIONS, total: ITERATIONS });
    await expectPoints('Reward', ITERATIONS);
  });

  test('blind pairs by keys give a win rate with its interval, and the suite a table', async () => {
    const { page } = browser;
    await visit(page, 'judge');
    await page.getByTestId('judge-count').fill('5');
    await press(page, 'judge-start');
    await page.getByTestId('judge-pair').waitFor();
    for (const [i, key] of ['ArrowLeft', 'ArrowRight', 't', 'b', 'ArrowLeft'].entries()) {
      await page.getByRole('region', { name: `Blind comparison ${i + 1} of 5` }).waitFor();
      // The second press without a release is the repeat of a key held down: no vote of its own.
      await page.keyboard.down(key);
      await page.keyboard.down(key);
      await page.keyboard.up(key);
    }
    expect(await textOf(page, 'judge-rate')).toMatch(/wins \d+ % against/);
    await expect
      .poll(() => page.getByRole('status').allInnerTexts())
      .toContainEqual(expect.stringMatching(/95 % interval \d+ % to \d+ %\. 5 votes: ±\d+ points/));
    await press(page, 'suite-run');
    const rows = page.locator('[data-testid="suite-table"] tbody tr');
    await rows.first().waitFor();
    // Base, SFT, PPO's average and its last weights, each with samples and greedily.
    await expect.poll(() => rows.count()).toBe(8);
    const taxes = await page.getByTestId('suite-tax').allInnerTexts();
    expect(taxes.slice(0, 2)).toEqual(Array(2).fill(taxes[0]));
    expect(taxes[0]).toMatch(/^\d\.\d{3}\s+0\.000 \(0\.000 to 0\.000\)$/);
    for (const tax of taxes) expect(tax).toMatch(/^\d\.\d{3}\s+[+−]?\d\.\d{3} \(.+ to .+\)$/);
    expect(new Set(taxes).size).toBeGreaterThan(2);
    expect(await textOf(page, 'suite-tax-meaning')).toContain('loss in nats per token');
    expect(await textOf(page, 'suite-pairs')).toMatch(/gold prefers the first on/);
  });

  test('a reload after all of it brings back what the run showed, the suite and an open sitting', async () => {
    const { page } = browser;
    const shown = async () => {
      const read = async (testId: string) => page.getByTestId(testId).allInnerTexts();
      await visit(page, 'reinforce');
      await page.getByTestId('token-lens').waitFor();
      const checks = await page.locator('[data-testid^="check-"] summary').allInnerTexts();
      const reinforced = [checks, await read('pinned-text'), await read('token-lens')];
      await visit(page, 'demonstrate');
      const demonstrated = await read('pinned-text');
      await visit(page, 'judge');
      await page.getByTestId('judge-pair').waitFor();
      await page.getByTestId('suite-table').waitFor();
      return [...reinforced, demonstrated, await read('suite-table'), await read('judge-pair')];
    };
    await page.getByTestId('judge-count').fill('3');
    await press(page, 'judge-start');
    await page.getByRole('region', { name: 'Blind comparison 1 of 3' }).waitFor();
    await page.keyboard.press('t');
    await page.getByRole('region', { name: 'Blind comparison 2 of 3' }).waitFor();
    const before = await shown();
    expect(before.map((texts) => texts.length > 0)).toEqual(before.map(() => true));
    await page.reload();
    await ready(page);
    await expect.poll(shown).toEqual(before);
    await page.getByRole('region', { name: 'Blind comparison 2 of 3' }).waitFor();
    await press(page, 'judge-reveal');
  });

  test.each(['light', 'dark'] as const)(
    'no part breaks an accessibility rule, %s',
    async (theme) => {
      const { page } = browser;
      await page.emulateMedia({ colorScheme: theme });
      const found: string[] = [];
      for (const part of PARTS) {
        await visit(page, part);
        found.push(...(await violations(page)).map((line) => `${part}: ${line}`));
      }
      await press(page, 'settings-open');
      await page.getByTestId('settings-dialog').waitFor();
      found.push(...(await violations(page)).map((line) => `settings: ${line}`));
      await page.keyboard.press('Escape');
      expect(found).toEqual([]);
    },
  );
});

/** Rankings by the person and by the class, which are counted when the page is ready. */
async function expectRankings(counts: readonly [number, number]): Promise<void> {
  const { page } = browser;
  await expect
    .poll(async () => [await ownRankings(page), await classRankings(page)])
    .toEqual(counts);
}

async function expectPoints(title: string, points: number): Promise<void> {
  await expect.poll(() => chartPoints(title)).toBe(points);
}

/**
 * Points of a chart, as its table counts them; opens the table and closes it again. The table is drawn
 * after the browser's own toggle event, hence the waits.
 */
async function chartPoints(title: string): Promise<number> {
  const figure = browser.page.locator('figure', {
    has: browser.page.locator('strong', { hasText: new RegExp(`^${title}$`) }),
  });
  const numbers = figure.locator('summary');
  await numbers.click();
  await figure.locator('table').waitFor();
  const count = await figure.locator('tbody tr').count();
  await numbers.click();
  await figure.locator('table').waitFor({ state: 'detached' });
  return count;
}

/** Gives all texts on screen a place by button and ties the last two by key. */
async function tieLastTwo(): Promise<void> {
  const { page } = browser;
  const texts = await textsToRank(page);
  for (const [at] of texts.entries()) await page.getByTestId(`rank-item-${at}`).click();
  await page.getByTestId(`rank-item-${texts.length - 1}`).focus();
  await page.keyboard.press('=');
}
