/** JSONL files: exported rows come back, damaged lines are named, and a bad file gives nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/data/format-error.ts';
import {
  jsonlRows,
  writeDemonstrations,
  writePreferences,
  writePrompts,
  writeRankings,
} from '../../../src/data/jsonl.ts';
import {
  readDemonstrations,
  readPrompts,
  readRankings,
  type FileRows,
} from '../../../src/data/label-rows.ts';
import {
  PROMPT_KINDS,
  SPLITS,
  USE_CASES,
  type Demonstration,
  type Prompt,
} from '../../../src/records/prompt.ts';
import type { Ranking } from '../../../src/records/ranking.ts';

const filled = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.trim() !== '');
const name = fc.string({ minLength: 1, maxLength: 12 });
const prompt: fc.Arbitrary<Prompt> = fc.record({
  id: fc.uuid(),
  text: filled,
  useCase: fc.constantFrom(...USE_CASES),
  kind: fc.constantFrom(...PROMPT_KINDS),
  userId: name,
  split: fc.constantFrom(...SPLITS),
  source: fc.constantFrom('world', 'person'),
});
const demonstration: fc.Arbitrary<Demonstration> = fc.record({
  id: fc.uuid(),
  prompt,
  response: filled,
  author: name,
});
const ranking: fc.Arbitrary<Ranking> = fc.integer({ min: 2, max: 9 }).chain((count) =>
  fc.record({
    id: fc.uuid(),
    prompt,
    completions: fc.array(
      fc.record({
        id: name,
        text: fc.string({ unit: 'binary' }),
        policy: name,
        ended: fc.boolean(),
      }),
      { minLength: count, maxLength: count },
    ),
    ranks: fc
      .array(fc.integer({ min: 1, max: count }), { minLength: count - 1, maxLength: count - 1 })
      .map((others) => [...others, 1]),
    labeler: name,
    shown: fc.shuffledSubarray(
      Array.from({ length: count }, (_, i) => i),
      { minLength: count, maxLength: count },
    ),
    at: fc.nat(),
  }),
);

describe('export and import', () => {
  it('gives prompts, demonstrations and rankings back unchanged', () => {
    const some = <T>(row: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
      fc.array(row, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(some(prompt), some(demonstration), some(ranking), (prompts, shown, ranked) => {
        expect(readPrompts(jsonlRows(writePrompts(prompts)))).toEqual(prompts);
        expect(readDemonstrations(jsonlRows(writeDemonstrations(shown)))).toEqual(shown);
        expect(readRankings(jsonlRows(writeRankings(ranked)), 0)).toEqual(ranked);
      }),
    );
  });

  it('reads the least that a person may write, with stable ids', () => {
    const file =
      '\uFEFF{"prompt":"tell me about foxes"}\r\n\n{"prompt":"say hello","useCase":"chat"}';
    const prompts = readPrompts(jsonlRows(file));
    expect(prompts).toMatchObject([
      { text: 'tell me about foxes', useCase: 'other', userId: 'person', source: 'person' },
      { text: 'say hello', useCase: 'chat', kind: 'plain', split: 'train' },
    ]);
    expect(readPrompts(jsonlRows(file))).toEqual(prompts);
    const [ranked] = readRankings(
      jsonlRows('{"prompt":"hi","completions":["a","b"],"ranks":[2,1]}'),
      77,
    );
    expect(ranked).toMatchObject({
      completions: [{ text: 'a' }, { text: 'b' }],
      ranks: [2, 1],
      shown: [0, 1],
      labeler: 'imported',
      at: 77,
    });
    const [shown] = readDemonstrations(jsonlRows('{"prompt":"hi","completion":"hello"}'));
    expect(shown).toMatchObject({ response: 'hello', author: 'person', prompt: { text: 'hi' } });
  });

  it('exports each strict preference once in the columns of TRL, ties none', () => {
    const rankings = readRankings(
      jsonlRows('{"prompt":"p","completions":["a","b","c"],"ranks":[2,1,2]}'),
      0,
    );
    const rows = writePreferences(rankings)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(rows).toEqual([
      { prompt: 'p', chosen: 'b', rejected: 'a' },
      { prompt: 'p', chosen: 'b', rejected: 'c' },
    ]);
  });
});

describe('bad files', () => {
  const good = '{"prompt":"p","completions":["a","b"],"ranks":[1,2]}';
  it.each([
    ['', /no lines/],
    [`${good}\n{"prompt":"q",`, /^Line 2.*: not a valid JSON object/],
    [`${good}\n{"prompt" "q"}`, /^Line 2, column 11: not a valid/],
    [`${good}\n[1]`, /^Line 2/],
    [`${good}\nnull`, /^Line 2: not a JSON object/],
    ['{"completions":["a","b"],"ranks":[1,2]}', /^Line 1, field prompt: is missing/],
    [good.replace('"p"', '"  "'), /field prompt: must not be empty/],
    [good.replace('"p"', '5'), /field prompt: must be text/],
    [good.replace('{', '{"color":1,'), /field color: is not a known field/],
    [good.replace('{', '{"__proto__":{"x":1},'), /^Line 1/],
    [good.replace('{', '{"prompt":"twice",'), /"prompt" is there twice/],
    [good.replace('{', '{"useCase":"poetry",'), /field useCase: must be one of generation/],
    [good.replace('["a","b"]', '["a"]'), /field completions: must hold at least 2/],
    [good.replace('"b"', '{"text":"b"}'), /field completions\.1: must be text or an object/],
    [good.replace('[1,2]', '[1]'), /field ranks: must be one number from 1/],
    [good.replace('[1,2]', '[2,3]'), /field ranks: must be one number from 1/],
    [good.replace('[1,2]', '[1,1.5]'), /field ranks\.1: must be a whole number/],
    [good.replace('{', '{"shown":[0,0],'), /field shown: must name each completion once/],
    [`${good}\n${good}`, /^Lines 1 and 2 are the same row/],
  ])('refuses %j', (file, message) => {
    const read = (): Ranking[] => readRankings(jsonlRows(file), 0);
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
  });

  it('leaves prototypes alone', () => {
    expect(() => readPrompts(jsonlRows('{"prompt":"p","__proto__":{"polluted":true}}'))).toThrow(
      FormatError,
    );
    expect(() =>
      readPrompts(jsonlRows('{"prompt":"p","constructor":{"prototype":{"x":1}}}')),
    ).toThrow(FormatError);
    expect('polluted' in {}).toBe(false);
  });

  it('throws nothing but FormatError for any text and any JSON', () => {
    const file = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.json(), { maxLength: 3 }).map((lines) => lines.join('\n')),
      fc
        .tuple(fc.nat(good.length - 1), fc.string({ maxLength: 2 }))
        .map(([at, patch]) => good.slice(0, at) + patch + good.slice(at + 1)),
    );
    fc.assert(
      fc.property(file, (text) => {
        for (const read of [readPrompts, readDemonstrations, (f: FileRows) => readRankings(f, 0)]) {
          try {
            read(jsonlRows(text));
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('takes pairs of chosen and rejected as rankings of two', () => {
    const [pair] = readRankings(jsonlRows('{"prompt":"p","chosen":"good","rejected":"bad"}'), 5);
    expect(pair?.completions.map(({ text }) => text)).toEqual(['good', 'bad']);
    expect(pair).toMatchObject({ ranks: [1, 2], labeler: 'imported', at: 5 });
    expect(() => readRankings(jsonlRows('{"prompt":"p","chosen":"good"}'), 5)).toThrow(
      /^Line 1, field rejected: is missing/,
    );
  });
});

describe('a JSON file that is a list', () => {
  const rows = [{ prompt: 'do birds fly ?' }, { prompt: 'do cows fly ?', useCase: 'chat' }];

  it('gives the rows that its objects give line by line', () => {
    const lines = rows.map((row) => JSON.stringify(row)).join('\n');
    for (const text of [JSON.stringify(rows), `\uFEFF\n ${JSON.stringify(rows, null, 2)}\n`])
      expect(readPrompts(jsonlRows(text))).toEqual(readPrompts(jsonlRows(lines)));
  });

  it.each([
    [
      'a wrong field',
      [...rows, { prompt: 'x', useCase: 'verse' }],
      /^Row 3, field useCase: must be one of.*Correct that row/,
    ],
    ['an entry that is no object', [...rows, 5], /^Row 3: not a JSON object/],
    ['two rows of one id', [rows[0], rows[1], rows[0]], /^Rows 1 and 3 are the same row/],
    ['no rows', [], /^The file has no lines\. Choose a JSON file with a list of objects/],
  ])('names the row and the field of %s', (_, list, message) => {
    expect(() => readPrompts(jsonlRows(JSON.stringify(list)))).toThrow(message);
  });

  it('names the place where it is broken, and both ways to write rows', () => {
    expect(() => jsonlRows('[{"prompt": "a"}\n {"prompt": "b"}]')).toThrow(
      /^The file begins as a JSON list and is not a valid one at line 2, column 2 .*commas between its rows.*or write one JSON object on each line/,
    );
  });
});
