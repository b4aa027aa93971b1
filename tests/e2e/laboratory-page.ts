// The page as a person uses it, for the browser tests: parts by their navigation, buttons by what they
// do, and a person who ranks by what is on screen. Not a fake of anything: every call is a click, a
// key or a look at what the page shows.
import type { Locator, Page } from 'playwright-core';
import type { Part } from '../../src/ui/hash-route.ts';
import type { StageStatus, TrainingStage } from '../../src/worker/protocol.ts';

/** Longest wait for something that computes, on a crowded machine. Milliseconds. */
const PATIENCE = 240_000;

/** Opens the page with settings in its address and waits until the model can be asked. */
export async function openLaboratory(page: Page, url: string, query = ''): Promise<void> {
  await page.goto(query === '' ? url : `${url}#/model?${query}`);
  await ready(page);
}

/** Waits until the engine runs, the model is loaded and the project is back. */
export async function ready(page: Page): Promise<void> {
  await page
    .locator('[data-testid="nav-model"]', { hasText: 'loaded' })
    .waitFor({ timeout: PATIENCE });
}

export async function visit(page: Page, part: Part): Promise<void> {
  await page.getByTestId(`nav-${part}`).click();
  await page.locator(`.page[data-part="${part}"]`).waitFor();
}

/** Presses a button, by its test id, as soon as it can be pressed. */
export async function press(page: Page, testId: string): Promise<void> {
  await page.locator(`[data-testid="${testId}"]:enabled`).click({ timeout: PATIENCE });
}

/** Whether the page itself has loaded a file whose name holds `name`; what a service worker stores does not count. */
export async function hasLoaded(page: Page, name: string): Promise<boolean> {
  const files = await page.evaluate(() =>
    performance.getEntriesByType('resource').map((entry) => entry.name),
  );
  return files.some((file) => file.includes(name));
}

export async function textOf(page: Page, testId: string): Promise<string> {
  return page.getByTestId(testId).first().innerText({ timeout: PATIENCE });
}

/** Cells of the bodies of the tables in a part of the page, row by row, the row's heading first. */
export function cellsOf(part: Locator): Promise<string[][]> {
  return part
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll('th, td')].map((cell) => cell.textContent ?? '')),
    );
}

/** Waits for a state of a training stage, whose part must be on screen. */
export async function waitForStatus(
  page: Page,
  stage: TrainingStage,
  status: StageStatus,
): Promise<void> {
  await page
    .locator(`[data-testid="${stage}-status"][data-status="${status}"]`)
    .waitFor({ timeout: PATIENCE });
}

/** Steps done and steps in all, as the page counts them. */
export async function stepsOf(
  page: Page,
  stage: TrainingStage,
): Promise<{ step: number; total: number }> {
  const words = await textOf(page, `${stage}-status`);
  const [, step, total] = /(\d+) of (\d+)/.exec(words) ?? [];
  return { step: Number(step ?? 0), total: Number(total ?? 0) };
}

/** Waits until a stage has done at least so many steps. */
export async function waitForStep(page: Page, stage: TrainingStage, least: number): Promise<void> {
  await page.waitForFunction(
    ([testId, wanted]) => {
      const words = document.querySelector(`[data-testid="${testId}"]`)?.textContent ?? '';
      return Number(/(\d+) of \d+/.exec(words)?.[1] ?? 0) >= wanted;
    },
    [`${stage}-status`, least] as const,
    { timeout: PATIENCE },
  );
}

/**
 * Starts a run and pauses it at once, in its first steps. Pressed within the page, as soon as there is something to
 * pause: a press from outside may come when a short run is over.
 */
export async function startAndPause(page: Page, stage: TrainingStage): Promise<void> {
  await page.locator(`[data-testid="${stage}-start"]:enabled`).waitFor({ timeout: PATIENCE });
  const ended = await page.evaluate(
    (name) =>
      new Promise<string>((resolve) => {
        const find = (what: string) =>
          document.querySelector<HTMLButtonElement>(`[data-testid="${name}-${what}"]`);
        const before = find('status')?.dataset['status'];
        let ran = false;
        const look = (): void => {
          const status = find('status')?.dataset['status'] ?? '';
          ran ||= status === 'running';
          if (status === 'paused' || (ran && status !== 'running')) {
            resolve(status);
            return;
          }
          // Pressed while the last press has no answer yet, it does nothing: hence again.
          find('pause')?.click();
          setTimeout(look, 5);
        };
        if (before === 'paused') throw new Error('It is paused already.');
        find('start')?.click();
        look();
      }),
    stage,
  );
  if (ended !== 'paused') throw new Error(`${stage} was ${ended} before it could be paused.`);
}

