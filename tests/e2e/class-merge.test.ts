// The ranking files of a class, merged as an instructor does it: every file becomes a labeler of its own, how far they
// agree is counted, a bad file among good ones changes nothing, and the reward model learns from them by name.
import { beforeAll, expect, test } from 'vitest';
import { violations } from './accessibility.ts';
import { classFile } from './class-files.ts';
import {
  cellsOf,
  letClassRank,
  openLaboratory,
  ownRankings,
  ready,
  textOf,
  train,
  visit,
} from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';

const SETUP = 'preset=micro&sft.demonstrations=48&labels.prompts=6';

const browser = sharedBrowser({ width: 1280, height: 900 });
beforeAll(async () => {
  await openLaboratory(browser.page, browser.url, SETUP);
});
/** An odd number: so what Chen turned round cannot come out even between right and wrong. */
const PROMPTS = 11;

/** Anna and Ben agree; Chen has the first two the other way round. */
const CLASS = [
  classFile('anna.jsonl', PROMPTS, [1, 2, 3]),
  classFile('ben.jsonl', PROMPTS, [1, 2, 3]),
  classFile('chen.jsonl', PROMPTS, [2, 1, 3]),
];

const agreementRows = () => cellsOf(browser.page.getByTestId('class-agreement'));

/** The rows of the reward model's table about the labelers from the files. */
async function merged() {
  const rows = await cellsOf(browser.page.locator('details', { hasText: 'By labeler' }));
  return rows
    .map(([name = '', right = '', n = '', trainedOn = '']) => ({ name, right, n, trainedOn }))
    .filter(({ name }) => ['anna', 'ben', 'chen'].includes(name));
}

/** Whatever the model scores, the two who ranked alike are met alike, and Chen, who turned one pair round, is not. */
function expectAnnaAndBenAlike([anna, ben, chen]: readonly { readonly right: string }[]): void {
  expect(anna?.right).toMatch(/^\d+ %$/);
  expect(ben?.right).toBe(anna?.right);
  expect(chen?.right).not.toBe(anna?.right);
}

test('one bad file among good ones is named with its line, and nothing is merged', async () => {
  const { page } = browser;
  await visit(page, 'rank');
  const bad = { ...CLASS[1]!, buffer: Buffer.from('{"prompt": "x", "completions": ["a"]}') };
  await page.getByTestId('merge-rankings').setInputFiles([CLASS[0]!, bad, CLASS[2]!]);
  await expect.poll(() => textOf(page, 'failure')).toMatch(/ben: Line 1, field/);
  await page.getByText('Nothing was imported.', { exact: true }).waitFor();
  expect(await page.getByTestId('class-agreement').count()).toBe(0);
  await page.getByRole('button', { name: 'Dismiss' }).click();
});

test('labelers stay apart, and the table says how far they agree', async () => {
  const { page } = browser;
  await page.getByTestId('merge-rankings').setInputFiles(CLASS);
  await page.getByText('33 rankings imported from 3 files.').waitFor();
  await expect.poll(() => textOf(page, 'rank-count')).toMatch(/; 33 imported$/);
  expect(await ownRankings(page)).toBe(0);
  const summary = page.getByTestId('class-agreement').locator('summary');
  // Of three pairs of answers Anna and Ben agree on all; Chen with each of them on two: 7 of 9.
  await expect
    .poll(() => summary.innerText())
    .toBe('3 labelers: two of them agree on 77.8 % of 99 pairs');
  await summary.click();
  await expect.poll(agreementRows).toEqual([
    ['anna', '11', '33', '83 %', '66'],
    ['ben', '11', '33', '83 %', '66'],
    ['chen', '11', '33', '67 %', '66'],
  ]);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
});

test('the same files again add nobody, also after a reload', async () => {
  const { page } = browser;
  await page.reload();
  await ready(page);
  await page.getByTestId('merge-rankings').setInputFiles(CLASS.slice(0, 2));
  await page.getByText('22 rankings imported from 2 files.').waitFor();
  await page.getByTestId('class-agreement').locator('summary').click();
  await expect
    .poll(async () => (await agreementRows()).map(([name, rankings]) => [name, rankings]))
    .toEqual([
      ['anna', '11'],
      ['ben', '11'],
      ['chen', '11'],
    ]);
});

test('a reward model of the simulated class is tested on the merged labelers, of whom it has learned nothing', async () => {
  const { page } = browser;
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  await visit(page, 'rank');
  await letClassRank(page, 6);
  await train(page, 'reward');
  await expect
    .poll(() => textOf(page, 'held-out-labelers'))
    .toMatch(/right on 99 comparisons by labelers it has learned nothing from/);
  await page.getByText('By labeler', { exact: true }).click();
  await expect
    .poll(async () => (await merged()).map(({ name, n, trainedOn }) => [name, n, trainedOn]))
    .toEqual(['anna', 'ben', 'chen'].map((name) => [name, '33', 'nothing of theirs']));
  expectAnnaAndBenAlike(await merged());
});

test('it learns from the merged labelers when their rankings are chosen, and is right or wrong by name', async () => {
  const { page } = browser;
  await page.getByRole('radio', { name: /^You/ }).check();
  await page.locator('[data-testid="reward-status"][data-status="stale"]').waitFor();
  await train(page, 'reward');
  await expect
    .poll(async () => (await merged()).map(({ name, trainedOn }) => [name, trainedOn]))
    .toEqual(['anna', 'ben', 'chen'].map((name) => [name, 'their other rankings']));
  expectAnnaAndBenAlike(await merged());
});
