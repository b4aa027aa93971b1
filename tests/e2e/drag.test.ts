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
  let nudge = 0;
  await expect
    .poll(async () => {
      await page.mouse.move(from.x + 30, to.y + 15 + (nudge++ % 2));
      return (await order()).at(0);
    })
    .toBe(`rank-item-${texts.length - 1}`);
  await page.mouse.up();
  // While it falls into its place there are copies of it.
  await expect.poll(async () => (await order()).length).toBe(texts.length);
  expect((await order()).at(0)).toBe(`rank-item-${texts.length - 1}`);
  await expect.poll(() => last.getAttribute('data-place')).toBe('1');
});
