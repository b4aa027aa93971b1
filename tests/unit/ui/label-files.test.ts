/** Chosen label files: their format by ending, and names that keep labelers apart. */
import { describe, expect, it } from 'vitest';
import { distinctNames, labelerOfFile, labelFiles } from '../../../src/ui/label-files.ts';

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
