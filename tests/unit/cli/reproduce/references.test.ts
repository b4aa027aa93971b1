/** Chance level and ceiling beside suites' figures, shares among some answers only, and the epoch that SFT is: rows by hand. */
import { describe, expect, test } from 'vitest';
import type { ClaimSpec, MeasuredRow } from '../../../../src/cli/reproduce/claim.ts';
import { biasReferenceRows } from '../../../../src/cli/reproduce/claims/bias.ts';
import { chosenRow } from '../../../../src/cli/reproduce/claims/epochs.ts';
import { referenceRows, referenceRun } from '../../../../src/cli/reproduce/claims/suites.ts';
import { resultsMarkdown } from '../../../../src/cli/reproduce/markdown.ts';
import { planOf } from '../../../../src/cli/reproduce/plan.ts';
import { resultOf } from '../../../../src/cli/reproduce/report.ts';
import { statisticOf } from '../../../../src/cli/reproduce/sample.ts';
import { figureWords } from '../../../../src/cli/reproduce/saying.ts';
import {
  countedName,
  suiteItems,
  suiteRow,
  type SuiteRun,
} from '../../../../src/cli/reproduce/suite-rows.ts';
import { itemSet, type ItemSet } from '../../../../src/cli/reproduce/suite-runs.ts';
import { plotSvg } from '../../../../src/cli/reproduce/svg.ts';
import { parseResults, type Results } from '../../../../src/records/results.ts';
import type { Suite } from '../../../../src/world/suites/suite.ts';
import { rudePrompts } from '../../../../src/world/suites/rude-prompts.ts';

const lab = { seed: 1, counts: { ...planOf('micro').counts, items: 4, suiteItems: 8 } };

const SPEC: ClaimSpec = {
  ...{ id: 'test', title: 'A test', how: 'By counting.', here: null },
  paper: { sentence: 'It is so.', figure: '73 %', where: 'section 1' },
  measure: () => Promise.reject(new Error('not run here')),
  conditions: () => [],
  why: () => 'So it is.',
  plots: () => [],
};

/** Counts: `tried` where anything was said, `wrong` where it is not the right answer. */
const capitals: Suite = {
  name: 'capitals',
  title: 'Capital letters',
  form: 'instruction',
  chance: 0.25,
  counts: { tried: 'more is better', wrong: 'less is better' },
  items: () => ['a', 'b', 'c', 'd'].map((prompt) => ({ id: prompt, prompt })),
  judge: ({ prompt }, response) => {
    const right = response === prompt.toUpperCase();
    return {
      score: right ? 1 : 0,
      reasons: right ? [] : ['not right'],
      counts: { tried: response === '' ? 0 : 1, wrong: right || response === '' ? 0 : 1 },
    };
  },
  ideal: ({ prompt }) => prompt.toUpperCase(),
  blind: () => 'C',
};
const set: ItemSet = { set: 'suite-capitals', suite: capitals, items: capitals.items(1, 4) };

/** The mean, difference or ratio over all clusters, and how many values its first part has. */
function figureOf({ sample }: MeasuredRow): { value: number; n: number } {
  const { statistic, clusters } = sample!;
  const parts = clusters[0]?.sums.length ?? 0;
  const total = (of: 'sums' | 'counts', p: number) =>
    clusters.reduce((sum, cluster) => sum + (cluster[of][p] ?? 0), 0);
  const means = Array.from({ length: parts }, (_, p) => total('sums', p) / total('counts', p));
  return { value: statisticOf(statistic, means), n: total('counts', 0) };
}

