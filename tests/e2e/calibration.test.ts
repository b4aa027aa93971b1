// How far the reward model can be trusted, in a real browser: its calibration, one labeler held out, gold against reward
// over the distance from SFT, what is measured on held-out prompts, the bundle for TRL, and Exact's link with its methods.
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { readSafetensors } from '../../src/data/safetensors.ts';
import { unpackFiles } from '../../src/data/zip-archive.ts';
import { expectNoViolationsInBothThemes } from './accessibility.ts';
import { classFile } from './class-files.ts';
import { cellsOf, openLaboratory, press, textOf, train, visit } from './laboratory-page.ts';
import { optimisationPoints, optimisationWords } from '../../src/ui/over-optimisation.ts';
import { sharedBrowser } from './shared-browser.ts';
import { newestFinished } from './stored-run.ts';
import { expectFitsPhone } from './width.ts';

const SETUP =
  'preset=micro&sft.demonstrations=48&labels.source=person&evaluate.whileTraining=4&ppo.episodes=128';
/** Longest wait for a small training, on a crowded machine. Milliseconds. */
const browser = sharedBrowser({ width: 1280, height: 900 });
beforeAll(async () => {
  await openLaboratory(browser.page, browser.url, SETUP);
});

test('the calibration says how sure the reward model is, in words, as a drawing and as a table', async () => {
  const { page } = browser;
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  await visit(page, 'rank');
  await page
    .getByTestId('merge-rankings')
    .setInputFiles([
      classFile('anna.jsonl', 12, [1, 2, 3]),
      classFile('ben.jsonl', 12, [1, 2, 3]),
      classFile('chen.jsonl', 12, [3, 2, 1]),
    ]);
  await page.getByText('36 rankings imported from 3 files.').waitFor();
  await train(page, 'reward');
  const words = await textOf(page, 'calibration-words');
  expect(words).toMatch(/^The scores promise \d+ % and are right on \d+ % \(95 % \d+ to \d+ %\): /);
  expect(words).toMatch(/Expected calibration error: \d+\.\d points\./);
  const heldOut = Number(/on (\d+) held-out/.exec(await textOf(page, 'reward-accuracy'))?.[1]);
  const rows = await cellsOf(page.getByTestId('calibration'));
  expect(rows.map(([bounds]) => bounds)).toEqual([
    ...['50 to 60 %', '60 to 70 %', '70 to 80 %', '80 to 90 %', '90 to 100 %'],
  ]);
  expect(rows.reduce((sum, row) => sum + Number(row[4]), 0)).toBe(heldOut);
  const filled = rows.filter((row) => Number(row[4]) > 0);
  const figure = page.getByTestId('calibration');
  expect(await figure.locator('circle').count()).toBe(filled.length);
  expect(await figure.locator('svg').getAttribute('aria-label')).toContain(words);
});

test('one labeler is held out: trained without them, tested on theirs', async () => {
  const { page } = browser;
  await page.getByTestId('hold-out').locator('summary').click();
  await page.getByTestId('hold-out-labeler').selectOption('imported:chen');
  await press(page, 'hold-out-start');
  await page.getByTestId('hold-out-results').waitFor();
  await expect.poll(() => textOf(page, 'hold-out-news')).toContain('Trained without chen');
  const [row = []] = await cellsOf(page.getByTestId('hold-out-results'));
  expect(row[0]).toBe('chen');
  expect(row[1]).toMatch(/^\d+ % \(\d+ to \d+ %\) of 36$/);
  // Anna and Ben agree on everything, and Chen turned everything round: whoever is right of them is wrong of Chen.
  const share = (cell = '') => Number(/^\d+/.exec(cell)?.[0]);
  expect(share(row[2]) + share(row[3])).toBe(100);
  await expectNoViolationsInBothThemes(page);
  await expectFitsPhone(page);
});

