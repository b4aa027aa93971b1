// Stepping inside PPO in a real browser on WASM, by keys: one phase at a time with what it made, a reload in the middle of
// an iteration, settings turned under way, and back to a checkpoint. Stepped through or played through, what is stored
// is the same to the bit.
import { describe, expect, test } from 'vitest';
import { violations } from './accessibility.ts';
import { finishedAfter, newestFinished, type Stored } from './stored-run.ts';
import {
  letClassRank,
  openLaboratory,
  press,
  ready,
  startAndPause,
  stepsOf,
  textOf,
  train,
  visit,
  waitForStatus,
  waitForStep,
} from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { expectFitsPhone } from './width.ts';

/** Four iterations of two minibatches. */
const SETTINGS = 'preset=micro&ppo.episodes=128&ppo.minibatches=2';

const browser = sharedBrowser();
/** Tab until the focus is on a control, as a person without a mouse does. */
async function tabTo(testId: string): Promise<void> {
  const { page } = browser;
  for (let presses = 0; presses < 80; presses++) {
    const at = await page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
    if (at === testId) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${testId} is not reached by Tab`);
}

/** One phase by the key; resolves when the page says what it made. */
async function phase(expected: RegExp): Promise<void> {
  const { page } = browser;
  await expect
    .poll(() => page.getByTestId('ppo-phase').getAttribute('aria-disabled'))
    .toBe('false');
  await page.keyboard.press('n');
  await expect.poll(() => textOf(page, 'phase-news')).toMatch(expected);
  await waitForStatus(page, 'ppo', 'paused');
}

const headings = () => browser.page.getByTestId('phase-lens').locator('thead th').allInnerTexts();

let stepped: Stored;

describe('inside an iteration of PPO', () => {
  test('each phase by a key, with its place, its numbers and its part of the token lens', async () => {
    const { page } = browser;
    await openLaboratory(page, browser.url, SETTINGS);
    await visit(page, 'demonstrate');
    await train(page, 'sft');
    await visit(page, 'rank');
    await letClassRank(page, 16);
    await train(page, 'reward');
    await visit(page, 'reinforce');
    await page.getByTestId('ppo-phase').waitFor();
    await page.getByTestId('ppo-start').focus();
    await tabTo('ppo-phase');
    await phase(/Iteration 1, rollout: 32 answers of [\d.]+ tokens on average\./);
    expect(await stepsOf(page, 'ppo')).toEqual({ step: 0, total: 4 });
    expect(await page.getByTestId('phase-text').locator('li').count()).toBeGreaterThan(0);
    expect(await headings()).toEqual(['Token', 'log π']);
    await phase(/Iteration 1, reward pass: mean score [−\d.]+, KL penalties/);
    expect(await headings()).toContain('KL penalty');
    expect(await headings()).not.toContain('Value');
    await phase(/Iteration 1, advantage pass: values expected/);
    expect(await headings()).toEqual(expect.arrayContaining(['Value', 'Advantage', 'Return']));
    expect(await headings()).not.toContain('Ratio');
    expect(await page.getByTestId('phase-panel').getByTestId('gae-next').count()).toBe(1);
    await phase(/Iteration 1, minibatch 1 of 2: mean ratio 1, 0 % clipped, policy loss/);
    expect(await headings()).toEqual(expect.arrayContaining(['Ratio', 'Clipped']));
    expect(await textOf(page, 'phase-values')).toContain('value loss');
    // The button kept the focus through all of it.
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-testid'))).toBe(
      'ppo-phase',
    );
    await phase(/minibatch 2 of 2.* Iteration 1 is done and saved\./);
    expect(await stepsOf(page, 'ppo')).toEqual({ step: 1, total: 4 });
  });

  test('is looked at by axe in both themes, and fits a phone', async () => {
    const { page } = browser;
    await phase(/Iteration 2, rollout/);
    await phase(/Iteration 2, reward pass/);
    await phase(/Iteration 2, advantage pass/);
    for (const panel of ['turn-panel', 'back-panel']) {
      await page.getByTestId(panel).locator('summary').click();
    }
    await expect.poll(() => page.getByTestId('back-1').count()).toBe(1);
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page)).toEqual([]);
    }
    await expectFitsPhone(page);
  });

  test('O17, D54: half done, it is begun again after a reload, and the run ends as one played through', async () => {
    const { page } = browser;
    await page.reload();
    await ready(page);
    await waitForStatus(page, 'ppo', 'paused');
    expect(await stepsOf(page, 'ppo')).toEqual({ step: 1, total: 4 });
    await page.getByTestId('ppo-phase').focus();
    await phase(/Iteration 2, rollout/);
    await press(page, 'ppo-step');
    await waitForStep(page, 'ppo', 2);
    await waitForStatus(page, 'ppo', 'paused');
    await press(page, 'ppo-start');
    stepped = await finishedAfter(page, 'ppo', null);
    await press(page, 'ppo-start');
    const straight = await finishedAfter(page, 'ppo', stepped);
    expect(straight.run).not.toBe(stepped.run);
    expect(stepped.hashes.length).toBeGreaterThan(0);
    expect(stepped.hashes).toEqual(straight.hashes);
    expect(stepped.state).toEqual(straight.state);
    expect(stepped.series).toEqual(straight.series);
  });
});

describe('a run that is turned and left', () => {
  test('beta and clip are turned by keys; the charts and the run say where, after a reload too', async () => {
    const { page } = browser;
    const before = await newestFinished(page, 'ppo');
    await startAndPause(page, 'ppo');
    // To the end of an iteration, so that a checkpoint of it is kept.
    await press(page, 'ppo-step');
    await waitForStep(page, 'ppo', 1);
    await waitForStatus(page, 'ppo', 'paused');
    const { step } = await stepsOf(page, 'ppo');
    await page.getByTestId('turn-panel').locator('summary').click();
    await page.getByTestId('turn-beta-slider').focus();
    await page.keyboard.press('ArrowRight');
    const said = /KL penalty \(beta\) turned from 0\.1 to 0\.2 at iteration (\d+)\./;
    await expect.poll(() => textOf(page, 'turn-news')).toMatch(said);
    const [, at = ''] = said.exec(await textOf(page, 'turn-news')) ?? [];
    expect(Number(at)).toBeGreaterThan(step);
    await page.getByTestId('turn-clip').fill('7');
    await page.keyboard.press('Enter');
    await expect
      .poll(() => page.getByTestId('turn-panel').innerText())
      .toContain('Use a number from 0.01 to 1.');
    expect(await violations(page)).toEqual([]);
    await page.getByTestId('turn-clip').fill('0.15');
    await page.keyboard.press('Enter');
    await expect.poll(() => textOf(page, 'turns')).toContain('Policy clip turned from 0.2 to 0.15');
    await page.reload();
    await ready(page);
    await page.getByTestId('turn-panel').locator('summary').click();
    await expect.poll(() => textOf(page, 'turns')).toMatch(said);
    expect(await page.getByTestId('turn-beta').inputValue()).toBe('0.2');
    await press(page, 'ppo-start');
    const turned = await finishedAfter(page, 'ppo', before);
    const betas = turned.series.map(({ values }) => values['objective/kl_coef']?.toFixed(3));
    const kept = Number(at) - 1;
    expect(betas).toEqual(Array.from({ length: 4 }, (_, i) => (i < kept ? '0.100' : '0.200')));
    await expect.poll(() => page.locator('figure .sr-only').first().textContent()).toMatch(said);
    await visit(page, 'runs');
    await page.locator(`[data-run="${turned.name}"]`).getByTestId('run-open').click();
    const details = page.getByTestId('run-details').locator('dl').first();
    await expect.poll(() => details.innerText()).toMatch(said);
    await page.getByLabel(`Compare ${turned.name}`).check();
    await expect.poll(() => page.locator('figure .sr-only').first().textContent()).toMatch(said);
    await page.getByLabel(`Compare ${before?.name ?? 'none'}`).check();
    await expect
      .poll(() => textOf(page, 'run-differences'))
      .toMatch(/KL penalty \(beta\) turned from 0\.1 to 0\.2/);
    await visit(page, 'reinforce');
  });

  test('back to a checkpoint is a run of its own; the one that was left keeps its model', async () => {
    const { page } = browser;
    const left = await newestFinished(page, 'ppo');
    await page.getByTestId('back-panel').locator('summary').click();
    const rows = page.getByTestId('back-list').locator('li');
    await expect.poll(() => rows.count()).toBeGreaterThan(1);
    const [step = ''] =
      (await rows.allInnerTexts())
        .flatMap((text) => /PPO-ptx 3, iteration ([1-3])/.exec(text)?.slice(1) ?? [])
        .slice(-1) ?? [];
    const row = rows.filter({ hasText: `PPO-ptx 3, iteration ${step}` });
    await row.getByRole('button').click();
    await page.locator('[data-testid="back-confirm"]:focus').waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => textOf(page, 'back-news')).toContain('as a run of its own');
    await waitForStatus(page, 'ppo', 'paused');
    expect(await stepsOf(page, 'ppo')).toEqual({ step: Number(step), total: 4 });
    expect(await violations(page)).toEqual([]);
    await press(page, 'ppo-start');
    const forked = await finishedAfter(page, 'ppo', left);
    expect(forked.step).toBe(4);
    await visit(page, 'judge');
    const names = await page.getByTestId('judge-first').locator('option').allInnerTexts();
    expect(names).toEqual(expect.arrayContaining(['PPO-ptx 3', 'PPO-ptx 4']));
  });
});
