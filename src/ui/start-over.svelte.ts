/**
 * Starting over: what was trained goes, the person's and the class's labels, votes, demonstrations, prompts and the
 * settings stay. A copy of the whole laboratory is kept before anything is deleted, so that it can be taken back, also
 * when the tab dies half-way. Loaded late.
 */
import { failureOf } from './failure.ts';
import { keepCopy, keptCopy, dropCopy, type KeptCopy } from './kept-copy.ts';
import type { Laboratory } from './laboratory.svelte.ts';

/** A larger file would be refused when it is to be brought back (worker/lab-file.ts). Bytes. */
const LARGEST_COPY = 2e9;

type Desk = Pick<Laboratory, 'call' | 'reopen' | 'running' | 'pause' | 'settled' | 'readOnly'>;

export type StartOverState = 'asking' | 'working' | 'done' | 'undone';

export class StartOver {
  #state: StartOverState = $state.raw('asking');
  #runs: number | null = $state.raw(null);
  #kept: KeptCopy | null = $state.raw(null);
  #notes: readonly string[] = $state.raw([]);
  #problem: string | null = $state.raw(null);
  readonly #laboratory: Desk;
  readonly #store: CacheStorage;
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(laboratory: Desk, store: CacheStorage, now: () => number) {
    this.#laboratory = laboratory;
    this.#store = store;
    this.#now = now;
  }

  get state(): StartOverState {
    return this.#state;
  }
  /** Runs that starting over would delete, or has deleted; null before they were counted. */
  get runs(): number | null {
    return this.#runs;
  }
  /** What an earlier time has taken away and can be brought back. */
  get kept(): KeptCopy | null {
    return this.#kept;
  }
  /** What the copy could not take in, a sentence each. */
  get notes(): readonly string[] {
    return this.#notes;
  }
  /** Why it did not work, and how things stand; null when all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Counts what is at stake. */
  async look(): Promise<void> {
    await this.#try('What is here could not be read.', async () => {
      this.#kept = await keptCopy(this.#store);
      this.#runs = (await this.#laboratory.call('runs.list', {})).runs.length;
    });
  }

  /** Ends what trains after its step, keeps the copy, then deletes run by run. */
  async start(): Promise<void> {
    if (this.#state === 'working') return;
    this.#state = 'working';
    const whole = await this.#try('Nothing was deleted.', () => this.#keep());
    if (!whole) {
      this.#state = 'asking';
      return;
    }
    const gone = await this.#try('Some runs are still here; the copy has all of them.', () =>
      this.#clear(),
    );
    this.#state = gone ? 'done' : 'asking';
  }

  /** Brings back what is kept; what has been trained since stays as well. The copy is dropped only after that. */
  async undo(): Promise<void> {
    const kept = this.#kept;
    if (kept === null || this.#state === 'working') return;
    const before = this.#state;
    this.#state = 'working';
    const back = await this.#try('The copy is still kept.', async () => {
      await this.#laboratory.call('lab.import', { file: kept.file, settings: false });
      await this.#laboratory.reopen();
      await dropCopy(this.#store);
      this.#kept = null;
    });
    this.#state = back ? 'undone' : before;
  }

  async #keep(): Promise<void> {
    const laboratory = this.#laboratory;
    if (laboratory.readOnly !== null) throw new Error(laboratory.readOnly);
    const { running } = laboratory;
    if (running !== null) {
      await laboratory.pause(running);
      await laboratory.settled(running);
    }
    const { runs } = await laboratory.call('runs.list', {});
    this.#runs = runs.length;
    if (runs.length === 0) return;
    const { file, notes } = await laboratory.call('lab.export', {});
    if (file.size > LARGEST_COPY) {
      throw new Error('The laboratory is larger than 2 GB: delete checkpoints in Runs first.');
    }
    const copy = { file, at: this.#now(), runs: runs.length };
    await keepCopy(this.#store, copy);
    this.#kept = copy;
    this.#notes = notes;
  }

  async #clear(): Promise<void> {
    const { runs } = await this.#laboratory.call('runs.list', {});
    try {
      for (const { id } of runs) await this.#laboratory.call('run.delete', { run: id });
    } finally {
      await this.#laboratory.reopen();
    }
  }

  /** False, with the problem told, when it did not work. */
  async #try(standing: string, action: () => Promise<void>): Promise<boolean> {
    this.#problem = null;
    try {
      await action();
      return true;
    } catch (error) {
      this.#problem = `${failureOf(error).message} ${standing}`;
      return false;
    }
  }
}
