// What the page looks like, as far as numbers can say it: nothing wider than a phone, next steps in view,
// equations and charts of a sensible shape, words explained where they first appear. Nothing is trained.
import { beforeAll, expect, test } from 'vitest';
import { FURTHER_WORDS } from '../../src/ui/further-words.ts';
import { GLOSSARY } from '../../src/ui/glossary.ts';
import { PARTS } from '../../src/ui/hash-route.ts';
import { openLaboratory, visit } from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { expectFitsPhone } from './width.ts';

const browser = sharedBrowser({ width: 1280, height: 800 });
beforeAll(async () => {
  await openLaboratory(browser.page, browser.url);
});

test('the next step is in view, and a part begins at its top', async () => {
  const { page } = browser;
  await visit(page, 'model');
  const next = page.getByRole('link', { name: 'Next: demonstrate' });
  const box = await next.boundingBox();
  expect((box?.y ?? Infinity) + (box?.height ?? 0)).toBeLessThan(800);
  await page.evaluate(() => {
    window.scrollTo({ top: document.documentElement.scrollHeight });
  });
  expect(await page.evaluate(() => window.scrollY)).toBeGreaterThan(0);
  // As the keyboard does: the link is pressed without being scrolled to.
  await next.dispatchEvent('click');
  await page.locator('.page[data-part="demonstrate"]').waitFor();
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBe(0);
});

test.each(PARTS)('%s: no part of it is wider than a phone', async (part) => {
  const { page } = browser;
  await visit(page, part);
  await expectFitsPhone(page);
});

test('brackets of an equation are as high as what they hold, and names stand apart', async () => {
  const { page } = browser;
  for (const part of ['demonstrate', 'rank', 'reinforce'] as const) {
    await visit(page, part);
    const heights = await page
      .locator('math mo')
      .evaluateAll((nodes) =>
        nodes
          .filter((node) => /^[(|)]$/.test(node.textContent.trim()))
          .map(
            (node) =>
              node.getBoundingClientRect().height / parseFloat(getComputedStyle(node).fontSize),
          ),
      );
    expect(heights.length).toBeGreaterThan(1);
    expect(Math.max(...heights)).toBeLessThan(2);
    const gaps = await page.locator('math mi').evaluateAll((nodes) =>
      nodes.flatMap((node, i) => {
        const after = nodes[i + 1];
        if (node.textContent.trim() !== 'log' || after === undefined) return [];
        return [after.getBoundingClientRect().left - node.getBoundingClientRect().right];
      }),
    );
    expect(gaps.length).toBeGreaterThan(0);
    expect(Math.min(...gaps)).toBeGreaterThan(1);
  }
});

test('a drawing stands right below its title', async () => {
  const { page } = browser;
  await visit(page, 'reinforce');
  const gaps = () =>
    page
      .locator('figure')
      .evaluateAll((nodes) =>
        nodes.map(
          (node) =>
            (node.querySelector('.canvas')?.getBoundingClientRect().top ?? Infinity) -
            (node.querySelector('strong')?.getBoundingClientRect().bottom ?? 0),
        ),
      );
  await expect.poll(async () => (await gaps()).length).toBe(8);
  await expect.poll(async () => Math.max(...(await gaps()))).toBeLessThan(40);
});

test('words of the trade are explained where they first appear', async () => {
  const { page } = browser;
  const texts: string[] = [];
  for (const part of PARTS) {
    await visit(page, part);
    texts.push(await page.locator('.page').innerText());
  }
  const explained = {
    nats: /nats, the unit of natural logarithms/,
    policy: /model in training is called the policy/,
    'value function': /value function is a second model that guesses/,
    gold: /Gold is half helpful/,
  };
  for (const [word, explanation] of Object.entries(explained)) {
    const first = texts.find((text) => new RegExp(`\\b${word}\\b`, 'i').test(text));
    expect(first, word).toMatch(explanation);
  }
});

test('every word of the glossary that a part uses is explained there, one press away', async () => {
  const { page } = browser;
  const words = Object.entries({ ...GLOSSARY, ...FURTHER_WORDS });
  for (const part of PARTS) {
    await visit(page, part);
    const text = await page.locator('main').innerText();
    const used = words.filter(([word]) => new RegExp(`\\b${word}s?\\b`, 'i').test(text));
    await page.getByTestId('words-open').click();
    const list = page.getByTestId('words-here');
    await list.waitFor();
    const told = (await list.locator('dt, dd').allInnerTexts()).join('\n');
    for (const [word, meaning] of used) expect(told, part).toContain(`${word}\n${meaning}`);
    expect(used.length, part).toBeGreaterThan(1);
    await page.keyboard.press('Escape');
    await page.locator('[data-testid="words-open"]:focus').waitFor();
  }
});

test('all settings are opened where they are needed, at those of the part', async () => {
  const { page } = browser;
  const first = {
    model: 'Base model',
    demonstrate: '1 Demonstrate',
    rank: '2 Labels',
    reinforce: '3 Reinforce',
    judge: 'Judge',
  } as const;
  for (const part of ['model', 'demonstrate', 'rank', 'reinforce', 'judge'] as const) {
    await visit(page, part);
    const opener = part === 'model' ? 'settings-open' : 'all-settings';
    await page.getByTestId(opener).click();
    await page.getByRole('tab', { name: first[part], selected: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator(`[data-testid="${opener}"]:focus`).waitFor();
  }
});

test('a base model has its objective in its part', async () => {
  const { page } = browser;
  await visit(page, 'model');
  await expect
    .poll(async () => (await page.getByTestId('base-equation').textContent())?.replace(/\s+/g, ''))
    .toMatch(/^loss=−1T∑t=1Tlogπθ\(xt\|x<t\)$/);
});
