/**
 * All settings and the dialogs around teaching: which one is open, and their code, which is loaded when it is first asked
 * for. Where the focus was is remembered and given back.
 */
import type { Component } from 'svelte';

const LOADERS = {
  share: () => import('./ShareDialog.svelte'),
  lecture: () => import('./LectureView.svelte'),
  keys: () => import('./KeysDialog.svelte'),
  words: () => import('./WordsDialog.svelte'),
  reset: () => import('./ResetDialog.svelte'),
  settings: () => import('./SettingsDialog.svelte'),
  offline: () => import('./OfflineDialog.svelte'),
} as const;
export type LateDialog = keyof typeof LOADERS;

type DialogComponent = Component<{ onclose: () => void }>;

export class LateDialogs {
  #shown: DialogComponent | null = $state.raw(null);
  #origin: HTMLElement | null = null;
  readonly #failed: (message: string) => void;

  /** @param failed told, in a sentence, when a dialog cannot be loaded */
  constructor(failed: (message: string) => void) {
    this.#failed = failed;
  }

  /** Null while none is open. */
  get shown(): DialogComponent | null {
    return this.#shown;
  }

  /** @param origin what gets the focus when it is closed */
  async open(name: LateDialog, origin: HTMLElement | null): Promise<void> {
    if (this.#shown !== null) return;
    this.#origin = origin;
    try {
      this.#shown = (await LOADERS[name]()).default;
    } catch {
      this.#failed('This dialog could not be loaded. Reload the page while it is reachable.');
    }
  }

  /** Gives the element to focus next. */
  close(): HTMLElement | null {
    this.#shown = null;
    return this.#origin;
  }
}
