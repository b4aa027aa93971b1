// What the page has stored of a finished run, read from the browser's own database: for tests that compare two runs to
// the bit.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { TrainingStage } from '../../src/worker/protocol.ts';
import { waitForStatus } from './laboratory-page.ts';

export interface Stored {
  readonly run: string;
  readonly name: string;
  readonly step: number;
  readonly hashes: readonly string[];
  readonly state: unknown;
  readonly series: unknown;
}

/** The newest finished checkpoint of a stage as it lies in the browser's database; null when there is none. */
export async function newestFinished(page: Page, stage: TrainingStage): Promise<Stored | null> {
  return (await allFinished(page, stage)).at(-1) ?? null;
}

/** All finished checkpoints of a stage, the oldest first. */
export function allFinished(page: Page, stage: TrainingStage): Promise<Stored[]> {
  return page.evaluate(async (wanted) => {
    interface Row {
      readonly manifest: {
        readonly run: string;
        readonly name: string;
        readonly stage: string;
        readonly step: number;
        readonly finished: boolean;
        readonly createdAt: number;
        readonly state: unknown;
      };
      readonly chunks: readonly { readonly sha256: string }[];
    }
    interface Batch {
      readonly run: string;
      readonly from: number;
      readonly records: readonly unknown[];
    }
    const answer = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => {
          resolve(request.result);
        };
        request.onerror = () => {
          reject(request.error ?? new Error('the database does not answer'));
        };
      });
    const db = await answer(indexedDB.open('rlhf-playground'));
    const all = (store: string) =>
      answer(db.transaction(store).objectStore(store).getAll()) as Promise<unknown>;
    const rows = (await all('checkpoints')) as readonly Row[];
    const batches = (await all('metrics')) as readonly Batch[];
    db.close();
    return rows
      .filter(({ manifest }) => manifest.finished && manifest.stage === wanted)
      .sort((a, b) => a.manifest.createdAt - b.manifest.createdAt)
      .map(({ manifest: { run, name, step, state }, chunks }) => {
        const series = batches
          .filter((batch) => batch.run === run)
          .sort((a, b) => a.from - b.from)
          .flatMap(({ records }) => records);
        return { run, name, step, state, series, hashes: chunks.map(({ sha256 }) => sha256) };
      });
  }, stage);
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
