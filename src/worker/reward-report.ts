/**
 * The reward model on the rankings that it was not trained on, and on those of labelers it learned nothing from: a chunk
 * at a time, with others in between. It only measures.
 */
import type { Settings } from '../config/settings.ts';
import { sequenceShape } from '../config/stage-settings.ts';
import { sourceOf, type Ranking } from '../records/ranking.ts';
import type { RewardReport } from '../records/reward-report.ts';
import { calibrationOf } from '../rlhf/calibration.ts';
import { splitRankings } from '../rlhf/held-out.ts';
import { accuracyByLabeler, comparisonAccuracy, type ScoredRanking } from '../rlhf/metrics.ts';
import { demonstrationSequences, rankedSequences } from '../rlhf/pipeline.ts';
import { comparisonCount, comparisonsFromRanks } from '../rlhf/ranking-loss.ts';
import { scoreRankings, type RankedSequences } from '../rlhf/reward.ts';
import { scoreSequences } from '../rlhf/sequences.ts';
import { noiseCeiling, type Pair } from '../world/labeler-noise.ts';
import type { ChunkedBench } from './judging.ts';
import type { ModelSource, ReportedRankings, Stopped } from './stages.ts';
import type { WorldSupply } from './world-supply.ts';

/** Rankings or demonstrations scored between two reports of progress. */
const CHUNK = 64;
/** Demonstrations whose mean score is reported. */
const DEMONSTRATIONS = 256;

/** Best accuracy that the class's noise allows; null when other people's labels are among them or nothing is compared. */
function ceilingOf(rankings: readonly Ranking[], supply: WorldSupply): number | null {
  if (rankings.some(({ labeler }) => sourceOf(labeler) !== 'class')) return null;
  const pairs = rankings.flatMap(({ prompt, completions, ranks }): Pair[] =>
    comparisonsFromRanks(ranks).flatMap(({ winner, loser }) => {
      const [a, b] = [completions[winner], completions[loser]];
      return a && b ? [{ prompt: supply.known(prompt) ?? prompt, a, b }] : [];
    }),
  );
  const ceiling = noiseCeiling(supply.labelers, pairs);
  return Number.isFinite(ceiling) ? ceiling : null;
}

/** What is said of rankings and demonstrations that are scored, and of how many were trained on. */
interface Scored {
  readonly heldOut: readonly ScoredRanking[];
  readonly others: readonly ScoredRanking[];
  /** Of demonstrations. */
  readonly demonstrations: readonly number[];
}

/** Scores list after list in chunks; null when it was stopped before the end. */
class Scorer {
  readonly #bench: ChunkedBench;
  readonly #stopped: Stopped;
  readonly #total: number;
  #done = 0;

  constructor(bench: ChunkedBench, stopped: Stopped, total: number) {
    this.#bench = bench;
    this.#stopped = stopped;
    this.#total = total;
  }

  async score<Row, Score>(
    rows: readonly Row[],
    chunkScores: (chunk: readonly Row[]) => Promise<Iterable<Score>>,
  ): Promise<Score[]> {
    const scores: Score[] = [];
    for (let from = 0; from < rows.length && !this.#stopped(); from += CHUNK) {
      const chunk = rows.slice(from, from + CHUNK);
      this.tell(this.#done);
      scores.push(...(await this.#bench.alone(() => chunkScores(chunk))));
      this.#done += chunk.length;
      await this.#bench.yieldToMessages();
    }
    return scores;
  }

  tell(done = this.#total): void {
    this.#bench.report('Testing the reward model', done, this.#total);
  }
}

/** Null when it was stopped before its end. */
export async function reportReward(
  bench: ChunkedBench,
  reward: ModelSource,
  supply: WorldSupply,
  rankings: ReportedRankings,
  settings: Settings,
  stopped: Stopped,
): Promise<RewardReport | null> {
  const { tokenizer } = bench.shelf().files;
  const shape = sequenceShape(settings);
  const { training, heldOut } = splitRankings(rankings.chosen, settings.reward.heldOutShare);
  const rows = {
    heldOut: rankedSequences(tokenizer, heldOut, shape),
    others: rankedSequences(tokenizer, rankings.others, shape),
    demonstrations: demonstrationSequences(
      tokenizer,
      supply.demonstrations(Math.min(DEMONSTRATIONS, settings.sft.demonstrations)),
      shape,
    ),
  };
  const total = Object.values(rows).reduce((sum, list) => sum + list.length, 0);
  const scorer = new Scorer(bench, stopped, total);
  const model = () => bench.shelf().get(reward);
  const scoreChunk = async (chunk: readonly RankedSequences[]) =>
    scoreRankings(await model(), chunk, shape);
  try {
    const scored = {
      heldOut: await scorer.score(rows.heldOut, scoreChunk),
      others: await scorer.score(rows.others, scoreChunk),
      demonstrations: await scorer.score(rows.demonstrations, async (chunk) =>
        scoreSequences(await model(), chunk, shape),
      ),
    };
    if (stopped()) return null;
    const trained = comparisonCount(rankedSequences(tokenizer, training, shape));
    return {
      ...reportOf(scored),
      trainedComparisons: trained,
      ceiling: ceilingOf(heldOut, supply),
    };
  } finally {
    scorer.tell();
  }
}

function reportOf({ heldOut, others, demonstrations }: Scored) {
  return {
    heldOut: comparisonAccuracy(heldOut),
    byLabeler: accuracyByLabeler(heldOut),
    heldOutLabelers: { ...comparisonAccuracy(others), byLabeler: accuracyByLabeler(others) },
    calibration: calibrationOf(heldOut),
    demonstrationMean:
      demonstrations.reduce((sum, score) => sum + score, 0) / demonstrations.length,
  };
}
