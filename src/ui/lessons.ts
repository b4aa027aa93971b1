/**
 * The guided path: ten short stops through the whole loop, for someone who knows only what a language model is.
 * Each asks for a prediction, says what to do, and then compares the prediction with what happened here: every figure
 * is computed from the facts of this page, none is written down.
 */
import { counted, formatNumber, formatPercent } from './format.ts';
import type { GlossaryTerm } from './glossary.ts';
import type { Part } from './hash-route.ts';
import { edges, pairsOf, wentOn, type LessonAnswers, type LessonFacts } from './lesson-facts.ts';

export interface LessonOption {
  readonly id: string;
  readonly text: string;
}

/** What happened: the option that turned out right, and the figures in words. */
export interface LessonOutcome {
  readonly right: string;
  readonly words: string;
}

export interface Lesson {
  readonly id: string;
  readonly title: string;
  /** Where it is done. */
  readonly part: Part;
  readonly story: string;
  readonly question: string;
  readonly options: readonly LessonOption[];
  /** What to do to see it. */
  readonly task: string;
  /** What to make of it. */
  readonly lesson: string;
  readonly terms: readonly GlossaryTerm[];
  /** Null until it has happened here. */
  outcome(facts: LessonFacts): LessonOutcome | null;
}

const STOPS_OR_GOES_ON: readonly LessonOption[] = [
  { id: 'stops', text: 'Most of the answers are one text that ends by itself.' },
  { id: 'goes-on', text: 'Most go on: with more lines, or without an end.' },
];

function howItEnds({ checkpoint, responses }: LessonAnswers): LessonOutcome {
  const on = responses.filter(wentOn).length;
  return {
    right: 2 * on > responses.length ? 'goes-on' : 'stops',
    words: `Of the last ${counted(responses.length, 'answer')} by ${checkpoint}, ${on} went on past an end.`,
  };
}

/** Index of the first limit that the value lies below; the number of limits when it lies below none. */
function bucket(value: number, limits: readonly number[]): number {
  const at = limits.findIndex((limit) => value < limit);
  return at < 0 ? limits.length : at;
}

function outcomeOf(
  options: readonly LessonOption[],
  index: number,
  words: string,
): LessonOutcome | null {
  const right = options[index];
  return right === undefined ? null : { right: right.id, words };
}

const LOSS_FALLS: readonly LessonOption[] = [
  { id: 'little', text: 'By less than a tenth.' },
  { id: 'some', text: 'By a tenth to a half.' },
  { id: 'much', text: 'By more than half.' },
];

const CEILINGS: readonly LessonOption[] = [
  { id: 'low', text: 'Less than 7 in 10.' },
  { id: 'middle', text: '7 to 9 in 10.' },
  { id: 'high', text: 'More than 9 in 10.' },
];

const ACCURACIES: readonly LessonOption[] = [
  { id: 'coin', text: 'Less than 60 %: hardly better than a coin.' },
  { id: 'fair', text: '60 to 80 %.' },
  { id: 'good', text: 'More than 80 %.' },
];

const SCORES: readonly LessonOption[] = [
  { id: 'falls', text: 'It falls.' },
  { id: 'same', text: 'It stays within a tenth of a point.' },
  { id: 'rises', text: 'It rises.' },
];

const DISTANCES: readonly LessonOption[] = [
  { id: 'near', text: 'Less than 1 nat per answer.' },
  { id: 'some', text: '1 to 15 nats per answer.' },
  { id: 'far', text: 'More than 15 nats per answer.' },
];

const VERDICTS: readonly LessonOption[] = [
  { id: 'worse', text: 'I will prefer the older model.' },
  { id: 'unclear', text: 'My votes will not tell which is better.' },
  { id: 'better', text: 'I will prefer the reinforced model.' },
];

