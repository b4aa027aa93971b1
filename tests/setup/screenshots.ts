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
import { PLACES, type Place } from '../e2e/places.ts';
import { launch } from './browser.ts';
import { buildPage, serveBuild } from './serve.ts';
import { drawStrip } from './strip.ts';

const FOLDER = fileURLToPath(new URL('../../docs/screens', import.meta.url));

const DESKTOP = { width: 1280, height: 800 };
const LOOKS = [
  { name: 'light', colorScheme: 'light', size: DESKTOP },
  { name: 'dark', colorScheme: 'dark', size: DESKTOP },
  { name: 'phone', colorScheme: 'light', size: { width: 360, height: 740 } },
] as const;

/** The text that a picture begins with, where what matters is not at the top. */
const BEGINS: Readonly<Record<string, string>> = {
  reinforce: 'Reinforce',
  judge: 'Vote blind',
  verdict: 'Judge a text',
};

/** Opened last: with a scenario come its settings, and what was trained with others is stale. */
const SCENARIO: Place = {
  name: 'scenario',
  open: async (page) => {
    await visit(page, 'model');
    await page.getByTestId('scenario').selectOption('reward-hacking');
    await page.locator('[data-scenario="reward-hacking"]').waitFor();
  },
};

/** Beside the places where one can be: what lies further down in one of them. */
const LENS: Place = { name: 'lens', open: (page) => visit(page, 'reinforce') };

/** One chart as large as the screen: for the projector, so it looks the same in both themes. */
const LECTURE: Place = {
  name: 'lecture',
  open: async (page) => {
    await visit(page, 'reinforce');
    await page.getByTestId('nav-reinforce').focus();
    await page.keyboard.press('l');
    await page.getByTestId('lecture').waitFor();
  },
  close: async (page) => {
    await page.keyboard.press('Escape');
    await page.getByTestId('lecture').waitFor({ state: 'detached' });
  },
};

/** What helps to teach, each in a window of its own. */
const DIALOGS = (['share', 'keys', 'reset', 'offline'] as const).map((name): Place => ({
  name,
  open: async (page) => {
    await visit(page, 'model');
    await page.getByTestId('teach').click();
    await page.getByTestId(`teach-${name}`).click();
    await page.getByTestId(`${name}-dialog`).waitFor();
    // What it counts or reads first is there.
    const told = {
      share: 'share-link',
      keys: 'page-keys',
      reset: 'reset-yes',
      offline: 'offline-check',
    };
    await page.locator(`[data-testid="${told[name]}"]:enabled`).waitFor();
  },
  close: async (page) => {
    await page.keyboard.press('Escape');
    await page.getByTestId(`${name}-dialog`).waitFor({ state: 'detached' });
  },
}));

/** A few minutes on two cores: enough for curves with a shape. */
const SETTINGS = [
  'sft.demonstrations=960&sft.epochs=1&labels.prompts=64',
  'ppo.episodes=768&ppo.rolloutBatch=64&ppo.minibatches=4&evaluate.prompts=100',
].join('&');

/** One place in one look; WebP, because there are many and they lie in the repository. */
async function picture(page: Page, camera: CDPSession, place: Place, look: string): Promise<void> {
  await place.open(page);
  // Neither what is under way for a moment nor what the pointer happens to be on.
  await page.locator('.strip progress').waitFor({ state: 'detached', timeout: 60_000 });
  await page.mouse.move(0, 0);
  const from =
    place.name === 'lens'
      ? page.getByTestId('token-lens')
      : page.getByText(BEGINS[place.name] ?? 'RLHF Playground', { exact: true }).first();
  if (place.close === undefined) {
    await from.evaluate((node) => {
      (document.activeElement as HTMLElement | null)?.blur();
      (node.closest('section') ?? node).scrollIntoView({ block: 'start' });
      window.scrollBy(0, -24);
    });
  }
  const shot = { format: 'webp', quality: 80 } as const;
  const { data } = await camera.send('Page.captureScreenshot', shot);
  writeFileSync(`${FOLDER}/${place.name}-${look}.webp`, Buffer.from(data, 'base64'));
  await place.close?.(page);
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
  await letClassRank(page, 64);
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
  for (const all of [[...PLACES, LENS, LECTURE, ...DIALOGS], [SCENARIO]]) {
    const places = all.filter(({ name }) => isWanted(name));
    for (const { name, colorScheme, size } of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(size);
      for (const place of places) await picture(page, camera, place, name);
    }
  }
} finally {
  await browser.close();
  await served.close();
}
