// The part Paper as a person uses it: results that a person opens are shown whole and labelled as stored, damaged ones are
// refused with what to do, single items are spelled out, and a claim is set up to be run. The numbers are made up.
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { EXAMPLE_ANSWERS, EXAMPLE_RESULTS } from '../unit/ui/stored-results.ts';
import { readResults, RESULTS_FILE } from '../../src/ui/paper-results.ts';
import { lowContrast, violations } from './accessibility.ts';
import { openLaboratory, textOf, visit } from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { sidewaysExcess } from './width.ts';

const browser = sharedBrowser();
beforeAll(async () => {
  await openLaboratory(browser.page, browser.url, 'preset=micro');
});

const SHIPPED = new URL(`../../public/${RESULTS_FILE}`, import.meta.url);

async function openFile(text: string): Promise<void> {
  await browser.page.getByTestId('paper-open').setInputFiles({
    name: 'mine.json',
    mimeType: 'application/json',
    buffer: Buffer.from(text),
  });
}

test('shows the results that the page comes with, every claim of them', async () => {
  const { page } = browser;
  await visit(page, 'paper');
  await page.getByTestId('paper-conditions').waitFor();
  expect(await page.getByTestId('paper-problem').textContent()).toBe('');
  const { results } = readResults(readFileSync(SHIPPED, 'utf8'));
  expect(await page.getByTestId('paper-claim').count()).toBe(results?.claims.length);
});

test('a file of one’s own: labelled as stored, every claim with figures, plot, targets and why', async () => {
  const { page } = browser;
  await visit(page, 'paper');
  await openFile(JSON.stringify(EXAMPLE_RESULTS));
  await page.getByRole('heading', { name: 'Stored results from mine.json' }).waitFor();
  expect(await textOf(page, 'paper-conditions')).toMatch(
    /2026-01-02 03:04:05 UTC[^]*npm run reproduce -- --fast[^]*fewer seeds[^]*preset quick[^]*1, 2[^]*1,000 for each seed[^]*wasm on 2 cores/,
  );
  const claims = page.getByTestId('paper-claim');
  expect(await claims.count()).toBe(2);
  const [first, second] = [claims.nth(0), claims.nth(1)];
  expect(await first.innerText()).toMatch(/Holds weakly[^]*73\.4 %[^]*section 4\.1/);
  expect(await first.getByTestId('paper-rows').innerText()).toMatch(
    /PPO-ptx preferred to SFT[^]*70\.0 % \(95 %: 65\.0 to 76\.0, n = 3,000\)[^]*68\.0, 72\.0[^]*\(control\)[^]*Not measured: the run was stopped[^]*right answers \(no model\)/,
  );
  expect(await first.getByTestId('interval-plot').locator('circle.dot').count()).toBe(2);
  expect(await second.getByTestId('curve-plot').locator('circle').count()).toBe(2);
  expect(await second.innerText()).toMatch(
    /Does not hold here[^]*missed[^]*cannot be run in a page/,
  );
});

test('by keys: from the contents to a claim, and through its single items with the judge’s reasons', async () => {
  const { page } = browser;
  await page.locator('[data-testid="paper-contents"] a').nth(1).focus();
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('claim-over-optimisation');
  expect(await page.locator('.page').getAttribute('data-part')).toBe('paper');
  const items = page.getByTestId('paper-items').first();
  await items.locator('summary').focus();
  await page.keyboard.press('Enter');
  expect(await textOf(page, 'paper-item-prompt')).toBe('what colour are frogs?');
  const outputs = page.getByTestId('paper-output');
  expect(await outputs.count()).toBe(2);
  expect(await textOf(page, 'paper-without')).toMatch(/^Noise is read off whole rows/);
  expect(await outputs.nth(1).innerText()).toMatch(/cut at the length limit[^]*rude: stupid/);
  await outputs.nth(1).getByTestId('paper-spell-out').focus();
  await page.keyboard.press('Enter');
  await expect
    .poll(() => outputs.nth(1).getByTestId('verdict-claims').innerText())
    .toContain('false, a myth: true is green');
  await items.getByTestId('page-on').focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => textOf(page, 'paper-item-prompt')).toBe('hello.');
  expect(await page.getByTestId('verdict').count()).toBe(0);
});

test('every item of a figure is fetched when it is asked for, or it is said how they are made', async () => {
  const { page } = browser;
  await page.getByTestId('paper-all').click();
  await expect
    .poll(() => page.getByTestId('paper-items-problem').textContent())
    .toMatch(/comes without the answers.*--answers/);
  // There is no such set in the build, so nothing but the network can answer.
  await page.route('**/results/answers/made-up.json', (route) =>
    route.fulfill({ json: EXAMPLE_ANSWERS }),
  );
  await page.getByTestId('paper-all').click();
  await expect.poll(() => textOf(page, 'page-words')).toBe('1 of 12 items');
  expect(await page.getByTestId('paper-items-problem').textContent()).toBe('');
  await page.getByTestId('paper-jump').fill('7');
  await page.keyboard.press('Enter');
  await expect.poll(() => textOf(page, 'paper-item-prompt')).toBe('prompt 7');
  expect(await page.getByTestId('paper-output').allInnerTexts()).toEqual([
    expect.stringContaining('answer 7'),
    expect.stringMatching(/cut at the length limit[^]*did not end/),
  ]);
});

test.each(['light', 'dark'] as const)(
  'no accessibility rule is broken, and nothing is wider than a phone, %s',
  async (theme) => {
    const { page } = browser;
    await page.emulateMedia({ colorScheme: theme });
    await page.locator('summary', { hasText: 'Numbers' }).first().click();
    const found =
      theme === 'light' ? await violations(page) : await lowContrast(page, 'color-contrast');
    expect(found).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(() => sidewaysExcess(page)).toBe(0);
    if (theme === 'light') expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 900 });
  },
);

test.each([
  ['damaged', '{"version": 1, "claims": [', /damaged.*npm run reproduce/],
  ['of another form', JSON.stringify({ ...EXAMPLE_RESULTS, version: 9 }), /version.*npm run/],
])('a file that is %s is refused with what to do', async (_name, text, words) => {
  const { page } = browser;
  await openFile(text);
  await expect.poll(() => page.getByTestId('paper-problem').textContent()).toMatch(words);
  expect(await page.getByTestId('paper-claim').count()).toBe(0);
});

// Last, because it changes the settings.
test('“run it here” sets the page up for the claim', async () => {
  const { page } = browser;
  await openFile(JSON.stringify(EXAMPLE_RESULTS));
  await page.getByTestId('paper-here').first().waitFor();
  await page.getByTestId('paper-here').first().click();
  await page.locator('.page[data-part="model"]').waitFor();
  await page.locator('[data-scenario="paper"]').waitFor();
  await expect.poll(() => page.getByTestId('scenario').inputValue()).toBe('paper');
});
