/**
 * The form of step 1: a new demonstration, or one that is edited, of the person's own or of the world's. What was being
 * written before an edit comes back after it. Nothing is stored until it is saved. Loaded with the demonstrations.
 */
import { versionId } from '../records/own-version.ts';
import type { Demonstration } from '../records/prompt.ts';
import { PERSON } from '../records/ranking.ts';
import type { Demonstrations } from './demonstrations.svelte.ts';

interface Wording {
  readonly prompt: string;
  readonly response: string;
}

const EMPTY: Wording = { prompt: '', response: '' };

/** A demonstration with other words, by the person from now on. */
function reworded(row: Demonstration, id: string, { prompt, response }: Wording): Demonstration {
  const asked = { ...row.prompt, id: `${id}-prompt`, text: prompt.trim() };
  return {
    id,
    prompt: { ...asked, userId: PERSON, source: PERSON },
    response: response.trim(),
    author: PERSON,
  };
}

/** One that is new, before it has words. */
const BLANK: Demonstration = {
  id: '',
  prompt: {
    ...{ id: '', text: '', useCase: 'other', kind: 'plain' },
    ...{ userId: PERSON, split: 'train', source: PERSON },
  },
  response: '',
  author: PERSON,
};

export class DemonstrationDraft {
  prompt = $state('');
  response = $state('');
  #editing: Demonstration | null = $state.raw(null);
  #complete = $derived(this.prompt.trim() !== '' && this.response.trim() !== '');
  #before = EMPTY;
  readonly #demonstrations: Demonstrations;
  readonly #seed: () => number;
  readonly #newId: () => string;

  constructor(demonstrations: Demonstrations, seed: () => number, newId: () => string) {
    this.#demonstrations = demonstrations;
    this.#seed = seed;
    this.#newId = newId;
  }

  /** What is edited, as it is stored or as it came with the world; null for a new one. */
  get editing(): Demonstration | null {
    return this.#editing;
  }
  /** True when there is something to save. */
  get complete(): boolean {
    return this.#complete;
  }

  /** The person's own version of one of the world's. */
  versionOf(shipped: Demonstration): Demonstration | undefined {
    const id = versionId(this.#seed(), shipped.id);
    return this.#demonstrations.own.find((row) => row.id === id);
  }

  /** Fills the form with what it says now: of one of the world's, with the person's version where there is one. */
  edit(row: Demonstration): void {
    if (this.#editing === null) this.#before = { prompt: this.prompt, response: this.response };
    this.#editing = row;
    const { prompt, response } = this.versionOf(row) ?? row;
    this.#fill({ prompt: prompt.text, response });
  }

  cancel(): void {
    if (this.#editing !== null) this.#leave();
  }

  /** True when it is on disk: a new row, or one in the place of the one that is edited. */
  async save(): Promise<boolean> {
    if (!this.complete) return false;
    const row = this.#editing;
    const saved = await this.#demonstrations.save(
      reworded(row ?? BLANK, this.#idFor(row), { prompt: this.prompt, response: this.response }),
    );
    if (!saved) return false;
    // Another edit may have begun meanwhile; then what was saved must not come back after it.
    if (this.#editing !== row) this.#before = row === null ? EMPTY : this.#before;
    else if (row === null) this.#fill(EMPTY);
    else this.#leave();
    return true;
  }

  /** Removes one of the person's own; if it is edited just now, that ends. */
  async remove(id: string): Promise<boolean> {
    const row = this.#editing;
    // Asked before it is gone: afterwards nothing tells whose it was.
    const ends = row !== null && this.#idFor(row) === id;
    const removed = await this.#demonstrations.remove(id);
    if (removed && ends && this.#editing === row) this.cancel();
    return removed;
  }

  #idFor(row: Demonstration | null): string {
    if (row === null) return this.#newId();
    const own = this.#demonstrations.own.some(({ id }) => id === row.id);
    return own ? row.id : versionId(this.#seed(), row.id);
  }

  #leave(): void {
    this.#editing = null;
    this.#fill(this.#before);
    this.#before = EMPTY;
  }

  #fill({ prompt, response }: Wording): void {
    this.prompt = prompt;
    this.response = response;
  }
}
