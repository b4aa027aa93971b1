/** Tasks of the page's thread, found in a hand-made trace by the mark that the page wrote, in processor time. */
import { expect, test } from 'vitest';
import { summarise, type TraceEvent } from '../../setup/trace.ts';

function event(name: string, over: Partial<TraceEvent> = {}): TraceEvent {
  return { name, ph: 'X', pid: 7, tid: 7, ts: 0, dur: 1000, tdur: 1000, ...over };
}
const TASK = 'ThreadControllerImpl::RunTask';
const mark = event('the thread that is watched', { ph: 'I' });

test('only tasks of the marked thread count, by processor time, the longest first with what took most in it', () => {
  const events = [
    mark,
    event(TASK, { ts: 0, dur: 900_000, tdur: 20_000 }),
    event('Layout', { ts: 10, dur: 500, tdur: 9_000 }),
    event('FunctionCall', { ts: 600, dur: 100_000, tdur: 10_500 }),
    event(TASK, { ts: 1_000_000, dur: 31_000, tdur: 30_000 }),
    // Another thread, another process, and what is no task.
    event(TASK, { tid: 8, tdur: 90_000 }),
    event(TASK, { pid: 8, tdur: 90_000 }),
    event('Layout', { ts: 5_000_000, tdur: 90_000 }),
  ];
  const { tasks, busy } = summarise(events);
  expect(tasks).toEqual([
    { milliseconds: 30, mostly: '' },
    { milliseconds: 20, mostly: 'FunctionCall 10.5 ms' },
  ]);
  expect(busy).toBe(50);
});

test('a trace that shows nothing is an error and not a fast page', () => {
  expect(() => summarise([event(TASK)])).toThrow(/no mark/);
  expect(() => summarise([mark, event('Layout')])).toThrow(/no task/);
  const clockless = { name: TASK, ph: 'X', pid: 7, tid: 7, ts: 0, dur: 5 };
  expect(() => summarise([mark, clockless])).toThrow(/no processor times/);
  // Under way when the trace ended: no task yet.
  const unfinished = { name: TASK, ph: 'X', pid: 7, tid: 7, ts: 0 };
  expect(() => summarise([mark, unfinished])).toThrow(/no task/);
  expect(summarise([mark, unfinished, event(TASK)]).tasks).toHaveLength(1);
});
