import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { extractClaims, isTrue } from '../../../src/world/claims.ts';
import { documentKinds, generateDocument } from '../../../src/world/documents.ts';
import { FACTS, isFact, isMyth, MYTHS } from '../../../src/world/facts.ts';
import {
  acceptsSentence,
  splitSentences,
  wellFormedShare,
  WORD_TYPES,
} from '../../../src/world/grammar.ts';

const COUNT = 5000;
const rng = Rng.named(1, 'world', 'documents');
const documents = Array.from({ length: COUNT }, () => generateDocument(rng));

describe('documents', () => {
  it('are written in the grammar, every sentence', () => {
    const refused = new Set<string>();
    for (const { text } of documents) {
      for (const sentence of splitSentences(text)) {
        if (!acceptsSentence(sentence)) refused.add(sentence);
      }
    }
    expect([...refused]).toEqual([]);
  });

  it('repeat in less than one case of a hundred', () => {
    const distinct = new Set(documents.map(({ text }) => text)).size;
    expect(COUNT - distinct).toBeLessThan(COUNT / 100);
  });

  it('hold 20 to 220 words, all of them known', () => {
    for (const { text } of documents) {
      const length = text.split(/\s+/).length;
      expect(length).toBeGreaterThanOrEqual(20);
      expect(length).toBeLessThanOrEqual(220);
    }
    const words = new Set(documents.flatMap(({ text }) => text.match(/[\p{L}\p{N}]+/gu) ?? []));
    // Compared as they are written: a capital anywhere would be an unknown word.
    expect([...words].filter((word) => !WORD_TYPES.has(word))).toEqual([]);
    expect(WORD_TYPES.size).toBeLessThan(600);
  });

  it('come in every kind and are the same for the same seed', () => {
    expect(new Set(documents.map(({ kind }) => kind)).size).toBe(documentKinds.length);
    const again = Rng.named(1, 'world', 'documents');
    for (const document of documents.slice(0, 50))
      expect(generateDocument(again)).toEqual(document);
    expect(generateDocument(Rng.named(2, 'world', 'documents'))).not.toEqual(documents[0]);
  });

  it('repeat a myth about as often as the truth that it contradicts', () => {
    let myths = 0;
    let truths = 0;
    for (const claim of documents.slice(0, 2000).flatMap(({ text }) => extractClaims(text))) {
      if (claim.negated) continue;
      const disputed = MYTHS.some(
        (myth) => myth.relation === claim.relation && myth.subject === claim.subject,
      );
      if (isMyth(claim)) myths++;
      else if (disputed && isFact(claim)) truths++;
    }
    expect(myths / truths).toBeGreaterThan(0.7);
    expect(myths / truths).toBeLessThan(1.4);
  });

  it('tell only the truth in encyclopedias and question pages, falsehoods on a third of forum claims', () => {
    const shareTrue = (kind: string): number => {
      const claims = documents
        .filter((document) => document.kind === kind)
        .flatMap(({ text }) => extractClaims(text));
      return claims.filter(isTrue).length / claims.length;
    };
    expect(shareTrue('encyclopedia')).toBe(1);
    expect(shareTrue('questions and answers')).toBe(1);
    expect(shareTrue('forum')).toBeGreaterThan(0.6);
    expect(shareTrue('forum')).toBeLessThan(0.74);
    expect(shareTrue('myths')).toBe(0);
  });
});

describe('recogniser', () => {
  it.each([
    'fox the ran blue of.',
    'the the fox fox.',
    'foxes red are.',
    'story a write.',
    'foxes are red',
    'i think that hello.',
    'the fox fox was sad.',
    '',
    '.',
  ])('refuses %j', (sentence) => {
    expect(acceptsSentence(sentence)).toBe(false);
  });

  it.each([
    'foxes are red.',
    'q: what do foxes eat?',
    'anna: i think that frogs are not red.',
    'in the end the fox felt proud.',
    'write a happy story about a fox.',
    'two and three make six.',
  ])('accepts %j', (sentence) => {
    expect(acceptsSentence(sentence)).toBe(true);
  });

  it('gives the share of well-formed sentences', () => {
    expect(wellFormedShare('foxes are red. red foxes the. they live in the forest.')).toBeCloseTo(
      2 / 3,
    );
    expect(wellFormedShare('')).toBe(0);
  });
});

describe('claims', () => {
  it('resolve "they", denials and leads', () => {
    expect(extractClaims('no, foxes are not blue. they live in the forest.')).toEqual([
      { relation: 'colour', subject: 'foxes', value: 'blue', negated: true },
      { relation: 'home', subject: 'foxes', value: 'forest', negated: false },
    ]);
    expect(extractClaims('they eat berries.', 'what do foxes eat?')).toEqual([
      { relation: 'eats', subject: 'foxes', value: 'berries', negated: false },
    ]);
    expect(extractClaims('they eat berries. why are frogs red? one day the fox was sad.')).toEqual(
      [],
    );
  });

  it('are true when the world says so', () => {
    const truth = (text: string): boolean[] => extractClaims(text).map(isTrue);
    expect(truth('foxes are red. foxes are blue. foxes are not blue. foxes are not red.')).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(truth('two and three make five. two and three make six.')).toEqual([true, false]);
  });

  it('myths are false and each contradicts a fact', () => {
    for (const myth of MYTHS) {
      expect(isFact(myth)).toBe(false);
      expect(
        FACTS.some((fact) => fact.relation === myth.relation && fact.subject === myth.subject),
      ).toBe(true);
    }
  });
});
