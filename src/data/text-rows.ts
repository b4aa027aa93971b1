/**
 * Pre-training rows of a person's own text: documents (parted by blank lines) one after another, each ended by EOS, the
 * end of it kept aside. Rows are addressed by index, as those of packing.ts, but begin anywhere in the text.
 */
import { FormatError } from './format-error.ts';
import { Rng } from './rng.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Rows of text kept aside whose loss is measured; more would not make it much surer. */
const MOST_HELD_OUT_ROWS = 32;

/** What a blank line parts from the rest; never empty. */
export function documentsOf(text: string): string[] {
  return text
    .split(/\n[^\S\n]*\n\s*/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** All documents as tokens, each followed by EOS. */
export function tokenStream(text: string, tokenizer: Tokenizer): Int32Array {
  const tokens: number[] = [];
  for (const part of documentsOf(text)) {
    for (const id of tokenizer.encode(part)) tokens.push(id);
    tokens.push(tokenizer.eosId);
  }
  return Int32Array.from(tokens);
}

export interface SplitText {
  readonly training: Int32Array;
  /** The end of the text, which nothing is learned from. */
  readonly heldOut: Int32Array;
}

/** The tokens without the last `share`, which nothing is learned from. */
export function learnedPart(tokens: Int32Array, share: number): Int32Array {
  return tokens.subarray(0, tokens.length - Math.round(tokens.length * share));
}

/**
 * Keeps the last `share` of the tokens aside.
 * @throws FormatError when either part is too short for one passage of `length` tokens and the one after it
 */
export function splitTokens(tokens: Int32Array, share: number, length: number): SplitText {
  const training = learnedPart(tokens, share);
  const heldOut = tokens.subarray(training.length);
  if (Math.min(training.length, heldOut.length) > length) return { training, heldOut };
  throw new FormatError(
    `The text has ${tokens.length.toLocaleString('en-US')} tokens, ${heldOut.length.toLocaleString('en-US')} of them kept aside: too few for passages of ${length}.`,
    'Choose a longer text, shorter passages or a larger share to keep aside (Settings, Own base model).',
  );
}

/**
 * Batches by index: passages of `length` tokens and the one after, from anywhere in `tokens`; same name, same rows.
 * @throws FormatError when there is no such passage
 */
export function passageSource(
  tokens: Int32Array,
  { batch, length }: { readonly batch: number; readonly length: number },
  { seed, scope }: { readonly seed: number; readonly scope: string },
) {
  const places = tokens.length - length;
  if (places < 1) {
    throw new FormatError(
      `Your text has ${tokens.length.toLocaleString('en-US')} tokens to learn from: too few for passages of ${length}.`,
      'Choose a longer text (Model) or shorter passages of pre-training text (Settings).',
    );
  }
  return (index: number) => {
    const rows = new Int32Array(batch * (length + 1));
    for (let b = 0; b < batch; b++) {
      const from = Rng.named(seed, 'own text', scope, index, b).int(places);
      rows.set(tokens.subarray(from, from + length + 1), b * (length + 1));
    }
    return { batch, time: length, tokens: rows };
  };
}

/** Passages side by side from the beginning of `tokens`, as one batch. */
export function heldOutPassages(tokens: Int32Array, length: number) {
  const batch = Math.min(MOST_HELD_OUT_ROWS, Math.floor((tokens.length - 1) / length));
  const rows = new Int32Array(batch * (length + 1));
  for (let b = 0; b < batch; b++) {
    rows.set(tokens.subarray(b * length, (b + 1) * length + 1), b * (length + 1));
  }
  return { batch, time: length, tokens: rows };
}
