/**
 * What the synthetic world supplies to the page: prompts, demonstrations, labelers, verdicts and pre-training text.
 * Everything depends on the seed only, and is made once for each seed.
 */
import { rowSource } from '../data/packing.ts';
import { learnedPart, passageSource, tokenStream } from '../data/text-rows.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { OwnText } from '../records/own-text.ts';
import type { Demonstration, Prompt } from '../records/prompt.ts';
import type { Completion, Ranking } from '../records/ranking.ts';
import type { RowSource } from '../rlhf/pretrain.ts';
import { generateDemonstrations } from '../world/demonstrations.ts';
import { writeDocument } from '../world/documents.ts';
import {
  labelByClass,
  labelerPopulation,
  type Labeler,
  type PopulationOptions,
} from '../world/labelers.ts';
import {
  rankingPrompts,
  testPrompts,
  trainingPrompts,
  validationPrompts,
} from '../world/prompt-sets.ts';
import { isWorldPrompt, type WorldPrompt } from '../world/tasks.ts';

/** A prompt without what the world knows about it: what is stored and shown. */
export function plainPrompt(prompt: Prompt): Prompt {
  const { id, text, useCase, kind, userId, split, source } = prompt;
  return { id, text, useCase, kind, userId, split, source };
}

/** A completion without anything but its record. */
export function plainCompletion({ id, text, policy, ended }: Completion): Completion {
  return { id, text, policy, ended };
}

/** Which simulated class ranks. */
type ClassOptions = Pick<PopulationOptions, 'population' | 'noise' | 'k'>;

export class WorldSupply {
  readonly seed: number;
  #class: ClassOptions = {};
  #training: readonly WorldPrompt[] | null = null;
  #byText: ReadonlyMap<string, WorldPrompt> | null = null;
  #labelers: readonly Labeler[] | null = null;
  #demonstrations: readonly Demonstration[] = [];
  #mixed: { readonly text: OwnText; readonly share: number } | null = null;
  #tokens: { readonly print: string; readonly tokens: Int32Array } | null = null;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Takes the class that ranks from now on. */
  choose({ population, noise, k }: Required<ClassOptions>): void {
    const is = this.#class;
    if (population !== is.population || noise !== is.noise || k !== is.k) this.#labelers = null;
    this.#class = { population, noise, k };
  }

  /** The class that ranks now. */
  get classOptions(): ClassOptions {
    return this.#class;
  }

  get training(): readonly WorldPrompt[] {
    this.#training ??= trainingPrompts(this.seed);
    return this.#training;
  }

  /** Training labelers. */
  get labelers(): readonly Labeler[] {
    this.#labelers ??= labelerPopulation(this.seed, this.#class).filter(
      ({ group }) => group === 'training',
    );
    return this.#labelers;
  }

  /** Prompts in the order in which they are ranked. */
  rankingOrder(): readonly WorldPrompt[] {
    return rankingPrompts(this.training, this.training.length);
  }

  validation(count: number): readonly WorldPrompt[] {
    return validationPrompts(this.seed, count);
  }

  test(count: number): readonly WorldPrompt[] {
    return testPrompts(this.seed, count);
  }

  demonstrations(count: number): readonly Demonstration[] {
    if (this.#demonstrations.length < count) {
      this.#demonstrations = generateDemonstrations(this.seed, count).map((row) => ({
        ...row,
        prompt: plainPrompt(row.prompt),
      }));
    }
    return this.#demonstrations.slice(0, count);
  }

  /** What the world knows about a stored prompt; undefined for a person's own. */
  known(prompt: Prompt): WorldPrompt | undefined {
    this.#byText ??= new Map(this.training.map((row) => [row.text, row]));
    return this.#byText.get(prompt.text);
  }

  /** The person's own prompts before those of the world; each text once. */
  withOwn(own: readonly Prompt[], prompts: readonly WorldPrompt[]): readonly Prompt[] {
    const texts = new Set(own.map(({ text }) => text));
    return [...own, ...prompts.filter(({ text }) => !texts.has(text))];
  }

  /** One ranking by a labeler drawn for the prompt, ready to be stored; by what the world knows of it, if anything. */
  label(prompt: Prompt, completions: readonly Completion[]): Ranking {
    const known = isWorldPrompt(prompt) ? prompt : this.known(prompt);
    const judged = known === undefined ? prompt : { ...known, id: prompt.id };
    const ranking = labelByClass(this.labelers, judged, completions, this.seed);
    return {
      ...ranking,
      prompt: plainPrompt(prompt),
      completions: completions.map(plainCompletion),
    };
  }

  /** Takes the person's own text, but for the share kept aside, as pre-training text; null for the world's documents. */
  mixIn(text: OwnText | null, share: number): void {
    this.#mixed = text === null ? null : { text, share };
  }

  /** Kept, because a long text takes seconds. */
  #tokensOf({ text, print }: OwnText, tokenizer: Tokenizer): Int32Array {
    if (this.#tokens?.print !== print) {
      this.#tokens = { print, tokens: tokenStream(text, tokenizer) };
    }
    return this.#tokens.tokens;
  }

  /** Pre-training rows of a scope by index; `length` counts one token more than is trained on. Throws FormatError. */
  pretrainingRows(
    tokenizer: Tokenizer,
    shape: { batch: number; length: number },
    scope: string,
  ): RowSource {
    const name = { seed: this.seed, scope };
    if (this.#mixed !== null) {
      const { text, share } = this.#mixed;
      const length = shape.length - 1;
      const learned = learnedPart(this.#tokensOf(text, tokenizer), share);
      return passageSource(learned, { batch: shape.batch, length }, name);
    }
    return rowSource(writeDocument, tokenizer, shape, name);
  }
}
