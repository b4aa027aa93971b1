/**
 * One answer of each policy to each held-out test prompt, judged by the gold judge, kept in the seed's folder. What a
 * policy is asked and how it is drawn from is said here once; what is compared with what is claims/.
 */
import { responseLogProbabilities } from '../../rlhf/sequences.ts';
import { complete, completionsToRank, promptTokens } from '../../rlhf/pipeline.ts';
import { bestRows } from '../../rlhf/best-of-n.ts';
import type { Model } from '../../model/parameters.ts';
import { judgeGold, type GoldJudgement } from '../../world/judges.ts';
import { trainingPrompts } from '../../world/prompt-sets.ts';
import type { WorldPrompt } from '../../world/tasks.ts';
import { keptOr } from './json-file.ts';
import type { SeedLab } from './lab.ts';
import { modelOf } from './models.ts';
import { continuePages, pageRoom, type Answer, type PageSettings, type Speaker } from './pages.ts';
import { candidatePrefixes, type Prefix } from './prefixes.ts';
import { rewardsOf } from './reward-scores.ts';

/** How tokens are drawn; `best of 4` keeps the likeliest of four drawn at 1. */
export type Drawing = '1' | '0.7' | 'greedy' | 'best of 4';

export interface Judged extends Answer {
  readonly gold: GoldJudgement;
}

const temperatureOf = (drawing: Drawing): number | 'greedy' =>
  drawing === 'greedy' ? 'greedy' : drawing === '0.7' ? 0.7 : 1;

/** Four answers to each prompt, of which the one that the model itself finds likeliest is kept. */
async function likeliestOfFour(
  lab: SeedLab,
  model: Model,
  prompts: readonly WorldPrompt[],
  scope: string,
): Promise<Answer[]> {
  const { tokenizer, shape, seed } = lab;
  const how = { shape, temperature: 1, seed, scope, policy: '' };
  const drawn = await completionsToRank(model, tokenizer, prompts, 4, how);
  const flat = drawn.flat();
  const sequences = prompts.flatMap(({ text }, p) =>
    drawn[p]!.map(({ tokens }) => ({ prompt: promptTokens(tokenizer, text), response: tokens })),
  );
  const likelihoods = await responseLogProbabilities(model, sequences, shape);
  return bestRows(likelihoods, 4).map((row) => flat[row]!);
}

/** Room of a few-shot page: the smaller context, so that the large base reads the same pages. */
function roomFor(lab: SeedLab): { readonly room: number; readonly promptLength: number } {
  const { responseLength, promptLength } = lab.shape;
  return { room: pageRoom(lab.shared.base, responseLength), promptLength };
}

/** The few-shot prefix that the reward model likes best on validation prompts, by index among the candidates. */
async function chosenPrefix(lab: SeedLab): Promise<Prefix> {
  const { seed, tokenizer, validation, counts, shape } = lab;
  const pool = trainingPrompts(seed);
  const candidates = candidatePrefixes(pool, tokenizer, roomFor(lab), {
    seed,
    each: counts.prefixes,
  });
  const scores = await keptOr(lab.path('prefixes.json'), async () => {
    const reward = await lab.reward();
    const means: number[] = [];
    for (const [i, prefix] of candidates.entries()) {
      const pages = validation.map(({ text }) => prefix.page(text));
      const { responseLength } = shape;
      const how = { temperature: 1, responseLength, seed, scope: `prefix ${i}` };
      const answers = await continuePages(lab.shared.base, pages, how);
      const rewards = await rewardsOf(lab, reward, validation, answers);
      means.push(rewards.reduce((sum, value) => sum + value, 0) / rewards.length);
    }
    return means;
  });
  return candidates[scores.indexOf(Math.max(...scores))]!;
}

async function promptedAnswers(
  lab: SeedLab,
  speaker: Speaker,
  prompts: readonly WorldPrompt[],
  { temperature, scope }: Pick<PageSettings, 'temperature' | 'scope'>,
): Promise<Answer[]> {
  const prefix = await chosenPrefix(lab);
  const pages = prompts.map(({ text }) => prefix.page(text));
  const { responseLength } = lab.shape;
  return continuePages(speaker, pages, { temperature, responseLength, seed: lab.seed, scope });
}

async function drawAnswers(
  lab: SeedLab,
  policy: string,
  drawing: Drawing,
  { name, prompts }: PromptSet,
): Promise<Answer[]> {
  const { base, large } = lab.shared;
  const temperature = temperatureOf(drawing);
  const scope = `${name} ${policy} ${drawing}`;
  const how = { temperature, scope };
  if (policy === 'prompted') return promptedAnswers(lab, base, prompts, how);
  if (policy === 'large-prompted' && large) return promptedAnswers(lab, large, prompts, how);
  const speaker =
    policy === 'large' && large
      ? large
      : { model: await modelOf(lab, policy), tokenizer: base.tokenizer };
  if (drawing === 'best of 4') return likeliestOfFour(lab, speaker.model, prompts, scope);
  const { shape, seed } = lab;
  const texts = prompts.map(({ text }) => text);
  return complete(speaker.model, speaker.tokenizer, texts, { ...how, shape, seed, policy });
}

const judged = (prompt: WorldPrompt, { text, ended }: Answer): Judged => ({
  text,
  ended,
  gold: judgeGold(prompt, text, ended),
});

/** What a policy's answers are kept by: `ppo-ptx@1`, `sft@best-of-4`; given ones by `ceiling@-`. */
export const answerKey = (policy: string, drawing: Drawing | '-'): string =>
  `${policy}@${drawing.replaceAll(' ', '-')}`;

/** Prompts under a name that their answers are kept by. */
export interface PromptSet {
  readonly name: string;
  readonly prompts: readonly WorldPrompt[];
}

/** What is kept of a set's answers under a key, drawn when nothing is. */
async function keptAnswers(
  lab: SeedLab,
  { name, prompts }: PromptSet,
  key: string,
  draw: () => Promise<readonly Answer[]>,
): Promise<readonly Judged[]> {
  const answers = await keptOr(lab.path('answers', name, `${key}.json`), async () =>
    (await draw()).map(({ text, ended }) => ({ text, ended })),
  );
  return prompts.map((prompt, i) => judged(prompt, answers[i]!));
}

/** One judged answer at temperature 1 to each prompt by a model that a claim made itself, kept under the name given. */
export function answersBy(
  lab: SeedLab,
  model: () => Promise<Model>,
  policy: string,
  { set, scope }: { readonly set: PromptSet; readonly scope: string },
): Promise<readonly Judged[]> {
  const { tokenizer, shape, seed } = lab;
  const texts = set.prompts.map(({ text }) => text);
  const how = { shape, temperature: 1, seed, scope, policy: '' };
  return keptAnswers(lab, set, answerKey(policy, '1'), async () =>
    complete(await model(), tokenizer, texts, how),
  );
}

/** One judged answer for each prompt, by default of the lab's test prompts. */
export function answersOf(
  lab: SeedLab,
  policy: string,
  drawing: Drawing,
  set: PromptSet = { name: 'test', prompts: lab.prompts },
): Promise<readonly Judged[]> {
  return keptAnswers(lab, set, answerKey(policy, drawing), () =>
    drawAnswers(lab, policy, drawing, set),
  );
}
