/** The report from what seeds measured: pooling, verdicts, words, pictures. No model is run. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ClaimSpec, Measured, MeasuredRow } from '../../../../src/cli/reproduce/claim.ts';
import { CLAIMS } from '../../../../src/cli/reproduce/claims.ts';
import { resultsMarkdown } from '../../../../src/cli/reproduce/markdown.ts';
import { resultOf } from '../../../../src/cli/reproduce/report.ts';
import { sampleOf } from '../../../../src/cli/reproduce/sample.ts';
import { conditionOf, figureWords, said } from '../../../../src/cli/reproduce/saying.ts';
import { NOTHING_TRIED, TRIED } from '../../../../src/cli/reproduce/tried.ts';
import { plotSvg, ticksOf } from '../../../../src/cli/reproduce/svg.ts';
import { isScenarioId } from '../../../../src/config/scenarios/menu.ts';
import { SETTING_ENTRIES } from '../../../../src/config/settings.ts';
import { parseResults, type Results } from '../../../../src/records/results.ts';

/** `wins` of 40 prompts by 10 users, spread evenly over them. */
function measured(wins: number, missing: string | null = null): Measured {
  const values = Array.from({ length: 40 }, (_, i) => ({
    cluster: `user-${i % 10}`,
    value: i < wins ? 1 : 0,
  }));
  const row: MeasuredRow = {
    id: 'a>b',
    label: 'a preferred to <b>',
    unit: 'share',
    neutral: 0.5,
    judge: 'gold composite',
    temperature: '1',
    paper: 0.73,
    control: false,
    missing,
    sample: missing === null ? sampleOf('mean', values) : null,
    items: [
      {
        seed: 0,
        prompt: 'a | b?',
        kind: 'chat',
        outputs: [{ policy: 'a', text: 'yes.', ended: true, score: 1, reasons: ['not met: end'] }],
      },
    ],
  };
  return { rows: [row], data: { wins } };
}

const SPEC: ClaimSpec = {
  id: 'test',
  title: 'A test',
  paper: { sentence: 'It is so.', figure: '73 %', where: 'section 1' },
  how: 'By counting.',
  here: null,
  measure: () => Promise.reject(new Error('not run here')),
  conditions: (view) => [conditionOf(view, 'a>b', 'at least 60 %', { side: 'above', value: 0.6 })],
  why: (view) => `It is ${said(view, 'a>b')}.`,
  plots: () => [{ kind: 'intervals', title: 'Preferred', rows: ['a>b'] }],
};

