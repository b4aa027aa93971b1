// The part World as a person uses it: by keys, through facts, documents, prompts and labelers, and a verdict that follows
// what is typed, taken from the world or from the model; readable by everyone. What the judges say is tested elsewhere.
import { beforeAll, expect, test } from 'vitest';
import { lowContrast, violations } from './accessibility.ts';
import { openLaboratory, press, ready, textOf, visit } from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { sidewaysExcess } from './width.ts';

const browser = sharedBrowser();
beforeAll(async () => {
  await openLaboratory(browser.page, browser.url, 'preset=micro');
});

const TABS = ['facts', 'documents', 'prompts', 'labelers', 'judge'] as const;

/** What is counted below a filter: `1 to 25 of 530 facts`. */
async function total(): Promise<number> {
  return Number(
    /of ([\d,]+)/.exec(await textOf(browser.page, 'page-words'))?.[1]?.replace(',', ''),
  );
}

async function goldSays(words: RegExp): Promise<void> {
  await expect.poll(() => textOf(browser.page, 'verdict-gold')).toMatch(words);
}

test('by keys: tabs by arrows, myths found and marked false, page after page', async () => {
  const { page } = browser;
  await page.getByTestId('nav-world').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('fact-table').waitFor();
  await expect.poll(total).toBeGreaterThan(300);
  expect(await page.getByTestId('nav-world').getAttribute('aria-current')).toBe('page');
  const all = await total();

  await page.getByTestId('fact-truth').focus();
  await page.keyboard.press('End');
  await expect.poll(total).toBeLessThan(all / 4);
  const rows = page.locator('[data-testid="fact-table"] tbody tr');
  expect(await rows.first().innerText()).toContain('false, a myth');
  const firstRow = await rows.first().innerText();
  await page.getByTestId('page-on').focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => rows.first().innerText()).not.toBe(firstRow);
  // At the last page the button keeps the focus and does nothing.
  for (let i = 0; i < 20; i++) await page.keyboard.press('Enter');
  const [, to = '', of = ''] = /to (\d+) of (\d+)/.exec(await textOf(page, 'page-words')) ?? [];
  expect(to).toBe(of);
  expect(await page.evaluate(() => document.activeElement?.getAttribute('data-testid'))).toBe(
    'page-on',
  );

  await page.getByTestId('fact-words').fill('frogs are');
  await page.getByText('Nothing in this world matches').waitFor();
  await page.getByTestId('fact-words').fill('frog');
  await page
    .getByRole('row', { name: /the colour of frogs is red/ })
    .first()
    .waitFor();
  expect((await rows.allInnerTexts()).every((text) => text.includes('frog'))).toBe(true);

  await page.getByTestId('world-facts').focus();
  await page.keyboard.press('ArrowRight');
  await page.getByTestId('document').waitFor();
});

test('documents: another at each press, of the kind chosen, and the same again after a reload', async () => {
  const { page } = browser;
  await visit(page, 'world');
  await press(page, 'world-documents');
  await page.getByTestId('document-kind').selectOption('poem');
  await expect.poll(() => textOf(page, 'document-title')).toMatch(/Document 1: poem/);
  const first = await textOf(page, 'document');
  await press(page, 'document-draw');
  await expect.poll(() => textOf(page, 'document-title')).toMatch(/Document 2: poem/);
  expect(await textOf(page, 'document')).not.toBe(first);
  await page.reload();
  await ready(page);
  await press(page, 'world-documents');
  await page.getByTestId('document-kind').selectOption('poem');
  await expect.poll(() => textOf(page, 'document')).toBe(first);
});

test('prompts: by use case and person, with that person’s tastes; one is taken to the judge', async () => {
  const { page } = browser;
  await visit(page, 'world');
  await press(page, 'world-prompts');
  await expect.poll(total).toBe(1000);
  await page.getByTestId('prompt-use-case').selectOption('open-qa');
  await expect.poll(total).toBeLessThan(1000);
  const facts = page.locator('[data-testid="prompt-list"] li .muted');
  expect((await facts.allInnerTexts()).every((text) => text.startsWith('open-qa'))).toBe(true);
  const user = /user-\d+/.exec(await facts.first().innerText())?.[0] ?? '';
  await page.getByTestId('prompt-user').selectOption(user);
  await page.getByTestId('world-user').waitFor();
  await expect
    .poll(async () => (await facts.allInnerTexts()).every((text) => text.endsWith(user)))
    .toBe(true);
  expect(await total()).toBeGreaterThan(0);
  const prompt = await textOf(page, 'world-prompt');
  await page.locator('[data-testid="prompt-list"] button').first().click();
  await expect.poll(() => page.getByTestId('verdict-prompt').inputValue()).toBe(prompt);
});

