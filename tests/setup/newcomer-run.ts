// A newcomer's first sitting: the page is opened in a browser that has never seen it, and in each part the one button
// that stands out is pressed, once the part's work is done. What is watched is when each first thing is there and how
// many presses it took. Shared by the test and by the command that writes the figures down. Nobody reads or thinks here.
import type { Page } from 'playwright-core';
import { MARGINS } from '../../src/config/scenarios/goals.ts';
import {
  letClassRank,
  placeByButtons,
  press,
  saveRanking,
  textOf,
  train,
} from '../e2e/laboratory-page.ts';

/** What a newcomer reaches, in this order, with the most presses that it may take from the opening on. */
export const MILESTONES = {
  'first sample': 1,
  'first fine-tuned model': 3,
  'first ranking': 10,
  'first reward model': 12,
  'first PPO improvement': 14,
  'end of PPO': 14,
  'first blind vote': 17,
} as const;

export type MilestoneName = keyof typeof MILESTONES;

export interface Milestone {
  readonly name: MilestoneName;
  /** From the opening of the page. */
  readonly seconds: number;
  /** Presses of a pointer from the opening of the page, as the page itself was told of them. */
  readonly presses: number;
}

/** Mean score of the answers of an iteration of PPO, as the page says it. */
export interface Score {
  readonly iteration: number;
  readonly score: number;
  /** When it was said, from the opening of the page. */
  readonly seconds: number;
}

export interface NewcomerRun {
  readonly milestones: readonly Milestone[];
  readonly scores: readonly Score[];
  /** What computed, in the page's words. */
  readonly engine: string;
}

/** Longest that the first sample, and everything up to the first blind vote, may take without a GPU. Seconds. */
export const LIMITS = { firstSample: 10, wholeLoop: 20 * 60 } as const;

/** Iterations whose mean is held against the first one: a single one is noise. */
const WINDOW = 3;

/**
 * The first iteration that ends a stretch of three whose mean score is higher than that of the first iteration, by more
 * than what counts as a change in a scenario. Null when there is none.
 */
export function firstImprovement(scores: readonly Score[]): Score | null {
  const began = scores[0]?.score ?? NaN;
  const at = scores.findIndex((_, i) => {
    const stretch = scores.slice(Math.max(1, i + 1 - WINDOW), i + 1);
    const mean = stretch.reduce((sum, { score }) => sum + score, 0) / WINDOW;
    return stretch.length === WINDOW && mean - began > MARGINS.score;
  });
  return scores[at] ?? null;
}

/** Counts presses in the page, from its first script on. As text: what compiles this file adds helpers. */
const COUNT_PRESSES = `{
  globalThis.presses = 0;
  const count = (event) => {
    if (event.isTrusted) globalThis.presses += 1;
  };
  addEventListener('pointerdown', count, { capture: true });
}`;

async function pressesOn(page: Page): Promise<number> {
  return Number(await page.evaluate((): unknown => Reflect.get(globalThis, 'presses')));
}

async function next(page: Page, part: 'demonstrate' | 'rank' | 'reinforce' | 'judge') {
  await page.getByRole('link', { name: `Next: ${part}` }).click();
  await page.locator(`.page[data-part="${part}"]`).waitFor();
}

/** What the page says of the scores while PPO runs, until it is done. */
async function watchScores(page: Page, now: () => number): Promise<Score[]> {
  const scores: Score[] = [];
  for (;;) {
    const handle = await page.waitForFunction(
      (seen) => {
        const status = document.querySelector('[data-testid="ppo-status"]');
        const done = status?.getAttribute('data-status') === 'done';
        for (const { textContent } of document.querySelectorAll('figure .sr-only')) {
          const found = /^score (−?[\d.e-]+) at iteration (\d+)/.exec(textContent.trim());
          const [, score = '', iteration = ''] = found ?? [];
          if (found !== null && (Number(iteration) > seen || done)) {
            return { iteration: Number(iteration), score: Number(score.replace('−', '-')), done };
          }
        }
        return null;
      },
      scores.at(-1)?.iteration ?? 0,
    );
    const said = await handle.jsonValue();
    if (said === null) continue;
    const { iteration, score, done } = said;
    if (iteration > (scores.at(-1)?.iteration ?? 0)) {
      scores.push({ iteration, score, seconds: now() });
    }
    if (done) return scores;
  }
}

/**
 * Goes through the whole loop on a page that has not been opened yet.
 * @param query settings in the address; none for what a newcomer gets
 * @param told is told of each milestone when it is reached
 */
export async function watchNewcomer(
  page: Page,
  url: string,
  query = '',
  told: (milestone: Milestone) => void = () => undefined,
): Promise<NewcomerRun> {
  const milestones: Milestone[] = [];
  await page.addInitScript({ content: COUNT_PRESSES });
  const opened = performance.now();
  const now = (): number => (performance.now() - opened) / 1000;
  const reach = async (name: MilestoneName, seconds = now()): Promise<void> => {
    const milestone = { name, seconds, presses: await pressesOn(page) };
    milestones.push(milestone);
    told(milestone);
  };
  await page.goto(query === '' ? url : `${url}#/model?${query}`);
  await press(page, 'sample-button');
  await page.getByTestId('sample-text').first().waitFor();
  await reach('first sample');
  const engine = await textOf(page, 'engine-badge');

  await next(page, 'demonstrate');
  await train(page, 'sft');
  await reach('first fine-tuned model');

  await next(page, 'rank');
  await press(page, 'rank-fetch');
  await placeByButtons(page);
  await saveRanking(page, 'button');
  await reach('first ranking');
  await letClassRank(page, Number(await page.getByTestId('simulate-count').inputValue()));
  await train(page, 'reward');
  await reach('first reward model');

  await next(page, 'reinforce');
  await press(page, 'ppo-start');
  const scores = await watchScores(page, now);
  const improved = firstImprovement(scores);
  if (improved !== null) await reach('first PPO improvement', improved.seconds);
  await reach('end of PPO');

  await next(page, 'judge');
  await press(page, 'judge-start');
  await page.getByRole('region', { name: /^Blind comparison 1 of/ }).waitFor();
  await press(page, 'judge-left');
  await page.getByRole('region', { name: /^Blind comparison 2 of/ }).waitFor();
  await reach('first blind vote');
  return { milestones, scores, engine };
}
