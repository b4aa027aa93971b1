/**
 * Every answer that a seed's models gave, as the files behind the report: what the work folder keeps of texts, judged
 * anew, one file for each set of prompts in a folder for each seed; what no model wrote stands beside (blind answers to suites, the
 * generator's, demonstrators'). No model is asked.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  parseStoredAnswers,
  ReasonTable,
  storedAnswersName,
  type StoredAnswer,
  type StoredAnswers,
} from '../../records/result-answers.ts';
import { REFERENCES, type ResultClaim } from '../../records/results.ts';
import { judgeGold } from '../../world/judges.ts';
import { suites, taxSuites } from '../../world/suites.ts';
import { validationSet } from './claims/epochs.ts';
import { heldOutPrompts } from './claims/generalisation.ts';
import { mistakePrompts } from './claims/mistakes.ts';
import { writtenByKey } from './gold-references.ts';
import { readJson, writePackedJson } from './json-file.ts';
import type { SeedLab } from './lab.ts';
import { optimisationSet } from './optimisation-runs.ts';
import type { Answer } from './pages.ts';
import { itemSet, referenceAnswersTo, shortPages } from './suite-runs.ts';

/** A set of prompts with its judge. */
interface JudgedSet {
  /** Answers that no model gave, by key. */
  readonly given?: Readonly<Record<string, readonly Answer[]>>;
  readonly name: string;
  readonly prompts: StoredAnswers['prompts'];
  readonly judge: (
    prompt: number,
    answer: Answer,
  ) => { readonly score: number | null; readonly reasons: readonly string[] };
}

function setsOf(lab: SeedLab): JudgedSet[] {
  const asked = [
    { name: 'test', prompts: lab.prompts },
    heldOutPrompts(lab),
    mistakePrompts(lab),
    validationSet(lab),
    optimisationSet(lab),
  ].map(({ name, prompts }): JudgedSet => ({
    name,
    prompts: prompts.map(({ text, useCase }) => ({ text, kind: useCase })),
    judge: (i, { text, ended }) => judgeGold(prompts[i]!, text, ended),
    given: writtenByKey(lab.seed, prompts),
  }));
  const ofSuites = [
    ...suites.map((suite) => itemSet(lab, suite)),
    ...taxSuites.map((suite) => shortPages(lab, suite)),
  ].map(({ set, suite, items }): JudgedSet => ({
    name: set,
    prompts: items.map(({ prompt }) => ({ text: prompt, kind: suite.name })),
    judge: (i, { text, ended }) => suite.judge(items[i]!, text, ended),
    given: Object.fromEntries(
      REFERENCES.map((reference) => [
        `${reference}@-`,
        referenceAnswersTo({ suite, items }, reference, lab.seed),
      ]),
    ),
  }));
  return [...asked, ...ofSuites];
}

const rounded = (value: number | null): number | null =>
  value === null ? null : Number(value.toPrecision(4));

/** What the folder keeps of one set; null where it keeps nothing. */
function storedSet(
  lab: SeedLab,
  { name, prompts, judge, given = {} }: JudgedSet,
): StoredAnswers | null {
  const folder = lab.path('answers', name);
  if (!existsSync(folder)) return null;
  const reasons = new ReasonTable();
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort();
  const kept = files.map((file) => {
    const answers = readJson(join(folder, file)) as Answer[];
    return [file.replace(/\.json$/, ''), answers] as const;
  });
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
  };
}

/** What was stored of a seed: of each set, whose answers. */
export type StoredKeys = ReadonlyMap<string, ReadonlySet<string>>;

/** Writes `seed-N/SET.json.gz` for each set that the seed's models answered, and says what is in them. */
export function writeStoredAnswers(lab: SeedLab, folder: string): StoredKeys {
  const keys = new Map<string, ReadonlySet<string>>();
  for (const set of setsOf(lab)) {
    const stored = storedSet(lab, set);
    if (stored === null) continue;
    parseStoredAnswers(JSON.parse(JSON.stringify(stored)));
    writePackedJson(join(folder, storedAnswersName(lab.seed, set.name)), stored);
    keys.set(set.name, new Set(Object.keys(stored.answers)));
  }
  return keys;
}

/** Ids of the claims with a figure of that seed whose answers are not all stored: the seed was measured before they were kept. */
export function claimsWithoutAnswers(
  claims: readonly ResultClaim[],
  seed: number,
  stored: StoredKeys,
): string[] {
  const lost = claims.filter(({ rows }) =>
    rows.some(({ source, seeds }) => {
      if (source === undefined || !seeds.some((figure) => figure.seed === seed)) return false;
      const kept = stored.get(source.set);
      return source.keys.some((key) => !kept?.has(key));
    }),
  );
  return lost.map(({ id }) => id);
}
