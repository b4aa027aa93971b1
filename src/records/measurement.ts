/**
 * What a measurement of one machine is, and what can be told from it: rates, how long other work would take, and when
 * a size is not worth trying. Plain values and arithmetic; nothing is measured here.
 */
import { median } from './spread.ts';

/** What is timed: an optimizer step, a batch of sampled responses, an iteration of PPO. */
export type TimedPart = 'train' | 'sample' | 'ppo';

/** Rounds of one part at one size, or why there are none. */
export type PartOutcome =
  | {
      /** Milliseconds of each round, in order, without the warm-up. */
      readonly milliseconds: readonly number[];
      /** Tokens that one round learns from or writes. */
      readonly tokens: number;
    }
  | { readonly leftOut: string };

export interface SizeMeasurement {
  readonly name: string;
  readonly parameters: number;
  readonly contextLength: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Parts that were reached. */
  readonly parts: Readonly<Partial<Record<TimedPart, PartOutcome>>>;
}

/** Under what conditions was measured: figures without them mean little. */
export interface MachineConditions {
  /** ISO 8601, in UTC, of the start. */
  readonly startedAt: string;
  readonly backend: string;
  readonly device: string;
  readonly browser: string;
  readonly cores: number;
  /** The page was hidden for a while, and browsers slow hidden pages down. */
  readonly wasHidden: boolean;
}

export interface MachineMeasurement {
  readonly conditions: MachineConditions;
  /** False when it was stopped or failed before its end. */
  readonly complete: boolean;
  /** Smallest first. */
  readonly sizes: readonly SizeMeasurement[];
}

/** Median milliseconds of a round; null when none was measured. */
export function roundMilliseconds(outcome: PartOutcome | undefined): number | null {
  if (outcome === undefined || 'leftOut' in outcome) return null;
  return outcome.milliseconds.length === 0 ? null : median(outcome.milliseconds);
}

/** Tokens per second by the median round; null when none was measured. */
export function partTokensPerSecond(outcome: PartOutcome | undefined): number | null {
  const milliseconds = roundMilliseconds(outcome);
  if (milliseconds === null || outcome === undefined || 'leftOut' in outcome) return null;
  return outcome.tokens / (milliseconds / 1000);
}

/** Seconds per token of a part at each size where it was measured, smallest first. */
function secondsPerToken(
  sizes: readonly SizeMeasurement[],
  part: TimedPart,
): { readonly parameters: number; readonly seconds: number }[] {
  return sizes
    .flatMap(({ parameters, parts }) => {
      const rate = partTokensPerSecond(parts[part]);
      return rate === null ? [] : [{ parameters, seconds: 1 / rate }];
    })
    .sort((a, b) => a.parameters - b.parameters);
}

/**
 * Seconds per token at a size that need not be among those measured: between two of them on a straight line in the
 * logarithms of both, above the largest in proportion to the parameters (its rate of arithmetic), below the smallest
 * as there, where overhead rules. Null without a measurement.
 */
function expectedPerToken(
  sizes: readonly SizeMeasurement[],
  part: TimedPart,
  parameters: number,
): number | null {
  const known = secondsPerToken(sizes, part);
  const [smallest, largest] = [known[0], known.at(-1)];
  if (smallest === undefined || largest === undefined) return null;
  if (parameters <= smallest.parameters) return smallest.seconds;
  if (parameters >= largest.parameters) {
    return largest.seconds * (parameters / largest.parameters);
  }
  const at = known.findIndex((each) => each.parameters >= parameters);
  const [below, above] = [known[at - 1] ?? smallest, known[at] ?? largest];
  const share =
    Math.log(parameters / below.parameters) / Math.log(above.parameters / below.parameters);
  return below.seconds * (above.seconds / below.seconds) ** share;
}

/**
 * Expected seconds of a training step on this machine, for a model of `parameters` parameters that learns from
 * `tokens` tokens a step. Null when no training step was measured.
 */
export function secondsPerStep(
  { sizes }: Pick<MachineMeasurement, 'sizes'>,
  { parameters, tokens }: { readonly parameters: number; readonly tokens: number },
): number | null {
  const seconds = expectedPerToken(sizes, 'train', parameters);
  return seconds === null ? null : seconds * tokens;
}

/** Work that is planned: a part at a size. */
export interface PlannedPart {
  readonly part: TimedPart;
  readonly parameters: number;
  readonly tokens: number;
}

/** Milliseconds that a round of planned work should take by what is measured so far; null when nothing tells. */
export function expectedRound(
  sizes: readonly SizeMeasurement[],
  { part, parameters, tokens }: PlannedPart,
): number | null {
  const seconds = expectedPerToken(sizes, part, parameters);
  return seconds === null ? null : 1000 * seconds * tokens;
}

/** Tensors of a parameter's size that a part holds: weights, gradients and the optimizer's moments of each model. */
const COPIES: Readonly<Record<TimedPart, number>> = {
  train: 4,
  sample: 1,
  // Policy, reference, reward, value, average; a gradient at a time; two moments of policy and of value.
  ppo: 10,
};
/** More than a tab can be trusted to have. */
const MOST_BYTES = 600e6;
const LONGEST_ROUND = 60_000;

/** Why a planned part is not worth trying, as a clause; null when it is. */
export function reasonToLeaveOut(
  sizes: readonly SizeMeasurement[],
  planned: PlannedPart,
): string | null {
  const bytes = 4 * COPIES[planned.part] * planned.parameters;
  if (bytes > MOST_BYTES) {
    return `weights and moments alone would take ${(bytes / 1e9).toFixed(1)} GB`;
  }
  const expected = expectedRound(sizes, planned) ?? 0;
  if (expected > LONGEST_ROUND) {
    return `one round would take about ${Math.round(expected / 60_000)} min`;
  }
  return null;
}

const ROUNDS = 3;
/** A round longer than this is measured once. Milliseconds. */
const LONG_ROUND = 8_000;

/** How many rounds of planned work are measured after one of warm-up. */
export function roundsOf(sizes: readonly SizeMeasurement[], planned: PlannedPart): number {
  return (expectedRound(sizes, planned) ?? 0) > LONG_ROUND ? 1 : ROUNDS;
}

/**
 * Expected seconds of all planned work, one warm-up round each included; null while a part of it has not been measured
 * at any size. What will be left out takes no time.
 */
export function secondsLeftOf(
  sizes: readonly SizeMeasurement[],
  planned: readonly PlannedPart[],
): number | null {
  let total = 0;
  for (const each of planned) {
    if (reasonToLeaveOut(sizes, each) !== null) continue;
    const expected = expectedRound(sizes, each);
    if (expected === null) return null;
    total += (expected / 1000) * (1 + roundsOf(sizes, each));
  }
  return total;
}
