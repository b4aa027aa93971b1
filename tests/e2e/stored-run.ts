// What the page has stored of a finished run, read from the browser's own database: for tests that compare two runs to
// the bit.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { MetricRecord } from '../../src/records/run.ts';
import type { TrainingStage } from '../../src/worker/protocol.ts';
import { waitForStatus } from './laboratory-page.ts';
import { storedRows } from './stored-rows.ts';

export interface Stored {
  readonly run: string;
  readonly name: string;
  readonly step: number;
  readonly hashes: readonly string[];
  readonly state: unknown;
  readonly series: readonly MetricRecord[];
}

/** The newest finished checkpoint of a stage as it lies in the browser's database; null when there is none. */
export async function newestFinished(page: Page, stage: TrainingStage): Promise<Stored | null> {
  return (await allFinished(page, stage)).at(-1) ?? null;
}

/** All finished checkpoints of a stage, the oldest first. */
export async function allFinished(page: Page, stage: TrainingStage): Promise<Stored[]> {
  const rows = await storedRows(page, 'checkpoints');
  const batches = await storedRows(page, 'metrics');
  return rows
    .filter(({ manifest }) => manifest.finished && manifest.stage === stage)
    .sort((a, b) => a.manifest.createdAt - b.manifest.createdAt)
    .map(({ manifest: { run, name, step, state }, chunks }) => {
      const series = batches
        .filter((batch) => batch.run === run)
        .sort((a, b) => a.from - b.from)
        .flatMap(({ records }) => records);
      return { run, name, step, state, series, hashes: chunks.map(({ sha256 }) => sha256) };
    });
}

/** Waits for a finished run of the stage other than `before`. */
export async function finishedAfter(
  page: Page,
  stage: TrainingStage,
  before: Stored | null,
): Promise<Stored> {
  let found: Stored | null = null;
  await expect
    .poll(
      async () => {
        found = await newestFinished(page, stage);
        return found !== null && found.run !== before?.run;
      },
      { timeout: 240_000, interval: 250 },
    )
    .toBe(true);
  await waitForStatus(page, stage, 'done');
  if (found === null) throw new Error('expected a finished checkpoint');
  return found;
}
