// What the pictures of docs/screens show, in the order in which it can be shown: groups of places, each with what a person
// does before it, so that every picture has something in it. How a picture is taken is in screenshots.ts.
import type { Locator, Page } from 'playwright-core';
import { press, textOf, textsToRank, train, visit } from '../e2e/laboratory-page.ts';
import { PLACES, type Place } from '../e2e/places.ts';

/** A place that is pictured; what nothing lies over is scrolled to where it begins. */
export interface Screen extends Place {
  /** What the picture begins with; absent for the top of the page. */
  readonly from?: (page: Page) => Locator;
}

/** Screens that are there together. */
interface ScreenGroup {
  /** What is done once before their first picture. */
  readonly prepare?: (page: Page) => Promise<void>;
  readonly screens: readonly Screen[];
}

const heading =
  (words: string) =>
  (page: Page): Locator =>
    page.getByRole('heading', { name: words, exact: true }).first();
const marked =
  (testId: string) =>
  (page: Page): Locator =>
    page.getByTestId(testId).first();

/** Where a place begins whose point is not at the top. */
const BEGINS: Readonly<Record<string, Screen['from']>> = {
  reinforce: heading('Reinforce'),
  judge: heading('Vote blind'),
  verdict: (page) => page.getByLabel('The world', { exact: true }),
  world: heading('World'),
  paper: heading('Paper'),
};

/** A screen further down in a part, once what it begins with is there. */
function below(
  name: string,
  part: Parameters<typeof visit>[1],
  from: (page: Page) => Locator,
): Screen {
  return {
    name,
    from,
    open: async (page) => {
      await visit(page, part);
      await from(page).waitFor({ timeout: 60_000 });
    },
  };
}

/** A tab of World, once `shown` is there. */
const worldTab = (tab: string, shown: string): Screen => ({
  name: `world-${tab}`,
  from: (page) => page.getByLabel('The world', { exact: true }),
  open: async (page) => {
    await visit(page, 'world');
    await press(page, `world-${tab}`);
    await page.getByTestId(shown).first().waitFor();
  },
});

const isShown = (page: Page, testId: string): Promise<boolean> =>
  page.getByTestId(testId).isVisible();

async function unfold(details: Locator): Promise<void> {
  if ((await details.getAttribute('open')) === null)
    await details.locator('summary').first().click();
}

/** Single answers behind a claim, with what the judge found in them. */
const ITEMS: Screen = {
  name: 'items',
  from: marked('paper-items'),
  open: async (page) => {
    await visit(page, 'paper');
    await unfold(page.getByTestId('paper-items').first());
    await page.getByTestId('paper-item-prompt').first().waitFor();
  },
};

const CLASS: Screen = {
  name: 'class',
  from: marked('class-agreement'),
  open: async (page) => {
    await visit(page, 'rank');
    await unfold(page.getByTestId('class-agreement'));
    await page.getByTestId('class-agreement').locator('table').waitFor();
  },
};

const RUN: Screen = {
  name: 'run',
  from: marked('run-details'),
  open: async (page) => {
    await visit(page, 'runs');
    const row = page.locator('[data-testid="run-row"]', { hasText: 'PPO' });
    if (!(await isShown(page, 'run-details'))) await row.getByTestId('run-open').first().click();
    await page.getByTestId('run-details').waitFor();
  },
};

/** One chart as large as the screen: for the projector, so it looks the same in both themes. */
const LECTURE: Screen = {
  name: 'lecture',
  open: async (page) => {
    await visit(page, 'reinforce');
    await page.getByTestId('nav-reinforce').focus();
    await page.keyboard.press('l');
    await page.getByTestId('lecture').waitFor();
  },
  close: async (page) => {
    await page.keyboard.press('Escape');
    await page.getByTestId('lecture').waitFor({ state: 'detached' });
  },
};

/** What helps to teach, each in a window of its own, with what it counts or reads first. */
const DIALOGS = (
  [
    ['share', 'share-link'],
    ['keys', 'page-keys'],
    ['reset', 'reset-yes'],
    ['offline', 'offline-check'],
  ] as const
).map(([name, told]): Screen => ({
  name,
  open: async (page) => {
    await visit(page, 'model');
    await page.getByTestId('teach').click();
    await page.getByTestId(`teach-${name}`).click();
    await page.getByTestId(`${name}-dialog`).waitFor();
    await page.locator(`[data-testid="${told}"]:not(:disabled)`).waitFor();
  },
  close: async (page) => {
    await page.keyboard.press('Escape');
    await page.getByTestId(`${name}-dialog`).waitFor({ state: 'detached' });
  },
}));

