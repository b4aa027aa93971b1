// The whole loop by keyboard alone at micro size, as someone has it who hears the page: no pointer, no focus set by the
// test. Where the focus is, and what is told of it, is read from the accessibility tree at each step.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { launch, type LaunchedBrowser } from '../setup/browser.ts';
import { serveBuild, type ServedBuild } from '../setup/serve.ts';
import { KeyboardReader } from './keyboard.ts';
import { placeByKeys, ready, saveRanking, waitForStatus } from './laboratory-page.ts';

/** Eight iterations of PPO: enough to hear whether each of them is told. */
const SETTINGS = 'preset=micro&ppo.episodes=256';

let served: ServedBuild;
let browser: LaunchedBrowser;
let reader: KeyboardReader;
beforeAll(async () => {
  served = await serveBuild();
  browser = await launch(served.url, { webgpu: 'off' });
  reader = await KeyboardReader.attach(browser.context, browser.page);
});
afterAll(async () => {
  await browser.close();
  await served.close();
});
afterEach(() => {
  expect(browser.problems()).toEqual([]);
});

/** What is announced from now on until `until` is over. */
async function announcedDuring(until: () => Promise<unknown>): Promise<readonly string[]> {
  const before = (await reader.announcements()).length;
  await until();
  return (await reader.announcements()).slice(before);
}

/** The focus is on something that has a name: it has not been lost to the page as a whole. */
async function expectFocus(role: string, name: RegExp): Promise<void> {
  await expect.poll(() => reader.heard()).toMatchObject({ role, name: expect.stringMatching(name) });
}

test('a prompt: past the head of the page, typed, asked, answered aloud', async () => {
  const { page } = browser;
  await page.goto(`${served.url}#/model?${SETTINGS}`);
  await ready(page);
  await reader.tabTo('link', 'Skip to the content');
  expect(reader.stops).toHaveLength(1);
  await reader.press('Enter');
  await expectFocus('main', /^Model$/);
  const field = await reader.tabTo('textbox', 'Prompt');
  expect(field.description).toContain('lower case');
  await reader.replace('what do cows eat?');
  const said = await announcedDuring(async () => {
    await reader.activate('button', /^Ask/);
    await page.getByTestId('sample-text').first().waitFor({ timeout: 60_000 });
  });
  console.log(said);
  expect(said.join(' ')).toContain('what do cows eat?');
  await expectFocus('button', /^Ask/);
});

test('SFT from one button, with its beginning and its end announced', async () => {
  const { page } = browser;
  await reader.activate('link', 'Next: demonstrate');
  await expectFocus('main', /^1 Demonstrate$/);
  const said = await announcedDuring(async () => {
    await reader.activate('button', 'Train on demonstrations');
    await waitForStatus(page, 'sft', 'done');
  });
  console.log(said);
  await expectFocus('button', /^Train on demonstrations again$/);
});

test('a ranking by number keys, the class, and the reward model', async () => {
  const { page } = browser;
  await reader.activate('link', 'Next: rank');
  await expectFocus('main', /^2 Rank$/);
  await reader.activate('button', 'Get answers to rank');
  await expectFocus('button', /^A no place yet/);
  const said = await announcedDuring(async () => {
    await placeByKeys(page);
    await saveRanking(page, 'key');
  });
  console.log(said);
  await expectFocus('button', /^A no place yet/);
  const simulated = await announcedDuring(async () => {
    await reader.activate('button', 'Let the class rank 16 prompts');
    await page.getByTestId('class-count').getByText('16 rankings').waitFor({ timeout: 60_000 });
  });
  console.log(simulated);
  await expectFocus('button', /^Let the class rank/);
  await reader.tabTo('radio', /^The class/);
  await reader.press('ArrowDown');
  await reader.press('ArrowDown');
  await expectFocus('radio', /^Both/);
  await expect.poll(async () => (await reader.heard()).states).toMatchObject({ checked: 'true' });
  const trained = await announcedDuring(async () => {
    await reader.activate('button', 'Train the reward model');
    await waitForStatus(page, 'reward', 'done');
  });
  console.log(trained);
  await expectFocus('button', /^Train the reward model again$/);
});

test('PPO says that it runs and that it is done, and nothing each step', async () => {
  const { page } = browser;
  await reader.activate('link', 'Next: reinforce');
  await expectFocus('main', /^3 Reinforce$/);
  await reader.tabTo('button', 'Reinforce');
  const said = await announcedDuring(async () => {
    await reader.press('Space');
    await waitForStatus(page, 'ppo', 'done');
  });
  console.log(said);
  await expectFocus('button', /^Reinforce again$/);
});

test('a blind vote: pairs are read where the focus is, and the result is announced', async () => {
  const { page } = browser;
  await reader.activate('link', 'Next: judge');
  await expectFocus('main', /^Judge$/);
  await reader.tabTo('spinbutton', 'Votes');
  await reader.replace('4');
  await reader.activate('button', 'Start voting');
  const said = await announcedDuring(async () => {
    for (const [i, key] of ['ArrowLeft', 'ArrowRight', 't', 'b'].entries()) {
      await expectFocus('region', new RegExp(`^Blind comparison ${i + 1} of 4$`));
      await reader.press(key);
    }
    await page.getByTestId('judge-rate').waitFor();
  });
  console.log(said);
  console.log(await reader.heard());
  console.log(reader.stops.filter(({ name, visible, marked }) => name === '' || !visible || !marked));
});
