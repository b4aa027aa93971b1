// The whole loop by keyboard alone at micro size, as someone has it who hears the page: no pointer, no focus set by the
// test. Where the focus is, and what is told of it, is read from the accessibility tree at each step.
import { beforeAll, expect, test } from 'vitest';
import { KeyboardReader } from './keyboard.ts';
import { placeByKeys, ready, saveRanking, waitForStatus } from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';

/** Six iterations of PPO: enough to hear whether each of them is told. */
const SETTINGS = 'preset=micro&ppo.episodes=192';

const browser = sharedBrowser();
let reader: KeyboardReader;
beforeAll(async () => {
  reader = await KeyboardReader.attach(browser.context, browser.page);
});
/** What is announced from now on until `until` is over and `wanted` has been said. */
async function announcedDuring(
  until: () => Promise<unknown>,
  wanted: RegExp,
): Promise<readonly string[]> {
  const before = (await reader.announcements()).length;
  // What the worker does for the first time in the background is no part of what was done.
  const isOffline = (line: string) =>
    /^(Storing the page|Checking what is stored|Ready without a network)/.test(line);
  const said = async () =>
    (await reader.announcements()).slice(before).filter((line) => !isOffline(line));
  await until();
  // Not the last that is said: the page may already be getting ready for what comes next.
  await expect.poll(said).toContainEqual(expect.stringMatching(wanted));
  return said();
}

/** The focus is on this: it has not been lost to the page as a whole. */
async function expectFocus(role: string, name: RegExp): Promise<void> {
  const where = async (): Promise<string> => {
    const heard = await reader.heard();
    return heard.role === role && name.test(heard.name) ? 'there' : `${heard.role} "${heard.name}"`;
  };
  await expect.poll(where).toBe('there');
}

/** A part has begun: the focus is on its content, which its name and its first heading tell. */
async function arrive(name: string, heading: string): Promise<void> {
  await expectFocus('main', new RegExp(`^${name}$`));
  const tree = await browser.page.locator('body').ariaSnapshot();
  for (const landmark of ['banner', 'navigation "Stages"', `main "${name}"`, 'contentinfo']) {
    expect(tree).toContain(`- ${landmark}`);
  }
  expect(tree).toContain(`heading "${heading}" [level=2]`);
}

test('a prompt: past the head of the page, typed, asked, answered aloud', async () => {
  const { page } = browser;
  await page.goto(`${browser.url}#/model?${SETTINGS}`);
  await ready(page);
  await reader.tabTo('link', 'Skip to the content');
  expect(reader.stops).toHaveLength(1);
  await reader.press('Enter');
  await arrive('Model', 'Model');
  const field = await reader.tabTo('textbox', 'Prompt');
  expect(field.description).toContain('lower case');
  await reader.replace('what do cows eat?');
  const said = await announcedDuring(async () => {
    await reader.activate('button', /^Ask/);
    await page.getByTestId('sample-text').first().waitFor();
  }, /asked: what do cows eat\?/);
  const answers = await page.getByTestId('sample-text').allInnerTexts();
  const told = said.find((line) => line.includes('asked: what do cows eat?')) ?? '';
  for (const answer of answers) expect(told).toContain(answer.replaceAll(/\s+/g, ' '));
  await expectFocus('button', /^Ask/);
});

test('SFT from one button, with its beginning and its end announced', async () => {
  await reader.activate('link', 'Next: demonstrate');
  await arrive('1 Demonstrate', 'Demonstrate');
  const said = await announcedDuring(async () => {
    await reader.activate('button', 'Train on demonstrations');
    await waitForStatus(browser.page, 'sft', 'done');
  }, /done$/);
  expect(said).toEqual(['Step 1: running', 'Getting ready for SFT', 'Step 1: done']);
  await expectFocus('button', /^Train on demonstrations again$/);
});

test('a ranking by number keys, the class, and the reward model', async () => {
  const { page } = browser;
  await reader.activate('link', 'Next: rank');
  await arrive('2 Rank', 'Rank');
  await reader.activate('button', 'Get answers to rank');
  await expectFocus('button', /^A no place yet/);
  const ranked = await announcedDuring(async () => {
    await placeByKeys(page);
    await saveRanking(page, 'key');
  }, /^Saved: \d+ comparisons? won\.$/);
  expect(ranked[0]).toMatch(/^A: place \d/);
  await expectFocus('button', /^A no place yet/);
  await announcedDuring(async () => {
    await reader.activate('button', 'Let the class rank 16 prompts');
    await page.getByTestId('class-count').getByText('16 rankings').waitFor();
  }, /^The simulated class ranked 16 prompts\.$/);
  await expectFocus('button', /^Let the class rank/);
  await reader.tabTo('radio', /^The class/);
  await reader.press('ArrowDown');
  // One ranking of one's own trains nothing: until both count, there is no button to press.
  await waitForStatus(page, 'reward', 'empty');
  await reader.press('ArrowDown');
  await waitForStatus(page, 'reward', 'ready');
  await expectFocus('radio', /^Both/);
  await expect.poll(async () => (await reader.heard()).states).toMatchObject({ checked: 'true' });
  const trained = await announcedDuring(async () => {
    await reader.activate('button', 'Train the reward model');
    await waitForStatus(page, 'reward', 'done');
  }, /done$/);
  // Whose rankings count was just changed, so what could be trained is told first.
  const states = trained.filter((line) => line.startsWith('The training of the reward model: '));
  expect(states.slice(-2).map((line) => line.split(': ')[1])).toEqual(['running', 'done']);
  await expectFocus('button', /^Train the reward model again$/);
});

test('PPO says that it runs and that it is done, and nothing each step', async () => {
  const { page } = browser;
  await reader.activate('link', 'Next: reinforce');
  await arrive('3 Reinforce', 'Reinforce');
  await reader.tabTo('button', 'Reinforce');
  const said = await announcedDuring(async () => {
    await reader.press('Space');
    await waitForStatus(page, 'ppo', 'done');
  }, /done$/);
  expect(said).toEqual(['Step 3: running', 'Getting ready for PPO', 'Step 3: done']);
  await expectFocus('button', /^Reinforce again$/);
});

test('a blind vote: pairs are read out, the result too, and the focus is not lost', async () => {
  const { page } = browser;
  await reader.activate('link', 'Next: judge');
  await arrive('Judge', 'Judge');
  await reader.tabTo('spinbutton', 'Votes');
  await reader.replace('4');
  await reader.activate('button', 'Start voting');
  const read: string[] = [];
  const said = await announcedDuring(async () => {
    for (const [i, key] of ['ArrowLeft', 'ArrowRight', 't', 'b'].entries()) {
      await expectFocus('region', new RegExp(`^Blind comparison ${i + 1} of 4$`));
      read.push((await reader.heard()).description);
      await reader.press(key);
    }
    await page.getByTestId('judge-rate').waitFor();
  }, /wins \d+ % against .* 4 votes: ±\d+ points/);
  for (const words of read) expect(words).toMatch(/^Pair \d of 4\. Prompt: .+ Left: .+ Right: .+/);
  expect(said.filter((line) => line.startsWith('Pair'))).toEqual(read.slice(1));
  await expectFocus('button', /^Start voting$/);
});

test('every place where Tab stopped has a name and a role, is in view and is marked', () => {
  expect(reader.stops.length).toBeGreaterThan(40);
  const bad = reader.stops.filter(
    ({ role, name, visible, marked }) =>
      name === '' || role === 'generic' || role === 'none' || !visible || !marked,
  );
  expect(bad).toEqual([]);
});