describe('resultOf', () => {
  test('pools seeds, keeps each, and takes single items from the first only', () => {
    const claim = resultOf(
      SPEC,
      [
        { seed: 1, measured: measured(36) },
        { seed: 2, measured: measured(28) },
      ],
      false,
    );
    const [row] = claim.rows;
    expect(row?.pooled?.value).toBeCloseTo(0.8, 12);
    expect(row?.pooled?.n).toBe(80);
    expect(row?.seeds.map(({ seed, value }) => [seed, value])).toEqual([
      [1, 0.9],
      [2, 0.7],
    ]);
    expect(row?.items).toHaveLength(1);
    expect(claim.verdict).toBe('holds');
    expect(claim.why).toMatch(/^It holds here: .* It is 80\.0 % \[/);
  });

  test('a claim says where the items of its rows are, also of rows measured before they were stored', () => {
    const told: string[][] = [];
    const behind: NonNullable<ClaimSpec['behind']> = (id, ids) => {
      told.push([id, ...ids]);
      return { source: [{ set: 'later', keys: [] }], noTexts: 'Half of it is not stored.' };
    };
    const seeds = [{ seed: 1, measured: measured(30) }];
    const [row] = resultOf({ ...SPEC, behind }, seeds, true).rows;
    expect(row?.source).toEqual([{ set: 'later', keys: [] }]);
    expect(row?.noTexts).toBe('Half of it is not stored.');
    expect(told).toEqual([['a>b', 'a>b']]);
    const old = measured(30);
    const source = { set: 'test', keys: ['a@1'] };
    const named = { ...old, rows: old.rows.map((each) => ({ ...each, source })) };
    const rowsOf = (spec: ClaimSpec) => resultOf(spec, [{ seed: 1, measured: named }], true).rows;
    expect(rowsOf({ ...SPEC, behind })[0]?.source).toEqual(row?.source);
    expect(rowsOf({ ...SPEC, behind: () => ({}) })[0]?.source).toEqual(source);
    expect(resultOf({ ...SPEC, behind }, seeds, false).rows[0]?.source).toBeUndefined();
  });

  test('where every answer is stored beside, two items of a row stand in the results', () => {
    const { rows } = measured(36);
    const items = [1, 2, 3].flatMap((seed) => rows[0]!.items.map((item) => ({ ...item, seed })));
    const source = { set: 'test', keys: ['a@1', 'b@1'] };
    const claimOf = (stored: boolean, over: Partial<MeasuredRow>) =>
      resultOf(
        SPEC,
        [{ seed: 1, measured: { rows: rows.map((row) => ({ ...row, items, ...over })) } }],
        stored,
      ).rows[0];
    expect(claimOf(true, { source })?.items?.map(({ seed }) => seed)).toEqual([1, 2]);
    expect(claimOf(true, { source })?.source).toEqual(source);
    expect(claimOf(false, { source })?.items).toHaveLength(3);
    expect(claimOf(true, {})?.items).toHaveLength(3);
  });

  test('items that several rows share stand once, and a hidden row takes none with it', () => {
    const { rows } = measured(36);
    const again = rows.map((row) => ({ ...row, id: 'again', noTexts: 'No text.' }));
    const seeds = [{ seed: 1, measured: { rows: [...rows, ...again] } }];
    const claim = resultOf(SPEC, seeds);
    expect(claim.rows.map(({ id, itemsOf, items = [] }) => [id, itemsOf, items.length])).toEqual([
      ['a>b', undefined, 1],
      ['again', 'a>b', 0],
    ]);
    expect(claim.rows.map(({ noTexts }) => noTexts)).toEqual([undefined, 'No text.']);
    const [shown] = resultOf({ ...SPEC, hidden: () => ['a>b'] }, seeds).rows;
    expect([shown?.id, shown?.itemsOf, shown?.items?.length]).toEqual(['again', undefined, 1]);
  });

  test('a seed on the wrong side weakens what holds on average', () => {
    const seeds = [
      { seed: 1, measured: measured(40) },
      { seed: 2, measured: measured(18) },
    ];
    expect(resultOf(SPEC, seeds).verdict).toBe('holds weakly');
    expect(resultOf(SPEC, seeds.slice(1)).verdict).toBe('does not hold here');
  });

  test('a claim that misses a target says what was tried, or that nothing was; one that holds says neither', () => {
    const whyOf = (id: string, wins: number) =>
      resultOf({ ...SPEC, id }, [{ seed: 1, measured: measured(wins) }]).why;
    expect(whyOf('test', 18)).toContain(NOTHING_TRIED);
    expect(whyOf('test', 36)).not.toContain(NOTHING_TRIED);
    const said = TRIED['reward-groups']!;
    expect(whyOf('reward-groups', 18)).toContain(said);
    expect(whyOf('reward-groups', 18)).not.toContain(NOTHING_TRIED);
    expect(whyOf('reward-groups', 36)).not.toContain(said);
  });

  test('what was not measured says why, claims nothing and asks no claim for words', () => {
    const claim = resultOf(SPEC, [{ seed: 1, measured: measured(0, 'not measured: no model') }]);
    expect(claim.verdict).toBe('not measured');
    expect(claim.why).toBe('Nothing is claimed here: not measured: no model.');
    expect(claim.rows[0]?.missing).toBe('not measured: no model');
  });

  test('the same seeds give the same report', () => {
    const make = () => resultOf(SPEC, [{ seed: 3, measured: measured(25) }]);
    expect(make()).toEqual(make());
  });
});

const claim = resultOf(SPEC, [{ seed: 1, measured: measured(36) }], false);
const results: Results = {
  version: 1,
  form: 'fast',
  command: 'npm run reproduce -- --fast',
  preset: 'quick',
  seeds: [1],
  prompts: 40,
  backend: 'wasm',
  device: '',
  versions: { node: '20' },
  finishedAt: '2026-01-02T03:04:05.000Z',
  claims: [claim],
};

describe('the page', () => {
  test('names verdict, judge, temperature, paper and ours, and says what kind of run it was', () => {
    const page = resultsMarkdown(results, () => ['results/test-1.svg'], ['ladder']);
    expect(page).toContain('## A test: holds');
    expect(page).toContain('A fast run');
    expect(page).toContain('gold composite | 1 | 73.0 % | 90.0 % [');
    expect(page).toContain('| at least 60 % | met |');
    expect(page).toContain('![A test](results/test-1.svg)');
    expect(page).toContain('did not measure: ladder');
  });

  test("a bar inside a prompt does not end a cell, and the judge's reasons stand beside the text", () => {
    const page = resultsMarkdown(results, () => [], []);
    expect(page).toContain('a \\| b?');
    expect(page).toContain('not met: end');
  });

  test('says of whose answers the reward model is, one round or two, and nothing where an older file does not say', () => {
    const pageOf = (ranked?: Results['ranked']) =>
      resultsMarkdown({ ...results, ...(ranked && { ranked }) }, () => [], []);
    const two = pageOf({ sft: 6000, policy: 3000 });
    expect(two).toContain(
      "learns from rankings of 6000 prompts' answers by SFT and then of 3000 by a first policy",
    );
    expect(two).toContain('(paper, section 3.1). Intervals are');
    const one = pageOf({ sft: 600, policy: 0 });
    expect(one).toContain("rankings of 600 prompts' answers by SFT. Intervals are");
    expect(one).not.toContain('first policy');
    expect(pageOf()).not.toContain('The reward model learns');
    expect(pageOf()).toMatch(/^Intervals are/m);
  });

  test('what is written is what the page in the browser reads', () => {
    expect(parseResults(JSON.parse(JSON.stringify(results)))).toEqual(results);
  });
});

test('the page gives the range over seeds, and what was tried is kept by ids of claims that exist', () => {
  const two = resultOf(
    SPEC,
    [
      { seed: 1, measured: measured(36) },
      { seed: 2, measured: measured(28) },
    ],
    false,
  );
  const page = resultsMarkdown({ ...results, claims: [two] }, () => [], []);
  expect(page).toContain('| 90.0, 70.0 | 70.0 to 90.0 | 80 |');
  const ids = CLAIMS.map(({ id }) => id);
  for (const id of Object.keys(TRIED)) expect(ids).toContain(id);
});

test('the page says which seeds a claim was measured on where they are fewer than the run has', () => {
  const pageOf = (seeds: readonly number[]) =>
    resultsMarkdown({ ...results, seeds: [...seeds] }, () => [], []);
  expect(pageOf([1, 2])).toContain('Here: By counting.\n\nMeasured on seed 1 only.\n\n|');
  expect(pageOf([1])).not.toContain('only.');
});

test('figures of what was tried are those of docs/quick-runs.md', () => {
  const page = readFileSync('docs/quick-runs.md', 'utf8');
  const figures = ['preferred-to-sft', 'hallucination', 'reward-groups'].flatMap((id) =>
    [...TRIED[id]!.matchAll(/\d+\.\d|\d+(?= %)/g)].map(([figure]) => figure),
  );
  expect(figures.length).toBeGreaterThan(12);
  for (const figure of figures) {
    expect(page, figure).toMatch(
      new RegExp(`(?<![\\d.])${figure.replace('.', '\\.')}(?![\\d.]\\d)`),
    );
  }
});

test('a claim that a usual run in the page shows says that such a run has one round and the quick settings', () => {
  const usual = CLAIMS.flatMap(({ id, here }) =>
    here?.scenario === 'paper' ? [{ id, here }] : [],
  );
  expect(usual.length).toBeGreaterThan(10);
  for (const { id, here } of usual) {
    expect(here.words, id).toMatch(/^[A-Z].+\. A run in the page .*quick settings and one round/);
  }
});

describe('figures and pictures', () => {
  test('units', () => {
    const figure = { value: 0.5, low: 0.25, high: 0.75, n: 2 };
    expect(figureWords('share', figure)).toBe('50.0 % [25.0, 75.0]');
    expect(figureWords('points', { ...figure, low: -0.25 })).toBe('+50.0 points [-25.0, +75.0]');
    expect(figureWords('ratio', figure)).toBe('0.50 times [0.25, 0.75]');
    expect(figureWords('nats', figure)).toBe('0.500 nats [0.250, 0.750]');
  });

  test('a single value has no interval', () => {
    const single = { value: 0.531, low: 0.531, high: 0.531, n: 1 };
    expect(figureWords('score', single)).toBe('0.531');
    expect(figureWords('share', single)).toBe('53.1 %');
  });

  test('ticks are round and inside', () => {
    expect(ticksOf(0.42, 0.93)).toEqual([0.6, 0.8].map((t) => expect.closeTo(t, 9) as number));
    for (const tick of ticksOf(-3.2, 11)) expect(tick >= -3.2 && tick <= 11).toBe(true);
  });

  test('rows are drawn with escaped labels, in the order asked for; nothing measured draws nothing', () => {
    const svg = plotSvg({ kind: 'intervals', title: 'Preferred', rows: ['a>b'] }, claim.rows);
    expect(svg).toContain('a preferred to &lt;b&gt;');
    expect(svg?.match(/<circle/g)).toHaveLength(1);
    // The paper's figure has its mark.
    expect(svg?.match(/class="paper"/g)).toHaveLength(1);
    expect(plotSvg({ kind: 'intervals', title: 'None', rows: ['c'] }, claim.rows)).toBeNull();
    const empty = { kind: 'curves', title: 'None', x: 'x', y: 'y', lines: [] } as const;
    expect(plotSvg(empty, [])).toBeNull();
  });

  test('curves: dots, lines and both', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 1, y: 2, low: 1, high: 3 },
    ];
    const draw = (kind: 'dots' | 'line' | 'both') =>
      plotSvg(
        { kind: 'curves', title: 'T', x: 'x', y: 'y', lines: [{ name: 'a', draw: kind, points }] },
        [],
      );
    expect(draw('dots')).not.toContain('<polyline');
    expect(draw('line')?.match(/<circle/g)).toHaveLength(1);
    expect(draw('both')).toContain('<polyline');
    expect(draw('both')?.match(/<circle/g)).toHaveLength(3);
  });
});

test('claims have ids of their own, all fields filled, and what the page can run exists', () => {
  const ids = CLAIMS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const keys = SETTING_ENTRIES.map(({ key }) => key);
  for (const { id, title, paper, how, here } of CLAIMS) {
    expect(id).toMatch(/^[a-z-]+$/);
    for (const words of [title, paper.sentence, paper.figure, paper.where, how]) {
      expect(words.length, id).toBeGreaterThan(2);
    }
    if (here === null) continue;
    expect(here.scenario === null || isScenarioId(here.scenario), id).toBe(true);
    for (const key of Object.keys(here.settings)) expect(keys, id).toContain(key);
  }
});
