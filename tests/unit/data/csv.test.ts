/** CSV files: rows as spreadsheets save them become the same records as JSONL, and damage is named by line and column. */
import { describe, expect, it } from 'vitest';
import { csvRows } from '../../../src/data/csv.ts';
import { jsonlRows } from '../../../src/data/jsonl.ts';
import { readDemonstrations, readPrompts, readRankings } from '../../../src/data/label-rows.ts';

const lines = (...rows: readonly string[]): string => rows.join('\r\n');
const objects = (...rows: readonly object[]): string =>
  rows.map((row) => JSON.stringify(row)).join('\n');

describe('CSV', () => {
  it('gives the records that the same rows give as JSONL', () => {
    const prompts = lines('prompt,useCase,split', 'say moo .,brainstorming,test', '"one, two",,');
    expect(readPrompts(csvRows(prompts))).toEqual(
      readPrompts(
        jsonlRows(
          objects(
            { prompt: 'say moo .', useCase: 'brainstorming', split: 'test' },
            { prompt: 'one, two' },
          ),
        ),
      ),
    );
    const shown = lines('prompt,completion', '"a ""b""","line one\nline two"');
    expect(readDemonstrations(csvRows(shown))).toEqual(
      readDemonstrations(jsonlRows(objects({ prompt: 'a "b"', completion: 'line one\nline two' }))),
    );
    const ranked = lines(
      'prompt,completion_1,completion_2,completion_3,rank_1,rank_2,rank_3,labeler,at',
      'p,a,b,c,2,1,2,eve,12',
      'p,a,b,,1,2,,eve,13',
    );
    expect(readRankings(csvRows(ranked), 0)).toEqual(
      readRankings(
        jsonlRows(
          objects(
            { prompt: 'p', completions: ['a', 'b', 'c'], ranks: [2, 1, 2], labeler: 'eve', at: 12 },
            { prompt: 'p', completions: ['a', 'b'], ranks: [1, 2], labeler: 'eve', at: 13 },
          ),
        ),
        0,
      ),
    );
  });

  it('reads semicolons, tabs, a byte order mark and blank lines', () => {
    const texts = (file: string) =>
      readPrompts(csvRows(file)).map(({ text, split }) => [text, split]);
    const expected = [
      ['a, b', 'test'],
      ['c', 'train'],
    ];
    expect(texts('\uFEFFprompt;split\n\na, b;test\nc;train\n\n')).toEqual(expected);
    expect(texts('prompt\tsplit\na, b\ttest\nc\ttrain')).toEqual(expected);
  });

  it('takes pairs of chosen and rejected', () => {
    const [pair] = readRankings(csvRows('prompt,chosen,rejected\np,good,bad\n'), 0);
    expect(pair?.completions.map(({ text }) => text)).toEqual(['good', 'bad']);
    expect(pair?.ranks).toEqual([1, 2]);
  });

  it.each([
    ['an unknown column', 'prompt,colour\np,red', /^Line 2, column colour: is not a known field/],
    ['an empty prompt', 'prompt,split\np,test\n,test', /^Line 3, column prompt: is missing/],
    ['a split that is none', 'prompt,split\np,some', /^Line 2, column split: must be one of/],
    ['a row after a blank line', 'prompt,split\n\np,some', /^Line 3, column split: must be one of/],
    ['a column twice', 'prompt,prompt\na,b', /^Line 1: the column prompt is there twice/],
    ['a heading alone', 'prompt\n', /^The file has no lines\. Choose a CSV file/],
    ['nothing', '', /^The file has no lines\. Choose a CSV file/],
    [
      'too many cells',
      'prompt,split\na,test,more',
      /^Line 2, column 3: has no heading \(the row has 3 cells, the heading 2\)\. Correct that/,
    ],
    [
      'too few cells',
      'prompt,useCase,split\np,chat,test\nq',
      /^Line 3, column useCase: and what follows it are missing \(the row has 1 cells, the heading 3\)/,
    ],
    [
      'an open quote',
      'prompt,split\np,test\n\n"two\nlines","a\nb',
      /^Line 4, column split: a quotation mark opens the cell and none closes it/,
    ],
    [
      'text after a closed quote',
      'prompt,split\np,test\nq,"te"st',
      /^Line 3, column split: more text follows the quotation mark that closes the cell/,
    ],
    [
      'a quote in the middle',
      'prompt,split\np,test\nsay "moo",test',
      /^Line 3, column prompt: a quotation mark stands inside of a cell/,
    ],
  ])('names line and column of %s', (_, file, message) => {
    expect(() => readPrompts(csvRows(file))).toThrow(message);
  });

  it.each([
    ['a rank that is no number', '1,two', /^Line 4, column rank_2: must be a number/],
    ['ranks that are none', '3,3', /^Line 4, columns rank_1, rank_2, \.\.\.: must be one number/],
    ['a rank too few', ',1', /^Line 4, column rank_1: must be a number/],
  ])('counts lines inside of cells: %s', (_, ranks, message) => {
    const file = `prompt,completion_1,completion_2,rank_1,rank_2\n"two\nlines",a,b,1,2\np,a,b,${ranks}`;
    expect(() => readRankings(csvRows(file), 0)).toThrow(message);
  });
});
