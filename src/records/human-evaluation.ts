/**
 * The paper's evaluation by people (section 3.6, Figure 12): outputs of several checkpoints for one prompt, each rated
 * alone, then all ranked. A finished judgement is a ranking with ratings; here is the sitting under way and what its
 * judgements add up to against a fixed baseline. Not for judges that compute.
 */
import {
  addAgreement,
  countAgreement,
  NO_AGREEMENT,
  type AgreementCount,
} from './labeler-agreement.ts';
import { OUTPUT_FLAGS, type OutputFlag, type OutputRating } from './output-rating.ts';
import type { Prompt } from './prompt.ts';
import { withoutRepeats, type Completion, type Ranking } from './ranking.ts';
import { meanInterval } from './mean-interval.ts';
import type { Interval } from './suite.ts';
import { wilsonInterval, type VoteRate } from './vote-rate.ts';

/** How many checkpoints are evaluated at once. */
export const OUTPUTS = { least: 2, most: 5 } as const;

/** One prompt with the outputs of all checkpoints, in the order drawn by lot in which they are shown. */
export interface BlindOutputs {
  readonly id: string;
  readonly prompt: Prompt;
  /** `policy` names the checkpoint that wrote each; hidden until the end. */
  readonly outputs: readonly Completion[];
}

/** A prompt of a sitting; `repeat` marks one that was there before, in another order. */
export interface EvaluationItem extends BlindOutputs {
  readonly repeat?: true;
}

/** One prompt in so many is shown twice. */
export const PROMPTS_PER_REPEAT = 5;

/**
 * The prompts with some of them once more at the end, their outputs in the opposite order, so that a person's agreement
 * with themselves can be counted. Fewer than {@link PROMPTS_PER_REPEAT} come without; the last two never come back.
 * @param random a uniform whole number in [0, n)
 */
export function withRepeats(
  items: readonly BlindOutputs[],
  random: (n: number) => number,
): readonly EvaluationItem[] {
  const early = items.slice(0, -2);
  const again: EvaluationItem[] = [];
  for (let i = 0; i < Math.floor(items.length / PROMPTS_PER_REPEAT); i++) {
    const [item] = early.splice(random(early.length), 1);
    if (item === undefined) break;
    const outputs = item.outputs.toReversed();
    again.push({ ...item, id: `${item.id}-again`, outputs, repeat: true });
  }
  return [...items, ...again];
}

/** An evaluation under way, or over and revealed. */
export interface EvaluationSitting {
  /** Ids, in the order chosen. */
  readonly checkpoints: readonly string[];
  /** One of them, which the others are held against. */
  readonly baseline: string;
  readonly items: readonly EvaluationItem[];
  /** Prompts done so far. */
  readonly at: number;
  /** Of the outputs of the present prompt that have been rated, in the order shown. */
  readonly ratings: readonly OutputRating[];
  /** True once the names are known; nothing is shown any more. */
  readonly revealed: boolean;
}

export interface FlagShare {
  readonly flag: OutputFlag;
  /** Share of the outputs that bear the flag, with Wilson's 95 % interval. */
  readonly share: VoteRate;
}

/** What a checkpoint's outputs were said to be. */
export interface CheckpointRatings {
  readonly checkpoint: string;
  /** Mean overall quality from 1 to 7 with its 95 % interval; NaN throughout without any. */
  readonly overall: Interval;
  /** All flags, in the order of Table 3. */
  readonly flags: readonly FlagShare[];
  /** How often it was ranked above the baseline, ties one half; null for the baseline itself. */
  readonly wins: VoteRate | null;
}

/** Whether these are exactly the checkpoints whose outputs were ranked. */
function isOf({ completions }: Ranking, checkpoints: readonly string[]): boolean {
  const policies = new Set(completions.map(({ policy }) => policy));
  return policies.size === checkpoints.length && checkpoints.every((id) => policies.has(id));
}

/** Judgements of outputs by exactly these checkpoints, repeats among them. */
export function judgementsOf(
  judgements: readonly Ranking[],
  checkpoints: readonly string[],
): readonly Ranking[] {
  return judgements.filter((judgement) => isOf(judgement, checkpoints));
}

function ratingsOf(judgements: readonly Ranking[], checkpoint: string): readonly OutputRating[] {
  return judgements.flatMap(({ completions, ratings }) => {
    const rating = ratings?.[completions.findIndex(({ policy }) => policy === checkpoint)];
    return rating ? [rating] : [];
  });
}

/** 1 where the checkpoint is ranked above the baseline, 0 below it, one half on a tie; nothing where one is missing. */
function pointsAgainst(
  { completions, ranks }: Ranking,
  checkpoint: string,
  baseline: string,
): readonly number[] {
  const rankOf = (id: string) => ranks[completions.findIndex(({ policy }) => policy === id)];
  const [own, other] = [rankOf(checkpoint), rankOf(baseline)];
  if (own === undefined || other === undefined) return [];
  return [own < other ? 1 : own > other ? 0 : 0.5];
}

/** What the judgements say of each checkpoint; what was shown again counts once. */
export function checkpointRatings(
  judgements: readonly Ranking[],
  checkpoints: readonly string[],
  baseline: string,
): readonly CheckpointRatings[] {
  const once = withoutRepeats(judgements);
  return checkpoints.map((checkpoint) => {
    const ratings = ratingsOf(once, checkpoint);
    const points = once.flatMap((row) => pointsAgainst(row, checkpoint, baseline));
    const won = points.reduce((sum, point) => sum + point, 0);
    return {
      checkpoint,
      overall: meanInterval(ratings.flatMap(({ overall }) => (overall === null ? [] : [overall]))),
      flags: OUTPUT_FLAGS.map((flag) => {
        const flagged = ratings.filter(({ flags }) => flags.includes(flag)).length;
        return { flag, share: wilsonInterval(flagged, ratings.length) };
      }),
      wins: checkpoint === baseline ? null : wilsonInterval(won, points.length),
    };
  });
}

/** How far a person agrees with the simulated labelers, by their groups. */
export interface SimulatedAgreement {
  /** With those who give the training labels. */
  readonly training: AgreementCount;
  /** With those who are kept apart for judging. */
  readonly heldOut: AgreementCount;
  /** Judgements on whose prompts the simulated labelers have an opinion. */
  readonly judgements: number;
}

/** Pairs of one judgement on which the person and each of several labelers agree; those that either ties are left out. */
export function agreementWith(
  ranks: readonly number[],
  others: readonly (readonly number[])[],
): AgreementCount {
  return others.map((other) => countAgreement(ranks, other)).reduce(addAgreement, NO_AGREEMENT);
}
