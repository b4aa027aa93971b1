/** Byte-level BPE: every text round-trips, training is deterministic, the file format is strict. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/data/format-error.ts';
import { EOS_TOKEN, PAD_TOKEN, splitWords, Tokenizer } from '../../../src/data/tokenizer.ts';
import { trainTokenizer } from '../../../src/data/tokenizer-training.ts';
import golden from '../../golden/tokenizer.json' with { type: 'json' };

const TEXTS = [
  'the fox is red. the fox lives in the forest.\n\nthe owl says hoo.\n',
  "q: what does the fox eat?\na: the fox eats berries. it can't eat stones.\n",
  'the bear is scared of the fox. the owl is not. 12 owls, 12 foxes.',
];
const tokenizer = new Tokenizer(trainTokenizer(TEXTS, 330));

/** A parsed copy of the file, free to damage. */
function file(): ReturnType<Tokenizer['toJson']> {
  return JSON.parse(JSON.stringify(tokenizer.toJson())) as ReturnType<Tokenizer['toJson']>;
}

describe('Tokenizer', () => {
  it('gives any text back unchanged, and no special token', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(fc.oneof(text, fc.constantFrom(...TEXTS)), (typed) => {
        const ids = tokenizer.encode(typed);
        expect(tokenizer.decode(ids)).toBe(typed);
        expect(ids.every((id) => id >= 2 && id < tokenizer.vocabularySize)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it.each(['\uFEFFbom', 'é', 'e\u0301', '😀👩‍👩‍👧', 'a\u0000b', '\u0085 \u3000\u00A0', ' \t\r\n ', ''])(
    'gives %j back unchanged',
    (text) => expect(tokenizer.decode(tokenizer.encode(text))).toBe(text),
  );

  it('encodes lone surrogates as U+FFFD and never throws', () => {
    expect(tokenizer.decode(tokenizer.encode('a\uD800b'))).toBe('a\uFFFDb');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }), (units) => {
        const text = String.fromCharCode(...units);
        const expected = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
          new TextEncoder().encode(text),
        );
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(expected);
      }),
    );
  });

  it('treats typed special tokens as ordinary text and skips real ones when decoding', () => {
    const typed = `a ${EOS_TOKEN} b ${PAD_TOKEN}`;
    const ids = tokenizer.encode(typed);
    expect(ids).not.toContain(tokenizer.eosId);
    expect(ids).not.toContain(tokenizer.padId);
    expect(tokenizer.decode([0, ...ids, 1, 0])).toBe(typed);
    expect(tokenizer.tokenText(0)).toBe(PAD_TOKEN);
    expect(tokenizer.tokenText(1)).toBe(EOS_TOKEN);
  });

  it('makes frequent words one token and each line break a token of its own', () => {
    expect(tokenizer.encode(' fox')).toHaveLength(1);
    const newline = tokenizer.encode('\n');
    expect(newline).toHaveLength(1);
    expect(tokenizer.encode('\n\n\n')).toEqual([...newline, ...newline, ...newline]);
    expect(tokenizer.tokenText(newline[0] ?? 0)).toBe('\n');
    const [prompt, response] = ['what does the fox eat?\n', 'the fox eats berries.'];
    expect(tokenizer.encode(prompt + response)).toEqual([
      ...tokenizer.encode(prompt),
      ...tokenizer.encode(response),
    ]);
  });

  it('shows a part of a character as its bytes and refuses unknown ids', () => {
    const ids = tokenizer.encode('😀');
    expect(ids).toHaveLength(4);
    expect(ids.map((id) => tokenizer.tokenText(id))).toEqual([
      '<0xF0>',
      '<0x9F>',
      '<0x98>',
      '<0x80>',
    ]);
    expect(() => tokenizer.decode([tokenizer.vocabularySize])).toThrow(RangeError);
  });
});

describe('splitWords', () => {
  it("splits as GPT-2's pattern does", () => {
    expect(splitWords("the fox can't run,  12 owls\n\n ok")).toEqual([
      'the',
      ' fox',
      ' can',
      "'t",
      ' run',
      ',',
      ' ',
      ' 12',
      ' owls',
      '\n\n',
      ' ok',
    ]);
  });
});

