// While PPO runs, the page's own thread stays free: no task of it takes long, by the thread's own clock. A budget, on a
// slower processor by as much larger: what the page does in its tasks is tested elsewhere.
import { expect, test } from 'vitest';
import { ITERATIONS, LONGEST_TASK, watchPpo } from '../setup/smooth-run.ts';
import { slownessOf } from '../setup/slowness.ts';
import { sharedBrowser } from './shared-browser.ts';

const browser = sharedBrowser();

test('no task of the page takes over 50 ms of processor time while PPO runs', async () => {
  const { tasks, busy } = await watchPpo(browser.page, browser.url);
  // The page was drawn all the time: otherwise there would be nothing to be slow.
  expect(tasks.length).toBeGreaterThan(10 * ITERATIONS);
  expect(busy).toBeGreaterThan(ITERATIONS);
  const { processor } = await slownessOf(browser.page);
  const tooLong = tasks.filter(({ milliseconds }) => milliseconds > processor * LONGEST_TASK);
  process.stderr.write(`longest task: ${tasks[0]?.milliseconds.toFixed(1) ?? 'none'} ms\n`);
  expect(tooLong).toEqual([]);
});
