// Charts and token lens as they are used: read by arrow keys with neighbours that follow, saved as files, smoothed, two
// runs beside each other; every number of an answer, and the recursion of its advantages step by step. By keyboard
// wherever there is a key. On a miniature run on WASM.
import { readFileSync } from 'node:fs';
import type * as Axe from 'axe-core';
import { source as axeSource } from 'axe-core';
import { beforeAll, expect, test } from 'vitest';
import {
  letClassRank,
  openLaboratory,
  press,
  train,
  visit,
  waitForStep,
} from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { finishedAfter, newestFinished } from './stored-run.ts';
import { expectFitsPhone } from './width.ts';

const browser = sharedBrowser();
beforeAll(async () => {
  await openLaboratory(browser.page, browser.url, 'preset=micro&ppo.episodes=192');
  await visit(browser.page, 'demonstrate');
  await train(browser.page, 'sft');
});
/** The reading head of a chart. */
const reader = (title: string) =>
  browser.page.getByRole('slider', { name: `${title}: read along the lines` });
const figure = (title: string) =>
  browser.page.locator('figure', {
    has: browser.page.locator('strong', { hasText: new RegExp(`^${title}$`) }),
  });

/** Opens a chart's menu by keyboard, goes down to an entry and takes it. */
async function choose(title: string, entry: string): Promise<void> {
  const { page } = browser;
  await page.getByRole('button', { name: `${title}: scale and files` }).focus();
  await page.keyboard.press('Enter');
  const item = page.getByRole('menu').getByText(entry);
  await item.waitFor();
  const highlighted = page.locator('.menu-item[data-highlighted]');
  for (let i = 0; i < 5; i++) {
    if ((await highlighted.allInnerTexts()).some((text) => text.includes(entry))) break;
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Enter');
  await item.waitFor({ state: 'detached' });
}

/** The file that something made the page save, and its name. */
async function saved(action: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([browser.page.waitForEvent('download'), action()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

/** The numbers of a text. */
const written = (text: string) =>
  [...text.matchAll(/−?\d[\d.e-]*/g)].map(([n]) => Number(n.replace('−', '-')));

async function violations(): Promise<string[]> {
  const { page } = browser;
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof Axe };
    const { violations: broken } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return broken.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id} at ${node.target.join(' ')}`),
    );
  });
}

test('a chart is read by arrow keys, its neighbours follow, and what is under the cursor is said', async () => {
  const { page } = browser;
  const [loss, entropy] = [reader('Loss'), reader('Entropy')];
  await expect.poll(() => loss.getAttribute('aria-valuemax')).toBe('4');
  await loss.focus();
  await page.keyboard.press('Home');
  expect(await loss.getAttribute('aria-valuenow')).toBe('1');
  await page.keyboard.press('ArrowRight');
  expect(await loss.getAttribute('aria-valuetext')).toMatch(/^step 2: loss \d/);
  expect(await entropy.getAttribute('aria-valuetext')).toMatch(/^step 2: entropy \d/);
  expect(await figure('Entropy').innerText()).toContain('step 2');
  await page.keyboard.press('End');
  expect(await entropy.getAttribute('aria-valuenow')).toBe('4');
  const words = await figure('Loss').locator('p.sr-only').innerText();
  expect(words).toMatch(/loss \S+ at step 4; it began at \S+ at step 1; lowest .*, highest /);
});

test('a chart is saved as numbers, drawing and picture', async () => {
  const csv = await saved(() => choose('Loss', 'Save numbers (CSV)'));
  expect(csv.name).toBe('loss.csv');
  const lines = csv.bytes.toString().trim().split('\r\n');
  expect(lines[0]).toBe('step,loss');
  expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(['1', '2', '3', '4']);
  const said = await reader('Loss').getAttribute('aria-valuetext');
  expect(Number(lines[4]?.split(',')[1]).toPrecision(3)).toBe(
    Number(/loss (\S+)/.exec(said ?? '')?.[1]).toPrecision(3),
  );
  const svg = await saved(() => choose('Loss', 'Save as drawing (SVG)'));
  expect(svg.name).toBe('loss.svg');
  expect(svg.bytes.toString()).toMatch(/^<svg [^]*stroke="rgb[^]*<\/svg>$/);
  const png = await saved(() => choose('Loss', 'Save as picture (PNG)'));
  expect(png.name).toBe('loss.png');
  expect([...png.bytes.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  // Twice the size of the drawing; an empty picture of that size takes less than this.
  expect([png.bytes.readUInt32BE(16), png.bytes.readUInt32BE(20)]).toEqual([1440, 840]);
  expect(png.bytes.length).toBeGreaterThan(8000);
});

test('smoothing and the logarithmic scale are said where they hold', async () => {
  const { page } = browser;
  await page.getByTestId('chart-smoothing').focus();
  for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowRight');
  await page.getByText('each point is 0.6 of the average before it').waitFor();
  const smooth = await saved(() => choose('Loss', 'Save as drawing (SVG)'));
  expect(smooth.bytes.toString().match(/<path /g)).toHaveLength(2);
  await choose('Loss', 'Logarithmic scale');
  await figure('Loss').getByText('logarithmic scale').waitFor();
  expect(await figure('Entropy').getByText('logarithmic scale').count()).toBe(0);
  await page.getByTestId('chart-smoothing').focus();
  await page.keyboard.press('Home');
});

test('a second run is drawn beside the first, and what differs is written out', async () => {
  const { page } = browser;
  const before = await newestFinished(page, 'sft');
  await press(page, 'sft-start');
  await finishedAfter(page, 'sft', before);
  await page.getByTestId('chart-compare').check();
  await expect
    .poll(() => page.getByTestId('chart-differences').innerText())
    .toContain('same settings');
  await expect
    .poll(() => reader('Loss').getAttribute('aria-valuetext'))
    .toMatch(/^step 4: loss, this run \S+, loss, the run before \S+$/);
  const csv = await saved(() => choose('Loss', 'Save numbers (CSV)'));
  const [head, ...rows] = csv.bytes.toString().trim().split('\r\n');
  expect(head).toBe('step,this run: loss,the run before: loss');
  // Same seed, same settings, same numbers.
  for (const row of rows) expect(row.split(',')[1]).toBe(row.split(',')[2]);
  await page.getByTestId('chart-compare').uncheck();
  const all = await saved(() => press(page, 'metrics-csv'));
  expect(all.name).toBe('sft-metrics.csv');
  expect(all.bytes.toString().split('\r\n')[0]?.split(',')).toEqual(
    expect.arrayContaining(['step', 'loss', 'entropy', 'learning_rate']),
  );
});

test('the token lens: sums, tints, another answer, and the recursion by keyboard', async () => {
  const { page } = browser;
  await visit(page, 'rank');
  await letClassRank(page, 16);
  await train(page, 'reward');
  await press(page, 'pair-show');
  await page.getByTestId('pair-equation').waitFor();
  const heads = await page.getByTestId('pair-texts').locator('dt').allTextContents();
  const [chosen = NaN, rejected = NaN] = heads.slice(1).flatMap(written);
  const loss = written((await page.getByTestId('pair-equation').textContent()) ?? '').at(-1);
  expect(loss).toBeCloseTo(Math.log(1 + Math.exp(rejected - chosen)), 1);
  await visit(page, 'reinforce');
  await press(page, 'ppo-step');
  await waitForStep(page, 'ppo', 1);
  const term = written((await page.getByTestId('ptx-equation').textContent()) ?? '');
  expect(term).toHaveLength(3);
  const table = page.getByTestId('token-lens');
  await table.locator('tbody tr').first().waitFor();
  const tokens = await table.locator('tbody tr').count();
  expect(await page.getByTestId('lens-text').locator('li').count()).toBe(tokens);
  const options = await page.getByTestId('lens-answer').locator('option').count();
  expect(options).toBe(8);
  // Any other one is asked for by its number.
  expect(await page.getByTestId('lens-count').innerText()).toBe('of 32');
  await page.getByTestId('lens-number').fill('33');
  await page.keyboard.press('Enter');
  await expect
    .poll(() => page.getByTestId('lens-news').innerText())
    .toBe('Use a whole number from 1 to 32.');
  await page.getByTestId('lens-number').fill('32');
  await page.keyboard.press('Enter');
  await expect
    .poll(() => page.getByTestId('lens-answer').locator('option:checked').innerText())
    .toMatch(/^32: /);
  expect(await page.getByTestId('lens-answer').locator('option').count()).toBe(9);
  await page.getByTestId('lens-answer').selectOption({ index: 1 });
  await page.getByTestId('lens-column').selectOption('reward');
  // The score is at the end of the answer and by far its largest number.
  expect(
    await page.locator('[data-testid="lens-text"] li').last().getAttribute('data-tint'),
  ).toMatch(/3$/);
  const [score = NaN, penalties = NaN, total = NaN] = written(
    (await page.getByTestId('lens-sum').textContent()) ?? '',
  );
  expect(score + penalties).toBeCloseTo(total, 1);

  // What the clip makes of a token: both products, and the smaller one.
  await page.getByTestId('clip-token').selectOption({ index: 1 });
  const clip = written((await page.getByTestId('clip-numbers').textContent()) ?? '');
  const [ratio = NaN, , clippedRatio = NaN, , plain = NaN, held = NaN, smaller = NaN] = clip;
  expect(Math.abs(clippedRatio - Math.min(1.2, Math.max(0.8, ratio)))).toBeLessThan(0.01);
  expect(smaller).toBe(Math.min(plain, held));
  const count = await table.locator('tbody tr').count();
  await page.getByTestId('gae-next').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowRight');
  const step = page.getByTestId('gae-step');
  const row = table.locator('tr[aria-current="step"]');
  expect(await row.locator('th').innerText()).toBe(
    await table
      .locator('tbody tr')
      .nth(count - 2)
      .locator('th')
      .innerText(),
  );
  // The advantage that the equation ends with is the one in the table.
  const equation = written((await step.locator('math').last().textContent()) ?? '');
  const headings = await table.locator('thead th').allInnerTexts();
  const cells = await row.locator('th, td').allInnerTexts();
  expect(equation.at(-1)).toBe(written(cells[headings.indexOf('Advantage')] ?? '')[0]);
  await page.keyboard.press('End');
  expect(await table.locator('tbody tr').first().getAttribute('aria-current')).toBe('step');
  await page.keyboard.press('Home');
  await step.waitFor({ state: 'detached' });
  await page.getByTestId('gae-next').focus();
  await page.keyboard.press('ArrowRight');
});

test.each(['light', 'dark'] as const)(
  'nothing of it breaks an accessibility rule, %s',
  async (theme) => {
    const { page } = browser;
    await page.emulateMedia({ colorScheme: theme });
    expect(await violations()).toEqual([]);
    await page.getByRole('button', { name: 'Reward: scale and files' }).click();
    await page.getByRole('menu').waitFor();
    expect((await violations()).filter((line) => line.includes('menu'))).toEqual([]);
    await page.keyboard.press('Escape');
  },
);

test('a phone is wide enough', async () => {
  const { page } = browser;
  await expectFitsPhone(page);
});

test('GRPO: the lens shows the group’s advantage, KL and ratios, and nothing of a value function', async () => {
  const { page } = browser;
  await page.goto('about:blank');
  await openLaboratory(page, browser.url, 'preset=micro&ppo.episodes=192&method.name=grpo');
  await visit(page, 'reinforce');
  await press(page, 'ppo-step');
  await waitForStep(page, 'ppo', 1);
  const table = page.getByTestId('token-lens');
  await table.locator('tbody tr').first().waitFor();
  expect(await table.locator('thead th').allInnerTexts()).toEqual([
    ...['Token', 'log π', 'log π ref', 'KL term', 'Score', 'Group advantage', 'Ratio', 'Clipped'],
  ]);
  expect(await page.getByTestId('gae-next').count()).toBe(0);
  const sum = written((await page.getByTestId('group-sum').textContent()) ?? '');
  const column = await table.locator('tbody tr td:nth-child(6)').allInnerTexts();
  expect(new Set(column.map((cell) => written(cell)[0]))).toEqual(new Set([sum.at(-1)]));
  expect(await violations()).toEqual([]);
});
