/**
 * Checks that a PPO run makes of its own models and reports as badges: before the first update the policy is the
 * reference, the critic is the reward model, padding and caching change nothing; later the reference and the
 * reward model stay as they were. What only looks at numbers is in self-checks.ts.
 */
import type { Sequence } from '../data/batches.ts';
import type { Model } from '../model/parameters.ts';
import type { SelfCheck } from '../records/run.ts';
import { maxRatioDeviation, importanceRatios } from './metrics.ts';
import type { Rollout, Scorer } from './rollout.ts';
import { checksum, largestDifference, ROUNDING, within } from './self-checks.ts';
import { logProbabilitiesOf, scoreSequences, valuesOf, type SequenceShape } from './sequences.ts';

/** Answers that the checks look at; more would cost time and show nothing new. */
export const FEW = 16;

/** Equal exactly when no weight changed (up to 2^-32). */
export async function modelChecksum(model: Model): Promise<number> {
  const tensors = await model.tensors();
  return checksum([...tensors.values()].map(({ data }) => data));
}

interface Judged {
  readonly score: Scorer;
  readonly scoredByRewardModel: boolean;
}

/** Per response token of each row, [N x R] flat. */
type Read = (rows: readonly Sequence[], shape: SequenceShape) => Promise<Float32Array>;

/**
 * Largest difference between rows in the padded batch and the same rows alone without any padding, for the rows
 * with the most padding. Padding that reaches a token shows here (D4, D5).
 */
export async function paddingEffect(
  sequences: readonly Sequence[],
  shape: SequenceShape,
  read: Read,
): Promise<number> {
  const size = ({ prompt, response }: Sequence) => prompt.length + response.length;
  const shortest = sequences.toSorted((a, b) => size(a) - size(b)).slice(0, 2);
  const R = shape.responseLength;
  const together = await read(shortest, shape);
  let largest = 0;
  for (const [i, sequence] of shortest.entries()) {
    const { prompt, response } = sequence;
    const tight = { promptLength: prompt.length, responseLength: response.length };
    const alone = await read([sequence], tight);
    const difference = largestDifference(together.subarray(i * R, i * R + response.length), alone);
    largest = Math.max(largest, difference);
  }
  return largest;
}

/** Before any update: what must be equal is compared on the first rollout. */
export async function firstChecks(
  models: { readonly policy: Model; readonly reference: Model; readonly value: Model },
  data: Judged,
  rollout: Rollout,
  settings: { readonly shape: SequenceShape; readonly temperature: number },
): Promise<Record<string, SelfCheck>> {
  const { mask, logProbabilities, referenceLogProbabilities, sequences } = rollout;
  const drift = importanceRatios(logProbabilities, referenceLogProbabilities, mask);
  const few = sequences.slice(0, FEW);
  const { shape, temperature } = settings;
  const ofPolicy: Read = (rows, columns) =>
    logProbabilitiesOf(models.policy, rows, columns, temperature);
  const ofCritic: Read = (rows, columns) => valuesOf(models.value, rows, columns);
  const sampled = logProbabilities.subarray(0, few.length * rollout.R);
  const cached = largestDifference(sampled, await ofPolicy(few, shape));
  const padding = Math.max(
    await paddingEffect(few, shape, ofPolicy),
    await paddingEffect(few, shape, ofCritic),
  );
  const checks = {
    'kl 0 at start': within(maxRatioDeviation(drift, mask), ROUNDING),
    'cache equals full forward': within(cached, ROUNDING),
    'padding changes nothing': within(padding, ROUNDING),
  };
  // A value head on the policy starts at 0 and has nothing of the reward model.
  if (!data.scoredByRewardModel || models.value === models.policy) return checks;
  const critic = await scoreSequences(models.value, few, shape);
  const judged = await data.score(few);
  return {
    ...checks,
    'critic starts as reward model': within(largestDifference(critic, judged), ROUNDING),
  };
}

/** What the reward model says of a few of the answers; nothing in control runs, whose scores may be chance. */
export async function judgedAnswers(
  data: Judged,
  rollout: Pick<Rollout, 'sequences'>,
): Promise<number[]> {
  if (!data.scoredByRewardModel) return [];
  return Array.from(await data.score(rollout.sequences.slice(0, FEW)));
}

/** What an update must leave as it is. */
export interface Constants {
  /** The reward model's scores of the same answers. */
  readonly judged: readonly number[];
  /** Checksum of the rewards, penalties, advantages and old values that the update learns from. */
  readonly numbers: number;
}

/** D23: the value is 0 when an update moved neither the reward model nor the numbers that it learnt from. */
export function rewardCheck(before: Constants, after: Constants): SelfCheck {
  const moved = largestDifference(before.judged, after.judged);
  return within(moved + Math.abs(after.numbers - before.numbers), 0);
}
