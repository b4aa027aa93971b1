/**
 * The desk at which a person ranks: fetches prompts with their completions, shows them shuffled and unnamed,
 * and stores each ranking before it counts. The order under way is a plain reducer in ranking-order.ts.
 */
import { isOfClass, PERSON, sourceOf, type Completion, type Ranking } from '../records/ranking.ts';
import type { Prompt } from '../records/prompt.ts';
import { shuffledIndices, type RandomIndex } from './blind-order.ts';
import type { LabelStore } from './label-store.ts';
import type { Laboratory } from './laboratory.svelte.ts';
import {
  comparisonCount,
  denseRanks,
  emptyOrder,
  isComplete,
  undo,
  type RankingOrder,
} from './ranking-order.ts';

export interface RankingItem {
  readonly prompt: Prompt;
  readonly completions: readonly Completion[];
  /** `shown[i]` is the index into `completions` of the i-th text on screen. */
  readonly shown: readonly number[];
}

/** Prompts fetched at once, so that the next is there when one is saved. */
const AHEAD = 4;

export class RankingDesk {
  #queue: readonly RankingItem[] = $state.raw([]);
  #order: RankingOrder = $state.raw(emptyOrder(0));
  #rankings: readonly Ranking[] = $state.raw([]);
  #fetching = $state.raw(false);
  #saving = $state.raw(false);
  #undoing = $state.raw(false);
  #simulating = $state.raw(false);
  #news = $state.raw('');
  #done: readonly { item: RankingItem; ranking: Ranking | null }[] = $state.raw([]);

