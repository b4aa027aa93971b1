/**
 * What the viewer of the synthetic world asks for: facts, documents, prompts, labelers, answers that the world itself can
 * write, and verdicts. A function of the seed only; no project, no engine, no tensors. Loaded when first asked for.
 */
import { Rng } from '../data/rng.ts';
import { USE_CASES } from '../records/prompt.ts';
import type { SuiteVerdict } from '../records/verdict.ts';
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
import { spellOut } from '../world/spell-out.ts';
import { asWorldPrompt, isTaskItem } from '../world/suites/answers.ts';
import type { WorldPrompt } from '../world/tasks.ts';
import { HELD_OUT_USE_CASE, presentUseCases, useCases, useCaseShares } from '../world/use-cases.ts';
import { worldUsers } from '../world/users.ts';
import { InputError } from './failure.ts';
import { KnownPrompts, type KnownItem } from './known-prompts.ts';
import type { CommandMap } from './protocol.ts';
import { plainPrompt } from './world-supply.ts';

/**
 * The first seed of the stored results: a text typed from there is known under any seed. Those of the other seeds are known
 * when their seed is asked for, as the part Paper does; looking under all would take seconds for a text nobody knows.
 */
const STORED_SEED = 1;

type Args<N extends keyof CommandMap> = CommandMap[N]['args'];
type Reply<N extends keyof CommandMap> = CommandMap[N]['reply'];

function viewed(fact: Fact, isTrue: boolean): FactView {
  const rng = Rng.named(0, 'viewer', fact.relation, fact.subject, fact.value);
  return { ...fact, true: isTrue, sentence: state(rng, fact) };
}

let stored: KnownPrompts | null = null;
let pools: KnownPrompts | null = null;

/** What is known under a seed: kept of the seed asked for last, and of that of the stored results. */
function poolsOf(seed: number): KnownPrompts {
  if (seed === STORED_SEED) return (stored ??= new KnownPrompts(STORED_SEED));
  if (pools?.seed !== seed) pools = new KnownPrompts(seed);
  return pools;
}

/** What the world knows of a text. */
interface Known {
  readonly prompt: WorldPrompt | undefined;
  readonly items: readonly KnownItem[];
}

/**
 * Under the seed asked for, else under the first of the stored results. `kind` says of a stored item whose it is: a suite's,
 * and its judge counts, or a use case's.
 */
function knownOf(seed: number, text: string, kind?: string): Known {
  const wanted = text.trim();
  const places = seed === STORED_SEED ? [seed] : [seed, STORED_SEED];
  const items = isUseCase(kind) ? [] : first(places, (at) => nonEmpty(at.items(wanted, kind)));
  const told = kind !== undefined && items !== undefined && items.length > 0;
  const prompt = told ? undefined : first(places, (at) => at.prompt(wanted));
  return { items: items ?? [], prompt: prompt ?? items?.flatMap(taskPrompt)[0] };
}

/** What the first of some seeds has. */
function first<T>(
  seeds: readonly number[],
  read: (at: KnownPrompts) => T | undefined,
): T | undefined {
  for (const seed of seeds) {
    const found = read(poolsOf(seed));
    if (found !== undefined) return found;
  }
  return undefined;
}

const nonEmpty = <T>(rows: readonly T[]): readonly T[] | undefined =>
  rows.length === 0 ? undefined : rows;

const isUseCase = (kind: string | undefined): boolean => USE_CASES.some((name) => name === kind);

/** An item that is a prompt with a task, as the gold judges take it. */
function taskPrompt({ item }: KnownItem): WorldPrompt[] {
  return isTaskItem(item) ? [asWorldPrompt(item)] : [];
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

/** Answers of every quality to a prompt of this world, the ideal one to an item of a suite; none to another. */
export function answers({ seed, prompt, draw }: Args<'world.answers'>): Reply<'world.answers'> {
  const { prompt: known, items } = knownOf(seed, prompt);
  const ideals = items.map(({ suite, item }): WorldAnswer => ({
    manner: 'ideal',
    text: suite.ideal(item),
  }));
  if (known === undefined) return { answers: ideals.slice(0, 1) };
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

/** The judges' verdict, by what the world knows of the prompt, if anything; and that of each suite which asks the same. */
export function verdict({
  seed,
  prompt,
  kind,
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
  const { prompt: known, items } = knownOf(seed, prompt, kind);
  const judged = items.map(({ suite, item }): SuiteVerdict => {
    const { score, reasons, counts } = suite.judge(item, response, ended);
    return { name: suite.name, title: suite.title, score, reasons, counts };
  });
  return { verdict: { ...spellOut(known ?? typed, response, ended), suites: judged } };
}
