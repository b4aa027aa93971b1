/**
 * How long a prompt is and may be, in words and marks: what a tokenizer that knows every word of this world makes of
 * it. Longer prompts would be left out of every stage, so that generators keep to the limit. No tokenizer is here.
 */
import { GENERAL } from '../config/supervised-table.ts';

/** The separator that stands after a prompt, and seldom words that take two tokens. */
const RESERVE = 4;

/** Most words and marks of a prompt. */
export const LONGEST_PROMPT = GENERAL.maxPromptTokens.default - RESERVE;

/** Words, marks and line breaks of a text. */
export function piecesOf(text: string): number {
  return text.match(/[\p{L}\p{N}]+|[^\p{L}\p{N}\s]|\n/gu)?.length ?? 0;
}
