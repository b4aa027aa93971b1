/**
 * Blind votes between two checkpoints and the automatic suite. The worker draws the sides and names each text by
 * the id of its checkpoint, which is not shown until the votes are in; votes are stored one by one.
 */
import { voteRate, type VoteRate } from '../records/vote-rate.ts';
import type { Vote, VoteChoice } from '../records/vote.ts';
import type { BlindPair, CommandMap } from '../worker/protocol.ts';
import type { RandomIndex } from './blind-order.ts';
import type { LabelStore } from './label-store.ts';
import type { Laboratory } from './laboratory.svelte.ts';

type Suite = CommandMap['judge.suite']['reply'];

/** The two checkpoints of a sitting, by id. */
interface Sitting {
  readonly first: string;
  readonly second: string;
}

export class JudgeDesk {
  #sitting: Sitting | null = $state.raw(null);
  #pairs: readonly BlindPair[] = $state.raw([]);
  #at = $state.raw(0);
  #revealed = $state.raw(false);
  #starting = $state.raw(false);
  #voting = $state.raw(false);
  #votes: readonly Vote[] = $state.raw([]);
  #suite: Suite | null = $state.raw(null);
  #suiteRunning = $state.raw(false);

  #pair = $derived(this.#pairs[this.#at]);
  #cast = $derived.by(() => {
    const sitting = this.#sitting;
    return sitting === null ? [] : this.#votes.filter((vote) => isBetween(vote, sitting));
  });
  #judged = $derived([
    ...this.#votes.flatMap(({ left, right }) => [left.policy, right.policy]),
    ...(this.#suite?.reports.map(({ checkpoint }) => checkpoint) ?? []),
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
    return this.#revealed ? undefined : this.#pair;
  }
  get position(): number {
    return this.#at;
  }
  get total(): number {
    return this.#pairs.length;
  }
  get starting(): boolean {
    return this.#starting;
  }
  get sitting(): Sitting | null {
    return this.#sitting;
  }
  get revealed(): boolean {
    return this.#revealed;
  }
  /** Votes ever cast between the two checkpoints of this sitting. */
  get cast(): readonly Vote[] {
    return this.#cast;
  }
  /** Checkpoints, by id, that votes or the suite were about; once for each. */
  get judged(): readonly string[] {
    return this.#judged;
  }
  get suite(): Suite | null {
    return this.#suite;
  }
  get suiteRunning(): boolean {
    return this.#suiteRunning;
  }
  /** Share won by the first checkpoint. */
  get rate(): VoteRate {
    return voteRate(this.#sitting?.first ?? '', this.#cast);
  }

  async loadVotes(): Promise<void> {
    const votes = await this.#laboratory.attempt(() => this.#store.votes());
    if (votes !== null) this.#votes = votes;
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
    if (reply === null) return;
    this.#sitting = { first, second };
    this.#revealed = false;
    this.#at = 0;
    this.#pairs = reply.pairs;
  }

  /**
   * Stores the vote, then shows the next pair; after the last one the sides are revealed. A second vote before
   * that is not taken: it could only be for a pair that nobody has seen.
   */
  async vote(choice: VoteChoice): Promise<void> {
    const pair = this.pair;
    if (pair === undefined || this.#voting) return;
    this.#voting = true;
    const { prompt, left, right } = pair;
    const vote: Vote = { id: crypto.randomUUID(), prompt, left, right, choice, at: this.#now() };
    const stored = await this.#laboratory.attempt(async () => {
      await this.#store.addVote(vote);
      return true;
    });
    this.#voting = false;
    if (stored === null) return;
    this.#votes = [...this.#votes, vote];
    // Another sitting may have begun meanwhile; its first pair is still to be seen.
    if (pair !== this.#pairs[this.#at]) return;
    this.#at += 1;
    if (this.#at >= this.#pairs.length) this.#revealed = true;
  }

  reveal(): void {
    this.#revealed = true;
  }

  async runSuite(checkpoints: readonly string[], prompts: number): Promise<void> {
    this.#suiteRunning = true;
    const reply = await this.#laboratory.ask('judge.suite', { checkpoints, prompts });
    this.#suiteRunning = false;
    if (reply !== null) this.#suite = reply;
  }
}

function isBetween(vote: Vote, { first, second }: Sitting): boolean {
  const { left, right } = vote;
  return (
    (left.policy === first && right.policy === second) ||
    (left.policy === second && right.policy === first)
  );
}
