/**
 * How consistent a labeler is with themselves: answers that were ranked once come back, in another order, and it is
 * counted how often they are put the same way (intra-annotator agreement). Which come back, and when, is decided here;
 * that they teach nothing twice is in ranking.ts.
 */
import {
  addAgreement,
  countAgreement,
  NO_AGREEMENT,
  type AgreementCount,
} from './labeler-agreement.ts';
import { withoutRepeats, type Completion, type Ranking } from './ranking.ts';

/** One pair comes back for so many rankings. */
export const RANKINGS_PER_REPEAT = 6;
/** The last few rankings are still remembered: nothing of them comes back. */
const FRESH = 3;

/** What one sees of an answer, with the id that tells equal texts apart. */
const keyOf = ({ id, text }: Completion): string => JSON.stringify([id, text]);

/** Ranks that `original` gave to the answers of `repeat`; null when it does not hold all of them. */
function ranksBefore(original: Ranking, repeat: Ranking): readonly number[] | null {
  if (original.labeler !== repeat.labeler || original.prompt.text !== repeat.prompt.text) {
    return null;
  }
  const places = new Map(original.completions.map((row, k) => [keyOf(row), original.ranks[k]]));
  const ranks = repeat.completions.flatMap((row) => places.get(keyOf(row)) ?? []);
  return ranks.length === repeat.completions.length ? ranks : null;
}

/**
 * Pairs that were ordered strictly both times, and how many of them the same way; as in {@link countAgreement} a pair
 * that was tied at either time is left out (S74). A repeat whose first time is no longer stored counts for nothing.
 */
export function selfAgreement(rankings: readonly Ranking[]): AgreementCount {
  const originals = withoutRepeats(rankings);
  let all = NO_AGREEMENT;
  for (const repeat of rankings) {
    if (repeat.repeat === undefined) continue;
    const before = originals.map((row) => ranksBefore(row, repeat)).find((ranks) => ranks !== null);
    if (!before) continue;
    all = addAgreement(all, countAgreement(before, repeat.ranks));
  }
  return all;
}

/** A pair that comes back: what is shown, and in which order. */
export interface ReturningPair {
  readonly prompt: Ranking['prompt'];
  readonly completions: readonly Completion[];
  readonly shown: readonly number[];
}

/** Pairs of answers that read differently and were ordered strictly, in the order of generation. */
function strictPairs({ completions, ranks }: Ranking): [number, number][] {
  return completions.flatMap((a, i) =>
    completions.flatMap((b, j): [number, number][] =>
      i < j && a.text !== b.text && ranks[i] !== ranks[j] ? [[i, j]] : [],
    ),
  );
}

/**
 * The pair to be shown again now, or null while none is due: one for every {@link RANKINGS_PER_REPEAT} rankings, drawn
 * from those whose prompt has not come back yet and that are not among the last few. The answer that was further up the
 * first time is now further down.
 * @param own rankings of one labeler, repeats among them, in any order
 * @param passed texts of prompts that came back and were skipped; each counts as one that has come back
 * @param random a uniform whole number in [0, n)
 */
export function nextRepeat(
  own: readonly Ranking[],
  passed: readonly string[],
  random: (n: number) => number,
): ReturningPair | null {
  const originals = [...withoutRepeats(own)].sort((a, b) => a.at - b.at);
  const back = own.filter(({ repeat }) => repeat !== undefined);
  const done = back.length + passed.length;
  if (Math.floor(originals.length / RANKINGS_PER_REPEAT) <= done) return null;
  const seen = new Set([...back.map(({ prompt }) => prompt.text), ...passed]);
  const open = originals
    .slice(0, -FRESH)
    .filter((row) => !seen.has(row.prompt.text) && strictPairs(row).length > 0);
  const chosen = open[random(open.length)];
  if (chosen === undefined) return null;
  const pairs = strictPairs(chosen);
  const [i, j] = pairs[random(pairs.length)] ?? [0, 1];
  const completions = [i, j].flatMap((k) => chosen.completions[k] ?? []);
  const wasFirst = chosen.shown.indexOf(i) < chosen.shown.indexOf(j);
  return { prompt: chosen.prompt, completions, shown: wasFirst ? [1, 0] : [0, 1] };
}
