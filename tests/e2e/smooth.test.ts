// While PPO runs, the page's own thread stays free: no task of it takes long, by the thread's own clock. A budget: what
// the page does in its tasks is tested elsewhere.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, type LaunchedBrowser } from '../setup/browser.ts';
import { serveBuild, type ServedBuild } from '../setup/serve.ts';
import { ITERATIONS, LONGEST_TASK, watchPpo } from '../setup/smooth-run.ts';

let served: ServedBuild;
let browser: LaunchedBrowser;
beforeAll(async () => {
  served = await serveBuild();
  browser = await launch(served.url, { webgpu: 'off' });
});
afterAll(async () => {
  await browser.close();
  await served.close();
});

test('no task of the page takes over 50 ms of processor time while PPO runs', async () => {
  const { tasks, busy } = await watchPpo(browser.page, served.url);
  // The page was drawn all the time: otherwise there would be nothing to be slow.
  expect(tasks.length).toBeGreaterThan(10 * ITERATIONS);
  expect(busy).toBeGreaterThan(ITERATIONS);
  const tooLong = tasks.filter(({ milliseconds }) => milliseconds > LONGEST_TASK);
  process.stderr.write(`longest task: ${tasks[0]?.milliseconds.toFixed(1) ?? 'none'} ms\n`);
  expect(tooLong).toEqual([]);
  expect(browser.problems()).toEqual([]);
});
