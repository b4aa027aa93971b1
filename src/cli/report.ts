/** The JSON report of `npm run rlhf`: what was set, what each stage measured, what the judges say. */
import type { Calibration } from '../records/calibration.ts';
import type { Settings } from '../config/settings.ts';
import type { MetricRecord, SelfChecks } from '../records/run.ts';
import type { RateInterval } from '../rlhf/intervals.ts';
import type { PolicySummary } from '../rlhf/evaluate.ts';

export interface StageReport {
  readonly steps: number;
  /** Metric series by name, one entry per step. */
  readonly series: Readonly<Record<string, readonly number[]>>;
  /** Facts of the stage that are not a series. */
  readonly facts: Readonly<Record<string, number>>;
  readonly wallSeconds: number;
}

export interface RewardEvaluation {
  /** Share of held-out comparisons whose winner scores higher. */
  readonly accuracy: number;
  /** How sure it was of them; null without comparisons. */
  readonly calibration: Calibration | null;
  /** Best expected accuracy on these comparisons of a predictor that does not know which labeler gives the label. */
  readonly ceiling: number;
  /** Probability that two different labelers, neither of whom sees a tie, agree on one of these comparisons. */
  readonly agreement: number;
  /** Comparisons. */
  readonly n: number;
}

export interface Report {
  readonly settings: Settings;
  readonly preset: string;
  readonly control: string | null;
  readonly method: string;
  readonly seed: number;
  readonly backend: string;
  readonly device: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly stages: Readonly<Record<string, StageReport>>;
  readonly selfChecks: SelfChecks;
  readonly evaluation: {
    readonly policies: Readonly<Record<string, PolicySummary>>;
    readonly pairs: Readonly<Record<string, RateInterval>>;
    /** On completions drawn as those that were ranked. */
    readonly reward: RewardEvaluation;
    /** On completions drawn as those of reinforcement, which are more varied. */
    readonly rewardAtRollout: RewardEvaluation;
  };
  readonly wallSeconds: number;
}

/** Records of one stage turned into series; a metric that a step lacks is left out of that step. */
export function seriesOf(
  records: readonly Pick<MetricRecord, 'values'>[],
): Record<string, number[]> {
  const series: Record<string, number[]> = {};
  for (const { values } of records) {
    for (const [name, value] of Object.entries(values)) (series[name] ??= []).push(value);
  }
  return series;
}
