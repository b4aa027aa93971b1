/**
 * Byte-level BPE tokenizer: any text becomes token ids and comes back unchanged, known words or not.
 * Ids, merges and file format are those of Hugging Face `tokenizers` (GPT-2's byte alphabet and word pattern).
 * Training is in tokenizer-training.ts. Special tokens are never typed: PAD is 0, EOS is 1, text gives ids from 2 on.
 */
import { bytesOfAlphabet, BYTE_ORDER, CHARACTER_OF_BYTE, toAlphabet } from './byte-alphabet.ts';
import { FormatError } from './format-error.ts';
import { readTokenizerJson, type TokenizerJson } from './tokenizer-json.ts';

export const PAD_TOKEN = '<|pad|>';
export const EOS_TOKEN = '<|eos|>';

export interface TokenizerModel {
  /** Token strings by id, in the byte alphabet; 0 and 1 are the special tokens, 2 to 257 the bytes. */
  readonly vocabulary: readonly string[];
  /** Merges by priority. */
  readonly merges: readonly (readonly [string, string])[];
}

/**
 * GPT-2's word pattern: contractions; letters, digits or other signs, each with one leading space; white space,
 * leaving the last space to the next word. `\s` is spelled White_Space because the reference means that set
 * (JavaScript's `\s` has U+FEFF more and U+0085 less).
 */
const WORD_PATTERN =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Pieces of a text that no merge crosses; joined they are the text. */
export function splitWords(text: string): string[] {
  return text.match(WORD_PATTERN) ?? [];
}

/** Words whose ids are remembered; beyond it the memory starts anew. */
const CACHED_WORDS = 20_000;

interface Merge {
  readonly rank: number;
  readonly id: number;
}

