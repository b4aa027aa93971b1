/** What labelers say of answers, comparison by comparison, and the controls of tables about labels. No model is run. */
import { describe, expect, test } from 'vitest';
import type { ClaimView } from '../../../../src/cli/reproduce/claim.ts';
import { LABELER_AGREEMENT } from '../../../../src/cli/reproduce/claims/labelers.ts';
import {
  agreementValues,
  byChance,
  ceilingValues,
  goldRanks,
  goldValues,
  labelersByGroup,
  pairsOf,
  rank,
  rankedBy,
} from '../../../../src/cli/reproduce/label-measures.ts';
import type { Candidates } from '../../../../src/cli/reproduce/reward-runs.ts';
import type { Value } from '../../../../src/cli/reproduce/sample.ts';
import { presetSettings } from '../../../../src/config/presets.ts';
import { Rng } from '../../../../src/data/rng.ts';
import type { Figure, ResultRow } from '../../../../src/records/results.ts';
import { mixedResponse } from '../../../../src/world/demonstrations.ts';
import { agreement, noiseCeiling } from '../../../../src/world/labeler-noise.ts';
import { validationPrompts } from '../../../../src/world/prompt-sets.ts';

const stream = Rng.named(4, 'candidates');
const candidates: Candidates[] = validationPrompts(1, 40).map((prompt) => ({
  prompt,
  completions: [0, 1, 2, 3].map((k) => ({
    id: `c${k}`,
    policy: 'sft',
    text: mixedResponse(prompt.task, stream),
    ended: true,
  })),
}));
const [first] = candidates;
const groups = labelersByGroup({ seed: 1, settings: presetSettings('quick') });
const all = { name: 'all', labelers: groups.training };
const mean = (values: readonly Value[]): number =>
  values.reduce((sum, { value }) => sum + value, 0) / values.length;

test('groups are the labelers who give training labels and the ones who give none', () => {
  expect(groups.training.map(({ group }) => group)).toEqual(new Array(20).fill('training'));
  expect(groups.heldout.map(({ group }) => group)).toEqual(new Array(10).fill('heldout'));
});

test('two labelers agree on pairs that both order alike; what either ties is left out', () => {
  const values = agreementValues('anna', [1, 2, 3, 3], [2, 1, 3, 4]);
  expect(values.map(({ value }) => value)).toEqual([1, 1, 1, 1, 0]);
  expect(new Set(values.map(({ cluster }) => cluster))).toEqual(new Set(['anna']));
  expect(agreementValues('anna', [1, 1], [1, 2])).toEqual([]);
});

test('the ceiling by user is the ceiling of all pairs, each counted as often as labelers see a difference', () => {
  const values = ceilingValues(all, candidates);
  expect(mean(values)).toBeCloseTo(noiseCeiling(groups.training, pairsOf(candidates)), 9);
  expect(values.length).toBeGreaterThan(20 * 40);
  expect(mean(ceilingValues({ labelers: groups.heldout }, candidates))).toBeGreaterThan(
    mean(values),
  );
});

describe('controls', () => {
  test('labels by chance keep the ties, and agree on one half', () => {
    const blind = byChance(groups.training);
    expect(agreement(blind, pairsOf(candidates))).toBeCloseTo(0.5, 9);
    const strict = (ranks: readonly number[]) => new Set(ranks).size;
    for (const each of candidates) {
      const own = rank(groups.training[0]!, each, 1).ranks;
      expect(strict(rank(blind[0]!, each, 1).ranks)).toBe(strict(own));
    }
    expect(mean(goldValues(rankedBy({ name: 'all', labelers: blind }, candidates, 1)))).toBeCloseTo(
      0.5,
      1,
    );
  });

  test('the gold judge is right about what it prefers itself, wrong about the opposite, half where it sees none', () => {
    const { prompt, completions } = first!;
    const gold = goldRanks(prompt, completions);
    const ranksOf = (sign: number) =>
      gold.map((own) => 1 + gold.filter((other) => sign * other < sign * own).length);
    const ranking = rank(groups.training[0]!, first!, 1);
    expect(mean(goldValues([{ ...ranking, ranks: ranksOf(1) }]))).toBe(1);
    expect(mean(goldValues([{ ...ranking, ranks: ranksOf(-1) }]))).toBe(0);
    const same = [completions[0]!, completions[0]!];
    expect(goldValues([{ ...ranking, completions: same, ranks: [1, 2] }])).toEqual([
      { cluster: prompt.userId, value: 0.5 },
    ]);
  });

  test('of labelers with noise it predicts most, of the surer group more', () => {
    const training = mean(goldValues(rankedBy(all, candidates, 1)));
    const heldout = mean(
      goldValues(rankedBy({ name: 'held out', labelers: groups.heldout }, candidates, 1)),
    );
    expect(training).toBeGreaterThan(0.65);
    expect(heldout).toBeGreaterThan(training);
  });
});

test("each group is held against its own figure of the paper, within the paper's own margin", () => {
  const gradesAt = (training: number, heldout: number) => {
    const figure = (value: number): Figure => ({
      value,
      low: value - 0.005,
      high: value + 0.005,
      n: 99,
    });
    const rowOf = (id: string): ResultRow => ({
      id,
      label: id,
      unit: 'share',
      neutral: null,
      judge: 'simulated labelers',
      temperature: '1',
      paper: null,
      control: false,
      missing: null,
      pooled: figure(id === 'training' ? training : heldout),
      seeds: [],
    });
    const view: ClaimView = { rows: [], row: rowOf, data: [] };
    return LABELER_AGREEMENT.conditions(view).map(({ grade }) => grade);
  };
  expect(gradesAt(0.726, 0.773)).toEqual(['met', 'met']);
  expect(gradesAt(0.726, 0.726)).toEqual(['met', 'missed']);
  expect(gradesAt(0.773, 0.773)).toEqual(['missed', 'met']);
});
