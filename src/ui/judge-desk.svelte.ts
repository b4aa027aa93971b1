/**
 * Blind votes between two checkpoints and the automatic suite. The worker draws the sides and names each text by
 * the id of its checkpoint, which is not shown until the votes are in; votes are stored one by one, and the sitting
 * with them.
 */
import { NO_RATING, storedRatings, type OutputRating } from '../records/output-rating.ts';
import { voteRate, type VoteRate } from '../records/vote-rate.ts';
import type { Ranking } from '../records/ranking.ts';
import type { Suite } from '../records/suite.ts';
import type { BlindPair, Sitting, Vote, VoteChoice } from '../records/vote.ts';
import type { RandomIndex } from './blind-order.ts';
import type { EvaluationDesk } from './evaluation-desk.svelte.ts';
import type { LabelStore } from './label-store.ts';
import type { Laboratory } from './laboratory.svelte.ts';

/** Nothing is said of either side yet. */
const UNRATED: readonly OutputRating[] = [NO_RATING, NO_RATING];

export class JudgeDesk {
  #sitting: Sitting | null = $state.raw(null);
  #starting = $state.raw(false);
  #voting = $state.raw(false);
  #votes: readonly Vote[] = $state.raw([]);
  #ratings = $state.raw(UNRATED);
  #suite: Suite | null = $state.raw(null);
  #suiteRunning = $state.raw(false);
  #evaluation: EvaluationDesk | null = $state.raw(null);
  /** What was stored of evaluations when the page was opened; the desk for them comes later. */
  #evaluated: readonly Ranking[] = $state.raw([]);
  #evaluating = $state.raw(false);

