/** The reward model on the bench: its report on held-out comparisons, and the score of any typed text. */
import type { LabelerTrial, RewardReport } from '../records/reward-report.ts';
import type { Laboratory } from './laboratory.svelte.ts';

/** Typing rests this long before a score is asked for, in milliseconds. */
const REST = 250;

export class RewardBench {
  prompt = $state('');
  #response = $state('');
  #report: RewardReport | null = $state.raw(null);
  #reporting = $state.raw(false);
  #score: number | null = $state.raw(null);
  #scored = $state.raw('');
  #trials: readonly LabelerTrial[] = $state.raw([]);
  #trying: string | null = $state.raw(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;
  readonly #laboratory: Laboratory;

  constructor(laboratory: Laboratory) {
    this.#laboratory = laboratory;
  }

  get report(): RewardReport | null {
    return this.#report;
  }
  get reporting(): boolean {
    return this.#reporting;
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

  /** Labelers held out since the reward model was trained, newest last. */
  get trials(): readonly LabelerTrial[] {
    return this.#trials;
  }
  /** The labeler who is held out now. */
  get trying(): string | null {
    return this.#trying;
  }

  /** What was said of, and tried beside, another reward model is forgotten. */
  async loadReport(): Promise<void> {
    this.#reporting = true;
    const report = await this.#laboratory.ask('reward.report', {});
    this.#reporting = false;
    if (JSON.stringify(report) !== JSON.stringify(this.#report)) this.#trials = [];
    this.#report = report;
  }

  /** Trains without one labeler; true when there is a result. */
  async holdOut(labeler: string): Promise<boolean> {
    if (this.#trying !== null) return false;
    this.#trying = labeler;
    const trial = (await this.#laboratory.ask('labeler.holdOut', { labeler }))?.trial ?? null;
    this.#trying = null;
    if (trial === null) return false;
    this.#trials = [...this.#trials.filter((row) => row.labeler !== labeler), trial];
    return true;
  }

  /** Ends it after its current step; nothing is kept of it. */
  async stopHoldingOut(): Promise<void> {
    await this.#laboratory.ask('labeler.stop', {});
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
