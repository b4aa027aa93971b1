/**
 * What a batch of answers does whatever it was asked: the shortcuts by which a policy may please a reward model without
 * being better. Counted on texts, for the record of a run only: nothing is judged here, and nothing learns from it.
 * Repetition is counted on tokens (rlhf/answer-measures.ts); length and missing ends are TRL's own metrics.
 */
import { cheerLevel } from './feelings.ts';
import { acceptsSentence, splitSentences, stripRequest } from './grammar.ts';
import { textHarms } from './judges.ts';
import { mean } from './mean.ts';

export interface ReadAnswer {
  readonly prompt: string;
  readonly response: string;
  /** It ended by itself, and was not cut off. */
  readonly ended: boolean;
}

/** Share of the sentences that pass; 0 where there is none. */
function share(sentences: readonly string[], passes: (sentence: string) => boolean): number {
  return sentences.length === 0 ? 0 : sentences.filter(passes).length / sentences.length;
}

/** Share of the answers that open with the first sentence that most of them open with. */
function commonOpening(answers: readonly ReadAnswer[]): number {
  const counts = new Map<string, number>();
  for (const { response } of answers) {
    const [opening] = splitSentences(response);
    if (opening !== undefined) counts.set(opening, (counts.get(opening) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values()) / answers.length;
}

function copiedShare({ prompt, response }: ReadAnswer): number {
  const asked = new Set(splitSentences(prompt).flatMap((each) => [each, stripRequest(each)]));
  return share(splitSentences(response), (each) => asked.has(each));
}

function unknownShare({ response, ended }: ReadAnswer): number {
  const said = splitSentences(response);
  // What the limit cut in two is no fault of this kind; `completions/clipped_ratio` counts it.
  const whole = ended || said.length < 2 ? said : said.slice(0, -1);
  return share(whole, (each) => !acceptsSentence(each));
}

/**
 * Means over at least one answer, from 0 to 1 but for cheer: `completions/same_opening` (answers that open with the
 * commonest first sentence), `completions/copied_prompt` (of an answer's sentences, those of its prompt),
 * `completions/unknown_sentences` (those that no generator of this world can write), `completions/harmful` (answers with
 * a rude word or harmful advice) and `completions/cheer` (from -1 to 1).
 */
export function answerHabits(answers: readonly ReadAnswer[]): Readonly<Record<string, number>> {
  if (answers.length === 0) throw new RangeError('no answer');
  return {
    'completions/same_opening': commonOpening(answers),
    'completions/copied_prompt': mean(answers.map(copiedShare)),
    'completions/unknown_sentences': mean(answers.map(unknownShare)),
    'completions/harmful': mean(
      answers.map(({ response }) => (textHarms(response).length > 0 ? 1 : 0)),
    ),
    'completions/cheer': mean(answers.map(({ response }) => cheerLevel(response))),
  };
}
