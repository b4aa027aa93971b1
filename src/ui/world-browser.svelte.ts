/**
 * What the part *World* shows of facts, documents, people and labelers, and what is looked for there. The world itself is
 * the worker's; prompts and verdicts have classes of their own. Made when the part is first opened.
 */
import type { DocumentView, WorldOverview } from '../records/world-view.ts';
import type { Laboratory } from './laboratory.svelte.ts';
import { filterFacts, relationsOf } from './world-facts.ts';
import { pageOf } from './paging.ts';

const FACTS_PER_PAGE = 25;

export class WorldBrowser {
  relation = $state('');
  words = $state('');
  truth: '' | 'true' | 'false' = $state('');
  factPage = $state(0);
  /** Kind of document to draw; empty for one drawn by frequency. */
  kind = $state('');
  #overview: WorldOverview | null = $state.raw(null);
  #document: DocumentView | null = $state.raw(null);
  #draw = $state.raw(0);
  readonly #laboratory: Laboratory;

  readonly #found = $derived(
    filterFacts(this.#overview?.facts ?? [], {
      relation: this.relation,
      words: this.words,
      truth: this.truth,
    }),
  );
  readonly #page = $derived(pageOf(this.#found.length, FACTS_PER_PAGE, this.factPage));

  constructor(laboratory: Laboratory) {
    this.#laboratory = laboratory;
  }

  /** Null until it is read. */
  get overview(): WorldOverview | null {
    return this.#overview;
  }
  get relations(): readonly string[] {
    return relationsOf(this.#overview?.facts ?? []);
  }
  get page() {
    return this.#page;
  }
  /** Those that pass, on the page that is looked at. */
  get facts() {
    return this.#found.slice(this.#page.from, this.#page.to);
  }
  get document(): DocumentView | null {
    return this.#document;
  }
  /** Number of the document that is shown, or wished for. */
  get draw(): number {
    return this.#draw;
  }

  /** Reads the world of a seed and a class of labelers. */
  async load(): Promise<void> {
    const { general, labels } = this.#laboratory.settings;
    const { population, noise, k } = labels;
    const reply = await this.#laboratory.ask('world.overview', {
      seed: general.seed,
      labels: { population, noise, k },
    });
    if (reply === null) return;
    this.#overview = reply;
    await this.#read();
  }

  /** The next document of the kind that is chosen. */
  async drawAnother(): Promise<void> {
    this.#draw++;
    await this.#read();
  }

  async choose(kind: string): Promise<void> {
    this.kind = kind;
    await this.#read();
  }

  async #read(): Promise<void> {
    const { seed } = this.#laboratory.settings.general;
    const kind = this.kind === '' ? null : this.kind;
    const reply = await this.#laboratory.ask('world.document', { seed, kind, draw: this.#draw });
    if (reply !== null) this.#document = reply;
  }
}