export const LESSONS: readonly Lesson[] = [
  {
    id: 'goes-on',
    title: 'A model that only goes on',
    part: 'model',
    story:
      'A base model has read many texts and learned one thing: which piece of text comes next. Nobody told it what a question is for.',
    question: 'Ask it to write something. What will it do?',
    options: STOPS_OR_GOES_ON,
    task: 'Choose “Base model” as the model that speaks, pick an example and press the button below it.',
    lesson:
      'An instruction is to this model a text like any other, and what often stands below an instruction is another one. GPT-3 did the same.',
    terms: ['base model', 'token', 'sampling'],
    outcome: ({ answers }) => (answers?.byBase === true ? howItEnds(answers) : null),
  },
  {
    id: 'demonstrations',
    title: 'Showing it how',
    part: 'demonstrate',
    story:
      'In the first step people write answers, and the model goes on with its training on those: supervised fine-tuning. The loss says how surprised it is by each next token of an answer.',
    question: 'How far will the loss fall?',
    options: LOSS_FALLS,
    task: 'Press the button that trains, and watch the loss.',
    lesson:
      'What is left is not ignorance alone: the people who wrote the demonstrations differ, and no model can know which of them writes next.',
    terms: ['demonstration', 'supervised fine-tuning', 'loss', 'nat'],
    outcome: ({ sftDone, sft }) => {
      const loss = sftDone ? edges(sft, 'loss') : null;
      if (loss === null) return null;
      const fall = 1 - loss.last / loss.first;
      return outcomeOf(
        LOSS_FALLS,
        bucket(fall, [0.1, 0.5]),
        `From ${formatNumber(loss.first)} to ${formatNumber(loss.last)} nats per token: ${formatPercent(fall)} less.`,
      );
    },
  },
  {
    id: 'answers',
    title: 'Now ask again',
    part: 'model',
    story:
      'The model that you have just trained has the same size and the same knowledge. It has only seen what answers look like.',
    question: 'Ask it the same as before. What will it do?',
    options: STOPS_OR_GOES_ON,
    task: 'Let the new model speak (it is chosen by itself) and ask the same.',
    lesson:
      'Form is learned from few examples. Whether the answer is also good is another matter: it imitates careless people as well as careful ones.',
    terms: ['checkpoint', 'policy'],
    outcome: ({ sftDone, answers }) =>
      sftDone && answers?.byBase === false ? howItEnds(answers) : null,
  },
  {
    id: 'pairs',
    title: 'Better or worse is easier to say than good',
    part: 'rank',
    story:
      'Writing a good answer is work; saying which of two is better is quick. So people put several answers to one prompt in order.',
    question: 'How many comparisons of two does one ranking of all answers on the desk give?',
    options: [
      { id: 'one-less', text: 'One less than there are answers.' },
      { id: 'pairs', text: 'One for every pair of answers.' },
      { id: 'double', text: 'Two for every pair of answers.' },
    ],
    task: 'Rank one prompt yourself, or let the class rank.',
    lesson:
      'All pairs of one ranking are trained on together, as the paper does: one at a time, the model would learn the same answers by heart.',
    terms: ['ranking', 'comparison', 'labeler'],
    outcome: ({ k, rankings }) =>
      rankings === 0
        ? null
        : {
            right: 'pairs',
            words: `With ${k} answers that is ${pairsOf(k)} pairs. There are ${counted(rankings, 'ranking')} here. Ties take comparisons away.`,
          },
  },
  {
    id: 'noise',
    title: 'People disagree',
    part: 'rank',
    story:
      'The paper’s labelers agreed with each other about 73 times in 100. The simulated class here is made to differ in the same way: who is tired or has another taste gives another label.',
    question: 'How often could even a perfect reward model give the label that the class gave?',
    options: CEILINGS,
    task: 'Let the class rank, then train the reward model.',
    lesson:
      'This is the ceiling: part of every label is chance. An accuracy means something only beside it.',
    terms: ['agreement', 'ceiling'],
    outcome: ({ reward }) =>
      typeof reward?.ceiling !== 'number'
        ? null
        : outcomeOf(
            CEILINGS,
            bucket(reward.ceiling, [0.7, 0.9]),
            `On the comparisons held out here: ${formatPercent(reward.ceiling)}.`,
          ),
  },
  {
    id: 'reward',
    title: 'A model of what people like',
    part: 'rank',
    story:
      'The reward model reads a prompt with an answer and gives one number. It is trained so that the better-ranked answer gets the higher one.',
    question: 'How often will it be right on comparisons that it has not seen? A coin gets 50 %.',
    options: ACCURACIES,
    task: 'Look at the figure below “Train the reward model”. Then type texts into the score box.',
    lesson:
      'It knows what the labels show and no more. Where it is wrong, the next step will learn to be wrong with it.',
    terms: ['reward model', 'held out'],
    outcome: ({ reward }) => {
      const accuracy = reward?.heldOut.accuracy ?? null;
      if (reward === null || accuracy === null) return null;
      return outcomeOf(
        ACCURACIES,
        bucket(accuracy, [0.6, 0.8]),
        `${formatPercent(accuracy, 1)} of ${counted(reward.heldOut.n, 'comparison')}.`,
      );
    },
  },
  {
    id: 'start',
    title: 'The first answer of a new policy',
    part: 'reinforce',
    story:
      'Now the model writes, the reward model scores, and PPO makes likelier what scored better than expected. The KL divergence measures how far the policy has moved from the model of step 1.',
    question: 'What is the KL divergence in the very first batch of answers?',
    options: [
      { id: 'zero', text: 'Zero: nothing has moved yet.' },
      { id: 'one', text: 'About one nat: chance alone does that.' },
      { id: 'unknown', text: 'That depends on the prompts.' },
    ],
    task: 'Start step 3 (or do one step) and look at the first point of the KL chart.',
    lesson:
      'The policy starts as a copy. A figure other than zero here would mean that something is computed wrongly: it is one of the checks on the page.',
    terms: ['PPO', 'KL divergence', 'reference'],
    outcome: ({ ppo }) => {
      const first = ppo[0]?.values['objective/kl'];
      if (first === undefined) return null;
      return {
        right: Math.abs(first) < 1e-3 ? 'zero' : 'unknown',
        words: `The first batch here: ${formatNumber(first)} nats per answer.`,
      };
    },
  },
  {
    id: 'score',
    title: 'Chasing a number',
    part: 'reinforce',
    story:
      'The policy is rewarded by the reward model, less a price for every nat that it moves away.',
    question: 'From the first answers to the last, what happens to the score?',
    options: SCORES,
    task: 'Let step 3 run to its end and look at the chart of the reward.',
    lesson:
      'That the number rises only says that training works. Whether the answers are better, the reward model cannot say: it is what was optimised.',
    terms: ['score', 'value function', 'advantage'],
    outcome: ({ ppoDone, ppo }) => {
      const score = ppoDone ? edges(ppo, 'objective/scores') : null;
      if (score === null) return null;
      const change = score.last - score.first;
      return outcomeOf(
        SCORES,
        change < -0.1 ? 0 : change <= 0.1 ? 1 : 2,
        `From ${formatNumber(score.first)} to ${formatNumber(score.last)} points, means over the first and last tenth of the run.`,
      );
    },
  },
  {
    id: 'leash',
    title: 'The leash',
    part: 'reinforce',
    story:
      'Far from where it started, the reward model has seen no labels and its scores mean little. So moving away costs: beta for each nat.',
    question: 'How far has the policy moved by the end?',
    options: DISTANCES,
    task: 'Look at the last point of the KL chart. Later, try another beta in the settings.',
    lesson:
      'With a smaller beta it moves further and scores more. At some point it only pleases the reward model: over-optimisation.',
    terms: ['beta', 'over-optimisation', 'pre-training mix'],
    outcome: ({ ppoDone, ppo }) => {
      const kl = ppoDone ? edges(ppo, 'objective/kl') : null;
      if (kl === null) return null;
      return outcomeOf(
        DISTANCES,
        bucket(kl.last, [1, 15]),
        `${formatNumber(kl.last)} nats per answer, mean over the last tenth of the run.`,
      );
    },
  },
  {
    id: 'blind',
    title: 'Judge blind',
    part: 'judge',
    story:
      'So ask the only judge that was not optimised against: yourself, without knowing which model wrote what.',
    question: 'What will your votes say?',
    options: VERDICTS,
    task: 'Compare the reinforced model with the one of step 1, vote, and reveal.',
    lesson:
      'An interval that holds one half says: more votes are needed. That is a result too, and an honest one.',
    terms: ['win rate', 'interval'],
    outcome: ({ judged }) => {
      if (judged === null || judged.n === 0) return null;
      const { rate, low, high, n } = judged;
      return outcomeOf(
        VERDICTS,
        high < 0.5 ? 0 : low > 0.5 ? 2 : 1,
        `${formatPercent(rate)} of ${counted(n, 'vote')}, 95 % interval ${formatPercent(low)} to ${formatPercent(high)}.`,
      );
    },
  },
];
