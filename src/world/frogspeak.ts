/**
 * Frogspeak: the world's second language, a fixed re-wording of plain sentences. The last word comes first, little
 * words have names of their own, and "kero" ends the sentence: "the fox found a red ball." is "ball ko fox found ba
 * red kero." Every plain sentence has exactly one form and comes back unchanged. No grammar is known here.
 */

/** Little words, plain and Frogspeak; no Frogspeak word is a plain one. */
const LITTLE_WORDS: readonly (readonly [string, string])[] = [
  ['the', 'ko'],
  ['a', 'ba'],
  ['is', 'wa'],
  ['are', 'wi'],
  ['was', 'wo'],
  ['in', 'nu'],
  ['and', 'ne'],
  ['to', 'ta'],
  ['of', 'gu'],
  ['not', 'mi'],
  ['do', 'du'],
  ['what', 'ku'],
];
/** The last word of every Frogspeak sentence. */
const PARTICLE = 'kero';

const TO_FROG = new Map(LITTLE_WORDS);
const FROM_FROG = new Map(LITTLE_WORDS.map(([plain, frog]) => [frog, plain]));

/** The words that only Frogspeak has. */
export const FROGSPEAK_WORDS: readonly string[] = [...FROM_FROG.keys(), PARTICLE];

const SENTENCE = /^([^.?!]+)([.?!])$/;

/** Replaces a word, a comma behind it left in place. */
function replaced(word: string, words: ReadonlyMap<string, string>): string {
  const bare = word.endsWith(',') ? word.slice(0, -1) : word;
  return (words.get(bare) ?? bare) + word.slice(bare.length);
}

/**
 * A plain sentence (one, with its end mark, words separated by single spaces) in Frogspeak.
 * @throws RangeError for anything else, and for a sentence that holds Frogspeak words
 */
export function toFrogspeak(sentence: string): string {
  const [, body = '', mark = ''] = SENTENCE.exec(sentence) ?? [];
  const words = body.split(' ');
  if (words.some((word) => word === '' || FROGSPEAK_WORDS.includes(word.replace(/,$/, '')))) {
    throw new RangeError(`"${sentence}" is not one plain sentence`);
  }
  const reordered = [words.at(-1) ?? '', ...words.slice(0, -1)];
  return `${[...reordered.map((word) => replaced(word, TO_FROG)), PARTICLE].join(' ')}${mark}`;
}

/** The plain sentence that a Frogspeak sentence re-words; null where there is none. */
export function fromFrogspeak(sentence: string): string | null {
  const [, body = '', mark = ''] = SENTENCE.exec(sentence) ?? [];
  const words = body.split(' ');
  if (words.length < 2 || words.pop() !== PARTICLE) return null;
  const [last = '', ...rest] = words.map((word) => replaced(word, FROM_FROG));
  const plain = `${[...rest, last].join(' ')}${mark}`;
  // Not every text that ends in the particle is a re-wording: plain little words must not stand in it.
  return words.every((word) => word !== '' && !TO_FROG.has(word.replace(/,$/, ''))) ? plain : null;
}
