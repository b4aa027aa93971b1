// A person's evaluation as in the paper, by keyboard alone at micro size: a scored and flagged ranking in step 2, then
// outputs of two checkpoints each rated alone and ranked, across a reload, with the results and the board at the end.
import { beforeAll, expect, test } from 'vitest';
import { violations } from './accessibility.ts';
import { KeyboardReader } from './keyboard.ts';
import {
  cellsOf,
  openLaboratory,
  ownRankings,
  placeByKeys,
  press,
  ready,
  saveRanking,
  textOf,
  train,
  visit,
} from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { storedRows } from './stored-rows.ts';
import { expectFitsPhone } from './width.ts';

const browser = sharedBrowser();
let reader: KeyboardReader;
beforeAll(async () => {
  const { page } = browser;
  reader = await KeyboardReader.attach(browser.context, page);
  await openLaboratory(page, browser.url, 'preset=micro');
  await visit(page, 'demonstrate');
  await train(page, 'sft');
});

test('step 2: an answer is scored and flagged by keyboard, and it is stored with the ranking', async () => {
  const { page } = browser;
  await visit(page, 'rank');
  await press(page, 'rank-fetch');
  await page.getByTestId('rank-item-0').waitFor();
  const disclosure = page.getByTestId('rank-ratings');
  await disclosure.waitFor();
  expect(await disclosure.getAttribute('open')).toBeNull();
  await reader.tabTo('DisclosureTriangle', /^Scores and flags \(optional\)/);
  await reader.press('Enter');
  await reader.tabTo('radio', '1');
  await reader.press('Space');
  await reader.press('ArrowRight');
  await reader.tabTo('checkbox', /hallucination/);
  await reader.press('Space');
  await expect.poll(() => textOf(page, 'rank-ratings')).toContain('1 of 4 rated');
  await reader.tabTo('button', /^A no place yet/);
  await placeByKeys(page);
  await saveRanking(page, 'key');
  const [ranking] = await storedRows(page, 'rankings');
  const ratings = ranking?.value.ratings ?? [];
  expect(ratings).toContainEqual({ overall: 2, flags: ['hallucination'] });
  expect(ratings.filter((rating) => rating !== null)).toHaveLength(1);
  // The next prompt begins without them.
  await expect.poll(() => textOf(page, 'rank-ratings')).not.toContain('rated');
  await page.reload();
  await ready(page);
  await expect.poll(() => ownRankings(page)).toBe(1);
});

/** Scores the answer on screen, flags it if wanted, and goes on, by keys; the focus is in its region. */
async function rate(score: number, flagged: boolean): Promise<void> {
  const { page } = browser;
  await page.waitForFunction(
    () => document.activeElement?.getAttribute('data-testid') === 'evaluation-rate',
  );
  const before = (await reader.heard()).name;
  await reader.press(String(score));
  if (flagged) {
    await reader.tabTo('checkbox', 'Does not do what was asked');
    await reader.press('Space');
  }
  await reader.press('Enter');
  await expect.poll(async () => (await reader.heard()).name).not.toBe(before);
}

/** What is told of the answer with the focus: the prompt and its text, and nothing of who wrote it. */
async function heardAlone(): Promise<string> {
  const { description } = await reader.heard();
  expect(description).toMatch(/^Answer \d of 2\. Prompt: .+ Answer: .+/);
  expect(description).not.toMatch(/SFT|Base model/);
  return description;
}

test('Judge: each answer alone, by keys, and a reload in the middle loses nothing', async () => {
  const { page } = browser;
  await visit(page, 'judge');
  await reader.tabTo('DisclosureTriangle', 'Choose checkpoints and begin');
  await reader.press('Enter');
  await reader.tabTo('spinbutton', 'Prompts');
  expect((await reader.heard()).description).toMatch(/For ±5 points it takes 385 votes/);
  await reader.replace('2');
  await reader.activate('button', 'Start scoring');
  await page.getByTestId('evaluation-rate').waitFor();
  await rate(6, false);
  const second = await heardAlone();
  await page.reload();
  await ready(page);
  const region = page.getByTestId('evaluation-rate');
  await region.waitFor();
  await reader.tabTo('region', /^Prompt 1 of 2, answer 2 of 2 alone$/);
  expect(await heardAlone()).toBe(second);
  await rate(2, true);
});

/** Gives the texts their places in the order shown and saves; the focus is on the first of them. */
async function rankInOrder(): Promise<void> {
  const { page } = browser;
  for (const place of [1, 2]) {
    await page.waitForFunction((at) => {
      const focused = document.activeElement?.getAttribute('data-testid');
      return focused === `rank-item-${at}`;
    }, place - 1);
    await reader.press(String(place));
  }
  await page.locator('[data-testid="evaluation-save"]:enabled').waitFor();
  await reader.press('Enter');
}

