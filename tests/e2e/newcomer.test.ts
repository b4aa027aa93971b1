// A newcomer's first sitting in its micro form: from a profile that has never seen the page to a blind vote, by the one
// button of each part. Counted are the presses; the times must stay within what product.md allows, on a machine as much
// slower as this one is. What a sitting takes in full is in docs/newcomer.md.
import { expect, test } from 'vitest';
import {
  firstImprovement,
  LIMITS,
  MILESTONES,
  watchNewcomer,
  type Milestone,
} from '../setup/newcomer-run.ts';
import { slownessOf } from '../setup/slowness.ts';
import { sharedBrowser } from './shared-browser.ts';

const browser = sharedBrowser();

/** Eight iterations: two stretches and more by which PPO can be said to have improved. */
const SETTINGS = 'preset=micro&ppo.episodes=256';

test('the whole loop takes a press or two per step, and no longer than a newcomer has', async () => {
  const before = await slownessOf(browser.page);
  const { milestones, scores } = await watchNewcomer(browser.page, browser.url, SETTINGS);
  const slower = Math.max(before.clock, (await slownessOf(browser.page)).clock);
  // Whether a run as small as this improves is chance, and not asked here.
  const names = Object.keys(MILESTONES).filter((name) => name !== 'first PPO improvement');
  const reached = milestones.filter(({ name }) => name !== 'first PPO improvement');
  expect(reached.map(({ name }) => name)).toEqual(names);
  expect(milestones[0]?.presses).toBe(1);
  const tooMany = milestones.filter(({ name, presses }) => presses > MILESTONES[name]);
  expect(tooMany).toEqual([]);
  const at = (name: Milestone['name']) => reached.find((each) => each.name === name);
  // One button, and the link that leads to the next part.
  expect(at('first fine-tuned model')?.presses).toBe(3);
  expect(at('first blind vote')?.presses).toBe((at('end of PPO')?.presses ?? 0) + 3);
  expect(at('first sample')?.seconds).toBeLessThan(slower * LIMITS.firstSample);
  expect(at('first blind vote')?.seconds).toBeLessThan(slower * LIMITS.wholeLoop);
  // The score of the last iteration was read, whichever of those before it came too fast to be seen.
  expect(scores.at(-1)?.iteration).toBe(8);
  expect(scores.every(({ score }) => Number.isFinite(score))).toBe(true);
});

test('PPO has improved when three iterations in a row are better than the first, and not by one alone', () => {
  const of = (...values: readonly number[]) =>
    values.map((score, i) => ({ iteration: i + 1, score, seconds: 10 * i }));
  expect(firstImprovement(of(0, 0.2, 0.2, 0.2, 0.3))?.iteration).toBe(4);
  expect(firstImprovement(of(0, 0.25, 0, 0.04, 0))).toBeNull();
  expect(firstImprovement(of(1, 0.9, 0.8))).toBeNull();
  // The first one is no part of what is held against it.
  expect(firstImprovement(of(0, 0.6, 0.6))).toBeNull();
  expect(firstImprovement([])).toBeNull();
});
