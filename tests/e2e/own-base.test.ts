// A base model from a person's own text as a person makes one, in its smallest form: a bad file is refused with its
// place, a good one is kept, the size is suggested, training is paused across a reload and ends in a model to pick.
import { beforeAll, expect, test } from 'vitest';
import { violations } from './accessibility.ts';
import {
  hasLoaded,
  openLaboratory,
  press,
  ready,
  textOf,
  visit,
  waitForStatus,
} from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { expectFitsPhone } from './width.ts';

const browser = sharedBrowser();
beforeAll(async () => {
  const small = 'base.size=tiny&base.steps=6&base.batchSize=2&base.passageTokens=32';
  await openLaboratory(browser.page, browser.url, `preset=micro&${small}`);
});

const TALE = Array.from({ length: 40 }, (_, i) => `The otter had ${i} stones and hid one.`);

async function openPart(): Promise<void> {
  await press(browser.page, 'own-base-open');
  await browser.page.getByTestId('own-base').waitFor();
}

async function choose(name: string, content: Buffer): Promise<void> {
  const file = { name, mimeType: 'text/plain', buffer: content };
  await browser.page.locator('[data-testid="own-text-file"]:enabled').setInputFiles(file);
}

test('it is loaded when it is asked for, refuses a bad file by line and column, and keeps a good one', async () => {
  const { page } = browser;
  expect(await hasLoaded(page, 'OwnBase')).toBe(false);
  await openPart();
  expect(await hasLoaded(page, 'OwnBase')).toBe(true);
  await page
    .locator('[data-testid="own-base-estimate"]', { hasText: 'This machine needs' })
    .waitFor();
  const estimate = await textOf(page, 'own-base-estimate');
  expect(estimate).toMatch(/needs about [\d.]+ (s|min) for it\. Suggested, .* million/);
  await choose('tale.txt', Buffer.from([...Buffer.from('one\ntwo '), 0xff]));
  const problem = page.getByTestId('own-base-problem');
  await expect.poll(() => problem.innerText()).toMatch(/^Line 2, column 5: .* UTF-8\. Save it as/);
  expect(await page.getByTestId('pretrain-start').isDisabled()).toBe(true);
  await choose('tale.txt', Buffer.from(TALE.join('\n\n')));
  await expect.poll(() => textOf(page, 'own-text-facts')).toMatch(/^tale.txt: .* 40 documents/s);
  expect(await problem.innerText()).toBe('');
});

test('it trains a step, is still there after a reload, goes on to its end and speaks', async () => {
  const { page } = browser;
  await press(page, 'pretrain-step');
  await waitForStatus(page, 'pretrain', 'paused');
  await page.reload();
  await ready(page);
  await openPart();
  await expect.poll(() => textOf(page, 'pretrain-status')).toMatch(/paused.*step 1 of 6/s);
  await press(page, 'pretrain-start');
  await waitForStatus(page, 'pretrain', 'done');
  await expect.poll(() => textOf(page, 'own-base')).toContain('kept aside');
  await page.getByTestId('pinned-text').first().waitFor();
  const picker = page.getByTestId('model-picker');
  await expect
    .poll(() => picker.locator('option').allInnerTexts())
    .toEqual(['Base model (shipped)', 'Base model 1']);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    press(page, 'own-base-export'),
  ]);
  expect(download.suggestedFilename()).toBe('base-model-1.zip');
});

test('step 1 starts from it when it is chosen, and from the shipped one again', async () => {
  const { page } = browser;
  const choice = page.locator('[data-testid="own-base-choice"]:enabled');
  await choice.selectOption('own');
  await visit(page, 'demonstrate');
  await press(page, 'sft-start');
  await waitForStatus(page, 'sft', 'done');
  await visit(page, 'model');
  await openPart();
  await choice.selectOption('shipped');
  await expect.poll(() => textOf(page, 'nav-demonstrate')).toContain('stale');
});

test.each(['light', 'dark'] as const)(
  'no accessibility rule is broken, and nothing is wider than a phone, %s',
  async (theme) => {
    const { page } = browser;
    await page.emulateMedia({ colorScheme: theme });
    await page.reload();
    await ready(page);
    await openPart();
    await expect.poll(() => textOf(page, 'own-base-estimate')).toContain('needs about');
    expect(await violations(page)).toEqual([]);
    await expectFitsPhone(page);
  },
);
