/**
 * What the world knows of a text of one seed: as one of its prompts, as one that a claim asks, and as an item of a suite,
 * which has a judge of its own. Everything is made when it is first asked for and kept. No engine, no tensors.
 */
import { SPLITS, type Split } from '../records/prompt.ts';
import {
  CLAIM_ITEMS,
  countsRarities,
  difficultPrompts,
  heldOutUseCasePrompts,
  RARE_ITEMS,
} from '../world/claim-sets.ts';
import { testPrompts, trainingPrompts, validationPrompts } from '../world/prompt-sets.ts';
import type { Suite, SuiteItem } from '../world/suites/suite.ts';
import { suites, taxSuites } from '../world/suites.ts';
import type { WorldPrompt } from '../world/tasks.ts';

/** Held-out prompts that can be browsed: a longer set of a seed begins with the shorter one. */
const HELD_OUT = { validation: 300, test: 1000 } as const;

/** An item of a suite, in the form in which it was found: a page may have fewer examples than the suite gives it. */
export interface KnownItem {
  readonly suite: Suite;
  readonly item: SuiteItem;
}

/** The item whose page ends as the text does, with as many of its examples as the text has; undefined if there is none. */
function shorterPage(
  suite: Suite,
  items: Iterable<SuiteItem>,
  text: string,
): SuiteItem | undefined {
  const pages = taxSuites.find(({ name }) => name === suite.name);
  if (pages === undefined) return undefined;
  for (const item of items) {
    if (!item.prompt.endsWith(text)) continue;
    const short = pages.within(item, (page) => page.startsWith(text));
    if (short.prompt === text) return short;
  }
  return undefined;
}

export class KnownPrompts {
  readonly seed: number;
  readonly #pools = new Map<Split, readonly WorldPrompt[]>();
  readonly #items = new Map<string, ReadonlyMap<string, SuiteItem>>();
  #inPools: ReadonlyMap<string, WorldPrompt> | null = null;
  #inClaims: ReadonlyMap<string, WorldPrompt> | null = null;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** The prompts of a split. */
  of(split: Split): readonly WorldPrompt[] {
    const held = this.#pools.get(split) ?? this.#make(split);
    this.#pools.set(split, held);
    return held;
  }

  /** The prompt of this text; undefined when neither people nor claims ask it. */
  prompt(text: string): WorldPrompt | undefined {
    this.#inPools ??= byText(SPLITS.flatMap((split) => this.of(split)));
    const known = this.#inPools.get(text);
    if (known !== undefined) return known;
    this.#inClaims ??= byText([
      ...heldOutUseCasePrompts(this.seed, CLAIM_ITEMS),
      ...difficultPrompts(this.seed, CLAIM_ITEMS),
    ]);
    return this.#inClaims.get(text);
  }

  /** The items of this text, of the suite named or of any; several suites may ask the same. */
  items(text: string, name?: string): readonly KnownItem[] {
    if (text === '') return [];
    // A page is left open behind its last label; what people type ends with a sentence.
    const form = /[.?!]$/.test(text) ? 'instruction' : 'page';
    const asked = suites.filter((suite) =>
      name === undefined ? suite.form === form : suite.name === name,
    );
    return asked.flatMap((suite) => {
      const own = this.#itemsOf(suite);
      const item = own.get(text) ?? shorterPage(suite, own.values(), text);
      return item === undefined ? [] : [{ suite, item }];
    });
  }

  #itemsOf(suite: Suite): ReadonlyMap<string, SuiteItem> {
    const count = countsRarities(suite.name) ? RARE_ITEMS : CLAIM_ITEMS;
    const made =
      this.#items.get(suite.name) ??
      new Map(suite.items(this.seed, count).map((item) => [item.prompt, item]));
    this.#items.set(suite.name, made);
    return made;
  }

  #make(split: Split): readonly WorldPrompt[] {
    if (split === 'train') return trainingPrompts(this.seed);
    if (split === 'test') return testPrompts(this.seed, HELD_OUT.test);
    return validationPrompts(this.seed, HELD_OUT.validation);
  }
}

function byText(prompts: readonly WorldPrompt[]): ReadonlyMap<string, WorldPrompt> {
  return new Map(prompts.map((prompt) => [prompt.text, prompt]));
}
