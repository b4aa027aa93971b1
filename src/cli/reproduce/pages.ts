/**
 * Texts that a model goes on with as they stand, without the line break that stands between a prompt and its answer:
 * few-shot prompts and pages as the base model read them. What counts of the continuation is its first line.
 */
import { streamKey } from '../../data/rng.ts';
import type { Tokenizer } from '../../data/tokenizer.ts';
import type { Model } from '../../model/parameters.ts';
import { sampleResponses, type SampleSettings } from '../../model/sample.ts';

export interface Answer {
  readonly text: string;
  /** By an end mark or by the line's end. */
  readonly ended: boolean;
}

/** A language model with the vocabulary that it was trained with. */
export interface Speaker {
  readonly model: Model;
  readonly tokenizer: Tokenizer;
}

/** Up to the first line break, which ends an answer on a page; without the space before it. */
export function firstLine({ text, ended }: Answer): Answer {
  const at = text.indexOf('\n');
  return at < 0 ? { text: text.trim(), ended } : { text: text.slice(0, at).trim(), ended: true };
}

/** Rows of about the same length together, so that short ones are not padded to the longest of all. */
const CHUNK = 64;

export interface PageSettings extends Pick<SampleSettings, 'temperature' | 'responseLength'> {
  readonly seed: number;
  /** Names the random stream. */
  readonly scope: string;
}

/** Tokens of context that are left for a page before a response of so many. */
export function pageRoom({ model }: Speaker, responseLength: number): number {
  return model.config.contextLength - responseLength;
}

/**
 * The first line that follows each page, in order. A page that does not fit loses its beginning, as a model that reads
 * only so far would.
 */
export async function continuePages(
  speaker: Speaker,
  pages: readonly string[],
  { temperature, responseLength, seed, scope }: PageSettings,
): Promise<Answer[]> {
  const { model, tokenizer } = speaker;
  const room = pageRoom(speaker, responseLength);
  const tokens = pages.map((page) => tokenizer.encode(page).slice(-room));
  const order = [...tokens.keys()].sort((a, b) => tokens[a]!.length - tokens[b]!.length);
  const answers = new Array<Answer>(pages.length);
  for (let from = 0; from < order.length; from += CHUNK) {
    const rows = order.slice(from, from + CHUNK);
    const chosen = rows.map((row) => tokens[row]!);
    const promptLength = Math.max(...chosen.map(({ length }) => length));
    const key = streamKey(seed, 'sample', scope);
    const how = { promptLength, responseLength, temperature, key, rows };
    const sampled = await sampleResponses(model, chosen, how);
    rows.forEach((row, i) => {
      const { tokens: drawn, ended } = sampled[i]!;
      answers[row] = firstLine({ text: tokenizer.decode(drawn), ended });
    });
  }
  return answers;
}
