/** One prompt, asked of the checkpoint that speaks: several samples side by side, and unknown words. */
import type { Prompt } from '../records/prompt.ts';
import type { CommandMap } from '../worker/protocol.ts';
import type { Laboratory } from './laboratory.svelte.ts';

type Responses = CommandMap['model.sample']['reply']['responses'];

/** What was asked of whom, with what came back. */
export interface Answers {
  readonly checkpoint: string;
  readonly prompt: string;
  readonly temperature: number;
  readonly responses: Responses;
}

const EXAMPLES = 8;

export class Sampling {
  prompt = $state('');
  temperature = $state(1);
  count = $state(3);
  #answers: Answers | null = $state.raw(null);
  #unknown: readonly string[] = $state.raw([]);
  #busy = $state.raw(false);
  #examples: readonly Prompt[] = $state.raw([]);
  #asked = 0;
  readonly #laboratory: Laboratory;

  constructor(laboratory: Laboratory) {
    this.#laboratory = laboratory;
  }

  get answers(): Answers | null {
    return this.#answers;
  }
  /** Words of the last prompt that this world has never seen. */
  get unknown(): readonly string[] {
    return this.#unknown;
  }
  get busy(): boolean {
    return this.#busy;
  }
  get examples(): readonly Prompt[] {
    return this.#examples;
  }

  async loadExamples(): Promise<void> {
    const reply = await this.#laboratory.ask('prompts.examples', { count: EXAMPLES });
    if (reply === null) return;
    this.#examples = reply.prompts;
    if (this.prompt === '') this.prompt = reply.prompts[0]?.text ?? '';
  }

  /** Each press draws anew: the seed counts up from the settings' seed. */
  async sample(): Promise<void> {
    const speaker = this.#laboratory.speaker;
    if (speaker === undefined || this.prompt.trim() === '' || this.#busy) return;
    this.#busy = true;
    const { prompt, temperature, count } = this;
    const seed = this.#laboratory.settings.general.seed + this.#asked++;
    const reply = await this.#laboratory.ask('model.sample', {
      checkpoint: speaker.id,
      prompt,
      count,
      temperature,
      seed,
    });
    this.#busy = false;
    if (reply === null) return;
    this.#unknown = reply.unknown;
    this.#answers = { checkpoint: speaker.name, prompt, temperature, responses: reply.responses };
  }
}
