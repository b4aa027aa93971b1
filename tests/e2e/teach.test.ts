// What helps to teach, as an instructor uses it: a link that carries a setup, lecture mode, the list of keys, starting
// over and back, and the proof that the page is ready without a network.
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { KEY_GROUPS } from '../../src/ui/key-words.ts';
import { launch, type LaunchedBrowser } from '../setup/browser.ts';
import { serveCopy, type ServedCopy } from '../setup/serve.ts';
import { violations } from './accessibility.ts';
import {
  classRankings,
  letClassRank,
  openLaboratory,
  press,
  ready,
  textOf,
  train,
  visit,
  waitForStatus,
} from './laboratory-page.ts';

const SETUP = 'preset=micro&sft.demonstrations=48&labels.prompts=6&general.seed=5';

let served: ServedCopy;
let browser: LaunchedBrowser;
beforeAll(async () => {
  served = await serveCopy('/teach/');
  browser = await launch(served.url, { webgpu: 'off', viewport: { width: 1280, height: 720 } });
  await openLaboratory(browser.page, served.url, SETUP);
});
afterAll(async () => {
  await browser.close();
  await served.close();
});
afterEach(() => {
  expect(browser.problems()).toEqual([]);
});

async function teach(entry: string): Promise<void> {
  await browser.page.getByTestId('teach').click();
  await browser.page.getByTestId(`teach-${entry}`).click();
}

/** Both themes, by the button in the header, with nothing open. */
async function inBothThemes(look: () => Promise<void>): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await browser.page.emulateMedia({ colorScheme: theme });
    await look();
  }
  await browser.page.emulateMedia({ colorScheme: 'light' });
}

const clean = async (): Promise<void> => {
  expect(await violations(browser.page)).toEqual([]);
};

/** On a phone the open dialog is within the window, and nothing in it scrolls sideways. */
async function expectFitsPhone(): Promise<void> {
  const { page } = browser;
  await page.setViewportSize({ width: 360, height: 740 });
  const wide = () =>
    page.evaluate(() => {
      const parts = [...document.querySelectorAll('[role=dialog], [role=dialog] *')];
      const { clientWidth } = document.documentElement;
      return parts
        .filter((part) => {
          const { left, right } = part.getBoundingClientRect();
          const isScroller = getComputedStyle(part).overflowX !== 'visible';
          const isField = part.matches('textarea, select, input, .sr-only');
          const scrolls = isScroller && !isField && part.scrollWidth > part.clientWidth;
          return scrolls || left < 0 || right > clientWidth;
        })
        .map((part) => part.outerHTML.slice(0, 80));
    });
  await expect.poll(wide).toEqual([]);
  await page.setViewportSize({ width: 1280, height: 720 });
}

