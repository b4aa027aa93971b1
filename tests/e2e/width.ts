// Whether the page scrolls sideways, which it never should. It is asked until the page has settled: charts follow the
// window a moment later than it changes.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Pixels by which the page is wider than its window. */
export async function sidewaysExcess(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}

/** Gives the window the width of a phone, expects that nothing is wider, and gives it the size that it had. */
export async function expectFitsPhone(page: Page, width = 360): Promise<void> {
  const before = page.viewportSize();
  await page.setViewportSize({ width, height: 740 });
  await expect.poll(() => sidewaysExcess(page)).toBe(0);
  if (before !== null) await page.setViewportSize(before);
}