/** Empty until something was measured in them: pictured when that is done. */
const MEASURED = ['exact', 'machine'];

const ALL: readonly Screen[] = [
  ...PLACES.filter(({ name }) => !MEASURED.includes(name)).map((place) => {
    const from = BEGINS[place.name];
    return from === undefined ? place : { ...place, from };
  }),
  below('lens', 'reinforce', heading('Token lens')),
  CLASS,
  below('reward', 'rank', marked('calibration')),
  worldTab('prompts', 'world-prompt'),
  worldTab('labelers', 'labelers-training'),
  below('claim', 'paper', marked('paper-claim')),
  ITEMS,
  RUN,
  LECTURE,
  ...DIALOGS,
];

const openPlace = async (page: Page, name: string): Promise<void> =>
  PLACES.find((place) => place.name === name)?.open(page);

/** Stays open from look to look, because closing it forgets what was measured. */
async function measureMachine(page: Page): Promise<void> {
  await openPlace(page, 'machine');
  await press(page, 'machine-start');
  await page.locator('[data-testid="machine-status"][data-status="done"]').waitFor();
}

async function runExact(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.getByTestId('machine-dialog').waitFor({ state: 'detached' });
  await openPlace(page, 'exact');
  await press(page, 'exact-start');
  await page.locator('[data-testid="exact-status"][data-status="done"]').waitFor();
}

const stay = (): Promise<void> => Promise.resolve();

/** Prompts of the evaluation by a person. */
const EVALUATED = 8;

async function beginEvaluation(page: Page): Promise<void> {
  await visit(page, 'judge');
  await page.getByTestId('evaluation-open').click();
  await page.getByTestId('evaluation-count').fill(String(EVALUATED));
  await press(page, 'evaluation-start');
  await page.getByTestId('evaluation-text').waitFor({ timeout: 60_000 });
}

/** What a person thinks who wants an answer, and no list of other questions: from 1 to 7. */
function scoreOf(text: string): number {
  if (text.includes('\n')) return 2;
  if (!/[.!?]$/.test(text.trim())) return 3;
  return text.includes('do not know') ? 4 : Math.min(7, 4 + (text.match(/[.!?]/g)?.length ?? 0));
}

/** Says it of the answer on screen. */
async function sayOfAnswer(page: Page): Promise<void> {
  const score = scoreOf(await textOf(page, 'evaluation-text'));
  await press(page, `evaluation-score-${score}`);
  await page.getByTestId('evaluation-flag-fails-task').setChecked(score < 4);
}

/** Scores the answer on screen and goes on to the next, or to the ranking. */
async function scoreOne(page: Page): Promise<void> {
  const region = page.getByTestId('evaluation-rate');
  const before = await region.getAttribute('aria-label');
  await sayOfAnswer(page);
  await press(page, 'evaluation-next');
  await page.waitForFunction(
    (label) =>
      document.querySelector('[data-testid="evaluation-rate"]')?.getAttribute('aria-label') !==
      label,
    before,
  );
}

async function scorePrompt(page: Page): Promise<void> {
  await visit(page, 'judge');
  await page.getByTestId('evaluation-text').waitFor();
  while (!(await isShown(page, 'evaluation-rank'))) await scoreOne(page);
}

/** Saves the ranking on screen and waits for the next prompt, or for what came of all. */
async function saveEvaluated(page: Page): Promise<void> {
  const scores = (await textsToRank(page)).map(scoreOf);
  const distinct = [...new Set(scores)].sort((a, b) => b - a);
  for (const [at, score] of scores.entries()) {
    const name = `${String.fromCharCode(65 + at)}: place ${distinct.indexOf(score) + 1}`;
    await page.getByRole('button', { name, exact: true }).click();
  }
  await press(page, 'evaluation-save');
  await page.getByTestId('evaluation-rank').waitFor({ state: 'detached' });
}

async function finishEvaluation(page: Page): Promise<void> {
  await saveEvaluated(page);
  while (!(await isShown(page, 'evaluation-results'))) {
    await scorePrompt(page);
    await saveEvaluated(page);
  }
}

