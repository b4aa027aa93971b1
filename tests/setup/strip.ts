// The strip of the README: what matters of each of the five stages after a run, side by side in one wide picture. Taken
// from the page as it is, laid out and drawn by Chromium itself, so that nothing else is needed to make it.
import { writeFileSync } from 'node:fs';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import type { Part } from '../../src/ui/hash-route.ts';
import { visit } from '../e2e/laboratory-page.ts';

interface Panel {
  readonly part: Part;
  readonly title: string;
  readonly look: (page: Page) => Locator;
}

const chart = (title: string) => (page: Page) =>
  page.locator('figure', { has: page.getByText(title, { exact: true }) }).first();

/** Passes over pairs whose answers are the same, which show nothing side by side. */
async function toDifferentPair(page: Page): Promise<void> {
  const text = (side: string) => page.getByTestId(`judge-${side}-text`).innerText();
  const progress = page.getByTestId('judge-progress');
  while ((await text('left')) === (await text('right'))) {
    const before = await progress.innerText();
    await page.getByTestId('judge-tie').click();
    await page.getByTestId('judge-progress').filter({ hasNotText: before }).waitFor();
  }
}

const PANELS: readonly Panel[] = [
  {
    part: 'model',
    title: 'Model: the base goes on writing',
    look: (page) => page.locator('[aria-live]', { has: page.getByTestId('sample-text') }),
  },
  { part: 'demonstrate', title: '1 Demonstrate: it imitates', look: chart('Loss') },
  {
    part: 'rank',
    title: '2 Rank: you say what is better',
    look: (page) => page.locator('.panel', { has: page.getByTestId('rank-item-0') }).first(),
  },
  { part: 'reinforce', title: '3 Reinforce: PPO', look: chart('Reward') },
  {
    part: 'judge',
    title: 'Judge: blind, side by side',
    look: (page) => page.getByTestId('judge-pair'),
  },
];

/** Of the page while its parts are taken, so narrow that they can be read side by side. */
const WINDOW = { width: 620, height: 900 };
/** Of a panel's picture in the strip; what is longer is cut off below. */
const SIZE = { width: 540, height: 370 };
const GAP = 14;
const CAPTION = 48;

function markupOf(pictures: readonly Buffer[]): string {
  const panels = pictures.map((picture, i) => {
    const image = `<img src="data:image/png;base64,${picture.toString('base64')}" alt="">`;
    return `<figure><figcaption>${PANELS[i]?.title ?? ''}</figcaption><div>${image}</div></figure>`;
  });
  return `<!doctype html><style>
    body { margin: 0; padding: ${GAP}px; display: flex; gap: ${GAP}px; background: #fff; }
    figure { margin: 0; width: ${SIZE.width}px; font: 600 26px/${CAPTION}px sans-serif; color: #222; }
    div { overflow: hidden; height: ${SIZE.height}px; border: 1px solid #999; }
    img { display: block; width: calc(100% - 8px); margin: 4px; }
  </style>${panels.join('')}`;
}

/** Draws the strip into a file. Every stage must have something to show; the page's window gets another size. */
export async function drawStrip(page: Page, context: BrowserContext, file: string): Promise<void> {
  await page.setViewportSize(WINDOW);
  const pictures: Buffer[] = [];
  for (const { part, look } of PANELS) {
    await visit(page, part);
    if (part === 'judge') await toDifferentPair(page);
    pictures.push(await look(page).screenshot({ animations: 'disabled' }));
  }
  const sheet = await context.newPage();
  await sheet.setViewportSize({
    width: PANELS.length * (SIZE.width + GAP) + GAP,
    height: SIZE.height + CAPTION + 2 * GAP + 2,
  });
  await sheet.setContent(markupOf(pictures), { waitUntil: 'load' });
  const camera = await context.newCDPSession(sheet);
  const shot = { format: 'webp', quality: 85 } as const;
  const { data } = await camera.send('Page.captureScreenshot', shot);
  writeFileSync(file, Buffer.from(data, 'base64'));
  await sheet.close();
}
