// The browser is killed as by a crash, and reopened on the same profile: right after a ranking was
// saved, and in the middle of a PPO run. No ranking may be lost, and of the run at most the steps
// since its last checkpoint.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch } from '../setup/browser.ts';
import { serveBuild, type ServedBuild } from '../setup/serve.ts';
import {
  classRankings,
  letClassRank,
  openLaboratory,
  ownRankings,
  placeByButtons,
  press,
  ready,
  saveRanking,
  stepsOf,
  textOf,
  train,
  visit,
  waitForStatus,
  waitForStep,
} from './laboratory-page.ts';

/** So long that the run is not over when it is killed, however late that is. */
const ITERATIONS = 120;
const SETTINGS = `preset=micro&labels.source=both&ppo.episodes=${32 * ITERATIONS}&sft.demonstrations=32`;

let served: ServedBuild;
beforeAll(async () => {
  served = await serveBuild();
});
afterAll(async () => {
  await served.close();
});

test('a killed browser loses no ranking, and a run goes on from its last checkpoint', async () => {
  const first = await launch(served.url, { webgpu: 'off' });
  await openLaboratory(first.page, served.url, SETTINGS);
  await visit(first.page, 'demonstrate');
  await train(first.page, 'sft');
  await visit(first.page, 'rank');
  await press(first.page, 'rank-fetch');
  for (let i = 0; i < 2; i += 1) {
    await placeByButtons(first.page);
    await saveRanking(first.page, 'button');
  }
  await first.kill();

  const second = await launch(served.url, { webgpu: 'off', profile: first.profile });
  await second.page.goto(`${served.url}#/rank`);
  await ready(second.page);
  // The counts are read from the database when the page is ready.
  await expect.poll(() => ownRankings(second.page)).toBe(2);
  await letClassRank(second.page, 16);
  await train(second.page, 'reward');
  await visit(second.page, 'reinforce');
  // A pause stores a checkpoint; the steps after it are those that may be lost.
  await press(second.page, 'ppo-step');
  await waitForStep(second.page, 'ppo', 1);
  await waitForStatus(second.page, 'ppo', 'paused');
  await press(second.page, 'ppo-start');
  await waitForStep(second.page, 'ppo', 3);
  const { step: seen } = await stepsOf(second.page, 'ppo');
  await second.kill();

  const third = await launch(served.url, { webgpu: 'off', profile: first.profile });
  try {
    await third.page.goto(`${served.url}#/reinforce`);
    await ready(third.page);
    await waitForStatus(third.page, 'ppo', 'paused');
    const { step: kept, total } = await stepsOf(third.page, 'ppo');
    expect(kept).toBeGreaterThanOrEqual(1);
    await third.page
      .getByText(`The page was closed while this ran; it goes on from iteration ${kept}.`)
      .waitFor();
    await press(third.page, 'ppo-start');
    await waitForStep(third.page, 'ppo', kept + 1);
    await press(third.page, 'ppo-stop');
    await waitForStatus(third.page, 'ppo', 'done');
    expect([seen < total, total]).toEqual([true, ITERATIONS]);
    // A stopped run goes on where it was, after a reload too.
    const { step: stopped } = await stepsOf(third.page, 'ppo');
    expect(await textOf(third.page, 'nav-reinforce')).toContain(
      `stopped at ${stopped} of ${ITERATIONS}`,
    );
    await third.page.reload();
    await ready(third.page);
    const goOn = third.page.getByTestId('ppo-start');
    await expect.poll(() => goOn.innerText()).toBe(`Go on from iteration ${stopped}`);
    await press(third.page, 'ppo-step');
    await waitForStep(third.page, 'ppo', stopped + 1);
    await waitForStatus(third.page, 'ppo', 'paused');
    await visit(third.page, 'rank');
    await expect
      .poll(async () => [await ownRankings(third.page), await classRankings(third.page)])
      .toEqual([2, 16]);
    expect([first, second, third].flatMap((browser) => browser.problems())).toEqual([]);
  } finally {
    await third.close({ keepProfile: false });
  }
});
