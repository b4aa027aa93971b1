/**
 * What the page knows of scenarios before their table, their goals and their panel are loaded, which is late: they are not
 * needed to start. Loaded once.
 */
import type { Component } from 'svelte';
import type { Laboratory } from './laboratory.svelte.ts';
import type { ScenarioDesk } from './scenario-desk.svelte.ts';

export interface ScenarioParts {
  readonly desk: ScenarioDesk;
  readonly Panel: Component<{ open: boolean }>;
}

export class Scenarios {
  #parts: ScenarioParts | null = $state.raw(null);
  #loading: Promise<ScenarioParts | null> | null = null;
  readonly #laboratory: Pick<Laboratory, 'attempt'>;
  readonly #fetch: () => Promise<ScenarioParts>;

  constructor(laboratory: Pick<Laboratory, 'attempt'>, fetch: () => Promise<ScenarioParts>) {
    this.#laboratory = laboratory;
    this.#fetch = fetch;
  }

  /** Null until they are loaded. */
  get parts(): ScenarioParts | null {
    return this.#parts;
  }

  /** Null, with a failure shown, when they cannot be loaded; the next call tries again. */
  async load(): Promise<ScenarioParts | null> {
    this.#loading ??= this.#laboratory.attempt(this.#fetch);
    this.#parts = await this.#loading;
    if (this.#parts === null) this.#loading = null;
    return this.#parts;
  }
}
