// The part Paper as a person uses it: results that a person opens are shown whole and labelled as stored, damaged ones are
// refused with what to do, single items are spelled out, and a claim is set up to be run. The numbers are made up.
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { EXAMPLE_ANSWERS, EXAMPLE_RESULTS } from '../unit/ui/stored-results.ts';
import {
  answersTo,
  parseStoredAnswers,
  storedAnswersName,
} from '../../src/records/result-answers.ts';
import { displayed } from '../../src/ui/format.ts';
import { sourcesOf, type Results } from '../../src/records/results.ts';
import { readResults, RESULTS_FILE } from '../../src/ui/paper-results.ts';
import { lowContrast, violations } from './accessibility.ts';
import { openLaboratory, textOf, visit } from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { sidewaysExcess } from './width.ts';

const browser = sharedBrowser();
beforeAll(async () => {
  await openLaboratory(browser.page, browser.url, 'preset=micro');
});

const PUBLIC = new URL('../../public/', import.meta.url);
const SHIPPED = new URL(RESULTS_FILE, PUBLIC);

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

test('of those results any seed can be chosen: prompt, both texts and the judge’s reasons', async () => {
  const { page } = browser;
  const { results } = readResults(readFileSync(SHIPPED, 'utf8'));
  const { id, rows } = results!.claims[0]!;
  const row = rows.find(({ source }) => source !== undefined)!;
  const seed = row.seeds.at(-1)!.seed;
  expect(row.seeds.length).toBeGreaterThan(1);
  const [source] = sourcesOf(row);
  const name = storedAnswersName(seed, source!.set);
  const packed = readFileSync(new URL(`results/answers/${name}`, PUBLIC));
  const stored = parseStoredAnswers(JSON.parse(gunzipSync(packed).toString('utf8')));
  const spoken = stored.prompts.map((_, i) => answersTo(stored, i, source!.keys));
  const index = spoken.findLastIndex((all) => all.every(({ answer }) => answer.reasons.length > 0));
  const claim = page.locator(`#claim-${id}`);
  await claim.getByTestId('paper-items').locator('summary').click();
  await claim.getByTestId('paper-item-row').selectOption(row.id);
  await claim.getByLabel('Seed of the items').selectOption(String(seed));
  await claim.getByTestId('paper-all').click();
  await claim.getByTestId('paper-jump').fill(String(index + 1));
  await page.keyboard.press('Enter');
  await expect
    .poll(() => claim.getByTestId('paper-item-prompt').textContent())
    .toBe(displayed(stored.prompts[index]!.text));
  const outputs = claim.getByTestId('paper-output');
  expect(await outputs.count()).toBe(2);
  for (const [i, { answer }] of spoken[index]!.entries()) {
    const words = await outputs.nth(i).textContent();
    for (const part of [answer.text, ...answer.reasons]) expect(words).toContain(displayed(part));
  }
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

test('a file that is opened before the page’s own results are there stays', async () => {
  const { page } = browser;
  await visit(page, 'model');
  await page.evaluate((slow) => {
    const plain = globalThis.fetch;
    globalThis.fetch = async (...request) => {
      if (request[0] !== slow) return plain(...request);
      await new Promise((go) => addEventListener('let-go', go, { once: true }));
      globalThis.fetch = plain;
      const answer = await plain(...request);
      setTimeout(() => dispatchEvent(new Event('arrived')), 200);
      return answer;
    };
  }, RESULTS_FILE);
  await visit(page, 'paper');
  await page.getByText('Reading the stored results.').waitFor();
  await openFile(JSON.stringify(EXAMPLE_RESULTS));
  await page.getByRole('heading', { name: 'Stored results from mine.json' }).waitFor();
  await page.evaluate(async () => {
    const arrived = new Promise((go) => addEventListener('arrived', go, { once: true }));
    dispatchEvent(new Event('let-go'));
    await arrived;
  });
  expect(await page.getByTestId('paper-claim').count()).toBe(EXAMPLE_RESULTS.claims.length);
  expect(await page.getByRole('heading', { name: 'Stored results from mine.json' }).count()).toBe(
    1,
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

/** Answers to a made-up set, which no build has, so that nothing but the network can give them. */
async function answerWith(seed: number, body: Buffer, set = 'made-up'): Promise<void> {
  const contentType = 'application/gzip';
  await browser.page.route(`**/results/answers/${storedAnswersName(seed, set)}`, (route) =>
    route.fulfill({ body, contentType }),
  );
}

const problemOf = (page: Page) => page.getByTestId('paper-items-problem').textContent();

test('answers that are missing, damaged or those of another seed: said with what to do', async () => {
  const { page } = browser;
  const ask = page.getByTestId('paper-all');
  await ask.click();
  await expect
    .poll(() => problemOf(page))
    .toMatch(/without the answers of seed 1 .*--answers.*another seed/);
  const packed = gzipSync(JSON.stringify(EXAMPLE_ANSWERS));
  await answerWith(1, packed.subarray(0, -20));
  await ask.click();
  await expect.poll(() => problemOf(page)).toMatch(/damaged.*Reload.*--answers/);
  await answerWith(1, packed);
  await ask.click();
  await expect.poll(() => problemOf(page)).toMatch(/holds the answers of seed 2.*--answers/);
  // The few items that the results hold are still there.
  expect(await textOf(page, 'paper-item-prompt')).toBe('hello.');
});

test('by keys: another seed is chosen, and every item of it is fetched when it is asked for', async () => {
  const { page } = browser;
  const seed = page.getByLabel('Seed of the items');
  expect(await seed.locator('option').allInnerTexts()).toEqual(['1', '2']);
  await seed.focus();
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => seed.inputValue()).toBe('2');
  await expect.poll(() => textOf(page, 'paper-none')).toContain('Show every item of seed 2');
  expect(await problemOf(page)).toBe('');
  await answerWith(2, gzipSync(JSON.stringify(EXAMPLE_ANSWERS)));
  await page.getByRole('button', { name: 'Show every item of seed 2' }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => textOf(page, 'page-words')).toBe('1 of 12 items');
  expect(await problemOf(page)).toBe('');
  await page.getByTestId('paper-jump').fill('7');
  await page.keyboard.press('Enter');
  await expect.poll(() => textOf(page, 'paper-item-prompt')).toBe('prompt 7');
  expect(await page.getByTestId('paper-output').allInnerTexts()).toEqual([
    expect.stringContaining('answer 7'),
    expect.stringMatching(/cut at the length limit[^]*did not end/),
  ]);
  await seed.selectOption('1');
  await expect.poll(() => textOf(page, 'page-words')).toBe('1 of 2 items');
  expect(await textOf(page, 'paper-item-prompt')).toBe('what colour are frogs?');
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

/** The example with a row of comparisons of labels, which pools two sets, and one of which only a few items are stored. */
function withComparisons(): Results {
  const [first, second] = EXAMPLE_RESULTS.claims;
  const [few, ...others] = first!.rows;
  const { source: given, ...alone } = few!;
  expect(given).toBeDefined();
  const pairs = [{ how: 'predict', of: ['usual'], by: ['reward'] }] as const;
  const source = [
    { set: 'made-up-pairs', keys: [], pairs },
    { set: 'made-up-given', keys: ['ceiling@-'] },
  ];
  const compared = second!.rows.map((row) => ({ ...row, source }));
  const claims = [
    { ...first!, rows: [alone, ...others] },
    { ...second!, rows: compared },
  ];
  return { ...EXAMPLE_RESULTS, claims };
}

test('every comparison behind a figure of two sets: both texts, who preferred which, what the reward model says', async () => {
  const { page } = browser;
  await visit(page, 'paper');
  await openFile(JSON.stringify(withComparisons()));
  const [few, compared] = ['preferred-to-sft', 'over-optimisation'].map((id) =>
    page.locator(`#claim-${id}`),
  );
  await few!.getByTestId('paper-items').locator('summary').click();
  await expect
    .poll(() => few!.getByTestId('paper-extent').innerText())
    .toBe('Only these few are stored.');
  const keys = ['sft-1@1', 'sft-2@1'];
  const { reasons } = EXAMPLE_ANSWERS;
  const prompts = [{ text: 'which frog?', kind: 'chat' }];
  const plain = { version: 1, seed: 1, prompts, reasons };
  const stored = {
    ...{ ...plain, set: 'made-up-pairs' },
    answers: {
      [keys[0]!]: [['a red frog.', 1, 0.2, []]],
      [keys[1]!]: [['a green frog.', 1, 1, []]],
    },
    scores: { reward: { words: 'a model', values: { [keys[0]!]: [1.5], [keys[1]!]: [0.25] } } },
    rankings: { usual: { keys, by: ['anna'], picked: [0], ranks: ['21'] } },
  };
  const given = {
    ...{ ...plain, set: 'made-up-given' },
    answers: { 'ceiling@-': [['a green one.', 1, 1, []]] },
  };
  for (const set of [stored, given]) await answerWith(1, gzipSync(JSON.stringify(set)), set.set);
  await compared!.getByTestId('paper-items').locator('summary').click();
  await compared!.getByTestId('paper-all').click();
  await expect.poll(() => compared!.getByTestId('page-words').innerText()).toBe('1 of 2 items');
  const outputs = compared!.getByTestId('paper-output');
  expect(await outputs.allInnerTexts()).toEqual([
    expect.stringMatching(
      /a green frog[^]*judged 0\.25[^]*anna: puts this one first[^]*a model: 0\.25, wrong about the two[^]*gold composite 1\.00/,
    ),
    expect.stringMatching(/a red frog[^]*anna: puts the other one first[^]*a model: 1\.50, wrong/),
  ]);
  await compared!.getByTestId('page-on').click();
  await expect.poll(() => outputs.count()).toBe(1);
  expect(await outputs.innerText()).toMatch(/a green one[^]*given, not drawn/);
  expect(await compared!.getByTestId('paper-items-problem').textContent()).toBe('');
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
