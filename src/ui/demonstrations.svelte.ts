/** Demonstrations: a page of the shipped ones, and the person's own, which are stored before they are listed. */
import type { Demonstration } from '../records/prompt.ts';
import type { LabelStore } from './label-store.ts';
import type { Laboratory } from './laboratory.svelte.ts';

const PAGE = 20;

export class Demonstrations {
  #shipped: readonly Demonstration[] = $state.raw([]);
  #total = $state.raw(0);
  #own: readonly Demonstration[] = $state.raw([]);
  readonly #laboratory: Laboratory;
  readonly #store: LabelStore;

  constructor(laboratory: Laboratory, store: LabelStore) {
    this.#laboratory = laboratory;
    this.#store = store;
  }

  get shipped(): readonly Demonstration[] {
    return this.#shipped;
  }
  /** How many come with the world and are trained on, of which `shipped` is a page. */
  get total(): number {
    return this.#total;
  }
  get own(): readonly Demonstration[] {
    return this.#own;
  }

  async load(count = PAGE): Promise<void> {
    const own = await this.#laboratory.attempt(() => this.#store.demonstrations());
    if (own !== null) this.#own = own;
    const reply = await this.#laboratory.ask('demonstrations.list', { count });
    if (reply === null) return;
    const isOwn = (id: string) => this.#own.some((row) => row.id === id);
    this.#shipped = reply.demonstrations.filter(({ id }) => !isOwn(id));
    this.#total = reply.total - this.#own.length;
  }

  async loadMore(): Promise<void> {
    await this.load(this.#shipped.length + PAGE);
  }

  /** Stores it, in the place of the one with its id if there is one. True when it is on disk. */
  async save(row: Demonstration): Promise<boolean> {
    const stored = await this.#laboratory.write(async () => {
      await this.#store.addDemonstration(row);
      return true;
    });
    if (stored === null) return false;
    const here = this.#own.some(({ id }) => id === row.id);
    this.#own = here
      ? this.#own.map((other) => (other.id === row.id ? row : other))
      : [...this.#own, row];
    await this.#laboratory.labelsChanged();
    return true;
  }

  /** True when it is gone from the disk. */
  async remove(id: string): Promise<boolean> {
    const removed = await this.#laboratory.write(async () => {
      await this.#store.removeDemonstration(id);
      return true;
    });
    if (removed === null) return false;
    this.#own = this.#own.filter((row) => row.id !== id);
    await this.#laboratory.labelsChanged();
    return true;
  }
}
