/** What is said of suites' figures, worked by hand: when greedy answers tell otherwise, chance, and what silence cannot satisfy. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClaimSpec } from '../../../../src/cli/reproduce/claim.ts';
import { MISTAKES, mistakePrompts } from '../../../../src/cli/reproduce/claims/mistakes.ts';
import {
  HALLUCINATION,
  HARMLESS,
  SUITE_POLICIES,
  TRUTHFUL_CLAIM,
} from '../../../../src/cli/reproduce/claims/suites.ts';
import type { SeedLab } from '../../../../src/cli/reproduce/lab.ts';
import { resultOf } from '../../../../src/cli/reproduce/report.ts';
import { suiteOf } from '../../../../src/cli/reproduce/suite-items.ts';
import { itemSet } from '../../../../src/cli/reproduce/suite-runs.ts';
import { Rng } from '../../../../src/data/rng.ts';
import { idealResponse } from '../../../../src/world/demonstrations.ts';
import { figureRow, viewOf } from './claim-view.ts';
import { keepAnswers, labWithoutModels } from './kept-lab.ts';

type Interval = readonly [number, number, number];

/** PPO-ptx as a multiple of base, at temperature 1 and greedily. */
function truthful(at1: Interval, greedy: Interval): string {
  const id = (drawing: string) => `truthful-qa/score:ppo-ptx@${drawing}/base`;
  const view = viewOf([
    figureRow(id('1'), 'ratio', at1),
    figureRow(id('greedy'), 'ratio', greedy),
    figureRow('truthful-qa/score:base@1', 'share', [0.139, 0.117, 0.163]),
    figureRow('truthful-qa/score:ppo-ptx@1', 'share', [0.377, 0.346, 0.406]),
    figureRow('truthful-qa/score:chance', 'share', [0.329, 0.3, 0.359]),
  ]);
  return TRUTHFUL_CLAIM.why(view, 'holds');
}

test.each<[Interval, boolean]>([
  [[0.358, 0.327, 0.389], true],
  [[0.43, 0.406, 0.46], true],
  [[0.3, 0.27, 0.345], false],
  [[0.45, 0.407, 0.48], false],
])('SFT at %s beside 37.7 [34.6, 40.6] of PPO-ptx has got about as far: %s', (sft, asFar) => {
  const rows = [
    figureRow('truthful-qa/score:sft@1', 'share', sft),
    figureRow('truthful-qa/score:ppo-ptx@1', 'share', [0.377, 0.346, 0.406]),
  ];
  const said = TRUTHFUL_CLAIM.why(viewOf(rows), 'holds').includes('SFT has got about as far');
  expect(said).toBe(asFar);
});

describe('greedy answers beside the decisive figure', () => {
  const met: Interval = [2.71, 2.31, 3.25];
  const same = 'Only at temperature 1: of greedy answers there is no difference';
  const reversed = 'Only at temperature 1: of greedy answers it is the other way round';

  test('whose interval holds no difference are no proof of the opposite', () => {
    expect(truthful(met, [0.97, 0.9, 1.03])).toContain(same);
    expect(truthful(met, [1.02, 0.99, 1.05])).toContain(same);
    expect(truthful(met, [0.97, 0.9, 1.03])).not.toContain(reversed);
  });

  test('wholly on the other side, it is the other way round', () => {
    expect(truthful(met, [0.9, 0.85, 0.96])).toContain(reversed);
  });

  test('on the same side there is nothing to say, nor where the target is missed at temperature 1 as well', () => {
    expect(truthful(met, [1.5, 1.3, 1.7])).not.toContain('Only at temperature 1');
    expect(truthful([1.01, 0.95, 1.1], [0.9, 0.85, 0.96])).not.toContain('Only at temperature 1');
  });

  test('of a count of which less is better, the sides change places', () => {
    const why = (greedy: Interval): string => {
      const id = (drawing: string) => `rude-prompts-polite/rude opening:ppo-ptx@${drawing}/base`;
      const rows = [
        figureRow(id('1'), 'ratio', [0.4, 0.3, 0.6]),
        figureRow(id('greedy'), 'ratio', greedy),
      ];
      return HARMLESS.why(viewOf(rows), 'holds');
    };
    expect(why([0.02, 0, 0.07])).not.toContain('Only at temperature 1');
    expect(why([1.3, 1.1, 1.6])).toContain(reversed);
  });
});

test('true and informative is told with what answers given blindly reach', () => {
  const why = truthful([2.71, 2.31, 3.25], [0.97, 0.9, 1.03]);
  expect(why).toContain(
    "At temperature 1, 13.9 % [11.7, 16.3] of base's answers are true and informative, ",
  );
  expect(why).toContain("37.7 % [34.6, 40.6] of PPO-ptx's: 2.71 times [2.31, 3.25] as often");
  expect(why).toContain('Answers given blindly reach 32.9 % [30.0, 35.9].');
});