  #item = $derived(this.#queue[0]);
  #own = $derived(this.#rankings.filter((row) => row.labeler === PERSON));
  #ofClass = $derived(
    this.#countOf((labeler) => isOfClass(labeler, this.#laboratory.settings.labels)),
  );
  #imported = $derived(this.#countOf((labeler) => sourceOf(labeler) === 'imported'));
  #comparisons = $derived(this.#own.reduce((sum, row) => sum + comparisonCount(row.ranks).won, 0));

  readonly #laboratory: Laboratory;
  readonly #store: LabelStore;
  readonly #random: RandomIndex;
  readonly #now: () => number;

  constructor(laboratory: Laboratory, store: LabelStore, random: RandomIndex, now: () => number) {
    this.#laboratory = laboratory;
    this.#store = store;
    this.#random = random;
    this.#now = now;
  }

  /** What is on screen now; undefined before the first fetch. */
  get item(): RankingItem | undefined {
    return this.#item;
  }
  get order(): RankingOrder {
    return this.#order;
  }
  get fetching(): boolean {
    return this.#fetching;
  }
  get saving(): boolean {
    return this.#saving;
  }
  get simulating(): boolean {
    return this.#simulating;
  }
  /** The last thing that happened, in one sentence for the live region. */
  get news(): string {
    return this.#news;
  }
  /** Rankings by the person at the page, as stored. */
  get own(): readonly Ranking[] {
    return this.#own;
  }
  /** Everybody's rankings, as stored. */
  get all(): readonly Ranking[] {
    return this.#rankings;
  }
  /** Strict preferences in the person's rankings. */
  get comparisons(): number {
    return this.#comparisons;
  }
  /** Rankings by the simulated class that the settings name; those of other classes wait until theirs is chosen. */
  get ofClass(): number {
    return this.#ofClass;
  }
  /** Rankings from files, by people who are neither the person here nor the class. */
  get imported(): number {
    return this.#imported;
  }
  get canUndo(): boolean {
    return !this.#busy && (this.#order.before !== null || this.#done.length > 0);
  }
  get canSave(): boolean {
    const complete = this.#item !== undefined && isComplete(this.#order);
    return complete && !this.#busy && this.#laboratory.readOnly === null;
  }

  async loadCounts(): Promise<void> {
    const rankings = await this.#laboratory.attempt(() => this.#store.rankings());
    if (rankings !== null) this.#rankings = rankings;
  }

  /** Fetches prompts to rank unless some are waiting. */
  async fetch(): Promise<void> {
    if (this.#fetching || this.#queue.length > 1) return;
    this.#fetching = true;
    const { k } = this.#laboratory.settings.labels;
    const reply = await this.#laboratory.ask('ranking.next', { count: AHEAD, k });
    this.#fetching = false;
    if (reply === null) return;
    const waiting = this.#queue.length;
    this.#queue = [
      ...this.#queue,
      ...reply.items.map((item) => ({
        ...item,
        shown: shuffledIndices(item.completions.length, this.#random),
      })),
    ];
    if (waiting === 0) this.#begin();
  }

  change(order: RankingOrder, news: string): void {
    this.#order = order;
    this.#news = news;
  }

  /** Stores the ranking, and only then counts it and shows the next prompt. */
  async save(): Promise<void> {
    const item = this.#item;
    if (item === undefined || !this.canSave) return;
    const ranking = this.#rankingOf(item);
    this.#saving = true;
    const stored = await this.#laboratory.write(async () => {
      await this.#store.addRanking(ranking);
      return true;
    });
    this.#saving = false;
    if (stored === null) return;
    this.#rankings = [...this.#rankings, ranking];
    const { won, tied } = comparisonCount(ranking.ranks);
    const ties = tied > 0 ? `, ${tied} tied and not used` : '';
    this.#next(item, ranking, `Saved: ${won} comparisons won${ties}.`);
    await this.#laboratory.labelsChanged();
  }

  skip(): void {
    if (this.#item !== undefined && !this.#busy)
      this.#next(this.#item, null, 'Skipped; nothing was stored.');
  }

  /** Takes back the last change, else brings back the prompt before, whose stored ranking is removed. */
  async undo(): Promise<void> {
    if (!this.canUndo) return;
    if (this.#order.before !== null) {
      this.change(undo(this.#order), 'Change undone.');
      return;
    }
    const last = this.#done.at(-1);
    if (last === undefined) return;
    const { item, ranking } = last;
    if (ranking !== null && !(await this.#remove(ranking))) return;
    this.#done = this.#done.slice(0, -1);
    this.#queue = [item, ...this.#queue];
    this.#begin();
    this.#news =
      ranking === null
        ? 'The skipped prompt is back.'
        : 'The prompt before is back; its ranking is no longer stored.';
    if (ranking !== null) await this.#laboratory.labelsChanged();
  }

  /** Lets the simulated class rank `count` prompts. */
  async simulate(count: number): Promise<void> {
    if (this.#simulating) return;
    this.#simulating = true;
    const { k } = this.#laboratory.settings.labels;
    const reply = await this.#laboratory.ask('labels.simulate', { count, k });
    this.#simulating = false;
    await this.loadCounts();
    if (reply !== null) this.#news = `The simulated class ranked ${reply.added} prompts.`;
  }

  /** Ends a simulation after its current batch; what it has added stays. */
  async stopSimulating(): Promise<void> {
    await this.#laboratory.ask('labels.stop', {});
  }

  /** While a ranking is on its way to the disk or off it, what is on screen must not be left. */
  get #busy(): boolean {
    return this.#saving || this.#undoing;
  }

  /** True when the ranking is no longer stored. */
  async #remove(ranking: Ranking): Promise<boolean> {
    this.#undoing = true;
    const removed = await this.#laboratory.write(async () => {
      await this.#store.removeRanking(ranking.id);
      return true;
    });
    this.#undoing = false;
    if (removed === null) return false;
    this.#rankings = this.#rankings.filter((row) => row.id !== ranking.id);
    return true;
  }

  #countOf(counts: (labeler: string) => boolean): number {
    return this.#rankings.filter(({ labeler }) => counts(labeler)).length;
  }

  #begin(): void {
    this.#order = emptyOrder(this.#item?.completions.length ?? 0);
  }

  #next(item: RankingItem, ranking: Ranking | null, news: string): void {
    this.#done = [...this.#done, { item, ranking }];
    this.#queue = this.#queue.slice(1);
    this.#begin();
    this.#news = news;
    void this.fetch();
  }

  #rankingOf({ prompt, completions, shown }: RankingItem): Ranking {
    const byShown = denseRanks(this.#order);
    const ranks = completions.map((_, k) => byShown[shown.indexOf(k)] ?? 1);
    return {
      id: crypto.randomUUID(),
      prompt,
      completions,
      ranks,
      labeler: PERSON,
      shown,
      at: this.#now(),
    };
  }
}
