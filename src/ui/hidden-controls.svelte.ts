/**
 * Which parts and controls a link has hidden in this browser, so that a class sees what the lesson is about. No lock: a
 * sentence on the page says that something is hidden and brings it back.
 */

/** What can be hidden, by the name that a link carries; in words in setup-words.ts. */
export const HIDEABLE = [
  'demonstrate',
  'rank',
  'reinforce',
  'judge',
  'runs',
  'world',
  'paper',
  'scenario',
  'speaker',
  'engine',
  'lessons',
  'settings',
  'method',
  'ask',
] as const;
export type Hideable = (typeof HIDEABLE)[number];

const KEY = 'rlhf-playground/hidden';

export class HiddenControls {
  #names: readonly Hideable[] = $state.raw([]);
  readonly #store: Pick<Storage, 'getItem' | 'setItem'>;

  constructor(store: Pick<Storage, 'getItem' | 'setItem'>) {
    this.#store = store;
    const stored = (store.getItem(KEY) ?? '').split('.');
    this.#names = HIDEABLE.filter((name) => stored.includes(name));
  }

  /** In the order of {@link HIDEABLE}. */
  get names(): readonly Hideable[] {
    return this.#names;
  }

  /** Also answers for names that cannot be hidden. */
  has(name: string): boolean {
    return this.#names.some((hidden) => hidden === name);
  }

  /** Hides these and shows all others. */
  hide(names: readonly Hideable[]): void {
    this.#names = HIDEABLE.filter((name) => names.includes(name));
    this.#store.setItem(KEY, this.#names.join('.'));
  }
}
