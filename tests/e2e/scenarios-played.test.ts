// Every scenario played to its verdict in its micro form, as a person plays it: chosen in the menu, one press, and for
// *Your taste* some rankings of one's own. What the page says must be what the goal makes of the stored runs. *Exact* has
// a file of its own, exact.test.ts; what the panel does beside that is in scenarios.test.ts.
import { beforeAll, expect, test } from 'vitest';
import { SCENARIO_MENU, type ScenarioId } from '../../src/config/scenarios/menu.ts';
import type { ArmRuns, Verdict } from '../../src/config/scenarios/goals.ts';
import { SCENARIOS } from '../../src/config/scenarios/table.ts';
import type { MetricRecord } from '../../src/records/run.ts';
import { formatNumber } from '../../src/ui/format.ts';
import {
  openLaboratory,
  placeByButtons,
  press,
  saveRanking,
  textOf,
  visit,
} from './laboratory-page.ts';
import { sharedBrowser } from './shared-browser.ts';
import { allFinished } from './stored-run.ts';

const browser = sharedBrowser();
beforeAll(() => openLaboratory(browser.page, browser.url, 'preset=micro'));

const TITLES = {
  reached: 'Goal reached.',
  missed: 'Goal not reached.',
  opposite: 'It went the other way.',
} as const;

/** Runs of a stage that are stored, by their ids, the oldest first: a run may have left two models. */
async function storedRuns(stage: 'reward' | 'ppo'): Promise<ReadonlyMap<string, MetricRecord[]>> {
  const rows = await allFinished(browser.page, stage);
  return new Map(rows.map(({ run, series }) => [run, series as MetricRecord[]]));
}

/** What the goal of a scenario says of the newest stored runs, one for each arm in the order of the arms. */
async function expectedVerdict(id: ScenarioId): Promise<Verdict> {
  const { arms, last, goal } = SCENARIOS[id];
  const series = [...(await storedRuns(last)).values()].slice(-arms.length);
  const runs = arms.map(({ id: arm }, i): [string, ArmRuns] => {
    const records = series[i] ?? [];
    return [
      arm,
      last === 'ppo' ? { reward: [], policy: records } : { reward: records, policy: [] },
    ];
  });
  const verdict = goal(Object.fromEntries(runs));
  if (verdict === null) throw new Error(`The stored runs of ${id} are too short for its goal.`);
  return verdict;
}

/** As many rankings as the page asks for, as somebody with a taste makes them. */
async function rankByTaste(): Promise<void> {
  const { page } = browser;
  const asked = page.getByText(/0 of at least \d+ prompts are ranked by you/);
  const [, wanted] = /at least (\d+)/.exec(await asked.innerText()) ?? [];
  await visit(page, 'rank');
  await press(page, 'rank-fetch');
  for (let i = 0; i < Number(wanted); i += 1) {
    await placeByButtons(page);
    await saveRanking(page, 'button');
  }
  await visit(page, 'model');
}

async function choose(id: ScenarioId): Promise<void> {
  const { page } = browser;
  await page.getByTestId('scenario').selectOption(id);
  await page.locator(`[data-testid="scenario-panel"][data-scenario="${id}"]`).waitFor();
}

// Those of one class of labelers come one after the other, so that less has to be trained anew.
const ORDER = [
  'paper',
  'no-leash',
  'alignment-tax',
  'without-rl',
  'noisy-labelers',
  'shuffled-pairs',
  'happy',
  'reward-hacking',
  'your-taste',
] as const satisfies readonly ScenarioId[];

test('no scenario of the menu is left out', () => {
  expect([...ORDER].sort()).toEqual(SCENARIO_MENU.map(({ id }) => id).sort());
});

test.each(ORDER)('%s: played to a verdict, which is that of its runs', async (id) => {
  const { page } = browser;
  await choose(id);
  await press(page, 'scenario-play');
  if (id === 'your-taste') {
    await rankByTaste();
    await press(page, 'scenario-play');
  }
  await page.locator('[data-testid="scenario-verdict"]:not([data-state="waiting"])').waitFor();
  const expected = await expectedVerdict(id);
  const panel = page.getByTestId('scenario-verdict');
  expect(await panel.getAttribute('data-state')).toBe(expected.state);
  const words = await textOf(page, 'scenario-verdict');
  expect(words).toContain(TITLES[expected.state]);
  expect(words).toContain(expected.words);
  const shown = await panel
    .locator('dl > div')
    .evaluateAll((nodes) =>
      nodes.map((node) => [
        node.querySelector('dt')?.textContent ?? '',
        node.querySelector('dd')?.textContent ?? '',
      ]),
    );
  expect(expected.figures.length).toBeGreaterThan(1);
  expect(expected.figures.every(({ value }) => Number.isFinite(value))).toBe(true);
  expect(shown).toEqual(expected.figures.map(({ label, value }) => [label, formatNumber(value)]));
  const { arms } = SCENARIOS[id];
  const states = await textOf(page, 'scenario-arms');
  for (const { label } of arms) expect(states).toContain(`${label}: has run`);
});