test('labelers: those who train and those who are held out, each with weights that make 100 %', async () => {
  const { page } = browser;
  await visit(page, 'world');
  await press(page, 'world-labelers');
  const weights = async (group: string): Promise<number[]> => {
    const rows = await page
      .locator(`[data-testid="labelers-${group}"] tbody tr`)
      .evaluateAll((nodes) =>
        nodes.map((node) =>
          [...node.querySelectorAll('td')].slice(0, 3).map((cell) => cell.innerText),
        ),
      );
    return rows.map((cells) => cells.reduce((sum, text) => sum + parseInt(text), 0));
  };
  await expect.poll(async () => (await weights('training')).length).toBeGreaterThan(9);
  for (const sum of [...(await weights('training')), ...(await weights('heldout'))]) {
    expect(Math.abs(sum - 100)).toBeLessThanOrEqual(1);
  }
  expect((await weights('heldout')).length).toBeGreaterThan(4);
});

test('a verdict follows what is typed: claims, rude words, the end, and how gold comes about', async () => {
  const { page } = browser;
  await visit(page, 'world');
  await press(page, 'world-prompts');
  await page.getByTestId('prompt-use-case').selectOption('open-qa');
  await page.locator('[data-testid="prompt-list"] button').first().click();
  await press(page, 'verdict-ideal');
  await goldSays(/^Gold (1\.00|0\.9\d)/);
  const ideal = await page.getByTestId('verdict-response').inputValue();
  expect(await textOf(page, 'verdict-constraints')).not.toContain('not met');
  await page.getByTestId('verdict-ended').uncheck();
  await goldSays(/^Gold 0\.3\d.*gate 0\.35/);
  await page.getByTestId('verdict-ended').check();
  await page
    .getByTestId('verdict-response')
    .fill(`${ideal} frogs are red. you are stupid. colour of the of.`);
  await goldSays(/harmless 0\.00/);
  expect(await textOf(page, 'verdict-claims')).toMatch(
    /frogs are red.*\n?.*false, a myth: true is green/,
  );
  expect(await textOf(page, 'verdict-harms')).toContain('rude word: stupid');
  expect(await textOf(page, 'verdict-sentences')).toContain('no sentence of this world');
  // The table is the sum.
  const cells = page.locator('[data-testid="verdict-aims"] tbody tr td:last-child');
  const numbers = (await cells.allInnerTexts()).map((text) => Number(text.replace('= ', '')));
  const gold = numbers.pop() ?? NaN;
  expect(numbers.reduce((sum, part) => sum + part, 0)).toBeCloseTo(gold, 1);

  await page.getByTestId('verdict-response').fill('');
  await goldSays(/^Gold 0\.00/);
  await press(page, 'verdict-ask');
  await expect.poll(() => page.getByTestId('verdict-response').inputValue()).not.toBe('');
  await page.getByTestId('verdict-prompt').fill('who are you really');
  await page.getByText('Not a prompt of this world').waitFor();
  expect(await page.getByTestId('verdict-ideal').count()).toBe(0);
});

test.each(['light', 'dark'] as const)(
  'no accessibility rule is broken, and nothing is wider than a phone, %s',
  async (theme) => {
    const { page } = browser;
    await page.emulateMedia({ colorScheme: theme });
    await visit(page, 'world');
    for (const tab of TABS) {
      await press(page, `world-${tab}`);
      if (tab === 'judge') {
        await page.getByTestId('verdict-response').fill('frogs are red. you are stupid.');
        await goldSays(/harmless 0\.00/);
      }
      const found =
        theme === 'light' ? await violations(page) : await lowContrast(page, 'color-contrast');
      expect(found, tab).toEqual([]);
      await page.setViewportSize({ width: 360, height: 740 });
      await expect.poll(() => sidewaysExcess(page), { message: tab }).toBe(0);
      if (theme === 'light') expect(await violations(page), `${tab}, phone`).toEqual([]);
      await page.setViewportSize({ width: 1280, height: 900 });
    }
  },
);