/** Votes on every pair by the same taste; equal ones are ties. */
async function finishVotes(page: Page): Promise<void> {
  while (await isShown(page, 'judge-pair')) {
    const pair = page.getByTestId('judge-pair');
    const before = await pair.getAttribute('aria-label');
    const [left, right] = [
      scoreOf(await textOf(page, 'judge-left-text')),
      scoreOf(await textOf(page, 'judge-right-text')),
    ];
    await press(page, left === right ? 'judge-tie' : left > right ? 'judge-left' : 'judge-right');
    await page.waitForFunction(
      (label) =>
        document.querySelector('[data-testid="judge-pair"]')?.getAttribute('aria-label') !== label,
      before,
    );
  }
}

const SCORED: Screen = {
  ...below('evaluation-score', 'judge', marked('human-evaluation')),
  open: async (page) => {
    await visit(page, 'judge');
    await sayOfAnswer(page);
  },
};

const ANIMALS = ['otter', 'heron', 'badger', 'swan', 'hedgehog', 'owl', 'beaver', 'newt'];
const DEEDS = ['slept under a root', 'looked for a fish', 'hid a round stone', 'sang to the moon'];

/** A text of nobody's: short tales by the river. */
const TALES = ANIMALS.flatMap((animal) =>
  ANIMALS.flatMap((other) =>
    DEEDS.map(
      (deed) =>
        `One night the ${animal} met the ${other} by the river. The ${animal} ${deed}, and the ${other} helped.`,
    ),
  ),
).join('\n\n');

/** Last but the scenario: a base model of one's own is then the newest one. */
async function trainOwnBase(page: Page): Promise<void> {
  await visit(page, 'model');
  await press(page, 'own-base-open');
  await page
    .locator('[data-testid="own-text-file"]:enabled')
    .setInputFiles({ name: 'river.txt', mimeType: 'text/plain', buffer: Buffer.from(TALES) });
  await page.getByTestId('own-text-facts').filter({ hasText: 'river.txt' }).waitFor();
  await page.getByTestId('own-base-estimate').filter({ hasText: 'needs about' }).waitFor();
  await train(page, 'pretrain');
  await page.getByTestId('pinned-text').first().waitFor();
}

/** Opened where it was trained: leaving the part folds it up again. */
const OWN_BASE: Screen = {
  name: 'own-base',
  from: heading('A base model from your own text'),
  open: async (page) => {
    await visit(page, 'model');
    if (!(await isShown(page, 'own-base'))) await press(page, 'own-base-open');
    await page.getByTestId('own-text-facts').filter({ hasText: 'river.txt' }).waitFor();
    await page.getByTestId('own-base-estimate').filter({ hasText: 'needs about' }).waitFor();
  },
};

/** Opened last: with a scenario come its settings, and what was trained with others is stale. */
const SCENARIO: Screen = {
  name: 'scenario',
  open: async (page) => {
    await visit(page, 'model');
    await page.getByTestId('scenario').selectOption('reward-hacking');
    await page.locator('[data-scenario="reward-hacking"]').waitFor();
  },
};

/** Every screen, after a run of the whole loop with a blind vote under way. */
export const SCREEN_GROUPS: readonly ScreenGroup[] = [
  { screens: ALL },
  { prepare: beginEvaluation, screens: [SCORED] },
  {
    prepare: scorePrompt,
    screens: [below('evaluation-rank', 'judge', marked('human-evaluation'))],
  },
  {
    prepare: async (page) => {
      await finishEvaluation(page);
      await finishVotes(page);
    },
    screens: [
      below('judge-result', 'judge', heading('Vote blind')),
      below('evaluation', 'judge', marked('evaluation-results')),
      below('judges', 'judge', heading('Automatic judges')),
    ],
  },
  { prepare: measureMachine, screens: [{ name: 'machine', open: stay, close: stay }] },
  {
    prepare: runExact,
    screens: [
      { name: 'exact', open: stay, from: heading('Exact') },
      {
        name: 'exact-methods',
        open: stay,
        from: (page) => page.locator('section', { has: page.getByTestId('exact-results') }),
      },
    ],
  },
  { prepare: trainOwnBase, screens: [OWN_BASE] },
  { screens: [SCENARIO] },
];
