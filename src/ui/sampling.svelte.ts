/** One prompt, asked of the checkpoint that speaks: several samples side by side, and its words that are unknown. */
import type { Prompt } from '../records/prompt.ts';
import type { CommandMap } from '../worker/protocol.ts';
import type { Laboratory } from './laboratory.svelte.ts';
import { markWords, wordSet, type MarkedPiece } from './mark-unknown.ts';

type Responses = CommandMap['model.sample']['reply']['responses'];

/** What was asked of whom, with what came back. */
export interface Answers {
  readonly checkpoint: string;
  readonly prompt: string;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly responses: Responses;
}

const EXAMPLES = 8;

export class Sampling {
  prompt = $state('');
  temperature = $state(1);
  /** The next word comes from this many likeliest ones; 0 is all. */
  topK = $state(0);
  /** Of these, from the likeliest that together have this much of the probability; 1 is all. */
  topP = $state(1);
  count = $state(3);
  /** True while the person is at the prompt, whose last word may be unfinished. */
  typing = $state(false);
  #answers: Answers | null = $state.raw(null);
  #words: ReadonlySet<string> = $state.raw(wordSet([]));
  #busy = $state.raw(false);
  #examples: readonly Prompt[] = $state.raw([]);
  #marked = $derived(markWords(this.prompt, this.#words, this.typing));
  #asked = 0;
  readonly #laboratory: Laboratory;

  constructor(laboratory: Laboratory) {
    this.#laboratory = laboratory;
  }

  get answers(): Answers | null {
    return this.#answers;
  }
  /** The prompt as it is typed, each word with whether the model can have read it. */
  get marked(): readonly MarkedPiece[] {
    return this.#marked;
  }
  get busy(): boolean {
    return this.#busy;
  }
  get examples(): readonly Prompt[] {
    return this.#examples;
  }

  /** Reads the world's words, which never change, and example prompts. */
  async load(): Promise<void> {
    const known = await this.#laboratory.ask('world.words', {});
    if (known !== null) this.#words = wordSet(known.words);
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
    this.typing = false;
    const { prompt, temperature, topK, topP, count } = this;
    const seed = this.#laboratory.settings.general.seed + this.#asked++;
    const reply = await this.#laboratory.ask('model.sample', {
      checkpoint: speaker.id,
      prompt,
      count,
      temperature,
      among: { topK, topP },
      seed,
    });
    this.#busy = false;
    if (reply === null) return;
    const { responses } = reply;
    this.#answers = { checkpoint: speaker.name, prompt, temperature, topK, topP, responses };
  }
}