  #pair = $derived(
    this.#sitting?.revealed === false ? this.#sitting.pairs[this.#sitting.at] : undefined,
  );
  #cast = $derived.by(() => {
    const sitting = this.#sitting;
    return sitting === null ? [] : this.#votes.filter((vote) => isBetween(vote, sitting));
  });
  #judged = $derived([
    ...this.#votes.flatMap(({ left, right }) => [left.policy, right.policy]),
    ...(this.#evaluation?.judgements ?? this.#evaluated).flatMap(({ completions }) =>
      completions.map(({ policy }) => policy),
    ),
    ...(this.suite?.reports.map(({ checkpoint }) => checkpoint) ?? []),
  ]);

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

  get pair(): BlindPair | undefined {
    return this.#pair;
  }
  /** What is said of the left and the right text by itself. */
  get ratings(): readonly OutputRating[] {
    return this.#ratings;
  }
  get position(): number {
    return this.#sitting?.at ?? 0;
  }
  get total(): number {
    return this.#sitting?.pairs.length ?? 0;
  }
  get starting(): boolean {
    return this.#starting;
  }
  get sitting(): Sitting | null {
    return this.#sitting;
  }
  get revealed(): boolean {
    return this.#sitting?.revealed ?? false;
  }
  /** All votes ever cast. */
  get votes(): readonly Vote[] {
    return this.#votes;
  }
  /** Votes ever cast between the two checkpoints of this sitting. */
  get cast(): readonly Vote[] {
    return this.#cast;
  }
  /** Checkpoints, by id, that votes, evaluations or the suite were about; once for each. */
  get judged(): readonly string[] {
    return this.#judged;
  }
  /** True while a sitting or the suite is under way. */
  get judging(): boolean {
    const evaluating = this.#evaluation ? this.#evaluation.item !== undefined : this.#evaluating;
    return evaluating || this.#pair !== undefined || this.#suiteRunning;
  }
  /** The last judgement, by this page or stored before it was opened. */
  get suite(): Suite | null {
    return this.#suite ?? this.#laboratory.suite;
  }
  get suiteRunning(): boolean {
    return this.#suiteRunning;
  }
  /** Share won by the first checkpoint. */
  get rate(): VoteRate {
    return voteRate(this.#sitting?.first ?? '', this.#cast);
  }

  /** Brings back the votes, and the sitting that was under way unless there is one here. */
  async loadVotes(): Promise<void> {
    const votes = await this.#laboratory.attempt(() => this.#store.votes());
    if (votes !== null) this.#votes = votes;
    const sitting = await this.#laboratory.attempt(() => this.#store.sitting());
    this.#sitting ??= sitting;
    this.#evaluated = (await this.#laboratory.attempt(() => this.#store.evaluations())) ?? [];
    const evaluation = await this.#laboratory.attempt(() => this.#store.evaluationSitting());
    this.#evaluating = evaluation?.revealed === false;
  }

  /** Where outputs are rated alone and then ranked: one desk for the page, of a class that comes with its part. */
  evaluation(Desk: typeof EvaluationDesk): EvaluationDesk {
    this.#evaluation ??= new Desk(this.#laboratory, this.#store, this.#random, this.#now);
    return this.#evaluation;
  }

  /** Says something of a side, left first; stored with the vote. */
  rateSide(side: number, rating: OutputRating): void {
    this.#ratings = this.#ratings.with(side, rating);
  }

  async begin(first: string, second: string, count: number): Promise<void> {
    this.#starting = true;
    const seed = this.#random(2 ** 31);
    const reply = await this.#laboratory.ask('judge.pairs', {
      left: first,
      right: second,
      count,
      seed,
    });
    this.#starting = false;
    if (!reply?.pairs.length) return;
    await this.#move({ first, second, pairs: reply.pairs, at: 0, revealed: false }, null);
  }

  /**
   * Stores the vote, then shows the next pair; after the last one the sides are revealed. A second vote before
   * that is not taken: it could only be for a pair that nobody has seen.
   */
  async vote(choice: VoteChoice): Promise<void> {
    const [pair, sitting] = [this.#pair, this.#sitting];
    if (pair === undefined || sitting === null || this.#voting) return;
    this.#voting = true;
    const { prompt, left, right } = pair;
    const ratings = storedRatings(this.#ratings);
    const vote: Vote = {
      ...{ id: crypto.randomUUID(), prompt, left, right, choice, at: this.#now() },
      ...(ratings && { ratings }),
    };
    const at = sitting.at + 1;
    await this.#move({ ...sitting, at, revealed: at >= sitting.pairs.length }, vote);
    this.#voting = false;
  }

  async reveal(): Promise<void> {
    if (this.#sitting !== null) await this.#move({ ...this.#sitting, revealed: true }, null);
  }

  async runSuite(checkpoints: readonly string[], prompts: number): Promise<void> {
    this.#suiteRunning = true;
    const reply = await this.#laboratory.ask('judge.suite', { checkpoints, prompts });
    this.#suiteRunning = false;
    // One that was stopped before anything was judged leaves the table as it was.
    if (reply !== null && reply.reports.length > 0) this.#suite = reply;
  }

  /** Ends the judgement under way after its current chunk. */
  async stopSuite(): Promise<void> {
    await this.#laboratory.ask('judge.stop', {});
  }

  /** Stores where the sitting is now, with the vote that moved it; nothing changes here unless it is on disk. */
  async #move(sitting: Sitting, vote: Vote | null): Promise<void> {
    const from = this.#sitting;
    const stored = await this.#laboratory.write(async () => {
      await this.#store.saveSitting(sitting, vote);
      return true;
    });
    if (stored === null) return;
    if (vote !== null) this.#votes = [...this.#votes, vote];
    // Another sitting may have begun meanwhile; its first pair is still to be seen.
    if (this.#sitting !== from) return;
    this.#sitting = sitting;
    this.#ratings = UNRATED;
  }
}

function isBetween(vote: Vote, { first, second }: Pick<Sitting, 'first' | 'second'>): boolean {
  const { left, right } = vote;
  return (
    (left.policy === first && right.policy === second) ||
    (left.policy === second && right.policy === first)
  );
}
