/**
 * One labeler held out: a reward model is trained on the rankings of all others, tested on theirs, and thrown away. As the
 * paper's held-out labelers (section 4.1, S79), one labeler at a time. Loaded when it is first asked for.
 */
import { rewardSettings, sequenceShape } from '../config/stage-settings.ts';
import type { Ranking } from '../records/ranking.ts';
import { splitRankings } from '../rlhf/held-out.ts';
import { comparisonAccuracy } from '../rlhf/metrics.ts';
import { openReward, rankedSequences, type OpenStage } from '../rlhf/pipeline.ts';
import { comparisonCount } from '../rlhf/ranking-loss.ts';
import { scoreRankings } from '../rlhf/reward.ts';
import { InputError } from './failure.ts';
import type { ChunkedBench } from './judging.ts';
import type { LabelerTrial } from '../records/reward-report.ts';
import type { HoldOutRequest } from './stages.ts';

/** What one labeler's absence leaves to train on and to test with. */
export interface HeldOutLabeler {
  readonly training: readonly Ranking[];
  /** Held-out rankings of the others. */
  readonly others: readonly Ranking[];
  readonly theirs: readonly Ranking[];
  /** Those of theirs under prompts that no ranking trained on has. */
  readonly unseen: readonly Ranking[];
}

/** The others' rankings are split as for the reward model itself, so that the two can be compared. */
export function withoutLabeler(
  rankings: readonly Ranking[],
  labeler: string,
  heldOutShare: number,
): HeldOutLabeler {
  const theirs = rankings.filter((row) => row.labeler === labeler);
  const rest = rankings.filter((row) => row.labeler !== labeler);
  const { training, heldOut } = splitRankings(rest, heldOutShare);
  const seen = new Set(training.map(({ prompt }) => prompt.text));
  const unseen = theirs.filter(({ prompt }) => !seen.has(prompt.text));
  return { training, others: heldOut, theirs, unseen };
}

/** True when it was trained to its end. */
async function train(
  { loop }: OpenStage,
  bench: ChunkedBench,
  { stopped }: HoldOutRequest,
): Promise<boolean> {
  const task = 'Training without one labeler';
  const steps = loop.steps();
  try {
    for (;;) {
      if (stopped()) return false;
      const next = await bench.alone(() => steps.next());
      if (next.done === true) return true;
      bench.report(task, next.value.step, loop.total + 1);
      await bench.yieldToMessages();
    }
  } finally {
    bench.report(task, loop.total + 1, loop.total + 1);
  }
}

/** Null when it was stopped. Throws InputError when the others have ranked nothing to learn from, or the labeler nothing. */
export async function holdOutLabeler(
  bench: ChunkedBench,
  request: HoldOutRequest,
): Promise<LabelerTrial | null> {
  const { labeler, sft, settings } = request;
  const { tokenizer } = bench.shelf().files;
  const shape = sequenceShape(settings);
  const parts = withoutLabeler(request.rankings, labeler, settings.reward.heldOutShare);
  const sequences = (rows: readonly Ranking[]) => rankedSequences(tokenizer, rows, shape);
  const usable = sequences(parts.training);
  if (usable.length === 0) {
    throw new InputError('Without this labeler there is no ranking to learn from: add others.');
  }
  if (sequences(parts.theirs).length === 0) {
    throw new InputError('This labeler has preferred no answer to another: choose another one.');
  }
  const open = await bench.alone(async () => {
    const start = await bench.shelf().copy(sft);
    const opened = await openReward(start, usable, rewardSettings(settings));
    start.dispose();
    return opened;
  });
  try {
    if (!(await train(open, bench, request))) return null;
    const measure = (rows: readonly Ranking[]) =>
      bench.alone(async () =>
        comparisonAccuracy(await scoreRankings(open.model, sequences(rows), shape)),
      );
    return {
      labeler,
      trainedComparisons: comparisonCount(usable),
      theirs: await measure(parts.theirs),
      unseen: await measure(parts.unseen),
      others: await measure(parts.others),
    };
  } finally {
    open.dispose();
  }
}
