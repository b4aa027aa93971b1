/** The stored results: what `npm run reproduce` writes is read back as it is, and anything else is refused by place. */
import { describe, expect, test } from 'vitest';
import {
  parseResults,
  ResultsError,
  sourcesOf,
  type Results,
} from '../../../src/records/results.ts';

const example: Results = {
  version: 1,
  form: 'micro',
  command: 'npm run reproduce -- --micro',
  preset: 'micro',
  seeds: [1, 2],
  prompts: 50,
  backend: 'wasm',
  device: '',
  versions: { node: '20' },
  finishedAt: '2026-01-01T00:00:00.000Z',
  claims: [
    {
      id: 'preferred-to-base',
      title: 'Preferred to the base model',
      paper: { sentence: 'Labelers prefer it.', figure: '85 +- 3 %', where: 'section 4.1' },
      how: 'Gold judge on held-out prompts.',
      rows: [
        {
          id: 'ppo-ptx>base',
          label: 'PPO-ptx preferred to base',
          unit: 'share',
          neutral: 0.5,
          judge: 'gold composite',
          temperature: '1',
          paper: 0.85,
          control: false,
          pooled: { value: 0.9, low: 0.88, high: 0.92, n: 100 },
          seeds: [{ seed: 1, value: 0.9, low: 0.85, high: 0.95, n: 50 }],
          missing: null,
          items: [
            {
              seed: 1,
              prompt: 'what do frogs eat?',
              kind: 'open-qa',
              outputs: [
                { policy: 'ppo-ptx', text: 'flies.', ended: true, score: 1, reasons: [] },
                { policy: 'base', text: '', ended: false, score: null, reasons: ['empty'] },
              ],
            },
          ],
        },
      ],
      conditions: [{ rows: ['ppo-ptx>base'], words: 'at least 85 %', grade: 'met' }],
      verdict: 'holds',
      why: 'It holds.',
      plots: [
        { kind: 'intervals', title: 'Preferred', rows: ['ppo-ptx>base'] },
        {
          kind: 'curves',
          title: 'Gold over distance',
          x: 'sqrt(KL)',
          y: 'gold',
          lines: [{ name: 'PPO', draw: 'dots', points: [{ x: 0, y: 1, low: 0, high: 2 }] }],
        },
      ],
      here: { scenario: 'paper', settings: { 'ppo.beta': 0.1 }, words: 'Look at the win rate.' },
    },
  ],
};

/** The example as it comes out of a file, changed in place. */
function changed(change: (claim: Record<string, unknown>) => void): unknown {
  const copy = JSON.parse(JSON.stringify(example)) as { claims: Record<string, unknown>[] };
  change(copy.claims[0]!);
  return copy;
}

describe('parseResults', () => {
  test('gives back what was written, items and plots included', () => {
    expect(parseResults(JSON.parse(JSON.stringify(example)))).toEqual(example);
  });

  test('rows without items are as good: they came later', () => {
    const copy = changed((claim) => {
      for (const row of claim['rows'] as Record<string, unknown>[]) delete row['items'];
    });
    expect(parseResults(copy).claims[0]?.rows[0]).not.toHaveProperty('items');
  });

  test.each([
    ['one place, as older files have it', { set: 'test', keys: ['sft@1'] }],
    [
      'several, of answers with a score, of rankings and of comparisons',
      [
        { set: 'validation', keys: ['sft@1'], scores: ['reward'] },
        { set: 'test', keys: ['sft@1', 'base@1'], rankings: ['training'] },
        {
          ...{ set: 'comparisons', keys: [] },
          pairs: [{ how: 'agree', of: ['training'], by: [], distinct: true }],
        },
      ],
    ],
  ])('the places of a row’s items are kept: %s', (_, source) => {
    const copy = changed((claim) => {
      for (const row of claim['rows'] as Record<string, unknown>[]) row['source'] = source;
    });
    const [row] = parseResults(copy).claims[0]?.rows ?? [];
    expect(row?.source).toEqual(source);
    expect(row && sourcesOf(row)).toEqual(Array.isArray(source) ? source : [source]);
  });

  test('a row without a place has none, and a place of another form is refused', () => {
    expect(sourcesOf({})).toEqual([]);
    const copy = changed((claim) => {
      const pairs = [{ how: 'guess', of: [], by: [] }];
      for (const row of claim['rows'] as Record<string, unknown>[])
        row['source'] = { set: 'test', keys: [], pairs };
    });
    expect(() => parseResults(copy)).toThrow(/claims\.0.*source/);
  });

  test.each([
    ['another verdict', (claim: Record<string, unknown>) => (claim['verdict'] = 'holds, really')],
    ['no rows', (claim: Record<string, unknown>) => delete claim['rows']],
    ['a figure that is no number', (claim: Record<string, unknown>) => breakFigure(claim)],
    ['an unknown field', (claim: Record<string, unknown>) => (claim['extra'] = 1)],
  ])('%s is refused by a sentence with its place', (_, change) => {
    expect(() => parseResults(changed(change))).toThrow(ResultsError);
    expect(() => parseResults(changed(change))).toThrow(/claims\.0.*npm run reproduce/);
  });

  test('what was ranked may be said or not, and only as two numbers', () => {
    const ranked = { sft: 6000, policy: 3000 };
    expect(parseResults({ ...example, ranked })).toEqual({ ...example, ranked });
    expect(parseResults(example)).not.toHaveProperty('ranked');
    for (const wrong of [{ sft: 1 }, { ...ranked, policy: null }, { ...ranked, person: 1 }, null]) {
      expect(() => parseResults({ ...example, ranked: wrong })).toThrow(/: ranked/);
    }
  });

  test('another version is refused', () => {
    expect(() => parseResults({ ...example, version: 2 })).toThrow('version');
  });
});

/** What JSON makes of NaN. */
function breakFigure(claim: Record<string, unknown>): void {
  const [row] = claim['rows'] as { pooled: unknown }[];
  if (row) row.pooled = { value: null, low: 0, high: 1, n: 1 };
}
