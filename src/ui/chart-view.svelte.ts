/** How the charts of the page are looked at: smoothing, and the run before drawn beside. Kept while the page is open. */
import type { ChartRun } from './chart-data.ts';
import type { RunSettings } from './run-differences.ts';
import type { Training } from './training.svelte.ts';

/** Words of the legend when two runs are drawn. */
const NOW = 'this run';
const BEFORE = 'the run before';

export class ChartView {
  #smoothing = $state.raw(0);
  #comparing = $state.raw(false);

  /** Factor of the running average, from 0 to below 1. */
  get smoothing(): number {
    return this.#smoothing;
  }
  /** Whether the run before is drawn where there is one. */
  get comparing(): boolean {
    return this.#comparing;
  }

  smooth(factor: number): void {
    this.#smoothing = Math.min(0.99, Math.max(0, factor));
  }

  compare(comparing: boolean): void {
    this.#comparing = comparing;
  }

  /** The series to draw of a stage: its run, and the one before when asked for. */
  runsOf({ rows, former }: Training): readonly ChartRun[] {
    const now = { name: NOW, rows };
    return this.#comparing && former !== null ? [now, { name: BEFORE, rows: former.rows }] : [now];
  }
}

/** Both runs of a stage with their settings, to write out what differs; empty when there is no run before. */
export function comparedSettings({ settings, turns, former }: Training): readonly RunSettings[] {
  if (former === null) return [];
  return [
    { name: NOW, settings, turns },
    { name: BEFORE, settings: former.settings, turns: former.turns },
  ];
}