describe('chance and ceiling', () => {
  const rows = referenceRows(lab, set, 'score', { prefix: 'capitals', words: 'right' });

  test('are the mean over the same items of blind answers and of the right ones', () => {
    // The blind answer is C, which is right for one of the four.
    expect(rows.map(figureOf)).toEqual([
      { value: 0.25, n: 4 },
      { value: 1, n: 4 },
    ]);
    const wrong = referenceRows(lab, set, 'wrong', { prefix: 'capitals', words: 'wrong' });
    expect(wrong.map((row) => figureOf(row).value)).toEqual([0.75, 0]);
  });

  test('are marked as of no model, no control, nothing drawn, and name who judged', () => {
    expect(
      rows.map(({ id, reference, control, temperature, judge, unit, paper }) => [
        ...[id, reference, control, temperature, judge, unit, paper],
      ]),
    ).toEqual([
      ['capitals:chance', 'chance', false, '-', 'suite capitals', 'share', null],
      ['capitals:ceiling', 'ceiling', false, '-', 'suite capitals', 'share', null],
    ]);
    expect(rows.map(({ label }) => label)).toEqual([
      'chance, answers given blindly: right',
      "ceiling, the generator's own answers: right",
    ]);
  });

  test('show the answers behind them as given and not drawn, and where all of them are', () => {
    const [chance, ceiling] = rows;
    expect(chance!.source).toEqual({ set: 'suite-capitals', keys: ['chance@-'] });
    expect(ceiling!.source).toEqual({ set: 'suite-capitals', keys: ['ceiling@-'] });
    expect(chance!.items.map(({ outputs }) => outputs[0]!.text)).toEqual(['C', 'C', 'C', 'C']);
    for (const { prompt, outputs } of ceiling!.items) {
      expect(outputs).toEqual([
        { policy: 'ceiling', text: prompt.toUpperCase(), ended: null, score: 1, reasons: [] },
      ]);
    }
  });

  test('of rude first words: the same opening is counted as of a model', () => {
    const run = referenceRun(lab, itemSet(lab, rudePrompts), 'ceiling');
    expect(run.answers).toHaveLength(lab.counts.rareItems);
    for (const { judgement } of run.answers) expect(judgement.counts['rude opening']).toBe(0);
  });

  test('stand in brackets in the report, grey in its pictures, and are read back as such', () => {
    const claim = resultOf(SPEC, [{ seed: 1, measured: { rows } }]);
    const results: Results = {
      ...{ version: 1, form: 'micro', command: 'x', preset: 'micro', seeds: [1], prompts: 1 },
      ...{ backend: 'wasm', device: '', versions: {}, finishedAt: '2026-01-02T03:04:05.000Z' },
      claims: [claim],
    };
    const page = resultsMarkdown(results, () => [], []);
    expect(page).toContain('| [chance, answers given blindly: right] | suite capitals | - |');
    expect(page).toContain("| [ceiling, the generator's own answers: right] |");
    const read = parseResults(JSON.parse(JSON.stringify(results)));
    expect(read.claims[0]?.rows.map(({ reference }) => reference)).toEqual(['chance', 'ceiling']);
    const svg = plotSvg({ kind: 'intervals', title: 'T', rows: ['capitals:chance'] }, claim.rows);
    expect(svg).toContain('<circle fill="#888"');
  });

  test('of bias: even pronouns by probability, and half of the right answers by count', () => {
    const [chance, ceiling, even] = biasReferenceRows(lab);
    expect(figureOf(chance!).value).toBeCloseTo(0.5, 12);
    expect(figureOf(even!).value).toBeCloseTo(1, 12);
    expect(figureOf(ceiling!)).toEqual({ value: 0.5, n: 8 });
    expect([chance, ceiling, even].map((row) => row!.reference)).toEqual([
      'chance',
      'ceiling',
      'ceiling',
    ]);
    for (const { items } of [chance!, ceiling!, even!]) expect(items.length).toBeGreaterThan(0);
  });
});

describe('a share among some of the answers', () => {
  const runOf = (policy: string, texts: readonly string[]): SuiteRun => ({
    ...{ suite: 'capitals', set: 'suite-capitals', policy, temperature: 1, seed: 1, items: 4 },
    answers: set.items.map((item, i) => {
      const text = texts[i]!;
      return { item, text, ended: true, judgement: capitals.judge(item, text, true) };
    }),
  });
  const counted = { count: 'wrong', among: 'tried' } as const;
  const words = { id: 'x', label: 'wrong, of those that tried', judge: 'suite capitals' };
  const first = runOf('first', ['A', 'X', '', '']);
  const second = runOf('second', ['', 'X', 'C', '']);

  test('leaves out those that say nothing, which the share of all counts as not wrong', () => {
    expect(figureOf(suiteRow('mean', [first], 'wrong', words))).toEqual({ value: 0.25, n: 4 });
    expect(figureOf(suiteRow('mean', [first], counted, words))).toEqual({ value: 0.5, n: 2 });
    const third = runOf('third', ['X', 'X', 'X', 'D']);
    // Three of four against one of two.
    expect(figureOf(suiteRow('ratio', [third, first], counted, words))).toEqual({
      value: 1.5,
      n: 4,
    });
  });

  test('shows items that one of the runs tried, with no score for the one that did not', () => {
    const scores = suiteItems([first, second], counted).map(({ prompt, outputs }) => [
      prompt,
      ...outputs.map(({ score }) => score),
    ]);
    expect(scores.sort()).toEqual([
      ['a', 0, null],
      ['b', 1, 1],
      ['c', null, 0],
    ]);
  });

  test('has a name of its own in ids', () => {
    expect([countedName('wrong'), countedName(counted)]).toEqual(['wrong', 'wrong of tried']);
  });
});

test('the chosen epoch is counted from 1, and each seed tells its own', () => {
  const seeds = [1, 0, 0].map((chosen, s) => ({
    seed: s + 1,
    measured: { rows: [chosenRow(chosen, 2, { items: [] })] },
  }));
  const [row] = resultOf(SPEC, seeds).rows;
  expect(row?.label).toContain('the epoch of 2 that is chosen by reward-model score');
  expect(row?.seeds.map(({ seed, value }) => [seed, value])).toEqual([
    [1, 2],
    [2, 1],
    [3, 1],
  ]);
  expect(figureWords(row!.unit, row!.pooled!)).toMatch(/^1\.33 \[1, [\d.]+\]$/);
});
