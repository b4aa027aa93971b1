// Scenarios as a person finds and plays them: by menu and by link, to a verdict from real numbers, at micro size.
import { expect, test } from 'vitest';
import { SCENARIO_MENU } from '../../src/config/scenarios/menu.ts';
import { SCENARIOS } from '../../src/config/scenarios/table.ts';
import { violations } from './accessibility.ts';
import { openLaboratory, press, ready, textOf, visit } from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { expectFitsPhone } from './width.ts';

const browser = sharedBrowser();

const panel = (id: string) =>
  browser.page.locator(`[data-testid="scenario-panel"][data-scenario="${id}"]`);

async function expectShown(id: (typeof SCENARIO_MENU)[number]['id']): Promise<void> {
  const { page } = browser;
  await panel(id).waitFor();
  await expect.poll(() => page.getByTestId('scenario').inputValue()).toBe(id);
  const words = await panel(id).innerText();
  for (const sentence of SCENARIOS[id].lookFor) expect(words).toContain(sentence);
  for (const { label } of SCENARIOS[id].arms) expect(words).toContain(`${label}: not run yet`);
}

async function verdict(): Promise<string> {
  const { page } = browser;
  await page.locator('[data-testid="scenario-verdict"]:not([data-state="waiting"])').waitFor();
  return (await textOf(page, 'scenario-verdict')).trim();
}

test('the menu opens each one, and it stays what it is', async () => {
  const { page } = browser;
  await openLaboratory(page, browser.url, 'preset=micro&sft.demonstrations=16');
  for (const { id } of [...SCENARIO_MENU].reverse()) {
    await page.getByTestId('scenario').selectOption(id);
    await expectShown(id);
  }
});

test.each(SCENARIO_MENU.map(({ id }) => id))('a link opens %s over its preset', async (id) => {
  const { page } = browser;
  // Another page first: a new address behind # alone is not a visit.
  await page.goto('about:blank');
  await openLaboratory(page, browser.url, `preset=micro&scenario=${id}&sft.demonstrations=16`);
  await expectShown(id);
  await expect.poll(() => page.url()).not.toContain('scenario=');
});

test('one button plays two classes of labelers to a verdict, which a reload brings back', async () => {
  const { page } = browser;
  await page.getByTestId('scenario').selectOption('noisy-labelers');
  await panel('noisy-labelers').waitFor();
  await page.locator('[data-testid="scenario-play"]:enabled').focus();
  await page.keyboard.press('Enter');
  const words = await verdict();
  expect(words).toMatch(/^(Goal reached|Goal not reached|It went the other way)\./);
  expect(words).toMatch(/agrees with gold, careless labels\s+(0\.\d+|1)$/);
  expect(await textOf(page, 'scenario-arms')).toMatch(/Careless labelers: has run/);
  await page.reload();
  await ready(page);
  expect(await verdict()).toBe(words);
});

test('going on to the next scenario trains only what it needs; paused, it goes on', async () => {
  const { page } = browser;
  await page.getByTestId('scenario').selectOption('without-rl');
  await panel('without-rl').waitFor();
  await press(page, 'scenario-play');
  await page.getByTestId('scenario-arms').getByText('reinforcing').waitFor();
  await press(page, 'scenario-play');
  await page.locator('[data-testid="scenario-play"]', { hasText: 'Play' }).waitFor();
  expect(await page.getByTestId('scenario-verdict').getAttribute('data-state')).toBe('waiting');
  await press(page, 'scenario-play');
  expect(await verdict()).toContain('gold of best-of-n');
});

test.each(['light', 'dark'] as const)(
  'no accessibility rule is broken, and nothing is wider than a phone, %s',
  async (theme) => {
    const { page } = browser;
    await page.emulateMedia({ colorScheme: theme });
    await page.getByTestId('scenario-verdict').waitFor();
    expect(await violations(page)).toEqual([]);
    await expectFitsPhone(page);
  },
);

test('elsewhere the panel is folded to one line with the goal', async () => {
  const { page } = browser;
  await visit(page, 'rank');
  await expect.poll(() => panel('without-rl').getAttribute('open')).toBeNull();
  expect(await panel('without-rl').innerText()).toContain('Without RL');
});
