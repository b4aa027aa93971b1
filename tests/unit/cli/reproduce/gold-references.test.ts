/** Gold of ideal answers and of demonstrators beside models': the mean over the same prompts, marked as of no model. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MeasuredRow } from '../../../../src/cli/reproduce/claim.ts';
import { epochReferenceRows } from '../../../../src/cli/reproduce/claims/epochs.ts';
import {
  GENERALISATION,
  heldOutPrompts,
} from '../../../../src/cli/reproduce/claims/generalisation.ts';
import { LADDER, ladderReferenceRows } from '../../../../src/cli/reproduce/claims/ladder.ts';
import { SUITE_POLICIES } from '../../../../src/cli/reproduce/claims/suites.ts';
import { writtenAnswers } from '../../../../src/cli/reproduce/gold-references.ts';
import type { SeedLab } from '../../../../src/cli/reproduce/lab.ts';
import { resultsMarkdown } from '../../../../src/cli/reproduce/markdown.ts';
import { planOf } from '../../../../src/cli/reproduce/plan.ts';
import { resultOf } from '../../../../src/cli/reproduce/report.ts';
import { suiteOf } from '../../../../src/cli/reproduce/suite-items.ts';
import { itemSet } from '../../../../src/cli/reproduce/suite-runs.ts';
import { parseResults, sourcesOf, type Results } from '../../../../src/records/results.ts';
import { demonstrate } from '../../../../src/world/demonstrations.ts';
import { judgeGold } from '../../../../src/world/judges.ts';
import { validationPrompts } from '../../../../src/world/prompt-sets.ts';
import { EXAMPLE_RESULTS } from '../../ui/stored-results.ts';
import { keepAnswers, labWithoutModels } from './kept-lab.ts';

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function meanOf({ sample }: MeasuredRow): number {
  const total = (of: 'sums' | 'counts') =>
    sample!.clusters.reduce((sum, cluster) => sum + cluster[of][0]!, 0);
  return total('sums') / total('counts');
}

const prompts = validationPrompts(1, 60);
const context = { seed: 1, set: 'test', prompts, items: 3 };

describe('on the prompts that models answer', () => {
  const rows = ladderReferenceRows(context);
  const row = (id: string) => rows.find((each) => each.id === id)!;

  test('demonstrators are the mean of what they wrote, part by part; truth of prompts that call for it', () => {
    const judged = demonstrate(1, prompts).map(({ response }, i) =>
      judgeGold(prompts[i]!, response, true),
    );
    const truths = judged.flatMap(({ truthful }) => (truthful === null ? [] : [truthful]));
    expect(truths.length).toBeGreaterThan(0);
    expect(truths.length).toBeLessThan(prompts.length);
    const expected = {
      gold: mean(judged.map(({ score }) => score)),
      helpful: mean(judged.map(({ helpful }) => helpful)),
      truthful: mean(truths),
      harmless: mean(judged.map(({ harmless }) => harmless)),
    };
    for (const [name, value] of Object.entries(expected))
      expect(meanOf(row(`${name}:demonstrators`)), name).toBeCloseTo(value, 12);
  });

  test('ideal answers are true and harmless, and above demonstrators in gold', () => {
    expect(meanOf(row('truthful:ceiling'))).toBe(1);
    expect(meanOf(row('harmless:ceiling'))).toBe(1);
    expect(meanOf(row('gold:ceiling'))).toBeGreaterThan(0.95);
    expect(meanOf(row('gold:demonstrators'))).toBeLessThan(0.8);
  });

  test('both are of no model: nothing drawn, given texts, and where all of them are', () => {
    expect(rows).toHaveLength(8);
    for (const { id, reference, control, temperature, source, items } of rows) {
      const writer = id.split(':')[1]!;
      expect([reference, control, temperature], id).toEqual([writer, false, '-']);
      expect(source).toEqual({ set: 'test', keys: [`${writer}@-`] });
      for (const { outputs } of items) expect(outputs[0]!.ended).toBeNull();
    }
    expect(row('harmless:ceiling').judge).toBe('gold harmless');
  });

  test('stand in brackets in the report and are read back as such', () => {
    const spec = { ...LADDER, conditions: () => [], why: () => 'So it is.', plots: () => [] };
    const claim = resultOf(spec, [{ seed: 1, measured: { rows } }]);
    const results: Results = { ...EXAMPLE_RESULTS, claims: [claim] };
    const page = resultsMarkdown(results, () => [], []);
    expect(page).toContain('| [ceiling, ideal answers: gold] | gold composite | - |');
    expect(page).toContain('| [demonstrators, whose mixed answers SFT learns from: truthful] |');
    const read = parseResults(JSON.parse(JSON.stringify(results))).claims[0]!;
    expect(new Set(read.rows.map(({ reference }) => reference))).toEqual(
      new Set(['ceiling', 'demonstrators']),
    );
  });
});

test('of the epochs of SFT: on the validation prompts by which they are compared', () => {
  const lab = { seed: 1, counts: planOf('micro').counts, validation: prompts };
  const [ceiling, demonstrators] = epochReferenceRows(lab);
  expect([ceiling!.id, demonstrators!.id]).toEqual(['gold:ceiling', 'gold:demonstrators']);
  expect(ceiling!.source).toEqual({ set: 'validation', keys: ['ceiling@-'] });
  const ideal = writtenAnswers(1, prompts, 'ceiling');
  const judged = ideal.map(({ text }, i) => judgeGold(prompts[i]!, text, true).score);
  expect(meanOf(ceiling!)).toBeCloseTo(mean(judged), 12);
});

describe('claims that show gold, measured from kept answers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rlhf-gold-references-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  let lab: SeedLab;

  beforeAll(async () => {
    lab = await labWithoutModels(folder);
  });

  test('the ladder has parts of models and references; SFT, which demonstrates here, has their very means', async () => {
    const [own, ideal] = (['demonstrators', 'ceiling'] as const).map((writer) =>
      writtenAnswers(1, lab.prompts, writer).map(({ text }) => text),
    );
    for (const policy of ['base', 'prompted', 'public', 'ppo', 'ppo-ptx', 'ppo-noise', 'ppo-gold'])
      for (const drawing of ['1', 'greedy'])
        keepAnswers(lab, 'test', `${policy}@${drawing}`, ideal!);
    for (const drawing of ['1', 'greedy']) keepAnswers(lab, 'test', `sft@${drawing}`, own!);
    const { rows } = resultOf(LADDER, [{ seed: 1, measured: await LADDER.measure(lab) }]);
    const value = (id: string) => rows.find((row) => row.id === id)?.pooled?.value;
    for (const part of ['gold', 'helpful', 'truthful', 'harmless']) {
      for (const drawing of ['1', 'greedy']) {
        expect(value(`${part}:sft@${drawing}`), part).toBe(value(`${part}:demonstrators`));
        expect(value(`${part}:ppo-noise@${drawing}`), part).toBe(value(`${part}:ceiling`));
      }
    }
    const parts = rows.filter(({ judge }) => judge === 'gold helpful');
    expect(parts.map(({ id, control }) => [id, control])).toEqual([
      ...['1', 'greedy'].flatMap((drawing) => [
        ...['base', 'prompted', 'public', 'sft', 'ppo-ptx'].map((policy) => [
          `helpful:${policy}@${drawing}`,
          false,
        ]),
        [`helpful:ppo-noise@${drawing}`, true],
        [`helpful:ppo-gold@${drawing}`, true],
      ]),
      ['helpful:ceiling', false],
      ['helpful:demonstrators', false],
    ]);
  });

  test('the use case that is left out has its ceiling, and PPO-ptx is held against noise and blind answers', async () => {
    const { name, prompts: extract } = heldOutPrompts(lab);
    const ideal = writtenAnswers(1, extract, 'ceiling').map(({ text }) => text);
    const { set, suite, items } = itemSet(lab, suiteOf('frogspeak-instructions'));
    for (const policy of SUITE_POLICIES) {
      keepAnswers(lab, name, `${policy}@1`, policy === 'base' ? extract.map(() => '') : ideal);
      keepAnswers(
        lab,
        set,
        `${policy}@1`,
        items.map((item) => suite.ideal(item)),
      );
    }
    const measured = await GENERALISATION.measure(lab);
    const ceiling = measured.rows.find(({ id }) => id === 'use-case:ceiling')!;
    const sft = measured.rows.find(({ id }) => id === 'use-case:sft')!;
    expect(meanOf(ceiling)).toBe(meanOf(sft));
    expect(ceiling.reference).toBe('ceiling');
    expect(sourcesOf(ceiling).map(({ set }) => set)).toEqual([name]);
    // All but base answer alike, and rightly.
    const { rows } = resultOf(GENERALISATION, [{ seed: 1, measured }]);
    const value = (id: string) => rows.find((row) => row.id === id)?.pooled?.value;
    expect(value('use-case:ppo-ptx>base')).toBe(1);
    expect(value('use-case:ppo-ptx>ppo-noise')).toBe(0.5);
    expect(value('frogspeak:ppo-ptx-chance')).toBeCloseTo(1 - value('frogspeak:chance')!, 4);
  });
});
