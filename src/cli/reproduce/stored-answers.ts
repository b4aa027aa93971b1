/**
 * Every answer that a seed's models gave, as the files behind the report: what the work folder keeps of texts, judged
 * anew, one file for each set of prompts in a folder for each seed; what no policy wrote stands beside (blind answers to
 * suites, the generator's, demonstrators'), and for answers that labelers or reward models judge what those say. No model
 * is trained or writes anything.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BesideAnswers } from '../../records/beside-answers.ts';
import {
  neededNames,
  parseStoredAnswers,
  ReasonTable,
  storedAnswersName,
  storedNames,
  type StoredAnswer,
  type StoredAnswers,
} from '../../records/result-answers.ts';
import {
  REFERENCES,
  sourcesOf,
  type ResultClaim,
  type ResultSource,
} from '../../records/results.ts';
import { judgeGold } from '../../world/judges.ts';
import { suites, taxSuites } from '../../world/suites.ts';
import type { PromptSet } from './answers.ts';
import { validationSet } from './claims/epochs.ts';
import { heldOutPrompts } from './claims/generalisation.ts';
import { mistakePrompts } from './claims/mistakes.ts';
import { writtenByKey } from './gold-references.ts';
import { readJson, writePackedJson } from './json-file.ts';
import type { SeedLab } from './lab.ts';
import { optimisationSet } from './optimisation-runs.ts';
import type { Answer } from './pages.ts';
import { COMPARISONS, DEMONSTRATION_KEY, DEMONSTRATIONS } from './row-sources.ts';
import {
  predictedDemonstrations,
  preferenceRankings,
  validationScores,
  type KeptAnswers,
} from './stored-beside.ts';
import { storedBias } from './stored-bias.ts';
import { besideCandidates, candidateKeys, keptCandidates } from './stored-comparisons.ts';
import { itemSet, referenceAnswersTo, shortPages } from './suite-runs.ts';

/** A set of prompts with its judge. */
interface JudgedSet {
  readonly name: string;
  readonly prompts: StoredAnswers['prompts'];
  readonly judge: (
    prompt: number,
    answer: Answer,
  ) => { readonly score: number | null; readonly reasons: readonly string[] };
  /** Whether the folder keeps answers of policies. */
  readonly asked: boolean;
  /** Texts that no policy was asked for, by key. */
  readonly given?: Readonly<Record<string, readonly Answer[]>>;
  /** What stands beside the answers that the folder keeps. */
  readonly beside?: (kept: KeptAnswers) => Promise<BesideAnswers>;
}

/** Of prompts of the world, whose answers the gold judge judges. */
function goldSet(
  { name, prompts }: PromptSet,
  more: Partial<Pick<JudgedSet, 'asked' | 'given' | 'beside'>> = {},
): JudgedSet {
  return {
    name,
    prompts: prompts.map(({ text, useCase }) => ({ text, kind: useCase })),
    judge: (i, { text, ended }) => judgeGold(prompts[i]!, text, ended),
    asked: false,
    ...more,
  };
}

/** That policies were asked; what the generator and demonstrators write stands beside. */
function askedSet(lab: SeedLab, set: PromptSet, beside?: JudgedSet['beside']): JudgedSet {
  const given = writtenByKey(lab.seed, set.prompts);
  return goldSet(set, { asked: true, given, ...(beside && { beside }) });
}

/** Answers that labelers rank. */
async function comparisonSets(lab: SeedLab): Promise<JudgedSet[]> {
  const candidates = await keptCandidates(lab);
  if (candidates.length === 0) return [];
  const keys = candidateKeys(lab, candidates);
  const given = keys.map((key, k) => {
    const own = candidates.map(({ completions }) => completions[k]!);
    return [key, own] as const;
  });
  return [
    goldSet(
      { name: COMPARISONS, prompts: candidates.map(({ prompt }) => prompt) },
      {
        given: Object.fromEntries(given),
        beside: () => besideCandidates(lab, keys, candidates),
      },
    ),
  ];
}

/** Demonstrations that models read. */
async function demonstrationSets(lab: SeedLab): Promise<JudgedSet[]> {
  const read = await predictedDemonstrations(lab);
  if (read === null) return [];
  const { demonstrations, scores } = read;
  const prompts = new Map(lab.validation.map((prompt) => [prompt.id, prompt]));
  const texts = demonstrations.map(({ response }) => ({ text: response, ended: true }));
  return [
    goldSet(
      {
        name: DEMONSTRATIONS,
        prompts: demonstrations.map(({ prompt }) => prompts.get(prompt.id)!),
      },
      {
        given: { [DEMONSTRATION_KEY]: texts },
        beside: () => Promise.resolve({ scores }),
      },
    ),
  ];
}

