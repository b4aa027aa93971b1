// The run of PPO during which the page's thread is watched: a person prepares everything, starts it, looks at another
// part and comes back. Shared by the budget test and by the command that writes the figures down.
import type { Page } from 'playwright-core';
import {
  letClassRank,
  openLaboratory,
  press,
  train,
  visit,
  waitForStatus,
  waitForStep,
} from '../e2e/laboratory-page.ts';
import { watchThread, type ThreadSummary } from './trace.ts';

/** Most processor time that one task of the page's thread may take while PPO runs. Milliseconds. */
export const LONGEST_TASK = 50;

export const ITERATIONS = 32;

/** Small batches, so that the page has to draw often. */
const SETTINGS = [
  'preset=micro',
  `ppo.episodes=${16 * ITERATIONS}`,
  'ppo.rolloutBatch=16',
  'ppo.minibatches=2',
].join('&');

/** Trains everything that PPO needs, then watches the page while PPO runs from its start to its end. */
export async function watchPpo(page: Page, url: string): Promise<ThreadSummary> {
  await openLaboratory(page, url, SETTINGS);
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  await visit(page, 'rank');
  await letClassRank(page, 16);
  await train(page, 'reward');
  await visit(page, 'reinforce');
  return watchThread(page, async () => {
    await press(page, 'ppo-start');
    await waitForStep(page, 'ppo', ITERATIONS / 2);
    await visit(page, 'model');
    await visit(page, 'reinforce');
    await waitForStatus(page, 'ppo', 'done');
  });
}
