/** Whether single keys work anywhere on the page: speech input and trembling hands may want them off. Remembered in this browser. */

const KEY = 'rlhf-playground/page-keys';

export class PageKeys {
  #on = $state.raw(true);
  readonly #store: Pick<Storage, 'getItem' | 'setItem'>;

  constructor(store: Pick<Storage, 'getItem' | 'setItem'>) {
    this.#store = store;
    this.#on = store.getItem(KEY) !== 'off';
  }

  get on(): boolean {
    return this.#on;
  }

  turn(on: boolean): void {
    this.#on = on;
    this.#store.setItem(KEY, on ? 'on' : 'off');
  }
}