/** Trains a stage from its one button to its end; its part must be on screen. */
export async function train(page: Page, stage: TrainingStage): Promise<void> {
  await press(page, `${stage}-start`);
  await waitForStatus(page, stage, 'done');
}

const CHEERFUL =
  /\b(happy|glad|good|nice|kind|love|loves|friend|friends|smile|smiled|laughed|fun|thank|warm)\b/g;

/** How much a person with a taste for cheerful and short texts likes one. */
export function liking(text: string): number {
  return 10 * (text.toLowerCase().match(CHEERFUL)?.length ?? 0) - text.length / 100;
}

/** The texts on screen by their place as shown; waits for the first one. */
export async function textsToRank(page: Page): Promise<string[]> {
  await page.getByTestId('rank-item-0').waitFor({ timeout: PATIENCE });
  const cards = page.locator('[data-testid^="rank-item-"]');
  const read = await cards.evaluateAll((nodes) =>
    nodes.map((node) => ({
      at: Number(node.getAttribute('data-testid')?.slice('rank-item-'.length)),
      text: node.querySelector('.wording')?.textContent ?? '',
    })),
  );
  return read.sort((a, b) => a.at - b.at).map(({ text }) => text);
}

/** Places from 1 (best) by liking; equal texts are tied. */
export function placesByLiking(texts: readonly string[]): number[] {
  const distinct = [...new Set(texts.map(liking))].sort((a, b) => b - a);
  return texts.map((text) => distinct.indexOf(liking(text)) + 1);
}

/** Which text has the focus, as shown; waits until it is one of them. */
export async function focusedText(page: Page): Promise<number> {
  await page.waitForFunction(() =>
    document.activeElement?.getAttribute('data-testid')?.startsWith('rank-item-'),
  );
  const id = await page.evaluate(
    () => document.activeElement?.getAttribute('data-testid') ?? 'nothing',
  );
  return Number(id.slice('rank-item-'.length));
}

/** Ranks what is on screen by keys alone; the focus must be in the list. Does not save. */
export async function placeByKeys(page: Page): Promise<void> {
  const places = placesByLiking(await textsToRank(page));
  while (await page.locator('[data-testid^="rank-item-"][data-place=""]').count()) {
    const at = await focusedText(page);
    await page.keyboard.press(String(places[at] ?? 1));
    await page.waitForFunction(
      (i) => document.querySelector(`[data-testid="rank-item-${i}"]`)?.getAttribute('data-place'),
      at,
    );
  }
}

/** Ranks what is on screen with the numbered buttons. Does not save. */
export async function placeByButtons(page: Page): Promise<void> {
  const places = placesByLiking(await textsToRank(page));
  for (const [at, place] of places.entries()) {
    const letter = String.fromCharCode(65 + at);
    await page.getByRole('button', { name: `${letter}: place ${place}`, exact: true }).click();
  }
}

/** Saves what is ranked and waits until the page says that it is stored. */
export async function saveRanking(page: Page, how: 'button' | 'key'): Promise<void> {
  const before = await savedRankings(page);
  if (how === 'button') await press(page, 'rank-save');
  else await page.keyboard.press('Enter');
  await page.waitForFunction(
    (least) =>
      Number(
        document.querySelector('[data-testid="rank-count"]')?.getAttribute('data-saved') ?? 0,
      ) > least,
    before,
  );
}

/** Rankings by the person that are stored; a pair that came back is one of them and is counted nowhere on screen. */
async function savedRankings(page: Page): Promise<number> {
  return Number((await page.getByTestId('rank-count').getAttribute('data-saved')) ?? 0);
}

/** Rankings by the person, as counted on screen. */
export async function ownRankings(page: Page): Promise<number> {
  return parseInt(await textOf(page, 'rank-count'), 10);
}

/** Rankings by the simulated class, as counted on screen. */
export async function classRankings(page: Page): Promise<number> {
  return parseInt(await textOf(page, 'class-count'), 10);
}

/** Lets the class rank what the settings ask for and waits for the last one. */
export async function letClassRank(page: Page, prompts: number): Promise<void> {
  await press(page, 'simulate-button');
  await page.waitForFunction(
    (wanted) =>
      parseInt(document.querySelector('[data-testid="class-count"]')?.textContent ?? '', 10) >=
      wanted,
    prompts,
    { timeout: PATIENCE },
  );
}
