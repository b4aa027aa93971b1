// A person who drags: the answer that is dropped on top takes the first place. Keys and buttons do the same in
// whole-loop.test.ts; nothing can be done by dragging alone.
import { expect, test } from 'vitest';
import { openLaboratory, press, textsToRank, train, visit } from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';

const browser = sharedBrowser();

test('an answer dragged to the top is the best one', async () => {
  const { page } = browser;
  await openLaboratory(page, browser.url, 'preset=micro&labels.source=both&sft.demonstrations=16');
  await visit(page, 'demonstrate');
  await train(page, 'sft');
  await visit(page, 'rank');
  await press(page, 'rank-fetch');
  const texts = await textsToRank(page);
  const first = page.getByTestId('rank-item-0');
  const last = page.getByTestId(`rank-item-${texts.length - 1}`);
  await last.scrollIntoViewIfNeeded();
  const [from, to] = [await last.boundingBox(), await first.boundingBox()];
  if (from === null || to === null) throw new Error('A text to rank is not on screen.');
  await page.mouse.move(from.x + 30, from.y + 15);
  await page.mouse.down();
  for (let i = 1; i <= 20; i++) {
    await page.mouse.move(from.x + 30, from.y + 15 + ((to.y - from.y) * i) / 20);
  }
  // The list follows the pointer by time, not by event: it is let go when the answer has its place.
  const order = () =>
    page
      .locator('[data-testid^="rank-item-"]')
      .evaluateAll((nodes) => nodes.map((node) => node.getAttribute('data-testid')));
  await expect.poll(async () => (await order()).at(0)).toBe(`rank-item-${texts.length - 1}`);
  await page.mouse.up();
  await expect
    .poll(() => page.locator('[data-testid^="rank-item-"]').first().getAttribute('data-testid'))
    .toBe(`rank-item-${texts.length - 1}`);
  expect(await last.getAttribute('data-place')).toBe('1');
});
