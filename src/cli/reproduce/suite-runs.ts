/**
 * Suites of the world put to models: items of a seed, a response of each policy to each, kept in the seed's folder, and
 * judged by the suite itself. Which claim reads which suite is claims/.
 */
import type { Reference } from '../../records/results.ts';
import { complete, promptTokens } from '../../rlhf/pipeline.ts';
import { referenceAnswers } from '../../world/suites/references.ts';
import type { PageSuite, Suite, SuiteItem, SuiteJudgement } from '../../world/suites/suite.ts';
import { keptOr } from './json-file.ts';
import type { SeedLab } from './lab.ts';
import { modelOf } from './models.ts';
import { continuePages, type Answer } from './pages.ts';
import { itemsAsked } from './plan.ts';

export interface SuiteAnswer extends Answer {
  readonly item: SuiteItem;
  readonly judgement: SuiteJudgement;
}

/** The set of prompts that a suite's answers are kept under. */
export const suiteSet = (suite: string): string => `suite-${suite}`;

/** A suite's items in one of their forms. */
export interface ItemSet {
  readonly set: string;
  readonly suite: Suite;
  readonly items: readonly SuiteItem[];
}

export function itemSet({ seed, counts }: Pick<SeedLab, 'seed' | 'counts'>, suite: Suite): ItemSet {
  const items = suite.items(seed, itemsAsked(counts, suite.name));
  return { set: suiteSet(suite.name), suite, items };
}

/**
 * Pages that, with their right answer, are no longer than the rows of pre-training text that are mixed into SFT and
 * PPO-ptx: positions behind those are trained in no stage, and what a model lost there no row could win back.
 */
export function shortPages(lab: SeedLab, suite: PageSuite): ItemSet {
  const { set, items } = itemSet(lab, suite);
  const most = lab.settings.ppo.ptxTokens;
  const fits = (page: string): boolean => lab.tokenizer.encode(page).length <= most;
  return { set: `${set}-short`, suite, items: items.map((item) => suite.within(item, fits)) };
}

/** A policy's responses to items, judged. */
export async function suiteAnswers(
  lab: SeedLab,
  { set, suite, items }: ItemSet,
  policy: string,
  temperature: 1 | 'greedy',
): Promise<readonly SuiteAnswer[]> {
  const { seed, tokenizer, shape } = lab;
  const file = lab.path('answers', set, `${policy}@${temperature}.json`);
  const answers = await keptOr(file, async () => {
    const model = await modelOf(lab, policy);
    const scope = `suite ${suite.name}`;
    const texts = items.map(({ prompt }) => prompt);
    const { responseLength } = shape;
    const promptLength = Math.max(...texts.map((text) => promptTokens(tokenizer, text).length));
    const how = { temperature, seed, scope };
    const drawn =
      suite.form === 'page'
        ? await continuePages({ model, tokenizer }, texts, { ...how, responseLength })
        : await complete(model, tokenizer, texts, {
            ...how,
            shape: { promptLength, responseLength },
            policy,
          });
    return drawn.map(({ text, ended }) => ({ text, ended }));
  });
  return judgedAnswers({ suite, items }, answers);
}

export function judgedAnswers(
  { suite, items }: Pick<ItemSet, 'suite' | 'items'>,
  answers: readonly Answer[],
): SuiteAnswer[] {
  return items.map((item, i) => {
    const { text, ended } = answers[i]!;
    return { item, text, ended, judgement: suite.judge(item, text, ended) };
  });
}

/** What chance level or ceiling is the mean of: a whole answer to each item. */
export function referenceAnswersTo(
  { suite, items }: Pick<ItemSet, 'suite' | 'items'>,
  reference: Reference,
  seed: number,
): Answer[] {
  return referenceAnswers(suite, items, reference, seed).map((text) => ({ text, ended: true }));
}