test('then all are ranked; after the last prompt come scores, flags, wins and the board', async () => {
  const { page } = browser;
  await rankInOrder();
  // Nobody who is still judging blind is told who is ahead.
  expect(await page.getByTestId('human-board').count()).toBe(0);
  await rate(5, false);
  await rate(3, false);
  await rankInOrder();
  await page.getByTestId('evaluation-results').waitFor();
  const judgements = await storedRows(page, 'evaluations');
  expect(judgements).toHaveLength(2);
  const scores = judgements.flatMap(({ value }) => value.ratings ?? []);
  expect(scores.map((rating) => rating?.overall).sort()).toEqual([2, 3, 5, 6]);
  const results = await textOf(page, 'evaluation-results');
  expect(results).toContain('What you said of them (2 prompts)');
  expect(results).toMatch(/SFT 1\s+[\d.]+\s+1\.0 to 7\.0\s+the baseline/);
  expect(results).toMatch(/Base model\s+[\d.]+\s+1\.0 to 7\.0\s+\d+ %\s+\d+ % to \d+ %/);
  expect(await textOf(page, 'evaluation-flags')).toContain('Does not do what was asked');
  await expect
    .poll(() => textOf(page, 'evaluation-agreement'))
    .toMatch(/simulated training labelers on \d+ % of \d+ pairs/);
});

const boardRows = () => cellsOf(browser.page.getByTestId('human-board'));

test('a blind vote with a score joins the board, which is there again after a reload', async () => {
  const { page } = browser;
  await expect.poll(() => textOf(page, 'human-board')).toContain('2 judgements');
  await reader.tabTo('spinbutton', 'Votes');
  await reader.replace('1');
  await reader.activate('button', 'Start voting');
  await page.getByTestId('judge-pair').waitFor();
  expect(await page.getByTestId('human-board').count()).toBe(0);
  await page.getByTestId('judge-ratings').waitFor();
  await reader.tabTo('DisclosureTriangle', /^Scores and flags/);
  await reader.press('Enter');
  await reader.tabTo('radio', '1');
  await reader.press('Space');
  await reader.tabTo('region', /^Blind comparison 1 of 1$/);
  await reader.press('ArrowLeft');
  await expect.poll(() => textOf(page, 'human-board')).toContain('3 judgements');
  const [vote] = await storedRows(page, 'votes');
  expect(vote?.value.ratings).toEqual([{ overall: 1, flags: [] }, null]);
  const rows = await boardRows();
  expect(rows.map(([name]) => name).sort()).toEqual(['Base model', 'SFT 1']);
  for (const [, elo, interval, comparisons] of rows) {
    expect(elo).toMatch(/^[+−]?\d+$/);
    expect(interval).toMatch(/^[+−]?\d+ to [+−]?\d+$/);
    expect(comparisons).toBe('3');
  }
  await page.reload();
  await ready(page);
  await expect.poll(boardRows).toEqual(rows);
});

test.each(['light', 'dark'] as const)('no accessibility rule is broken, %s', async (theme) => {
  const { page } = browser;
  await page.emulateMedia({ colorScheme: theme });
  await visit(page, 'judge');
  await page.reload();
  await ready(page);
  await page.getByTestId('human-board').waitFor();
  await page.getByTestId('evaluation-open').click();
  await page.getByTestId('evaluation-results').waitFor();
  expect(await violations(page)).toEqual([]);
  await visit(page, 'rank');
  await press(page, 'rank-fetch');
  await page.getByTestId('rank-ratings').locator('summary').click();
  expect(await violations(page)).toEqual([]);
  await visit(page, 'judge');
  await page.getByTestId('human-board').waitFor();
  await expectFitsPhone(page);
});

test('Judge: the writing of answers to vote on can be stopped, and it is said what was kept', async () => {
  const { page } = browser;
  await openLaboratory(page, browser.url, 'preset=micro&evaluate.prompts=500');
  await visit(page, 'judge');
  await page.getByTestId('judge-count').fill('500');
  await page.getByTestId('stopped-pairs').waitFor({ state: 'attached' });
  await press(page, 'judge-start');
  await press(page, 'stop-pairs');
  await expect
    .poll(() => textOf(page, 'stopped-pairs'))
    .toMatch(/^Stopped(: \d+ pairs? with all answers kept| before any prompt .* nothing was kept)/);
  await expect.poll(() => page.getByTestId('stop-pairs').count()).toBe(0);
  await expect.poll(() => textOf(page, 'judge-start')).toBe('Start voting');
  // What is kept are whole pairs of the sitting, and fewer than were asked for.
  const [, kept] = /Stopped: (\d+)/.exec(await textOf(page, 'stopped-pairs')) ?? [];
  expect(Number(kept ?? 0)).toBeLessThan(500);
  if (kept === undefined) return;
  const stored = async () => (await storedRows(page, 'sittings')).at(-1)?.value.pairs.length;
  await expect.poll(stored).toBe(Number(kept));
});
