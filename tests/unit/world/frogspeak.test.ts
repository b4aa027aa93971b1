import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { generateDocument } from '../../../src/world/documents.ts';
import { frogspeakRequest, plainSentence } from '../../../src/world/documents/frogspeak.ts';
import { FROGSPEAK_WORDS, fromFrogspeak, toFrogspeak } from '../../../src/world/frogspeak.ts';
import {
  acceptsSentence,
  kindsOf,
  SENTENCE_TEMPLATES,
  splitSentences,
  stripLabel,
  WORD_TYPES,
} from '../../../src/world/grammar.ts';
import { LEXICON } from '../../../src/world/lexicon.ts';
import { isReserved } from '../../../src/world/reserved.ts';

const rng = Rng.named(1, 'frogspeak');
const documents = Array.from({ length: 400 }, () => generateDocument(rng, 'frogspeak').text);

describe('frogspeak', () => {
  it.each([
    ['the fox found a red ball.', 'ball ko fox found ba red kero.'],
    ['hello.', 'hello kero.'],
    ['what do foxes eat?', 'eat ku du foxes kero?'],
    ['no, foxes are not red.', 'red no, foxes wi mi kero.'],
    ['1: a ball.', 'ball 1: ba kero.'],
  ])('%s', (plain, frog) => {
    expect(toFrogspeak(plain)).toBe(frog);
    expect(fromFrogspeak(frog)).toBe(plain);
  });

  it('re-words every sentence of every other document and gives it back, no two alike', () => {
    const all = Rng.named(2, 'all');
    const plain = new Set<string>();
    for (let i = 0; i < 1500; i++) {
      const { kind, text } = generateDocument(all);
      if (kind === 'frogspeak') continue;
      for (const sentence of splitSentences(text).map(stripLabel)) {
        if (fromFrogspeak(sentence.split('. ').at(-1) ?? '') === null) plain.add(sentence);
      }
    }
    const frogs = new Set<string>();
    for (const sentence of plain) {
      const frog = toFrogspeak(sentence);
      frogs.add(frog);
      if (fromFrogspeak(frog) !== sentence) expect.fail(`${sentence} | ${frog}`);
    }
    expect(plain.size).toBeGreaterThan(3000);
    expect(frogs.size).toBe(plain.size);
  });

  it('shares no word with the plain language', () => {
    const plain = new Set(
      [...SENTENCE_TEMPLATES, ...Object.values(LEXICON).flat()].flatMap(
        (text) => text.replace(/\{[^}]*\}/g, ' ').match(/[a-z]+/g) ?? [],
      ),
    );
    expect(FROGSPEAK_WORDS.filter((word) => plain.has(word))).toEqual([]);
    expect(FROGSPEAK_WORDS.every((word) => WORD_TYPES.has(word))).toBe(true);
  });

  it.each(['', 'kero.', '.', 'ball ko fox', 'the fox kero.', 'ball  ko kero.', 'two. parts kero.'])(
    'does not take %j for Frogspeak',
    (text) => {
      expect(fromFrogspeak(text)).toBeNull();
    },
  );

  it.each(['', 'two. sentences.', 'no end mark', 'ko fox.', 'a  gap.'])(
    'does not re-word %j',
    (text) => {
      expect(() => toFrogspeak(text)).toThrow(RangeError);
    },
  );

  it('is in the grammar where its plain form is, and is no plain kind of sentence', () => {
    expect([...kindsOf('red foxes wi kero.')]).toEqual(['frogspeak']);
    expect(acceptsSentence('foxes red wi kero.')).toBe(false);
    expect(acceptsSentence('kero.')).toBe(false);
  });
});

describe('pages of Frogspeak', () => {
  it('pair each plain sentence with its own re-wording, both ways about equally often', () => {
    let toFrog = 0;
    let toPlain = 0;
    for (const text of documents) {
      const lines = text.split('\n');
      for (let i = 0; i < lines.length; i += 2) {
        const [first = '', second = ''] = lines.slice(i, i + 2);
        if (!/^(plain|frogspeak): /.test(first)) continue;
        const forward = first.startsWith('plain: ');
        const [plain, frog] = (forward ? [first, second] : [second, first]).map(stripLabel);
        expect(toFrogspeak(plain ?? '')).toBe(frog);
        if (forward) toFrog++;
        else toPlain++;
      }
    }
    expect(toFrog + toPlain).toBeGreaterThan(1000);
    expect(Math.min(toFrog, toPlain)).toBeGreaterThan(0.4 * (toFrog + toPlain));
  });

  it('leave reserved sentences to the suites, which are some', () => {
    const told = documents.flatMap((text) => text.match(/(?<=^plain: ).*$/gm) ?? []);
    expect(told.filter((sentence) => isReserved(sentence))).toEqual([]);
    const drawn = Array.from({ length: 2000 }, () => plainSentence(rng));
    const share = drawn.filter((sentence) => isReserved(sentence)).length / drawn.length;
    expect(share).toBeGreaterThan(0.03);
    expect(share).toBeLessThan(0.1);
  });

  it('ask for translations and answer them rightly', () => {
    for (let i = 0; i < 100; i++) {
      const { text, answer } = frogspeakRequest(rng, 'the fox was sad.');
      const [, given = ''] = splitSentences(text);
      const right = given === 'the fox was sad.' ? toFrogspeak(given) : fromFrogspeak(given);
      expect(answer).toBe(right);
    }
  });
});
