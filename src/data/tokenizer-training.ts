/**
 * Learns the merges of a byte-level BPE from texts (Sennrich et al. 2016; byte alphabet of GPT-2).
 * Deterministic: equal texts in any order give the same tokenizer. Encoding and file format are in tokenizer.ts.
 */
import { BYTE_ORDER, CHARACTER_OF_BYTE, toAlphabet } from './byte-alphabet.ts';
import { EOS_TOKEN, PAD_TOKEN, splitWords, type TokenizerModel } from './tokenizer.ts';

interface Word {
  /** Current tokens of the word. */
  ids: number[];
  /** How often the word occurs in the texts. */
  readonly count: number;
}

interface Pair {
  readonly left: number;
  readonly right: number;
  count: number;
  /** Words that hold the pair now or held it once. */
  readonly words: Set<number>;
}

/** Pair key; ids stay far below 2^20. */
function keyOf(left: number, right: number): number {
  return left * 0x100000 + right;
}

class PairTable {
  readonly #pairs = new Map<number, Pair>();
  readonly #unmergeable: number;

  /** @param unmergeable id that takes part in no merge */
  constructor(unmergeable: number) {
    this.#unmergeable = unmergeable;
  }

  /** Adds (sign 1) or takes away (sign -1) the pairs of a word. */
  count(word: Word, index: number, sign: 1 | -1): void {
    for (let i = 0; i + 1 < word.ids.length; i++) {
      const left = word.ids[i]!;
      const right = word.ids[i + 1]!;
      if (left === this.#unmergeable || right === this.#unmergeable) continue;
      const key = keyOf(left, right);
      let pair = this.#pairs.get(key);
      if (!pair) {
        pair = { left, right, count: 0, words: new Set() };
        this.#pairs.set(key, pair);
      }
      pair.count += sign * word.count;
      if (sign === 1) pair.words.add(index);
    }
  }

  /** The most frequent pair seen at least twice; among equals the one with the smallest ids. */
  best(): Pair | undefined {
    let best: Pair | undefined;
    for (const [key, pair] of this.#pairs) {
      if (pair.count < 2) {
        if (pair.count === 0) this.#pairs.delete(key);
        continue;
      }
      const better =
        !best ||
        pair.count > best.count ||
        (pair.count === best.count &&
          (pair.left < best.left || (pair.left === best.left && pair.right < best.right)));
      if (better) best = pair;
    }
    return best;
  }
}

function countWords(texts: Iterable<string>): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of splitWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const idOfCharacter = new Map(BYTE_ORDER.map((byte, i) => [CHARACTER_OF_BYTE[byte]!, i + 2]));
  return [...counts].map(([text, count]) => ({
    ids: [...toAlphabet(text)].map((character) => idOfCharacter.get(character)!),
    count,
  }));
}

function merged(ids: readonly number[], left: number, right: number, result: number): number[] {
  const output: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      output.push(result);
      i++;
    } else output.push(ids[i]!);
  }
  return output;
}

/**
 * Trains on the texts until the vocabulary has `vocabularySize` tokens, or until no pair occurs twice.
 * A line break never takes part in a merge, so "\n" is always a token of its own.
 * @throws RangeError when the size has no room for the 256 bytes and the two special tokens
 */
export function trainTokenizer(texts: Iterable<string>, vocabularySize = 1024): TokenizerModel {
  const vocabulary = [PAD_TOKEN, EOS_TOKEN, ...BYTE_ORDER.map((b) => CHARACTER_OF_BYTE[b] ?? '')];
  if (!Number.isInteger(vocabularySize) || vocabularySize < vocabulary.length) {
    throw new RangeError(
      `vocabularySize must be a whole number of at least ${vocabulary.length}, got ${vocabularySize}`,
    );
  }
  const idOf = new Map(vocabulary.map((token, id) => [token, id]));
  const newline = idOf.get(toAlphabet('\n'))!;
  const words = countWords(texts);
  const pairs = new PairTable(newline);
  words.forEach((word, index) => pairs.count(word, index, 1));
  const merges: [string, string][] = [];
  while (vocabulary.length < vocabularySize) {
    const best = pairs.best();
    if (!best) break;
    const leftText = vocabulary[best.left]!;
    const rightText = vocabulary[best.right]!;
    // Two different pairs can spell the same token; they share its id.
    let id = idOf.get(leftText + rightText);
    if (id === undefined) {
      id = vocabulary.push(leftText + rightText) - 1;
      idOf.set(leftText + rightText, id);
    }
    merges.push([leftText, rightText]);
    for (const index of [...best.words]) {
      const word = words[index]!;
      pairs.count(word, index, -1);
      word.ids = merged(word.ids, best.left, best.right, id);
      pairs.count(word, index, 1);
    }
  }
  return { vocabulary, merges };
}
