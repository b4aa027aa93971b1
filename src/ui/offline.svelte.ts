/**
 * Whether everything that the page needs is stored in this browser, and whether a new version waits. A new version is
 * offered, and taken only by the person and only while nothing runs.
 */
import type { CheckedFiles, StoredFiles } from '../offline/messages.ts';
import type { OfflineService } from './offline-service.ts';

export type OfflineState = 'unavailable' | 'preparing' | 'checking' | 'ready' | 'incomplete';

export class Offline {
  #state: OfflineState = $state.raw('preparing');
  #stored: StoredFiles | null = $state.raw(null);
  #updateWaits = $state.raw(false);
  #replaced = $state.raw(false);
  #asked = false;
  readonly #service: OfflineService | null;
  readonly #reload: () => void;

  /** @param service null where the browser cannot do it */
  constructor(service: OfflineService | null, reload: () => void) {
    this.#service = service;
    this.#reload = reload;
    if (service === null) this.#state = 'unavailable';
  }

  get state(): OfflineState {
    return this.#state;
  }
  /** The last check; null before the first. */
  get stored(): StoredFiles | null {
    return this.#stored;
  }
  /** True when a new version has been fetched and waits to be taken. */
  get updateWaits(): boolean {
    return this.#updateWaits;
  }
  /** True when another tab has taken a new version: this one still runs the old one. */
  get replaced(): boolean {
    return this.#replaced;
  }

  async start(): Promise<void> {
    if (this.#service === null) return;
    try {
      await this.#service.install(
        () => {
          this.#updateWaits = true;
        },
        () => {
          if (this.#asked) this.#reload();
          else this.#replaced = true;
        },
      );
    } catch {
      this.#state = 'unavailable';
      return;
    }
    await this.check();
  }

  /** Looks at every file of this version. */
  async check(): Promise<void> {
    if (this.#service === null || this.#state === 'unavailable') return;
    this.#state = 'checking';
    try {
      this.#stored = await this.#service.check();
      this.#state = this.#stored.missing.length === 0 ? 'ready' : 'incomplete';
    } catch {
      this.#state = 'incomplete';
    }
  }

  /**
   * Reads every file of this version and compares it with what was built, after fetching what is missing or damaged if
   * asked to. Null where it cannot be done.
   */
  async verify(fetch: boolean): Promise<CheckedFiles | null> {
    if (this.#service === null || this.#state === 'unavailable') return null;
    const checked = await this.#service.verify(fetch);
    const missing = checked.filter(({ state }) => state !== 'stored').map(({ url }) => url);
    this.#stored = { files: checked.length, missing };
    this.#state = missing.length === 0 ? 'ready' : 'incomplete';
    return checked;
  }

  /** Takes the new version and reloads. The caller makes sure that nothing runs. */
  update(): void {
    this.#asked = true;
    if (this.#replaced) this.#reload();
    else this.#service?.update();
  }
}
