/**
 * Prompt sets: who asks what (paper section 3.2 and appendix A). Splits are by user, users have a cap, prompts with a
 * long common prefix are dropped, and so are training prompts with personal data. A (template, entity) pair belongs
 * to one split only, so that held-out prompts are new in more than name.
 */
import { Rng, streamKey } from '../data/rng.ts';
import type { Split } from '../records/prompt.ts';
import { FEW_SHOT_SHARE, FEW_SHOT_USE_CASES, withExamples } from './few-shot.ts';
import { LEXICON } from './lexicon.ts';
import { personalDataIn } from './personal-data.ts';
import type { PresentUseCase, Task, WorldPrompt } from './tasks.ts';
import { HELD_OUT_USE_CASE, presentUseCases, useCases, useCaseShares } from './use-cases.ts';
import type { Draft } from './use-cases/use-case.ts';
import { worldUsers, type User } from './users.ts';

export interface PromptOptions {
  readonly split: Split;
  /** How many prompts to make. */
  readonly count: number;
  /** Most prompts of one user (the paper's cap is 200). */
  readonly cap?: number;
  /** Only these use cases; all that are present by default. The held-out one is never drawn for training. */
  readonly useCases?: readonly PresentUseCase[];
}

export const USER_CAP = 60;
/** Prompts that agree in this many leading characters are duplicates. */
const LONG_PREFIX = 90;
/** Share of prompts, before any filter, in which people give their number or address. */
const CONTACT_SHARE = 0.01;
/** Combinations per split, of 20. */
const COMBINATIONS: readonly (readonly [Split, number])[] = [
  ['train', 12],
  ['validation', 3],
  ['test', 5],
];

/** The one split that a (template, entity) pair may occur in. */
export function splitOfCombination(template: string, entity: string): Split {
  const [word] = streamKey(0, 'combination', template, entity);
  let left = word % 20;
  for (const [split, share] of COMBINATIONS) {
    if (left < share) return split;
    left -= share;
  }
  return 'test';
}

function drawDraft(
  rng: Rng,
  user: User,
  useCase: PresentUseCase,
  favourite: boolean,
): Draft<Task> | null {
  const draft = useCases[useCase].draw(rng, user, favourite);
  return splitOfCombination(draft.template, draft.entity) === user.split ? draft : null;
}

/**
 * Chance of examples for a prompt of a use case, so that few-shot prompts would be FEW_SHOT_SHARE of all if examples
 * always fitted.
 */
function fewShotChance(useCase: PresentUseCase): number {
  if (!FEW_SHOT_USE_CASES.includes(useCase)) return 0;
  const shares = useCaseShares();
  return FEW_SHOT_SHARE / FEW_SHOT_USE_CASES.reduce((sum, name) => sum + shares[name], 0);
}

/** How a person to be answered elsewhere begins a prompt; no number or street that anyone has. */
function contact(rng: Rng): string {
  const number = () => `555-01${rng.int(10)}${rng.int(10)}`;
  return rng.chance(0.5)
    ? `my number is ${number()}.`
    : `i live at ${1 + rng.int(20)} ${rng.pick(LEXICON.animal)} street.`;
}

function drawPrompt(rng: Rng, user: User, useCase: PresentUseCase): Omit<WorldPrompt, 'id'> | null {
  const favourite = rng.chance(user.loyalty);
  const plain = drawDraft(rng, user, useCase, favourite);
  if (!plain) return null;
  const another = (): Draft<Task> | null => drawDraft(rng, user, useCase, false);
  const shown = rng.chance(fewShotChance(useCase))
    ? withExamples(rng, useCases[useCase], plain, another)
    : null;
  const draft = shown ?? plain;
  const text = rng.chance(CONTACT_SHARE) ? `${contact(rng)} ${draft.text}` : draft.text;
  if (user.split === 'train' && personalDataIn(text).length > 0) return null;
  return {
    text,
    useCase,
    kind: shown ? 'few-shot' : favourite ? 'user-based' : 'plain',
    userId: user.id,
    split: user.split,
    source: 'world',
    task: draft.task,
    template: draft.template,
    entity: draft.entity,
  };
}

/**
 * Prompts of one split, without duplicates, in a random order of users and use cases. A longer set of the same seed
 * begins with the shorter one. Training prompts are never of the held-out use case. Throws a RangeError when the cap
 * makes the count impossible, no use case is left, or the world has no more new prompts.
 */
export function generatePrompts(seed: number, options: PromptOptions): WorldPrompt[] {
  const { split, count, cap = USER_CAP, useCases: asked = presentUseCases } = options;
  const wanted = asked.filter((name) => split !== 'train' || name !== HELD_OUT_USE_CASE);
  if (wanted.length === 0) {
    throw new RangeError(
      `no use case to draw: ${HELD_OUT_USE_CASE} is kept out of ${split} prompts`,
    );
  }
  const rng = Rng.named(seed, 'world', 'prompts', split);
  const shares = useCaseShares();
  const weights = wanted.map((name) => shares[name]);
  const users = worldUsers(seed).filter((user) => user.split === split);
  if (count > cap * users.length) {
    throw new RangeError(
      `${users.length} ${split} users with ${cap} prompts each cannot give ${count} prompts`,
    );
  }
  const sent = new Map<string, number>();
  const seen = new Set<string>();
  const prompts: WorldPrompt[] = [];
  for (let attempts = 0; prompts.length < count;) {
    const useCase = wanted[rng.weighted(weights)] ?? 'generation';
    const user = rng.pick(users.filter((each) => (sent.get(each.id) ?? 0) < cap));
    let drawn: Omit<WorldPrompt, 'id'> | null = null;
    while (drawn === null || seen.has(drawn.text.slice(0, LONG_PREFIX))) {
      if (++attempts > 200 * count + 10_000) throw new RangeError(`no more new ${split} prompts`);
      drawn = drawPrompt(rng, user, useCase);
    }
    seen.add(drawn.text.slice(0, LONG_PREFIX));
    sent.set(user.id, (sent.get(user.id) ?? 0) + 1);
    prompts.push({ id: `${split}-${prompts.length + 1}`, ...drawn });
  }
  return prompts;
}