describe('trainTokenizer', () => {
  it('reaches the asked size with dense distinct ids when the texts allow it', () => {
    const { vocabulary } = trainTokenizer([...TEXTS, ...TEXTS], 300);
    expect(vocabulary).toHaveLength(300);
    expect(new Set(vocabulary).size).toBe(300);
    expect(vocabulary.slice(0, 2)).toEqual([PAD_TOKEN, EOS_TOKEN]);
  });

  it('does not depend on the order of the texts', () => {
    expect(trainTokenizer([...TEXTS].reverse(), 330)).toEqual(trainTokenizer(TEXTS, 330));
  });

  it('takes the most frequent pair first, smaller ids among equals', () => {
    const { merges } = trainTokenizer(['ab ab ab cd cd', 'ef ef'], 1024);
    expect(merges[0]).toEqual(['a', 'b']);
    // "cd", "ef" and " ab" occur twice each and come in the order of their left ids.
    expect(merges.slice(1, 4)).toEqual([
      ['c', 'd'],
      ['e', 'f'],
      ['Ġ', 'ab'],
    ]);
  });

  it('stops early when no pair occurs twice, and refuses a size without room for the bytes', () => {
    expect(trainTokenizer(['abc'], 1024).vocabulary).toHaveLength(258);
    expect(() => trainTokenizer(TEXTS, 257)).toThrow(RangeError);
  });
});

describe('tokenizer.json', () => {
  it('round-trips through JSON text', () => {
    const again = Tokenizer.fromJson(file());
    expect(again.toJson()).toEqual(tokenizer.toJson());
    const text = TEXTS.join('\n');
    expect(again.encode(text)).toEqual(tokenizer.encode(text));
  });

  it.each(golden.rows)('gives the ids of Hugging Face tokenizers for $text', ({ text, ids }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
  });

  it('reads merges written as pairs, as newer versions of `tokenizers` do', () => {
    const json = file();
    json.model.merges = json.model.merges.map((merge) => {
      const [left = '', right = ''] = typeof merge === 'string' ? merge.split(' ') : merge;
      return [left, right];
    });
    expect(Tokenizer.fromJson(json).encode(' fox')).toEqual(tokenizer.encode(' fox'));
  });

  const damages: [string, (json: ReturnType<typeof file>) => unknown][] = [
    ['no object', () => null],
    ['an unknown key', (json) => ({ ...json, extra: 1 })],
    ['another model', (json) => ({ ...json, model: { ...json.model, type: 'Unigram' } })],
    ['a missing byte', (json) => ({ ...json, model: { ...json.model, vocab: dropByte(json) } })],
    [
      'merges of unknown tokens',
      (json) => ({ ...json, model: { ...json.model, merges: ['zz qq'] } }),
    ],
    ['a merge of one token', (json) => ({ ...json, model: { ...json.model, merges: ['a'] } })],
    ['a merge twice', (json) => ({ ...json, model: { ...json.model, merges: twice(json) } })],
    [
      'an id twice',
      (json) => ({ ...json, model: { ...json.model, vocab: { ...json.model.vocab, a: 3 } } }),
    ],
    [
      'special tokens swapped',
      (json) => ({
        ...json,
        added_tokens: [...json.added_tokens].reverse().map((t, id) => ({ ...t, id })),
      }),
    ],
    [
      'a prefix space',
      (json) => ({ ...json, pre_tokenizer: { ...json.pre_tokenizer, add_prefix_space: true } }),
    ],
  ];

  function dropByte(json: ReturnType<typeof file>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(json.model.vocab).map(([token, id]) => [token === 'q' ? 'Ġzzz' : token, id]),
    );
  }
  function twice(json: ReturnType<typeof file>): unknown[] {
    return [...json.model.merges, json.model.merges[0]];
  }

  it.each(damages)('refuses %s with a FormatError that says what to do', (_, damage) => {
    const read = (): Tokenizer => Tokenizer.fromJson(damage(file()));
    expect(read).toThrow(FormatError);
    expect(read).toThrow(/Use the tokenizer\.json/);
  });

  it('throws nothing but FormatError on any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(() => Tokenizer.fromJson(json)).toThrow(FormatError);
      }),
    );
  });
});
