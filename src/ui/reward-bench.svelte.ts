/** The reward model on the bench: its report on held-out comparisons, and the score of any typed text. */
import type { RewardReport } from '../worker/protocol.ts';
import type { Laboratory } from './laboratory.svelte.ts';

/** Typing rests this long before a score is asked for, in milliseconds. */
const REST = 250;

export class RewardBench {
  prompt = $state('');
  #response = $state('');
  #report: RewardReport | null = $state.raw(null);
  #score: number | null = $state.raw(null);
  #scored = $state.raw('');
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;
  readonly #laboratory: Laboratory;

  constructor(laboratory: Laboratory) {
    this.#laboratory = laboratory;
  }

  get report(): RewardReport | null {
    return this.#report;
  }
  get response(): string {
    return this.#response;
  }
  /** Score of `scored`, which may be older than what is typed; null before the first. */
  get score(): number | null {
    return this.#score;
  }
  /** True while the score shown is not yet that of the text. */
  get scoring(): boolean {
    return this.#scored !== this.#key();
  }

  async loadReport(): Promise<void> {
    const report = await this.#laboratory.ask('reward.report', {});
    if (report !== null) this.#report = report;
  }

  /** Takes typed text and scores it when typing rests. */
  type(prompt: string, response: string): void {
    this.prompt = prompt;
    this.#response = response;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.scoreNow(), REST);
  }

  async scoreNow(): Promise<void> {
    if (this.prompt.trim() === '' || this.#response === '') return;
    const key = this.#key();
    const asked = ++this.#asked;
    const reply = await this.#laboratory.ask('reward.score', {
      prompt: this.prompt,
      response: this.#response,
    });
    if (reply === null || asked !== this.#asked) return;
    this.#score = reply.score;
    this.#scored = key;
  }

  #key(): string {
    return JSON.stringify([this.prompt, this.#response]);
  }
}
