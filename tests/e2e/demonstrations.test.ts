// Demonstrations changed by keyboard alone, at micro size: one of the person's own in its row, one of the world by the
// person's version, a cancel that changes nothing, and step 1 that says it is stale after each.
import { beforeAll, expect, test } from 'vitest';
import { violations } from './accessibility.ts';
import { KeyboardReader } from './keyboard.ts';
import { openLaboratory, press, ready, train, visit } from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { expectFitsPhone } from './width.ts';

const browser = sharedBrowser();
let reader: KeyboardReader;
beforeAll(async () => {
  const { page } = browser;
  reader = await KeyboardReader.attach(browser.context, page);
  await openLaboratory(page, browser.url, 'preset=micro');
  await visit(page, 'demonstrate');
  await page.getByTestId('demo-prompt').waitFor();
});

const own = () => browser.page.getByTestId('demo-own').allInnerTexts();
const firstShipped = () => browser.page.getByTestId('demo-shipped').first().innerText();

/** Waits for the focus to come back to a button that says this. */
async function focusOn(name: RegExp): Promise<void> {
  await expect.poll(async () => (await reader.heard()).name).toMatch(name);
}

async function expectStatus(status: string): Promise<void> {
  await browser.page.locator(`[data-testid="sft-status"][data-status="${status}"]`).waitFor();
}

test('one of the person’s own is edited in its row, and training is stale after it', async () => {
  const { page } = browser;
  await page.getByTestId('demo-prompt').fill('say hello .');
  await page.getByTestId('demo-response').fill('hello .');
  await press(page, 'demo-add');
  await expect.poll(own).toHaveLength(1);
  await train(page, 'sft');
  await page.getByTestId('demo-prompt').focus();
  await reader.tabTo('button', 'Edit: say hello .');
  await reader.press('Enter');
  await focusOn(/The answer you would want/);
  expect((await reader.heard()).value).toBe('hello .');
  await reader.replace('good day .');
  await reader.tabTo('button', 'Save changes');
  await reader.press('Enter');
  await focusOn(/^Edit: say hello \.$/);
  expect(await own()).toEqual([expect.stringMatching(/^say hello \.\s+good day \.$/)]);
  await expectStatus('stale');
});

test('a cancel changes nothing, and what was being written comes back', async () => {
  const { page } = browser;
  const before = await own();
  await page.getByTestId('demo-prompt').fill('half');
  await page.getByTestId('demo-edit').click();
  await reader.replace('something else .');
  await reader.press('Escape');
  await focusOn(/^Edit: say hello \.$/);
  expect(await own()).toEqual(before);
  expect(await page.getByTestId('demo-prompt').inputValue()).toBe('half');
  expect(await page.getByTestId('demo-cancel').count()).toBe(0);
  await page.getByTestId('demo-prompt').fill('');
});

test('one of the world gets the person’s version, which is there after a reload and can be removed', async () => {
  const { page } = browser;
  const original = await firstShipped();
  await page.getByTestId('demo-shipped-edit').first().click();
  await focusOn(/The answer you would want/);
  await page.getByText(/takes its place in\s+training/).waitFor();
  await reader.replace('frogs are green .');
  expect(await violations(page)).toEqual([]);
  await expectFitsPhone(page);
  await reader.tabTo('button', 'Save changes');
  await reader.press('Enter');
  await expect.poll(firstShipped).toMatch(/your version[^]*frogs are green \./);
  await expect.poll(own).toHaveLength(2);
  await page.reload();
  await ready(page);
  await expect.poll(firstShipped).toMatch(/your version[^]*frogs are green \./);
  const version = page.getByTestId('demo-own').filter({ hasText: 'Your version' });
  await version.getByRole('button', { name: /^Remove: / }).click();
  await expect.poll(firstShipped).toBe(original);
  await expect.poll(own).toHaveLength(1);
});
