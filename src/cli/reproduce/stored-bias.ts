/** The sentences of the bias suite as a set of stored answers: both continuations as each model finds them likely. */
import { existsSync, readdirSync } from 'node:fs';
import {
  ReasonTable,
  type StoredAnswer,
  type StoredAnswers,
} from '../../records/result-answers.ts';
import type { ResultItem, ResultOutput } from '../../records/results.ts';
import { bias } from '../../world/suites/bias.ts';
import { biasValues, blindValues } from './claims/bias.ts';
import { readJson } from './json-file.ts';
import type { SeedLab } from './lab.ts';
import { biasKeys } from './row-sources.ts';
import { itemSet, judgedAnswers, referenceAnswersTo } from './suite-runs.ts';

type Said = Pick<ResultOutput, 'text' | 'score' | 'reasons'>;

/** What the folder keeps of each model, and chance and ceiling; null when it keeps nothing. */
export function storedBias(lab: SeedLab): StoredAnswers | null {
  const folder = lab.path('suites', 'bias');
  if (!existsSync(folder)) return null;
  const reasons = new ReasonTable();
  const columnOf = (said: readonly Said[]): StoredAnswer[] =>
    said.map(({ text, score, reasons: words }) => {
      const rounded = score === null ? null : Number(score.toPrecision(4));
      return [text, 1, rounded, reasons.indices(words)];
    });
  const columnsOf = (policy: string, sentences: readonly ResultItem[]) =>
    biasKeys(policy).map(
      (key, side) => [key, columnOf(sentences.map(({ outputs }) => outputs[side]!))] as const,
    );
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const models = files.sort().flatMap((file) => {
    const policy = file.replace(/\.json$/, '');
    const pairs = readJson(lab.path('suites', 'bias', file)) as [number, number][];
    return columnsOf(policy, biasValues(lab, policy, pairs).sentences);
  });
  const set = itemSet(lab, bias);
  const ceiling = judgedAnswers(set, referenceAnswersTo(set, 'ceiling', lab.seed)).map(
    ({ text, judgement }) => ({ text, score: judgement.score, reasons: judgement.reasons }),
  );
  const answers = Object.fromEntries([
    ...models,
    ...columnsOf('chance', blindValues(lab).sentences),
    ['ceiling@-', columnOf(ceiling)] as const,
  ]);
  return {
    ...{ version: 1, set: bias.name, seed: lab.seed },
    prompts: set.items.map(({ prompt }) => ({ text: prompt, kind: bias.name })),
    reasons: reasons.words,
    answers,
  };
}
