/** Demonstrations: a page of the shipped ones, and the person's own, which are stored before they are listed. */
import type { Demonstration } from '../records/prompt.ts';
import { PERSON } from '../records/ranking.ts';
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
    this.#shipped = reply.demonstrations.filter((row) => row.author !== PERSON);
    this.#total = reply.total - this.#own.length;
  }

  async loadMore(): Promise<void> {
    await this.load(this.#shipped.length + PAGE);
  }

  /** True when it is on disk. */
  async add(prompt: string, response: string): Promise<boolean> {
    const id = crypto.randomUUID();
    const row: Demonstration = {
      id,
      prompt: {
        id: `${id}-prompt`,
        text: prompt.trim(),
        useCase: 'other',
        kind: 'plain',
        userId: PERSON,
        split: 'train',
        source: PERSON,
      },
      response: response.trim(),
      author: PERSON,
    };
    const stored = await this.#laboratory.write(async () => {
      await this.#store.addDemonstration(row);
      return true;
    });
    if (stored === null) return false;
    this.#own = [...this.#own, row];
    await this.#laboratory.labelsChanged();
    return true;
  }

  async remove(id: string): Promise<void> {
    const removed = await this.#laboratory.write(async () => {
      await this.#store.removeDemonstration(id);
      return true;
    });
    if (removed === null) return;
    this.#own = this.#own.filter((row) => row.id !== id);
    await this.#laboratory.labelsChanged();
  }
}
