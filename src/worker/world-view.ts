/**
 * What the viewer of the synthetic world asks for: facts, documents, prompts, labelers, answers that the world itself can
 * write, and verdicts. A function of the seed only; no project, no engine, no tensors. Loaded when first asked for.
 */
import { Rng } from '../data/rng.ts';
import { SPLITS, type Split } from '../records/prompt.ts';
import type { FactView, ShareView, WorldAnswer } from '../records/world-view.ts';
import { idealResponse, mixedResponse, poorResponse } from '../world/demonstrations.ts';
import { state } from '../world/documents/pages.ts';
import {
  documentKinds,
  documentShares,
  generateDocument,
  isDocumentKind,
} from '../world/documents.ts';
import { FACTS, MYTHS, SUMS, type Fact } from '../world/facts.ts';
import { labelerPopulation } from '../world/labelers.ts';
import { testPrompts, trainingPrompts, validationPrompts } from '../world/prompt-sets.ts';
import { spellOut } from '../world/spell-out.ts';
import type { WorldPrompt } from '../world/tasks.ts';
import { HELD_OUT_USE_CASE, presentUseCases, useCases, useCaseShares } from '../world/use-cases.ts';
import { worldUsers } from '../world/users.ts';
import { InputError } from './failure.ts';
import type { CommandMap } from './protocol.ts';
import { plainPrompt } from './world-supply.ts';

/** Held-out prompts that can be browsed: a longer set of a seed begins with the shorter one. */
const HELD_OUT = { validation: 300, test: 1000 } as const;

type Args<N extends keyof CommandMap> = CommandMap[N]['args'];
type Reply<N extends keyof CommandMap> = CommandMap[N]['reply'];

function viewed(fact: Fact, isTrue: boolean): FactView {
  const rng = Rng.named(0, 'viewer', fact.relation, fact.subject, fact.value);
  return { ...fact, true: isTrue, sentence: state(rng, fact) };
}

/** Prompts of one seed, made when they are first asked for. */
class PromptPools {
  readonly seed: number;
  readonly #pools = new Map<Split, readonly WorldPrompt[]>();
  #byText: ReadonlyMap<string, WorldPrompt> | null = null;

  constructor(seed: number) {
    this.seed = seed;
  }

  of(split: Split): readonly WorldPrompt[] {
    const held = this.#pools.get(split) ?? this.#make(split);
    this.#pools.set(split, held);
    return held;
  }

  /** What the world knows of a text; undefined when it is none of its prompts. */
  known(text: string): WorldPrompt | undefined {
    this.#byText ??= new Map(
      SPLITS.flatMap((split) => this.of(split)).map((prompt) => [prompt.text, prompt]),
    );
    return this.#byText.get(text);
  }

  #make(split: Split): readonly WorldPrompt[] {
    if (split === 'train') return trainingPrompts(this.seed);
    if (split === 'test') return testPrompts(this.seed, HELD_OUT.test);
    return validationPrompts(this.seed, HELD_OUT.validation);
  }
}

let pools: PromptPools | null = null;
function poolsOf(seed: number): PromptPools {
  if (pools?.seed !== seed) pools = new PromptPools(seed);
  return pools;
}

export function overview({ seed, labels }: Args<'world.overview'>): Reply<'world.overview'> {
  const shares = useCaseShares();
  return {
    facts: [
      ...[...FACTS, ...SUMS].map((fact) => viewed(fact, true)),
      ...MYTHS.map((fact) => viewed(fact, false)),
    ],
    documents: documentShares() satisfies readonly ShareView[],
    useCases: presentUseCases.map((name) => ({ name, share: shares[name] })),
    heldOutUseCase: HELD_OUT_USE_CASE,
    users: worldUsers(seed),
    labelers: labelerPopulation(seed, labels),
    prompts: {
      train: poolsOf(seed).of('train').length,
      validation: poolsOf(seed).of('validation').length,
      test: poolsOf(seed).of('test').length,
    },
  };
}

/** A document of a kind, or of one drawn by frequency; another `draw`, another document. */
export function document({ seed, kind, draw }: Args<'world.document'>): Reply<'world.document'> {
  if (kind !== null && !isDocumentKind(kind)) {
    throw new InputError(
      `This world has no documents called "${kind}": use ${documentKinds.join(', ')}.`,
    );
  }
  const { kind: drawn, parts } = generateDocument(
    Rng.named(seed, 'viewer', 'document', draw),
    kind ?? undefined,
  );
  return { kind: drawn, parts };
}

export function prompts({
  seed,
  filter,
  from,
  count,
}: Args<'world.prompts'>): Reply<'world.prompts'> {
  const passing = poolsOf(seed)
    .of(filter.split)
    .filter(
      ({ useCase, kind, userId }) =>
        (filter.useCase === null || useCase === filter.useCase) &&
        (filter.kind === null || kind === filter.kind) &&
        (filter.user === null || userId === filter.user),
    );
  return { prompts: passing.slice(from, from + count).map(plainPrompt), total: passing.length };
}

/** Answers of every quality to a prompt of this world; none to another. */
export function answers({ seed, prompt, draw }: Args<'world.answers'>): Reply<'world.answers'> {
  const known = poolsOf(seed).known(prompt);
  if (known === undefined) return { answers: [] };
  const { task } = known;
  const rng = (manner: string): Rng => Rng.named(seed, 'viewer', manner, known.id, draw);
  const written: WorldAnswer[] = [
    { manner: 'ideal', text: idealResponse(task, rng('ideal')) },
    { manner: 'person', text: mixedResponse(task, rng('person')) },
    { manner: 'poor', text: poorResponse(task, rng('poor')) },
    { manner: 'slip', text: useCases[task.useCase].slip(task, rng('slip')) },
  ];
  return { answers: written };
}

/** The judges' verdict, by what the world knows of the prompt, if anything. */
export function verdict({
  seed,
  prompt,
  response,
  ended,
}: Args<'world.verdict'>): Reply<'world.verdict'> {
  const typed = {
    id: 'typed',
    text: prompt,
    useCase: 'other',
    kind: 'plain',
    userId: 'person',
    split: 'test',
    source: 'person',
  } as const;
  return { verdict: spellOut(poolsOf(seed).known(prompt) ?? typed, response, ended) };
}
