/** Prompts of the world by split, use case, kind and user, page by page. They are the worker's; a page is asked for each time. */
import type { Prompt, PromptKind, Split, UseCase } from '../records/prompt.ts';
import type { Laboratory } from './laboratory.svelte.ts';
import { pageOf, type Page } from './paging.ts';

const PER_PAGE = 20;

export class PromptBrowser {
  split: Split = $state('test');
  useCase: UseCase | null = $state(null);
  kind: PromptKind | null = $state(null);
  user: string | null = $state(null);
  #wanted = $state.raw(0);
  #prompts: readonly Prompt[] = $state.raw([]);
  #total = $state.raw(0);
  #asked = 0;
  readonly #laboratory: Laboratory;

  constructor(laboratory: Laboratory) {
    this.#laboratory = laboratory;
  }

  get prompts(): readonly Prompt[] {
    return this.#prompts;
  }
  get page(): Page {
    return pageOf(this.#total, PER_PAGE, this.#wanted);
  }

  /** Reads a page, the first one after the filter has changed. An answer that another question has overtaken is dropped. */
  async load(page = 0): Promise<void> {
    const asked = ++this.#asked;
    const { split, useCase, kind, user } = this;
    const reply = await this.#laboratory.ask('world.prompts', {
      seed: this.#laboratory.settings.general.seed,
      filter: { split, useCase, kind, user },
      from: page * PER_PAGE,
      count: PER_PAGE,
    });
    if (reply === null || asked !== this.#asked) return;
    this.#wanted = page;
    this.#prompts = reply.prompts;
    this.#total = reply.total;
  }

  /** Takes another split, whose users are others. */
  async chooseSplit(split: Split): Promise<void> {
    this.split = split;
    this.user = null;
    await this.load();
  }
}