async function setsOf(lab: SeedLab): Promise<JudgedSet[]> {
  const asked = [
    askedSet(lab, { name: 'test', prompts: lab.prompts }, (kept) =>
      Promise.resolve({ rankings: preferenceRankings(lab, kept) }),
    ),
    askedSet(lab, validationSet(lab), async (kept) => ({
      scores: await validationScores(lab, kept),
    })),
    ...[heldOutPrompts(lab), mistakePrompts(lab), optimisationSet(lab)].map((set) =>
      askedSet(lab, set),
    ),
  ];
  const ofSuites = [
    ...suites.map((suite) => itemSet(lab, suite)),
    ...taxSuites.map((suite) => shortPages(lab, suite)),
  ].map(({ set, suite, items }): JudgedSet => ({
    name: set,
    prompts: items.map(({ prompt }) => ({ text: prompt, kind: suite.name })),
    judge: (i, { text, ended }) => suite.judge(items[i]!, text, ended),
    asked: true,
    given: Object.fromEntries(
      REFERENCES.map((reference) => [
        `${reference}@-`,
        referenceAnswersTo({ suite, items }, reference, lab.seed),
      ]),
    ),
  }));
  return [...asked, ...ofSuites, ...(await comparisonSets(lab)), ...(await demonstrationSets(lab))];
}

const rounded = (value: number | null): number | null =>
  value === null ? null : Number(value.toPrecision(4));

/** What the folder keeps of a set by key; null where it keeps nothing. */
function keptOf(lab: SeedLab, { name, asked }: JudgedSet): KeptAnswers | null {
  if (!asked) return new Map();
  const folder = lab.path('answers', name);
  if (!existsSync(folder)) return null;
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort();
  return new Map(
    files.map((file) => {
      const answers = readJson(join(folder, file)) as Answer[];
      return [file.replace(/\.json$/, ''), answers];
    }),
  );
}

/** What is stored of one set; null where the folder keeps nothing. */
async function storedSet(lab: SeedLab, set: JudgedSet): Promise<StoredAnswers | null> {
  const kept = keptOf(lab, set);
  if (kept === null) return null;
  const { name, prompts, judge, given = {}, beside } = set;
  const reasons = new ReasonTable();
  const answers = [...kept, ...Object.entries(given)].map(([key, own]) => {
    const stored = own.map((answer, i): StoredAnswer => {
      const verdict = judge(i, answer);
      const words = reasons.indices(verdict.reasons);
      return [answer.text, answer.ended ? 1 : 0, rounded(verdict.score), words];
    });
    return [key, stored] as const;
  });
  const { seed } = lab;
  return {
    ...{ version: 1, set: name, seed, prompts, reasons: reasons.words },
    answers: Object.fromEntries(answers),
    ...(await beside?.(kept)),
  };
}

/** What was stored of a seed: of each set, all that a source may name. */
export type StoredKeys = ReadonlyMap<string, ReadonlySet<string>>;

/** Writes `seed-N/SET.json.gz` for each set that the seed's folder has something of, and says what is in them. */
export async function writeStoredAnswers(lab: SeedLab, folder: string): Promise<StoredKeys> {
  const names = new Map<string, ReadonlySet<string>>();
  const write = (stored: StoredAnswers | null): void => {
    if (stored === null) return;
    parseStoredAnswers(JSON.parse(JSON.stringify(stored)));
    writePackedJson(join(folder, storedAnswersName(lab.seed, stored.set)), stored);
    names.set(stored.set, storedNames(stored));
  };
  for (const set of await setsOf(lab)) write(await storedSet(lab, set));
  write(storedBias(lab));
  return names;
}

/** Ids of the claims with a figure of that seed whose answers are not all stored: the seed was measured before they were kept. */
export function claimsWithoutAnswers(
  claims: readonly ResultClaim[],
  seed: number,
  stored: StoredKeys,
): string[] {
  const isStored = (source: ResultSource): boolean => {
    const names = stored.get(source.set);
    return neededNames(source).every((name) => names?.has(name));
  };
  const lost = claims.filter(({ rows }) =>
    rows.some(
      (row) => row.seeds.some((figure) => figure.seed === seed) && !sourcesOf(row).every(isStored),
    ),
  );
  return lost.map(({ id }) => id);
}
