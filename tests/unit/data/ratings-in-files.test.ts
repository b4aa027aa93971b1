/** Ratings and repeats in label files: out and in again as JSONL, in from CSV, bad ones named by field or column. */
import { describe, expect, it } from 'vitest';
import { csvRows } from '../../../src/data/csv.ts';
import { FormatError } from '../../../src/data/format-error.ts';
import { jsonlRows, writePreferences, writeRankings } from '../../../src/data/jsonl.ts';
import { readRankings } from '../../../src/data/label-rows.ts';
import type { Ranking } from '../../../src/records/ranking.ts';
import { ranking } from '../storage/rows.ts';

const plain = ranking('a');
const rated: Ranking = {
  ...ranking('b'),
  ratings: [
    { overall: 6, flags: ['satisfies-constraint', 'expresses-opinion'] },
    null,
    { overall: null, flags: ['hallucination'] },
  ],
};
const again: Ranking = { ...ranking('c'), repeat: true };

describe('JSONL', () => {
  it('gives ratings and repeats back unchanged, and rows without them as they were', () => {
    const rows = [plain, rated, again];
    const back = readRankings(jsonlRows(writeRankings(rows)), 0);
    expect(back).toEqual(rows);
    expect(Object.keys(back[0] ?? {})).not.toContain('ratings');
    expect(writeRankings([plain])).not.toMatch(/ratings|repeat/);
  });

  it('exports no preference of what was ranked again', () => {
    expect(writePreferences([again])).toBe('');
    expect(writePreferences([plain, again])).toBe(writePreferences([plain]));
  });

  const good = '{"prompt":"p","completions":["a","b"],"ranks":[1,2]';
  it.each([
    [',"ratings":[{"overall":8,"flags":[]},null]', /field ratings\.0\.overall: .*1 \(worst\) to 7/],
    [',"ratings":[{"overall":1.5,"flags":[]},null]', /field ratings\.0\.overall/],
    [
      ',"ratings":[null,{"overall":1,"flags":["rude"]}]',
      /field ratings\.1\.flags\.0: .*one of fails/,
    ],
    [',"ratings":[null,{"overall":1,"flags":["hallucination","hallucination"]}]', /each flag once/],
    [',"ratings":[null]', /field ratings: must be one for each completion/],
    [',"ratings":[{"overall":1},null]', /field ratings\.0\.flags: is missing/],
    [',"ratings":5', /field ratings: must be a list/],
    [',"repeat":"yes"', /field repeat: must be true or false/],
  ])('refuses %s', (more, message) => {
    const read = () => readRankings(jsonlRows(`${good}${more}}`), 0);
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
  });

  it('takes what says of itself that it is no repeat as none', () => {
    const [row] = readRankings(jsonlRows(`${good},"repeat":false}`), 0);
    expect(row).not.toHaveProperty('repeat');
  });
});

describe('CSV', () => {
  const heading = 'prompt,completion_1,completion_2,completion_3,rank_1,rank_2,rank_3';

  it('reads scores and flags from numbered columns, an empty one as not said', () => {
    const columns = 'overall_1,flags_1,overall_3,flags_3,repeat';
    const file = [
      `${heading},${columns}`,
      'p,a,b,c,1,2,3,7,hallucination  moral-judgment,,sexual-content,true',
      'q,a,b,,1,2,,3,,,,false',
      'r,a,b,,1,2,,,,,,',
    ].join('\n');
    const rows = readRankings(csvRows(file), 0);
    expect(rows.map((row) => row.ratings)).toEqual([
      [
        { overall: 7, flags: ['hallucination', 'moral-judgment'] },
        null,
        { overall: null, flags: ['sexual-content'] },
      ],
      [{ overall: 3, flags: [] }, null],
      undefined,
    ]);
    expect(rows.map(({ repeat }) => repeat)).toEqual([true, undefined, undefined]);
  });

  it.each([
    ['overall_1', '9', /^Line 2, column overall_1: must be a whole number from 1/],
    ['overall_1', 'good', /^Line 2, column overall_1: must be a number/],
    ['flags_2', 'rude', /^Line 2, column flags_2: must be one of/],
    [
      'overall_5',
      '3',
      /^Line 2, columns overall_1, flags_1, \.\.\.: must be one for each completion/,
    ],
    ['repeat', 'perhaps', /^Line 2, column repeat: must be true or false/],
  ])('names the column %s that holds %s', (column, cell, message) => {
    const read = () => readRankings(csvRows(`${heading},${column}\np,a,b,c,1,2,3,${cell}`), 0);
    expect(read).toThrow(message);
  });
});
