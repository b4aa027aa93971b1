// Makes the pictures of docs/screens from a short real run in a real Chromium: `npm run screenshots`. Every place of the
// page in light, dark and on a phone, and a strip of the five stages. Only some of them by name:
// `npm run screenshots -- strip share`. Not a test: it asserts nothing, and its pictures are looked at by people.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CDPSession, Page } from 'playwright-core';
import {
  letClassRank,
  openLaboratory,
  placeByButtons,
  press,
  saveRanking,
  textOf,
  textsToRank,
  train,
  visit,
} from '../e2e/laboratory-page.ts';
import { launch } from './browser.ts';
import { SCREEN_GROUPS, type Screen } from './screen-places.ts';
import { buildPage, serveBuild } from './serve.ts';
import { drawStrip } from './strip.ts';

const FOLDER = fileURLToPath(new URL('../../docs/screens', import.meta.url));

const DESKTOP = { width: 1280, height: 800 };
/** `quality` of WebP: text is still easily read, and all pictures together are some megabytes. */
const LOOKS = [
  { name: 'light', colorScheme: 'light', size: DESKTOP, quality: 40 },
  { name: 'dark', colorScheme: 'dark', size: DESKTOP, quality: 30 },
  { name: 'phone', colorScheme: 'light', size: { width: 360, height: 740 }, quality: 30 },
] as const;

/** A few minutes on two cores: enough for curves with a shape. */
const SETTINGS = [
  'sft.demonstrations=960&sft.epochs=1&labels.prompts=256',
  'ppo.episodes=768&ppo.rolloutBatch=64&ppo.minibatches=4&evaluate.prompts=100',
  'base.size=tiny&base.steps=120&base.batchSize=8&base.passageTokens=64',
].join('&');

/** One screen in one look; WebP, because there are many and they lie in the repository. */
async function picture(
  page: Page,
  camera: CDPSession,
  screen: Screen,
  { name, quality }: (typeof LOOKS)[number],
): Promise<void> {
  await screen.open(page);
  // Neither what is under way for a moment nor what the pointer happens to be on.
  await page.locator('.strip progress').waitFor({ state: 'detached', timeout: 60_000 });
  await page.mouse.move(0, 0);
  if (screen.close === undefined) {
    const from = screen.from?.(page) ?? page.getByText('RLHF Playground', { exact: true }).first();
    const toStart = (node: Element): void => {
      (document.activeElement as HTMLElement | null)?.blur();
      // A heading stands for its section.
      const section = /^H\d$/.test(node.tagName) ? node.closest('section') : null;
      (section ?? node).scrollIntoView({ block: 'start' });
      window.scrollBy(0, -24);
    };
    // Charts above take their height a moment after a part is opened.
    await from.evaluate(toStart);
    await page.waitForTimeout(300);
    await from.evaluate(toStart);
  }
  const shot = { format: 'webp', quality } as const;
  const { data } = await camera.send('Page.captureScreenshot', shot);
  writeFileSync(`${FOLDER}/${screen.name}-${name}.webp`, Buffer.from(data, 'base64'));
  await screen.close?.(page);
}

/** Rankings of three students of one class, who agree on much and not on all, as files to merge. */
function classFiles() {
  const orders = { anna: [1, 2, 3], ben: [1, 2, 3], chen: [2, 1, 3] };
  const ask = ['frogs', 'owls', 'bears', 'geese', 'hens', 'mice', 'crabs', 'wolves'];
  return Object.entries(orders).map(([name, usual], who) => {
    const rows = ask.map((animal, at) => {
      // Everybody is of another mind now and then.
      const ranks = at % 3 === who ? [1, 3, 2] : usual;
      const completions = ['They eat bread.', `I love ${animal}. They eat fish.`, 'I do not know.'];
      return JSON.stringify({ prompt: `What do ${animal} eat?`, completions, ranks });
    });
    const buffer = Buffer.from(rows.join('\n'));
    return { name: `${name}.jsonl`, mimeType: 'application/x-ndjson', buffer };
  });
}

async function mergeClass(page: Page): Promise<void> {
  await page.getByTestId('merge-rankings').setInputFiles(classFiles());
  const agreement = page.getByTestId('class-agreement');
  await agreement.locator('summary').click();
  await agreement.locator('table').waitFor();
}

async function ask(page: Page): Promise<void> {
  await page.getByTestId('prompt-input').fill('tell me a happy story about a bee.');
  await press(page, 'sample-button');
  await textOf(page, 'sample-text');
}

async function wholeLoop(page: Page): Promise<void> {
  await ask(page);
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  await visit(page, 'rank');
  await press(page, 'rank-fetch');
  await placeByButtons(page);
  await saveRanking(page, 'button');
  await mergeClass(page);
  await letClassRank(page, 256);
  await train(page, 'reward');
  await textsToRank(page);
  await page.getByTestId('rank-item-2').click();
  await page.getByTestId('rank-item-0').click();
  await visit(page, 'reinforce');
  await train(page, 'ppo');
  await visit(page, 'judge');
  await press(page, 'suite-run');
  await page.locator('[data-testid="suite-table"]').waitFor({ timeout: 300_000 });
  await page.getByTestId('judge-count').fill('30');
  await press(page, 'judge-start');
  await page.getByTestId('judge-pair').waitFor({ timeout: 60_000 });
}

const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);

mkdirSync(FOLDER, { recursive: true });
buildPage();
const served = await serveBuild();
const browser = await launch(served.url, { webgpu: 'off', viewport: DESKTOP });
try {
  const { page, context } = browser;
  await openLaboratory(page, served.url, SETTINGS);
  await wholeLoop(page);
  const camera = await context.newCDPSession(page);
  if (isWanted('strip')) await drawStrip(page, context, `${FOLDER}/strip.webp`);
  for (const { prepare, screens } of SCREEN_GROUPS) {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(DESKTOP);
    // Each group follows from the one before, whichever pictures are wanted.
    await prepare?.(page);
    for (const look of LOOKS) {
      await page.emulateMedia({ colorScheme: look.colorScheme });
      await page.setViewportSize(look.size);
      for (const screen of screens.filter((each) => isWanted(each.name)))
        await picture(page, camera, screen, look);
    }
  }
} finally {
  await browser.close();
  await served.close();
}
