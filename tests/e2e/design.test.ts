// Every place of the filled page by what design can be measured: axe in each theme, the size of targets, no sideways
// scroll from 320 px to 4K, no motion when none is wanted, and what a system's own colours leave. Micro size, on WASM.
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { lowContrast, violations } from './accessibility.ts';
import {
  letClassRank,
  openLaboratory,
  press,
  textsToRank,
  train,
  visit,
} from './laboratory-page.ts';
import { PLACES } from './places.ts';
import { sharedBrowser } from './shared-browser.ts';

const browser = sharedBrowser();
beforeAll(fillPage);
/** Something in every part: an answer, a ranking half done, models, curves, a vote under way, a table of judges. */
async function fillPage(): Promise<void> {
  const { page } = browser;
  await openLaboratory(page, browser.url, 'preset=micro');
  await press(page, 'sample-button');
  await page.getByTestId('sample-text').first().waitFor();
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  await visit(page, 'rank');
  await press(page, 'rank-fetch');
  await textsToRank(page);
  await page.getByTestId('rank-item-0').click();
  await letClassRank(page, 16);
  await train(page, 'reward');
  await visit(page, 'reinforce');
  await train(page, 'ppo');
  await page.getByTestId('token-lens').waitFor();
  await visit(page, 'judge');
  await press(page, 'suite-run');
  await page.getByTestId('suite-table').waitFor();
  await press(page, 'judge-start');
  await page.getByTestId('judge-pair').waitFor();
}

/** Opens every fold, those within folds too: what is behind a closed one is seen by no rule. */
async function unfold(page: Page): Promise<void> {
  const closed = page.locator('details:not([open])');
  await expect
    .poll(async () => {
      await closed.evaluateAll((nodes) => {
        for (const node of nodes) node.setAttribute('open', '');
      });
      return closed.count();
    })
    .toBe(0);
}

/** What `look` finds at each place with every fold open, the place's name before it. */
async function everywhere(look: () => Promise<readonly string[]>): Promise<string[]> {
  const { page } = browser;
  const found: string[] = [];
  for (const { name, open, close } of PLACES) {
    await open(page);
    await unfold(page);
    found.push(...(await look()).map((line) => `${name}: ${line}`));
    await close?.(page);
  }
  return found;
}

test('no place breaks an accessibility rule, targets of 24 px included', async () => {
  await browser.page.emulateMedia({ colorScheme: 'light' });
  expect(await everywhere(() => violations(browser.page))).toEqual([]);
});

test('the column distinct-2 is explained below its table', async () => {
  const { page } = browser;
  await visit(page, 'judge');
  expect(await page.getByTestId('suite-table').innerText()).toContain('distinct-2');
  expect(await page.getByTestId('distinct-words').innerText()).toMatch(/Distinct-2 is the share/);
});

describe('contrast', () => {
  test.each([
    ['dark', { colorScheme: 'dark' }, 'color-contrast'],
    ['high contrast, light', { colorScheme: 'light', contrast: 'more' }, 'color-contrast-enhanced'],
    ['high contrast, dark', { colorScheme: 'dark', contrast: 'more' }, 'color-contrast-enhanced'],
  ] as const)('%s: text stands out everywhere', async (_name, media, rule) => {
    const { page } = browser;
    await page.emulateMedia({ contrast: 'no-preference', ...media });
    expect(await everywhere(() => lowContrast(page, rule))).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light', contrast: 'no-preference' });
  });
});

test.each([320, 360, 768, 1280, 2560, 3840])(
  '%i px: nothing scrolls sideways, and nothing hangs out of the window',
  async (width) => {
    const { page } = browser;
    await page.setViewportSize({ width, height: width < 700 ? 740 : 1000 });
    const wide = () =>
      page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        const boxes = [...document.querySelectorAll('.dialog, .popover')];
        const out = boxes.filter((node) => {
          const { left, right } = node.getBoundingClientRect();
          return left < 0 || right > innerWidth || node.scrollWidth > node.clientWidth;
        });
        return [
          ...(scrollWidth > clientWidth ? [`${scrollWidth - clientWidth} px too wide`] : []),
          ...out.map((node) => `${node.className} hangs out`),
        ];
      });
    await everywhere(async () => {
      // Charts follow the window a moment later than it changes.
      await expect.poll(wide).toEqual([]);
      return [];
    });
    await page.setViewportSize({ width: 1280, height: 900 });
  },
);

test('nothing moves when less motion is asked for', async () => {
  const { page } = browser;
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const moving = await everywhere(() =>
    page.evaluate(() =>
      [...document.querySelectorAll('*')].flatMap((node) => {
        const { transitionDuration, animationDuration, scrollBehavior } = getComputedStyle(node);
        const seconds = `${transitionDuration}, ${animationDuration}`
          .split(', ')
          .map((time) => parseFloat(time) * (time.endsWith('ms') ? 0.001 : 1));
        const still = Math.max(...seconds) <= 0.001 && scrollBehavior === 'auto';
        return still ? [] : [`${node.tagName}.${node.getAttribute('class') ?? ''}`];
      }),
    ),
  );
  expect(moving).toEqual([]);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
});

test('with the system’s own colours, what is chosen has a line and charts keep apart', async () => {
  const { page } = browser;
  await page.emulateMedia({ forcedColors: 'active' });
  await visit(page, 'reinforce');
  const here = page.locator('[data-testid="nav-reinforce"]');
  const outline = (node: Element) => getComputedStyle(node).outlineStyle;
  expect(await here.evaluate(outline)).toBe('solid');
  expect(await page.getByTestId('nav-rank').evaluate(outline)).toBe('none');
  // Drawn anew: a canvas keeps the colours that it was drawn with.
  await expect
    .poll(() => page.locator('[data-drawn]').first().getAttribute('data-drawn'))
    .toMatch(/ forced$/);
  await visit(page, 'rank');
  const [pressed, other] = await page
    .locator('[data-testid="rank-item-0"] + .tools [aria-pressed]')
    .evaluateAll((nodes) =>
      nodes.slice(0, 2).map((node) => getComputedStyle(node).backgroundColor),
    );
  expect(pressed).toMatch(/^rgb/);
  expect(pressed).not.toBe(other);
  await page.emulateMedia({ forcedColors: 'none' });
});

// Last, because a reload empties the desk.
test('high contrast can be chosen here as well, and is remembered', async () => {
  const { page } = browser;
  const contrast = () => page.evaluate(() => document.documentElement.dataset['contrast']);
  const theme = page.getByTestId('theme');
  for (const name of ['light', 'dark', 'high contrast']) {
    await expect.poll(contrast).toBe('normal');
    await theme.click();
    await page.getByRole('button', { name: `Theme: ${name}. Change`, exact: true }).waitFor();
  }
  expect(await contrast()).toBe('more');
  await page.reload();
  await expect.poll(contrast).toBe('more');
  await theme.click();
  await expect.poll(contrast).toBe('normal');
});
