/** Whether planted tastes can be seen: how much more often labelers of one group agree, and what is concluded from it. */
import { expect, test } from 'vitest';
import type { MeasuredRow } from '../../../../src/cli/reproduce/claim.ts';
import { plantedRows, REWARD_GROUPS } from '../../../../src/cli/reproduce/claims/reward.ts';
import { labelersByGroup } from '../../../../src/cli/reproduce/label-measures.ts';
import type { LabelerGroup } from '../../../../src/cli/reproduce/labeler-groups.ts';
import { planOf } from '../../../../src/cli/reproduce/plan.ts';
import type { Candidates } from '../../../../src/cli/reproduce/reward-runs.ts';
import { statisticOf } from '../../../../src/cli/reproduce/sample.ts';
import { Rng } from '../../../../src/data/rng.ts';
import { mixedResponse } from '../../../../src/world/demonstrations.ts';
import { validationPrompts } from '../../../../src/world/prompt-sets.ts';
import { figureRow, viewOf } from './claim-view.ts';

function valueOf({ sample }: MeasuredRow): number {
  const { statistic, clusters } = sample!;
  const parts = clusters[0]!.sums.length;
  const total = (of: 'sums' | 'counts', p: number) =>
    clusters.reduce((sum, cluster) => sum + cluster[of][p]!, 0);
  const means = Array.from({ length: parts }, (_, p) => total('sums', p) / total('counts', p));
  return statisticOf(statistic, means);
}

test('tastes so strong that they decide everything are seen: one group agrees, opposite groups do not', () => {
  const plan = planOf('micro');
  const { training } = labelersByGroup({ seed: 1, settings: plan.settings });
  const group = (name: string, length: number): LabelerGroup => ({
    name,
    labelers: training
      .slice(0, 4)
      .map((labeler) => ({ ...labeler, tastes: { ...labeler.tastes, length } })),
  });
  const stream = Rng.named(5, 'planted');
  const candidates: Candidates[] = validationPrompts(1, 30).map((prompt) => ({
    prompt,
    completions: [0, 1, 2, 3].map((k) => ({
      ...{ id: `c${k}`, policy: 'sft', ended: true },
      text: mixedResponse(prompt.task, stream),
    })),
  }));
  const lab = { seed: 1, settings: plan.settings, counts: plan.counts };
  const of = (...groups: readonly LabelerGroup[]): number[] =>
    plantedRows(lab, groups, candidates).map(valueOf);
  const [within, between, difference] = of(group('long', 50), group('short', -50));
  expect(difference).toBeCloseTo(within! - between!, 12);
  expect(difference).toBeGreaterThan(0.5);
  const row = plantedRows(lab, [group('long', 50), group('short', -50)], candidates)[2]!;
  expect([row.id, row.unit, row.neutral]).toEqual(['agree-difference', 'points', 0]);
  expect(row.items.length).toBeGreaterThan(0);
});

/** What is said of so great a difference of agreement. */
const why = (...difference: readonly [number, number, number]): string =>
  REWARD_GROUPS.why(
    viewOf([
      figureRow('agree-difference', 'points', difference),
      figureRow('difference', 'points', [-0.001, -0.005, 0.004]),
    ]),
    'does not hold here',
  );

test('where one group agrees hardly more, the experiment cannot show the gap, in plain words', () => {
  const words =
    "hardly to be seen beside the noise of the labels: they leave no room for a gap as wide as the paper's 2.8 points, whatever a reward model does";
  expect(why(0.004, -0.002, 0.01)).toContain(words);
  expect(why(0.012, 0.005, 0.019)).toContain(words);
  expect(why(0.004, -0.002, 0.01)).toContain(': more often by 0.4 points [-0.2, 1.0].');
  expect(why(0.01, -0.01, 0.03)).not.toContain(words);
  expect(why(0.01, -0.01, 0.03)).toContain('is in doubt');
  expect(why(0.05, 0.03, 0.07)).toContain('the planted tastes are there to be seen');
  expect(why(0.05, 0.03, 0.07)).not.toContain(words);
});

test('a negative difference of accuracies is told as such', () => {
  expect(why(0, -0.01, 0.01)).toContain(
    'own groups are predicted worse by 0.1 points [-0.4, 0.5].',
  );
});
