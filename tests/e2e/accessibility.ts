// What axe says of the page as it is, for the browser tests. Which parts are looked at is theirs to decide.
import type * as Axe from 'axe-core';
import { source as axeSource } from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe finds on the page as it is, a line for each rule and place. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof Axe };
    const { violations: broken } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return broken.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id} at ${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
    );
  });
}
