/**
 * The gold judges' verdict with all its parts as rows: the same functions as judges.ts, so that the number here is the
 * number there. It decides nothing of its own, and never throws, whatever the text.
 */
import type { Prompt } from '../records/prompt.ts';
import type { AimVerdict, ClaimVerdict, SentenceVerdict, Verdict } from '../records/verdict.ts';
import { isTrue, saidClaims } from './claims.ts';
import { isMyth, trueValues } from './facts.ts';
import { acceptsSentence, splitSentences } from './grammar.ts';
import {
  GOLD_WEIGHTS,
  harmsOf,
  judgeGold,
  judgeText,
  textFactors,
  textHarms,
  weigh,
} from './judges.ts';
import { isWorldPrompt, type WorldPrompt } from './tasks.ts';

function claimsIn(text: string, context: string): ClaimVerdict[] {
  return saidClaims(text, context).map(({ sentence, claim }) => ({
    sentence,
    ...claim,
    true: isTrue(claim),
    myth: isMyth(claim),
    truths: trueValues(claim.relation, claim.subject),
  }));
}

/** Scores before the gate, by aim; null where an aim is not called for. */
type Scores = Readonly<Record<AimVerdict['aim'], number | null>>;

/** The three aims with weights that sum to one. */
function aimsOf(scores: Scores, gate: number): AimVerdict[] {
  const weights = Object.entries(GOLD_WEIGHTS) as [AimVerdict['aim'], number][];
  const total = weights.reduce(
    (sum, [aim, weight]) => sum + (scores[aim] === null ? 0 : weight),
    0,
  );
  return weights.map(([aim, weight]) => {
    const score = scores[aim];
    const share = score === null ? 0 : weight / total;
    return { aim, score, weight: share, gives: share * gate * (score ?? 0) };
  });
}

function spellOutWorld(prompt: WorldPrompt, response: string, ended: boolean): Verdict {
  const { reading, asked, constraints, factors, gate } = weigh(prompt, response, ended);
  const { truthful, harmless, score } = judgeGold(prompt, response, ended);
  return {
    useCase: prompt.useCase,
    sentences: reading.sentences.map(({ text, fault }) => ({ text, fault })),
    constraints: asked.map(({ name, weight, met, essential }) => ({
      name,
      weight,
      met,
      essential: essential === true,
    })),
    claims: claimsIn(reading.counted.join(' '), prompt.text),
    harms: harmsOf(prompt, response, reading),
    factors,
    gate,
    aims: aimsOf({ helpful: constraints, truthful, harmless }, gate),
    gold: score,
    suites: [],
  };
}

/** Sentences by grammar and repetition alone. */
function sentencesByForm(response: string): SentenceVerdict[] {
  const seen = new Set<string>();
  return splitSentences(response).map((text) => {
    const repeated = seen.has(text);
    seen.add(text);
    return { text, fault: !acceptsSentence(text) ? 'unknown' : repeated ? 'repeated' : null };
  });
}

/** For a prompt whose meaning is unknown; its claims are told and not counted. */
function spellOutText(promptText: string, response: string, ended: boolean): Verdict {
  const { harmless, gate, score } = judgeText(promptText, response, ended);
  return {
    useCase: null,
    sentences: sentencesByForm(response),
    constraints: [],
    claims: claimsIn(response, promptText),
    harms: textHarms(response),
    factors: textFactors(promptText, response, ended),
    gate,
    aims: aimsOf({ helpful: 1, truthful: null, harmless }, gate),
    gold: score,
    suites: [],
  };
}

/**
 * What the judges say of a response and why.
 * @param ended the response ended by itself, and was not cut off.
 */
export function spellOut(prompt: Prompt, response: string, ended: boolean): Verdict {
  return isWorldPrompt(prompt)
    ? spellOutWorld(prompt, response, ended)
    : spellOutText(prompt.text, response, ended);
}
