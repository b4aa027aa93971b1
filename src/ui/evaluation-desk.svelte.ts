/**
 * The desk of the paper's evaluation: outputs of several checkpoints, blind, each rated alone and then all ranked.
 * Every step is stored before it counts, so a reload goes on where it was. What the judgements add up to is in
 * records/human-evaluation.ts; the board over all of them comes from the worker. Loaded late.
 */
import {
  judgementsOf,
  withRepeats,
  type EvaluationItem,
  type EvaluationSitting,
} from '../records/human-evaluation.ts';
import { NO_RATING, type OutputRating } from '../records/output-rating.ts';
import { PERSON, type Completion, type Ranking } from '../records/ranking.ts';
import type { HumanBoard } from '../records/human-board.ts';
import type { RandomIndex } from './blind-order.ts';
import type { LabelStore } from './label-store.ts';
import type { Laboratory } from './laboratory.svelte.ts';
import { denseRanks, emptyOrder, isComplete, undo, type RankingOrder } from './ranking-order.ts';

export class EvaluationDesk {
  #sitting: EvaluationSitting | null = $state.raw(null);
  #judgements: readonly Ranking[] = $state.raw([]);
  #draft: OutputRating = $state.raw(NO_RATING);
  #order: RankingOrder = $state.raw(emptyOrder(0));
  #news = $state.raw('');
  #starting = $state.raw(false);
  #saving = $state.raw(false);
  #board: HumanBoard | null = $state.raw(null);

  #item = $derived(
    this.#sitting?.revealed === false ? this.#sitting.items[this.#sitting.at] : undefined,
  );
  #output = $derived(this.#item?.outputs[this.#sitting?.ratings.length ?? 0]);
  #results = $derived.by(() => {
    const sitting = this.#sitting;
    return sitting === null ? [] : judgementsOf(this.#judgements, sitting.checkpoints);
  });

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

  get sitting(): EvaluationSitting | null {
    return this.#sitting;
  }
  /** The prompt on screen; undefined when nothing is under way. */
  get item(): EvaluationItem | undefined {
    return this.#item;
  }
  /** The output to be rated alone; undefined once all of the prompt are rated and are to be ranked. */
  get output(): Completion | undefined {
    return this.#output;
  }
  /** What is said of that output so far. */
  get draft(): OutputRating {
    return this.#draft;
  }
  get order(): RankingOrder {
    return this.#order;
  }
  /** The last thing that happened, in one sentence for the live region. */
  get news(): string {
    return this.#news;
  }
  get starting(): boolean {
    return this.#starting;
  }
  /** All judgements ever saved. */
  get judgements(): readonly Ranking[] {
    return this.#judgements;
  }
  /** Number of judgements ever saved. */
  get judged(): number {
    return this.#judgements.length;
  }
  /** Judgements of the checkpoints of this sitting, from all sittings about them. */
  get results(): readonly Ranking[] {
    return this.#results;
  }
  /** All that a person's judgements add up to; null before it was counted. */
  get board(): HumanBoard | null {
    return this.#board;
  }
  get canRank(): boolean {
    return this.#item !== undefined && this.#output === undefined && isComplete(this.#order);
  }

  /** Brings back the judgements, and the sitting that was under way unless there is one here. */
  async load(): Promise<void> {
    const judgements = await this.#laboratory.attempt(() => this.#store.evaluations());
    if (judgements !== null) this.#judgements = judgements;
    const sitting = await this.#laboratory.attempt(() => this.#store.evaluationSitting());
    if (this.#sitting === null && sitting !== null) this.#show(sitting);
  }

  async begin(checkpoints: readonly string[], baseline: string, count: number): Promise<void> {
    if (this.#starting) return;
    this.#starting = true;
    const seed = this.#random(2 ** 31);
    const reply = await this.#laboratory.ask('judge.outputs', { checkpoints, count, seed });
    this.#starting = false;
    if (!reply?.items.length) return;
    const items = withRepeats(reply.items, this.#random);
    const sitting = { checkpoints, baseline, items, at: 0, ratings: [], revealed: false };
    await this.#move(sitting, null, '');
  }

  rate(rating: OutputRating): void {
    this.#draft = rating;
  }

  /** Keeps what is said of this output, which needs an overall score, and shows the next. */
  async next(): Promise<void> {
    const sitting = this.#sitting;
    if (sitting === null || this.#output === undefined || this.#draft.overall === null) return;
    const ratings = [...sitting.ratings, this.#draft];
    await this.#move({ ...sitting, ratings }, null, `Score ${this.#draft.overall} kept.`);
  }

  /** Back to the output before, with what was said of it. */
  async back(): Promise<void> {
    const sitting = this.#sitting;
    const last = sitting?.ratings.at(-1);
    if (sitting === null || this.#item === undefined || last === undefined) return;
    const ratings = sitting.ratings.slice(0, -1);
    if (await this.#move({ ...sitting, ratings }, null, 'Back to the answer before.')) {
      this.#draft = last;
    }
  }

  change(order: RankingOrder, news: string): void {
    this.#order = order;
    this.#news = news;
  }

  undo(): void {
    if (this.#order.before === null) return;
    this.change(undo(this.#order), 'Change undone.');
  }

  /** Stores the ranking with the ratings and goes on to the next prompt; after the last one the names are shown. */
  async save(): Promise<void> {
    const [item, sitting] = [this.#item, this.#sitting];
    if (item === undefined || sitting === null || !this.canRank) return;
    const { prompt, outputs, repeat } = item;
    const judgement: Ranking = {
      ...{ id: crypto.randomUUID(), prompt, completions: outputs, ranks: denseRanks(this.#order) },
      ...{ labeler: PERSON, shown: outputs.map((_, i) => i), at: this.#now() },
      ...{ ratings: sitting.ratings, ...(repeat && { repeat }) },
    };
    await this.#move(past(sitting), judgement, 'Judgement saved.');
  }

  /** Goes on without a judgement of this prompt. */
  async skip(): Promise<void> {
    if (this.#item === undefined || this.#sitting === null) return;
    await this.#move(past(this.#sitting), null, 'Skipped; nothing was stored.');
  }

  /** Ends the sitting and shows the names. */
  async reveal(): Promise<void> {
    if (this.#sitting !== null) await this.#move({ ...this.#sitting, revealed: true }, null, '');
  }

  /** Counts all judgements anew; a failure is shown. */
  async count(): Promise<void> {
    const board = await this.#laboratory.ask('judge.board', {});
    if (board !== null) this.#board = board;
  }

  #show(sitting: EvaluationSitting): void {
    const item = sitting.items[sitting.at];
    this.#sitting = sitting;
    this.#draft = NO_RATING;
    this.#order = emptyOrder(item?.outputs.length ?? 0);
  }

  /** Stores where the sitting is now, with its judgement; nothing changes here unless it is on disk. One step at a time. */
  async #move(
    sitting: EvaluationSitting,
    judgement: Ranking | null,
    news: string,
  ): Promise<boolean> {
    if (this.#saving) return false;
    this.#saving = true;
    const stored = await this.#laboratory.write(async () => {
      await this.#store.saveEvaluation(sitting, judgement);
      return true;
    });
    this.#saving = false;
    if (stored === null) return false;
    if (judgement !== null) this.#judgements = [...this.#judgements, judgement];
    this.#show(sitting);
    this.#news = news;
    return true;
  }
}

/** The sitting at its next prompt, or revealed after the last. */
function past(sitting: EvaluationSitting): EvaluationSitting {
  const at = sitting.at + 1;
  return { ...sitting, at, ratings: [], revealed: at >= sitting.items.length };
}