export class Tokenizer {
  readonly vocabularySize: number;
  readonly padId = 0;
  readonly eosId = 1;
  readonly #model: TokenizerModel;
  readonly #bytes: readonly Uint8Array[];
  readonly #idOf: ReadonlyMap<string, number>;
  readonly #merges = new Map<number, Merge>();
  readonly #cache = new Map<string, readonly number[]>();
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** @throws FormatError when the model is not a complete byte-level BPE as `TokenizerModel` says */
  constructor(model: TokenizerModel) {
    this.#model = model;
    this.vocabularySize = model.vocabulary.length;
    this.#idOf = indexVocabulary(model.vocabulary);
    this.#bytes = model.vocabulary.map((token, id) => bytesOfToken(token, id));
    model.merges.forEach(([left, right], rank) => {
      const leftId = this.#idOf.get(left);
      const rightId = this.#idOf.get(right);
      const id = this.#idOf.get(left + right);
      if (leftId === undefined || rightId === undefined || id === undefined || id < 2) {
        throw broken(`Merge ${rank + 1} ("${left}" "${right}") names tokens that do not exist.`);
      }
      const key = leftId * this.vocabularySize + rightId;
      if (this.#merges.has(key)) throw broken(`Merge ${rank + 1} is there twice.`);
      this.#merges.set(key, { rank, id });
    });
  }

  /**
   * Ids of a text, without special tokens: a typed "<|eos|>" is seven ordinary characters.
   * A lone surrogate, which no UTF-8 text can hold, is encoded as U+FFFD.
   */
  encode(text: string): number[] {
    const ids: number[] = [];
    for (const word of splitWords(text)) {
      for (const id of this.#encodeWord(word)) ids.push(id);
    }
    return ids;
  }

  /**
   * Text of ids; special tokens are skipped and bytes that are no UTF-8 show as U+FFFD.
   * @throws RangeError for an id outside the vocabulary
   */
  decode(ids: Iterable<number>): string {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (const id of ids) {
      const bytes = this.#bytesOf(id);
      parts.push(bytes);
      length += bytes.length;
    }
    const joined = new Uint8Array(length);
    let offset = 0;
    for (const bytes of parts) {
      joined.set(bytes, offset);
      offset += bytes.length;
    }
    return this.#decoder.decode(joined);
  }

  /**
   * One token as a person can read it: its text, the name of a special token, or `<0xE2>` for bytes that are
   * only a part of a character.
   */
  tokenText(id: number): string {
    const bytes = this.#bytesOf(id);
    if (id === this.padId || id === this.eosId) return this.#model.vocabulary[id] ?? '';
    const text = this.#decoder.decode(bytes);
    if (!text.includes('\uFFFD')) return text;
    return [...bytes]
      .map((byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
      .join('');
  }

  /** The `tokenizer.json` of this tokenizer, as `transformers` reads it. */
  toJson(): TokenizerJson {
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [specialToken(this.padId, PAD_TOKEN), specialToken(this.eosId, EOS_TOKEN)],
      normalizer: null,
      pre_tokenizer: {
        type: 'ByteLevel',
        add_prefix_space: false,
        trim_offsets: true,
        use_regex: true,
      },
      post_processor: null,
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        vocab: Object.fromEntries(this.#model.vocabulary.map((token, id) => [token, id])),
        merges: this.#model.merges.map(([left, right]) => `${left} ${right}`),
      },
    };
  }

  /**
   * Reads a parsed `tokenizer.json` of the shape that `toJson` writes (also after a round through `tokenizers`).
   * @throws FormatError when anything in it would make ids or texts differ from what this class does
   */
  static fromJson(json: unknown): Tokenizer {
    return new Tokenizer(readTokenizerJson(json));
  }

  #bytesOf(id: number): Uint8Array {
    const bytes = this.#bytes[id];
    if (!bytes) {
      throw new RangeError(`Token id ${id} is outside the vocabulary of ${this.vocabularySize}`);
    }
    return bytes;
  }

  #encodeWord(word: string): readonly number[] {
    const known = this.#cache.get(word);
    if (known) return known;
    const ids = [...toAlphabet(word)].map((character) => this.#idOf.get(character) ?? 0);
    for (;;) {
      const best = this.#bestMerge(ids);
      if (!best) break;
      ids.splice(best.at, 2, best.id);
    }
    if (this.#cache.size >= CACHED_WORDS) this.#cache.clear();
    this.#cache.set(word, ids);
    return ids;
  }

  /** The applicable merge of lowest rank, leftmost first. */
  #bestMerge(ids: readonly number[]): { at: number; id: number } | undefined {
    let rank = Infinity;
    let best: { at: number; id: number } | undefined;
    for (let at = 0; at + 1 < ids.length; at++) {
      const key = ids[at]! * this.vocabularySize + ids[at + 1]!;
      const merge = this.#merges.get(key);
      if (merge && merge.rank < rank) {
        rank = merge.rank;
        best = { at, id: merge.id };
      }
    }
    return best;
  }
}

function specialToken(id: number, content: string): TokenizerJson['added_tokens'][number] {
  return {
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  };
}

function broken(problem: string): FormatError {
  return new FormatError(
    `The tokenizer file is damaged or of another kind. ${problem}`,
    'Use the tokenizer.json that was exported together with the model.',
  );
}

function indexVocabulary(vocabulary: readonly string[]): ReadonlyMap<string, number> {
  if (vocabulary[0] !== PAD_TOKEN || vocabulary[1] !== EOS_TOKEN) {
    throw broken(`Ids 0 and 1 must be ${PAD_TOKEN} and ${EOS_TOKEN}.`);
  }
  const idOf = new Map(vocabulary.map((token, id) => [token, id]));
  if (idOf.size !== vocabulary.length) throw broken('A token is in the vocabulary twice.');
  for (const byte of BYTE_ORDER) {
    if (!idOf.has(CHARACTER_OF_BYTE[byte] ?? '')) {
      throw broken(`Byte ${byte} has no token, so not every text could be encoded.`);
    }
  }
  return idOf;
}

function bytesOfToken(token: string, id: number): Uint8Array {
  if (id < 2) return new Uint8Array(0);
  const bytes = bytesOfAlphabet(token);
  if (!bytes || bytes.length === 0) {
    throw broken(`Token ${id} ("${token}") is not written in the byte alphabet.`);
  }
  return bytes;
}
