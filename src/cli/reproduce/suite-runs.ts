/**
 * Suites of the world put to models: items of a seed, a response of each policy to each, kept in the seed's folder, and
 * judged by the suite itself. Which claim reads which suite is claims/.
 */
import { complete, promptTokens } from '../../rlhf/pipeline.ts';
import type { Suite, SuiteItem, SuiteJudgement } from '../../world/suites/suite.ts';
import { keptOr } from './json-file.ts';
import type { SeedLab } from './lab.ts';
import { modelOf } from './models.ts';
import { continuePages, type Answer } from './pages.ts';

export interface SuiteAnswer extends Answer {
  readonly item: SuiteItem;
  readonly judgement: SuiteJudgement;
}

/** The set of prompts that a suite's answers are kept under. */
export const suiteSet = (suite: string): string => `suite-${suite}`;

/** A policy's responses to a suite's items, judged. */
export async function suiteAnswers(
  lab: SeedLab,
  suite: Suite,
  policy: string,
  temperature: 1 | 'greedy',
): Promise<readonly SuiteAnswer[]> {
  const { seed, tokenizer, shape, counts } = lab;
  const items = suite.items(seed, counts.suiteItems);
  const file = lab.path('answers', suiteSet(suite.name), `${policy}@${temperature}.json`);
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
  return items.map((item, i) => {
    const { text, ended } = answers[i]!;
    return { item, text, ended, judgement: suite.judge(item, text, ended) };
  });
}
