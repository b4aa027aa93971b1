/** Chosen label files: their format by ending, and names that keep labelers apart. */
import { describe, expect, it } from 'vitest';
import { distinctNames, labelerOfFile, labelFiles } from '../../../src/ui/label-files.ts';
import { jsonlRows } from '../../../src/data/jsonl.ts';
import {
  readDemonstrations,
  readPrompts,
  readRankings,
  type FileRows,
} from '../../../src/data/label-rows.ts';
import { LABEL_HELP } from '../../../src/ui/label-help.ts';

describe('label files', () => {
  it.each([
    ['anna.jsonl', 'anna'],
    ['anna.rankings.csv', 'anna'],
    ['group 7 .tsv', 'group 7'],
    ['.jsonl', '.jsonl'],
    [`${'x'.repeat(100)}.csv`, 'x'.repeat(60)],
  ])('of %s belong to the labeler %s', (file, name) => {
    expect(labelerOfFile(file)).toBe(name);
  });

  it('called alike stay apart', () => {
    expect(distinctNames(['anna', 'ben', 'anna', 'anna'])).toEqual([
      'anna',
      'ben',
      'anna (2)',
      'anna (3)',
    ]);
  });

  it('are read with their format', async () => {
    const files = [new File(['a,b'], 'anna.CSV'), new File(['{}'], 'anna.jsonl')];
    expect(await labelFiles(files)).toEqual([
      { name: 'anna', format: 'csv', text: 'a,b' },
      { name: 'anna (2)', format: 'jsonl', text: '{}' },
    ]);
  });
});

describe('the help beside a file field', () => {
  /** A row with everything that the help names. */
  const whole: Record<string, unknown> = {
    ...{ prompt: 'p', promptId: 'p1', useCase: 'chat', kind: 'plain', userId: 'u', split: 'train' },
    ...{ source: 'person', id: 'i', author: 'a', labeler: 'l' },
    ...{ completion: 'c', completions: ['a', 'b'], ranks: [1, 2] },
  };
  const row = (names: readonly string[]) =>
    jsonlRows(JSON.stringify(Object.fromEntries(names.map((name) => [name, whole[name]]))));

  it.each([
    ['prompts', ['prompt'], readPrompts],
    ['demonstrations', ['prompt', 'completion'], readDemonstrations],
    ['rankings', ['prompt', 'completions', 'ranks'], (file: FileRows) => readRankings(file, 0)],
  ] as const)('of %s names what a row needs, and only what it may have', (kind, needed, read) => {
    const [needs = '', may = ''] = LABEL_HELP[kind].split(/[Ii]t may have/);
    for (const name of needed) {
      expect(needs).toMatch(new RegExp(`\\b${name}\\b`));
      expect(() => read(row(needed.filter((other) => other !== name)))).toThrow(/missing|must be/);
    }
    const optional = may.match(/\w+/g) ?? [];
    expect(optional).toContain('promptId');
    expect(read(row([...needed, ...optional]))).toHaveLength(1);
  });
});