test('of what silence satisfies, the share of useful answers is told beside, and no further count', () => {
  const rows = [
    figureRow('rude-prompts-polite/score:base@1', 'share', [0.017, 0.01, 0.03]),
    figureRow('rude-prompts-polite/score:ppo-ptx@1', 'share', [0.69, 0.66, 0.72]),
    figureRow('rude-prompts/rude opening:ppo-ptx@1', 'share', [0.777, 0.7, 0.8]),
  ];
  const why = HARMLESS.why(viewOf(rows), 'holds');
  expect(why).toContain("1.7 % [1.0, 3.0] of base's");
  expect(why).toContain("69.0 % [66.0, 72.0] of PPO-ptx's.");
  expect(why).not.toContain('77.7 %');
  expect(HARMLESS.how).toContain('read beside it the share of harmless answers');
  const useful = figureRow('hallucination/score:ppo-ptx@1', 'share', [0.55, 0.5, 0.6]);
  expect(HALLUCINATION.why(viewOf([useful]), 'holds')).toContain(
    "55.0 % [50.0, 60.0] of PPO-ptx's.",
  );
});

test('of mistakes that silence does not make, the right answers are told beside', () => {
  const rows = [
    figureRow('premise:ppo-ptx', 'points', [-0.064, -0.15, 0.023]),
    figureRow('details:ppo-ptx', 'points', [0.022, -0.01, 0.049]),
    figureRow('false-premises:base', 'share', [0.009, 0.003, 0.016]),
    figureRow('false-premises/score:base', 'share', [0.05, 0.04, 0.06]),
    figureRow('hedging/score:base', 'share', [0.07, 0.06, 0.08]),
  ];
  const why = MISTAKES.why(viewOf(rows), 'holds');
  expect(why).toContain('PPO-ptx is worse by 6.4 points [-2.3, 15.0] under a false premise');
  expect(why).toContain('and is better by 2.2 points [-1.0, 4.9] where a story');
  expect(why).toContain('(base 0.9 % [0.3, 1.6]) and refuses it truthfully in');
  expect(why).toContain('(base 5.0 % [4.0, 6.0])');
  expect(why).toContain('(base 7.0 % [6.0, 8.0])');
});

describe('where base says nothing and all others answer well', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rlhf-suite-words-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  let lab: SeedLab;

  beforeAll(async () => {
    lab = await labWithoutModels(folder);
    const suites = ['rude-prompts', 'rude-prompts-polite', 'false-premises', 'hedging'];
    for (const name of [...suites, 'several-constraints']) {
      const { set, suite, items } = itemSet(lab, suiteOf(name));
      for (const policy of SUITE_POLICIES) {
        const texts = items.map((item) => (policy === 'base' ? '' : suite.ideal(item)));
        for (const drawing of ['1', 'greedy']) keepAnswers(lab, set, `${policy}@${drawing}`, texts);
      }
    }
    const { name, prompts } = mistakePrompts(lab);
    const texts = prompts.map(({ task }) => idealResponse(task, Rng.named(1, 'ideal')));
    for (const policy of SUITE_POLICIES) keepAnswers(lab, name, `${policy}@greedy`, texts);
  });

  const valuesOf = async (spec: ClaimSpec, ids: readonly string[]) => {
    const { rows } = resultOf(spec, [{ seed: 1, measured: await spec.measure(lab) }]);
    return ids.map((id) => rows.find((row) => row.id === id)?.pooled?.value);
  };

  test('counts of rudeness are the same, and the share of harmless answers tells them apart', async () => {
    const ids = ['rude-prompts-polite', 'rude-prompts'].flatMap((suite) =>
      ['rude', 'score'].flatMap((count) => [
        `${suite}/${count}:base@1`,
        `${suite}/${count}:ppo-ptx@1`,
        `${suite}/${count}:ceiling`,
      ]),
    );
    const each = [0, 0, 0, 0, 1, 1];
    expect(await valuesOf(HARMLESS, ids)).toEqual([...each, ...each]);
  });

  test('counts of mistakes are the same, and the right answers tell them apart', async () => {
    const ids = ['false-premises', 'hedging'].flatMap((suite) =>
      ['', '/score'].flatMap((count) => [
        `${suite}${count}:base`,
        `${suite}${count}:ppo-ptx`,
        `${suite}${count}:ceiling`,
      ]),
    );
    const each = [0, 0, 0, 0, 1, 1];
    expect(await valuesOf(MISTAKES, ids)).toEqual([...each, ...each]);
  });
});
