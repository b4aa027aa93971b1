/**
 * The shape of a Hugging Face `tokenizer.json` that this project reads and writes, and its validator.
 * Only byte-level BPE as GPT-2 uses it; a file that asks for anything else is refused instead of half understood.
 */
import * as v from 'valibot';
import { FormatError } from './format-error.ts';
import type { TokenizerModel } from './tokenizer.ts';

const ACTION = 'Use the tokenizer.json that was exported together with the model.';
const MAX_VOCABULARY = 65_536;

const byteLevel = {
  type: v.literal('ByteLevel'),
  trim_offsets: v.boolean(),
  use_regex: v.optional(v.literal(true), true),
};
const empty = v.optional(v.null(), null);

const tokenizerSchema = v.strictObject({
  version: v.literal('1.0'),
  truncation: empty,
  padding: empty,
  added_tokens: v.pipe(
    v.array(
      v.strictObject({
        id: v.pipe(v.number(), v.integer()),
        content: v.string(),
        single_word: v.literal(false),
        lstrip: v.literal(false),
        rstrip: v.literal(false),
        normalized: v.literal(false),
        special: v.literal(true),
      }),
    ),
    v.length(2),
  ),
  normalizer: empty,
  pre_tokenizer: v.strictObject({ ...byteLevel, add_prefix_space: v.literal(false) }),
  post_processor: v.optional(
    v.nullable(v.strictObject({ ...byteLevel, add_prefix_space: v.boolean() })),
    null,
  ),
  decoder: v.strictObject({ ...byteLevel, add_prefix_space: v.boolean() }),
  model: v.strictObject({
    type: v.literal('BPE'),
    dropout: empty,
    unk_token: empty,
    continuing_subword_prefix: v.optional(v.nullable(v.literal('')), null),
    end_of_word_suffix: v.optional(v.nullable(v.literal('')), null),
    fuse_unk: v.optional(v.boolean(), false),
    byte_fallback: v.optional(v.literal(false), false),
    ignore_merges: v.optional(v.literal(false), false),
    // Keys are tokens, and a record schema would drop such as "constructor"; entries are checked by hand.
    vocab: v.custom<Readonly<Record<string, unknown>>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'Expected an object of tokens and ids',
    ),
    merges: v.array(v.union([v.string(), v.strictTuple([v.string(), v.string()])])),
  }),
});

export type TokenizerJson = v.InferInput<typeof tokenizerSchema>;

function vocabularyOf(vocab: Readonly<Record<string, unknown>>): string[] {
  const entries = Object.entries(vocab);
  if (entries.length > MAX_VOCABULARY) {
    throw new FormatError(`The tokenizer has more than ${MAX_VOCABULARY} tokens.`, ACTION);
  }
  const vocabulary = new Map<number, string>();
  for (const [token, id] of entries) {
    const valid = Number.isInteger(id) && (id as number) >= 0 && (id as number) < entries.length;
    if (!valid || vocabulary.has(id as number)) {
      throw new FormatError(
        `Token "${token}" has the id ${String(id)}; ids must be 0 to ${entries.length - 1}, each once.`,
        ACTION,
      );
    }
    vocabulary.set(id as number, token);
  }
  return Array.from({ length: entries.length }, (_, id) => vocabulary.get(id) ?? '');
}

/**
 * Vocabulary and merges of a parsed `tokenizer.json`.
 * @throws FormatError naming the field that is wrong
 */
export function readTokenizerJson(json: unknown): TokenizerModel {
  const parsed = v.safeParse(tokenizerSchema, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const path = v.getDotPath(issue) ?? 'file';
    throw new FormatError(`tokenizer.json, field ${path}: ${issue.message}.`, ACTION);
  }
  const vocabulary = vocabularyOf(parsed.output.model.vocab);
  for (const { id, content } of parsed.output.added_tokens) {
    if (vocabulary[id] !== content) {
      throw new FormatError(
        `Special token "${content}" does not have the id ${id} in the vocabulary.`,
        ACTION,
      );
    }
  }
  const merges = parsed.output.model.merges.map((merge, rank): [string, string] => {
    const [left, right, ...more] = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!left || !right || more.length > 0) {
      throw new FormatError(`Merge ${rank + 1} must name two tokens.`, ACTION);
    }
    return [left, right];
  });
  return { vocabulary, merges };
}