test('one link carries scenario, seed, settings and what is hidden, and nothing is locked', async () => {
  const { page } = browser;
  await page.getByTestId('scenario').selectOption('no-leash');
  await page.locator('[data-testid="scenario"]').evaluate((node: HTMLSelectElement) => node.value);
  await teach('share');
  for (const name of ['judge', 'settings']) await page.getByTestId(`share-hide-${name}`).check();
  await inBothThemes(clean);
  await expectFitsPhone();
  const shown = () => page.getByTestId('share-link').inputValue();
  await expect.poll(shown).toMatch(/&hide=settings\.judge|&hide=judge\.settings/);
  const link = await shown();
  expect(link).toMatch(/#\/model\?v=1&scenario=no-leash&preset=micro&general\.seed=5&/);
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await press(page, 'share-copy');
  await expect.poll(() => textOf(page, 'share-news')).toBe('Link copied.');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  await page.keyboard.press('Escape');
  await page.locator('[data-testid="teach"]:focus').waitFor();

  // Another browser, that has something else set; the address is pasted while the page is open.
  const other = await launch(served.url, { webgpu: 'off' });
  onTestFinished(() => other.close());
  await openLaboratory(other.page, served.url, 'preset=micro&general.seed=99');
  await other.page.goto(link);
  await other.page.waitForFunction(() => !window.location.hash.includes('?'));
  await expect.poll(() => other.page.getByTestId('nav-judge').count()).toBe(0);
  await expect.poll(() => other.page.getByTestId('settings-open').count()).toBe(0);
  await expect.poll(() => other.page.getByTestId('scenario').inputValue()).toBe('no-leash');
  // Nothing points to what is hidden.
  await expect
    .poll(() => textOf(other.page, 'scenario-next'))
    .toBe('Its curves are in 3 Reinforce.');
  await visit(other.page, 'demonstrate');
  expect(await other.page.getByTestId('all-settings').count()).toBe(0);
  await visit(other.page, 'model');
  await other.page.getByTestId('teach').click();
  await other.page.getByTestId('teach-share').click();
  await expect.poll(() => other.page.getByTestId('share-link').inputValue()).toBe(link);
  await other.page.keyboard.press('Escape');
  // A reload keeps what is hidden; the button below the page brings it back.
  await other.page.reload();
  await ready(other.page);
  await expect.poll(() => other.page.getByTestId('nav-judge').count()).toBe(0);
  await press(other.page, 'show-all');
  await other.page.getByTestId('nav-judge').waitFor();
  await other.page.getByTestId('settings-open').waitFor();
  expect(other.problems()).toEqual([]);
});

test('a link says when its starting checkpoint is not here, and starts from it when it is', async () => {
  const { page } = browser;
  await page.goto(`${served.url}#/demonstrate?${SETUP}`);
  await ready(page);
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  await teach('share');
  const option = page.locator('[data-testid="share-start"] option').nth(1);
  await option.waitFor({ state: 'attached' });
  const hash = (await option.getAttribute('value')) ?? '';
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
  await page.getByTestId('share-start').selectOption(hash);
  await expectFitsPhone();
  const shown = () => page.getByTestId('share-link').inputValue();
  await expect.poll(shown).toContain(`start=${hash}`);
  const link = await shown();
  await page.keyboard.press('Escape');

  // Here it is the result of step 1 already.
  await page.goto(link);
  await page.locator('[data-testid="start-notice"][data-start="taken"]').waitFor();
  expect(await textOf(page, 'start-notice')).toContain('so does this laboratory already');
  await page.getByRole('button', { name: 'Dismiss' }).click();

  await page.goto(link.replace(hash, 'f'.repeat(16)));
  await page.locator('[data-testid="start-notice"][data-start="missing"]').waitFor();
  expect(await textOf(page, 'start-notice')).toMatch(/not in this browser.*laboratory file.*Runs/s);
  await inBothThemes(clean);

  // Trained anew with another seed, the old result is an older run: the link brings it back as the result.
  await page.goto(`${served.url}#/demonstrate?${SETUP.replace('seed=5', 'seed=6')}`);
  await page.locator('[data-testid="sft-status"][data-status="stale"]').waitFor();
  await press(page, 'sft-start');
  await waitForStatus(page, 'sft', 'done');
  await page.goto(link);
  await page.locator('[data-testid="start-notice"][data-start="taken"]').waitFor();
  await expect.poll(() => textOf(page, 'start-notice')).toContain('goes on from there');
  await page.getByRole('button', { name: 'Dismiss' }).click();
});

test('? lists every key, works where nothing is typed, and can be turned off', async () => {
  const { page } = browser;
  await visit(page, 'model');
  await page.getByTestId('prompt-input').focus();
  await page.keyboard.press('?');
  expect(await page.getByTestId('prompt-input').inputValue()).toContain('?');
  expect(await page.getByTestId('keys-dialog').count()).toBe(0);
  await page.getByTestId('nav-model').focus();
  await page.keyboard.press('?');
  await page.getByTestId('keys-dialog').waitFor();
  const text = await textOf(page, 'keys-dialog');
  for (const { title, rows } of KEY_GROUPS) {
    expect(text).toContain(title);
    for (const { does } of rows) expect(text).toContain(does);
  }
  await inBothThemes(clean);
  await expectFitsPhone();
  await page.getByTestId('page-keys').uncheck();
  await page.keyboard.press('Escape');
  await page.getByTestId('keys-dialog').waitFor({ state: 'detached' });
  await page.locator('[data-testid="nav-model"]:focus').waitFor();
  await page.keyboard.press('?');
  await page.keyboard.press('l');
  expect(await page.getByRole('dialog').count()).toBe(0);
  await teach('keys');
  await page.getByTestId('page-keys').check();
  await page.keyboard.press('Escape');
  await page.getByTestId('keys-dialog').waitFor({ state: 'detached' });
});

/** Nothing of it is off the screen, wider than it, or smaller than can be read from the last row. */
async function fits(lecture: Locator, least: number): Promise<void> {
  const look = (node: SVGElement | HTMLElement) => {
    const screen = { width: window.innerWidth, height: window.innerHeight };
    const out = [...node.querySelectorAll('button, h2, .chart, [role=status]')].filter((part) => {
      const box = part.getBoundingClientRect();
      if (part.closest('.chart') !== null && !part.matches('.chart')) return false;
      return box.left < 0 || box.top < 0 || box.right > screen.width || box.bottom > screen.height;
    });
    const plot = node.querySelector('.plot')?.getBoundingClientRect();
    return {
      out: out.map((part) => part.outerHTML.slice(0, 80)),
      wider: node.scrollWidth - node.clientWidth,
      text: parseFloat(getComputedStyle(node).fontSize) / screen.height,
      plot: (plot?.height ?? 0) / screen.height,
    };
  };
  // The chart follows the window a moment later than it changes.
  await expect
    .poll(async () => {
      const { out, wider, text, plot } = await lecture.evaluate(look);
      return { out, wider, isLegible: text > least, isLarge: plot > 0.35 };
    })
    .toEqual({ out: [], wider: 0, isLegible: true, isLarge: true });
}

test('lecture mode shows one large chart, is driven by keys that stand on screen, and is left with Escape', async () => {
  const { page } = browser;
  await visit(page, 'demonstrate');
  await page.getByTestId('nav-demonstrate').focus();
  await page.keyboard.press('l');
  const lecture = page.getByTestId('lecture');
  await lecture.waitFor();
  expect(await lecture.getByRole('heading').innerText()).toBe('1 Demonstrate: Loss');
  await expect.poll(() => lecture.locator('figure').count()).toBe(1);
  for (const words of ['Back', 'Next', 'Play', 'Step', 'Start over', 'Leave']) {
    expect(await lecture.getByRole('button', { name: words }).count()).toBe(1);
  }
  await inBothThemes(clean);
  for (const [width, height] of [
    [1280, 720],
    [1920, 1080],
    [3840, 2160],
  ] as const) {
    await page.setViewportSize({ width, height });
    await fits(lecture, 0.024);
  }
  // On a phone it may be scrolled, but the drawing is whole.
  await page.setViewportSize({ width: 360, height: 740 });
  const cut = () =>
    lecture.evaluate((node) => {
      const plot = node.querySelector('.plot');
      const frame = node.querySelector('.canvas');
      if (plot === null || frame === null) throw new Error('There is no drawing.');
      return plot.getBoundingClientRect().bottom - frame.getBoundingClientRect().bottom;
    });
  await expect.poll(cut).toBeLessThan(1);
  await page.setViewportSize({ width: 1280, height: 720 });
  const title = () => lecture.getByRole('heading').innerText();
  await page.keyboard.press('PageDown');
  await expect.poll(title).toBe('1 Demonstrate: Entropy');
  await page.keyboard.press('ArrowLeft');
  await expect.poll(title).toBe('1 Demonstrate: Loss');
  await page.keyboard.press('ArrowLeft');
  expect(await lecture.getByRole('heading').innerText()).toBe('1 Demonstrate: Loss');
  await page.keyboard.press('Escape');
  await lecture.waitFor({ state: 'detached' });
  await page.locator('[data-testid="nav-demonstrate"]:focus').waitFor();
});

test('one key starts over after a question, labels stay, and all of it comes back', async () => {
  const { page } = browser;
  await visit(page, 'rank');
  await letClassRank(page, 6);
  await visit(page, 'demonstrate');
  await page.getByTestId('nav-demonstrate').focus();
  await page.keyboard.press('r');
  await page.getByTestId('reset-dialog').waitFor();
  await expect.poll(() => textOf(page, 'reset-dialog')).toMatch(/What goes:.*\d+ runs/s);
  await inBothThemes(clean);
  await expectFitsPhone();
  // The question does nothing by itself.
  await page.keyboard.press('Escape');
  await page.locator('[data-testid="sft-status"][data-status="done"]').waitFor();
  await page.keyboard.press('r');
  await press(page, 'reset-yes');
  await page.locator('[data-testid="reset-news"][data-state="done"]').waitFor();
  await clean();
  await press(page, 'reset-close');
  await page.locator('[data-testid="sft-status"][data-status="ready"]').waitFor();
  await visit(page, 'rank');
  await expect.poll(() => classRankings(page)).toBe(6);

  // In lecture mode from the start: play and step by keys, on what was reset.
  await visit(page, 'demonstrate');
  await page.getByTestId('nav-demonstrate').focus();
  await page.keyboard.press('l');
  const status = (name: string) =>
    page.locator(`[data-testid="lecture-status"][data-status="${name}"]`);
  await status('ready').waitFor();
  await page.keyboard.press('s');
  await status('paused').waitFor();
  await page.keyboard.press(' ');
  await status('done').waitFor();
  await page.keyboard.press('Escape');

  // After a reload the copy is still there, and what was trained since stays beside it.
  await page.reload();
  await ready(page);
  await page.getByTestId('nav-demonstrate').focus();
  await page.keyboard.press('r');
  await press(page, 'reset-undo');
  await page.locator('[data-testid="reset-news"][data-state="undone"]').waitFor();
  await press(page, 'reset-close');
  await page.getByTestId('nav-runs').click();
  await expect.poll(() => textOf(page, 'nav-demonstrate')).toMatch(/done/);
  await visit(page, 'rank');
  await expect.poll(() => classRankings(page)).toBe(6);
});

test('ready for offline is proved byte by byte, names what is missing or damaged, and fetches it', async () => {
  const { page } = browser;
  await page.locator('[data-testid="offline"][data-state="ready"]').waitFor();
  await teach('offline');
  const verdict = (name: string) =>
    page.locator(`[data-testid="offline-verdict"][data-verdict="${name}"]`);
  await verdict('ready').waitFor();
  await inBothThemes(clean);
  await expectFitsPhone();
  const damaged = await page.evaluate(async () => {
    const names = await caches.keys();
    const cache = await caches.open(names.find((name) => name.includes('-precache-')) ?? '');
    const rows = await cache.keys();
    const late = rows.find(({ url }) => /KeysDialog.*\.js/.test(url));
    const wasm = rows.find(({ url }) => url.includes('.wasm'));
    if (late === undefined || wasm === undefined) throw new Error('The files are not there.');
    await cache.put(late, new Response('not the program'));
    await cache.delete(wasm);
    return [late.url, wasm.url].map((url) => new URL(url).pathname.replace('/teach/', ''));
  });
  await browser.context.setOffline(true);
  onTestFinished(() => browser.context.setOffline(false));
  await press(page, 'offline-check');
  await verdict('incomplete').waitFor();
  const listed = (await textOf(page, 'offline-missing')).split('\n').sort();
  expect(listed).toEqual([`${damaged[0]}: damaged`, `${damaged[1]}: missing`].sort());
  await clean();
  // Without a network nothing changes; with it the very files come back.
  await press(page, 'offline-fetch');
  await verdict('working').waitFor({ state: 'detached' });
  expect((await textOf(page, 'offline-missing')).split('\n')).toHaveLength(2);
  await browser.context.setOffline(false);
  await press(page, 'offline-fetch');
  await verdict('ready').waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => textOf(page, 'offline')).toContain('Ready without a network');
});
