// Watches the page's own thread through Chromium's tracing: how much of a processor each of its tasks took, by the
// thread's own clock, so that other work on the same cores does not count. It names what a long task spent most on.
import type { Page } from 'playwright-core';

/** One event of Chromium's trace; times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** Processor time of the thread during the event. */
  readonly tdur?: number;
}

export interface LongTask {
  /** Processor milliseconds. */
  readonly milliseconds: number;
  /** What inside it took most, with its processor milliseconds; empty when nothing inside was traced. */
  readonly mostly: string;
}

export interface ThreadSummary {
  /** Tasks of the page's thread, the longest first. */
  readonly tasks: readonly LongTask[];
  /** Processor milliseconds of all of them together. */
  readonly busy: number;
}

/** Written by the page into its trace, so that its thread can be told from those of other processes. */
const MARK = 'the thread that is watched';
const TASK = 'ThreadControllerImpl::RunTask';
const CATEGORIES = ['toplevel', 'devtools.timeline', 'blink.user_timing', 'v8'];

/**
 * The tasks of the thread that wrote {@link MARK}. Throws when the trace has no mark, no task, or no processor times:
 * then nothing was watched.
 */
export function summarise(events: readonly TraceEvent[]): ThreadSummary {
  const mark = events.find(({ name }) => name === MARK);
  if (mark === undefined) throw new Error('The trace has no mark of the watched page.');
  const own = events.filter(
    ({ pid, tid, ph }) => pid === mark.pid && tid === mark.tid && ph === 'X',
  );
  // The task under way when the trace began or ended has no length.
  const tasks = own.filter(({ name, dur }) => name === TASK && dur !== undefined);
  if (tasks.length === 0) throw new Error('The trace has no task of the watched page.');
  const milliseconds = ({ tdur }: TraceEvent): number => (tdur ?? 0) / 1000;
  const inside = (task: TraceEvent): string => {
    const end = task.ts + (task.dur ?? 0);
    const parts = own.filter(
      (event) => event.name !== TASK && event.ts >= task.ts && event.ts + (event.dur ?? 0) <= end,
    );
    const [longest] = parts.sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0));
    return longest === undefined ? '' : `${longest.name} ${milliseconds(longest).toFixed(1)} ms`;
  };
  const busy = tasks.reduce((sum, task) => sum + milliseconds(task), 0);
  // A task of no processor time at all is written without one.
  if (busy === 0) throw new Error('The trace has no processor times.');
  const sorted = [...tasks].sort((a, b) => milliseconds(b) - milliseconds(a));
  const [longest, rest] = [sorted.slice(0, 10), sorted.slice(10)];
  return {
    tasks: [
      ...longest.map((task) => ({ milliseconds: milliseconds(task), mostly: inside(task) })),
      ...rest.map((task) => ({ milliseconds: milliseconds(task), mostly: '' })),
    ],
    busy,
  };
}

/** Traces the page while `work` runs. */
export async function watchThread(page: Page, work: () => Promise<void>): Promise<ThreadSummary> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('This browser has no handle, so it cannot be traced.');
  const session = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    events.push(...(value as unknown as TraceEvent[]));
  });
  const complete = new Promise<void>((resolve) => {
    session.once('Tracing.tracingComplete', () => {
      resolve();
    });
  });
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { recordMode: 'recordContinuously', includedCategories: CATEGORIES },
  });
  await page.evaluate((name) => performance.mark(name), MARK);
  await work();
  await page.evaluate((name) => performance.mark(name), MARK);
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  return summarise(events);
}
