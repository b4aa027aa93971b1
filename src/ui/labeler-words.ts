/** Which labelers train the reward model, and what holding one of them out has shown, in words. Pure. */
import type { ComparisonAccuracy } from '../records/reward-report.ts';
import { isChosenLabeler, type Ranking } from '../records/ranking.ts';
import { wilsonInterval } from '../records/vote-rate.ts';
import type { Settings } from '../config/settings.ts';
import { intervalWords } from './calibration-words.ts';
import { formatPercent } from './format.ts';

/** Those whose rankings train the reward model, each once, by name. */
export function chosenLabelers(
  rankings: readonly Pick<Ranking, 'labeler'>[],
  { labels }: Pick<Settings, 'labels'>,
): readonly string[] {
  const names = new Set(rankings.map(({ labeler }) => labeler));
  return [...names].filter((labeler) => isChosenLabeler(labeler, labels)).sort();
}

/** `68 % (51 to 81 %) of 33`: share right with Wilson's 95 % interval; `none` without comparisons. */
export function accuracyWords({ accuracy, n }: ComparisonAccuracy): string {
  if (accuracy === null || n === 0) return 'none';
  const interval = intervalWords(wilsonInterval(accuracy * n, n));
  return `${formatPercent(accuracy)} (${interval}) of ${n}`;
}
