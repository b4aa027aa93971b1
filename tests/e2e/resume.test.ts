// Train N + M equals train N, save, reload the page, train M: to the bit, in a real browser on WASM, for SFT, the
// reward model, PPO-ptx, DPO and GRPO. The methods are chosen by clicks. What is compared is what the page stored:
// hashes of the tensors (optimizer moments too), the state, and the metric series.
import { describe, expect, test } from 'vitest';
import type { TrainingStage } from '../../src/worker/protocol.ts';
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
  visit,
  waitForStatus,
  waitForStep,
} from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { expectFitsPhone } from './width.ts';

/** Four iterations of PPO and GRPO, so that two lie before the reload and two after it. */
const SETTINGS = 'preset=micro&ppo.episodes=128';

const browser = sharedBrowser();
/** Some steps, one press each, a reload of the page, and the rest; then the same again without a stop. */
async function bothWays(
  stage: TrainingStage,
  stops: number,
): Promise<{ interrupted: Stored; straight: Stored }> {
  const { page } = browser;
  const before = await newestFinished(page, stage);
  for (let step = 1; step <= stops; step++) {
    await press(page, `${stage}-step`);
    await waitForStep(page, stage, step);
    await waitForStatus(page, stage, 'paused');
  }
  const { total } = await stepsOf(page, stage);
  expect(total).toBeGreaterThan(stops);
  await page.reload();
  await ready(page);
  await waitForStatus(page, stage, 'paused');
  expect(await stepsOf(page, stage)).toEqual({ step: stops, total });
  await press(page, `${stage}-start`);
  const interrupted = await finishedAfter(page, stage, before);
  expect(interrupted.step).toBe(total);
  await press(page, `${stage}-start`);
  return { interrupted, straight: await finishedAfter(page, stage, interrupted) };
}

function expectSame({ interrupted, straight }: { interrupted: Stored; straight: Stored }): void {
  expect(interrupted.run).not.toBe(straight.run);
  expect(interrupted.hashes.length).toBeGreaterThan(0);
  expect(interrupted.hashes).toEqual(straight.hashes);
  expect(interrupted.state).toEqual(straight.state);
  expect(interrupted.series).toHaveLength(straight.step);
  expect(interrupted.series).toEqual(straight.series);
}

/** Chooses a method as a person does: opens the choice and clicks. */
async function chooseMethod(name: string, label: string): Promise<void> {
  const { page } = browser;
  const radio = page.getByTestId(`method-${name}`);
  if (!(await radio.isVisible()))
    await page.getByTestId('method-choice').locator('summary').click();
  await page.getByLabel(label, { exact: true }).click();
  await expect.poll(() => textOf(page, 'method-chosen')).toBe(label);
}

const titles = () => browser.page.locator('figure strong').allInnerTexts();

describe('a reload in the middle changes nothing, to the bit', () => {
  test('O17, D54: SFT', async () => {
    const { page } = browser;
    await openLaboratory(page, browser.url, SETTINGS);
    await visit(page, 'demonstrate');
    expectSame(await bothWays('sft', 2));
  });

  test('O17, D54: the reward model', async () => {
    const { page } = browser;
    await visit(page, 'rank');
    await letClassRank(page, 16);
    expectSame(await bothWays('reward', 1));
  });

  test('O17, D54: PPO-ptx, which is chosen unless a person says otherwise', async () => {
    const { page } = browser;
    await visit(page, 'reinforce');
    await expect.poll(() => textOf(page, 'method-chosen')).toBe('PPO');
    const both = await bothWays('ppo', 2);
    expectSame(both);
    expect(both.straight.name).toBe('PPO-ptx 2');
  });

  test('O17, D54: DPO, chosen by clicks, with its own charts, equation and checks', async () => {
    const { page } = browser;
    await chooseMethod('dpo', 'DPO');
    // The choice is open: a stranger with a screen reader or a phone finds nothing in the way.
    expect(await violations(page)).toEqual([]);
    await expectFitsPhone(page);
    expect(await textOf(page, 'method-facts')).toMatch(/16 rankings, 25 % of them held out/);
    expect(await page.getByTestId('ppo-status').getAttribute('data-status')).toBe('ready');
    const both = await bothWays('ppo', 2);
    expectSame(both);
    expect(both.straight.name).toBe('DPO 2');
    await expect
      .poll(titles)
      .toEqual(['Implicit rewards', 'Margin', 'Accuracy', 'Loss', 'Log-probabilities', 'Entropy']);
    expect(await page.getByTestId('method-equation').textContent()).toMatch(/last step.*=/s);
    const checks = page.locator('[data-testid^="check-"]');
    await expect.poll(() => checks.count()).toBe(4);
    expect(await page.locator('[data-testid^="check-"][data-ok="false"]').count()).toBe(0);
  });

  test('O17, D54: GRPO, while half a run of DPO waits for it', async () => {
    const { page } = browser;
    await startAndPause(page, 'ppo');
    await chooseMethod('grpo', 'GRPO');
    await page.getByText('DPO 3 waits at step').waitFor();
    const both = await bothWays('ppo', 2);
    expectSame(both);
    expect(both.straight.name).toBe('GRPO 2');
    await expect.poll(() => page.locator('[data-testid^="check-"]').count()).toBe(7);
    expect(await page.locator('[data-testid^="check-"][data-ok="false"]').count()).toBe(0);
    await chooseMethod('dpo', 'DPO');
    await waitForStatus(page, 'ppo', 'paused');
  });

  test('the checkpoints of all methods can be judged under their names', async () => {
    const { page } = browser;
    await visit(page, 'judge');
    const options = page.getByTestId('judge-first').locator('option');
    await expect
      .poll(() => options.allInnerTexts())
      .toEqual(
        expect.arrayContaining(['SFT 2', 'PPO-ptx 2 (average)', 'PPO-ptx 2', 'DPO 2', 'GRPO 2']),
      );
    const names = await options.allInnerTexts();
    expect(names.filter((name) => /(DPO|GRPO).*average/.test(name))).toEqual([]);
  });
});
