// What axe says of the page as it is, for the browser tests. Which parts are looked at is theirs to decide.
import type * as Axe from 'axe-core';
import { source as axeSource } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** All that WCAG 2.2 AA asks for and axe can see, targets of 24 px included, which axe leaves out by itself. */
const EVERYTHING: Axe.RunOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  rules: { 'target-size': { enabled: true } },
};

/** What axe finds on the page as it is, a line for each rule and place. */
export async function violations(page: Page): Promise<string[]> {
  return linesOf(page, EVERYTHING);
}

/** Expects that axe finds nothing in the light and in the dark theme, and leaves the page light. */
export async function expectNoViolationsInBothThemes(page: Page): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
}

/**
 * The same for contrast alone, which is all that a theme can change.
 * @param rule 4.5 to 1 (AA), or 7 to 1 (`-enhanced`, AAA)
 */
export async function lowContrast(
  page: Page,
  rule: 'color-contrast' | 'color-contrast-enhanced',
): Promise<string[]> {
  return linesOf(page, { runOnly: { type: 'rule', values: [rule] } });
}

async function linesOf(page: Page, options: Axe.RunOptions): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async (given) => {
    const { axe } = globalThis as unknown as { axe: typeof Axe };
    const { violations: broken } = await axe.run(document, given);
    return broken.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id} at ${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
    );
  }, options);
}
