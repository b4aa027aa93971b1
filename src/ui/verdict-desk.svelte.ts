/**
 * A prompt, an answer to it, and what the gold judges say of the answer, again after each change. The judging is the
 * worker's: one verdict is asked for at a time, and what was typed meanwhile is judged next.
 */
import type { Verdict } from '../records/verdict.ts';
import type { WorldAnswer } from '../records/world-view.ts';
import type { Laboratory } from './laboratory.svelte.ts';

export class VerdictDesk {
  #prompt = $state.raw('');
  #response = $state.raw('');
  #ended = $state.raw(true);
  #verdict: Verdict | null = $state.raw(null);
  #answers: readonly WorldAnswer[] = $state.raw([]);
  #writing = $state.raw(false);
  #draw = 0;
  #judging = false;
  #again = false;
  readonly #laboratory: Laboratory;

  constructor(laboratory: Laboratory) {
    this.#laboratory = laboratory;
  }

  get prompt(): string {
    return this.#prompt;
  }
  get response(): string {
    return this.#response;
  }
  /** The answer ended by itself. */
  get ended(): boolean {
    return this.#ended;
  }
  /** Null until something was judged. */
  get verdict(): Verdict | null {
    return this.#verdict;
  }
  /** What the world itself would answer; empty for a prompt that it did not make. */
  get answers(): readonly WorldAnswer[] {
    return this.#answers;
  }
  /** True while the model that speaks writes an answer. */
  get writing(): boolean {
    return this.#writing;
  }

  /** Takes a prompt, with the world's own answers to it; the answer given so far goes. */
  async ask(prompt: string): Promise<void> {
    this.#prompt = prompt;
    this.#draw = 0;
    this.#response = '';
    this.#ended = true;
    await Promise.all([this.#readAnswers(), this.#judge()]);
  }

  /** Takes a prompt as it is typed; the answer stays. */
  async type(prompt: string): Promise<void> {
    this.#prompt = prompt;
    await Promise.all([this.#readAnswers(), this.#judge()]);
  }

  async answer(response: string, ended: boolean): Promise<void> {
    this.#response = response;
    this.#ended = ended;
    await this.#judge();
  }

  /** Takes an answer of the world's own; the next time another one of its manner. */
  async take(manner: WorldAnswer['manner']): Promise<void> {
    const written = this.#answers.find((row) => row.manner === manner);
    if (written === undefined) return;
    this.#draw++;
    await Promise.all([this.answer(written.text, true), this.#readAnswers()]);
  }

  /** Lets the model that speaks answer; each time anew. */
  async askModel(): Promise<void> {
    const { speaker, settings } = this.#laboratory;
    if (speaker === undefined || this.#prompt.trim() === '' || this.#writing) return;
    this.#writing = true;
    const prompt = this.#prompt;
    const reply = await this.#laboratory.ask('model.sample', {
      checkpoint: speaker.id,
      prompt,
      count: 1,
      temperature: 1,
      seed: settings.general.seed + this.#draw++,
    });
    this.#writing = false;
    const [response] = reply?.responses ?? [];
    if (response !== undefined && prompt === this.#prompt) {
      await this.answer(response.text, response.ended);
    }
  }

  async #readAnswers(): Promise<void> {
    const prompt = this.#prompt;
    const { seed } = this.#laboratory.settings.general;
    const reply = await this.#laboratory.ask('world.answers', { seed, prompt, draw: this.#draw });
    if (reply !== null && prompt === this.#prompt) this.#answers = reply.answers;
  }

  async #judge(): Promise<void> {
    this.#again = true;
    if (this.#judging) return;
    this.#judging = true;
    while (this.#again) {
      this.#again = false;
      const reply = await this.#laboratory.ask('world.verdict', {
        seed: this.#laboratory.settings.general.seed,
        prompt: this.#prompt,
        response: this.#response,
        ended: this.#ended,
      });
      this.#verdict = reply?.verdict ?? null;
    }
    this.#judging = false;
  }
}