test('gold against reward is drawn over the distance, beside what was measured on held-out prompts', async () => {
  const { page } = browser;
  await visit(page, 'reinforce');
  await train(page, 'ppo');
  const chart = page.getByTestId('over-optimisation');
  await chart.waitFor();
  const run = await newestFinished(page, 'ppo');
  const words = optimisationWords(optimisationPoints(run?.series ?? []));
  expect(words).toContain('√KL');
  await expect.poll(() => textOf(page, 'over-optimisation-words')).toContain(words);
  await chart.getByText('Numbers', { exact: true }).click();
  // The first answers are those of SFT: no distance, and no gain yet.
  await expect.poll(async () => (await cellsOf(chart))[0]).toEqual(['0', '0', '0']);
  for (const title of ['Judges', 'Gold judge', 'Length', 'Repeats and cheer']) {
    await page.getByText(`${title} (held-out prompts)`, { exact: true }).waitFor();
  }
  await page.getByText('Pre-training loss (held-out text)', { exact: true }).waitFor();
  await expectNoViolationsInBothThemes(page);
  await visit(page, 'judge');
  await page.getByTestId('over-optimisation').waitFor();
  await expectNoViolationsInBothThemes(page);
});

test('a checkpoint is packed for TRL: models, data, settings, scripts', async () => {
  const { page } = browser;
  await visit(page, 'runs');
  await page
    .locator('[data-testid="run-row"][data-run="PPO-ptx 1"]')
    .getByTestId('run-open')
    .click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Bundle PPO-ptx 1 for TRL', exact: true }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('ppo-ptx-1-trl.zip');
  expect(await textOf(page, 'run-news')).toMatch(/^Packed PPO-ptx 1 for TRL: [\d.]+ MB\.$/);
  const bytes = new Uint8Array(readFileSync(await download.path()));
  const files = unpackFiles(bytes, { files: 40, fileBytes: 1e8, totalBytes: 2e8 });
  const text = (name: string) => new TextDecoder().decode(files.get(name));
  expect([...files.keys()].filter((name) => /\.(py|txt|md)$/.test(name)).sort()).toEqual([
    ...['README.md', 'dpo.py', 'ppo.py', 'requirements.txt', 'reward.py', 'sft.py'],
  ]);
  for (const folder of ['policy', 'sft', 'reward']) {
    const weights = readSafetensors(files.get(`models/${folder}/model.safetensors`)!);
    expect(weights.has('score.weight'), folder).toBe(folder === 'reward');
    expect(weights.get('transformer.wte.weight')?.shape, folder).toEqual([1024, 96]);
  }
  expect(text('ppo.py')).toContain('total_episodes=128,');
  expect(text('data/preferences.jsonl').split('\n').length - 1).toBe(3 * 36);
  expect(JSON.parse(text('settings.json'))).toMatchObject({ ppo: { episodes: 128 } });
});

test('the link of Exact carries learning rate, iterations and methods', async () => {
  const { page } = browser;
  await page.getByTestId('scenario').selectOption('exact');
  await page.getByTestId('exact-rate').fill('0.5');
  await page.getByTestId('exact-iterations').fill('0.1');
  await page.getByText(/^Methods:/).click();
  for (const name of ['ppo-k3', 'rloo', 'dr-grpo', 'grpo', 'best-of-n']) {
    await page.getByTestId(`exact-choose-${name}`).uncheck();
  }
  await expect
    .poll(() => page.url())
    .toMatch(/#\/exact\?rate=0\.5&iterations=0\.1&methods=ppo,dpo$/);
  await page.reload();
  await page.getByText('Methods: 2 of 12 run', { exact: true }).click();
  await page.locator('[data-testid="exact-start"]:enabled').waitFor();
  expect(await page.getByTestId('exact-rate').inputValue()).toBe('0.5');
  for (const name of ['ppo', 'dpo', 'grpo']) {
    const chosen = await page.getByTestId(`exact-choose-${name}`).isChecked();
    expect(chosen, name).toBe(name !== 'grpo');
  }
  await press(page, 'exact-start');
  await page.locator('[data-testid="exact-status"][data-status="done"]').waitFor();
  expect(await textOf(page, 'exact-row-ppo')).toContain('60 of 60');
  expect(await textOf(page, 'exact-edited')).toContain('nothing is promised');
  await expectNoViolationsInBothThemes(page);
});
