/**
 * Measures of collapse: how varied the n-grams of a policy's responses are, how much a response repeats itself, and how
 * many responses repeat.
 * Distinct-n falls with the amount of text, so it is only ever computed over equal token counts.
 */

/** Tokens in all sequences together; the smallest of these over the policies is their common budget. */
export function tokenCount(sequences: readonly (readonly number[])[]): number {
  return sequences.reduce((sum, sequence) => sum + sequence.length, 0);
}

/**
 * Distinct n-grams as a share of all n-grams (Li et al. 2016) in the first `tokenBudget` tokens; n-grams do not
 * cross from one response to the next. 0 when there is no n-gram.
 * @throws RangeError when there are fewer tokens than the budget: the share could not be compared
 */
export function distinctN(
  sequences: readonly (readonly number[])[],
  n: number,
  tokenBudget: number,
): number {
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`n must be at least 1, got ${n}`);
  const available = tokenCount(sequences);
  if (available < tokenBudget) {
    throw new RangeError(`Only ${available} tokens for a budget of ${tokenBudget}`);
  }
  const seen = new Set<string>();
  let total = 0;
  let left = tokenBudget;
  for (const sequence of sequences) {
    const used = Math.min(sequence.length, left);
    for (let i = 0; i + n <= used; i++) {
      seen.add(sequence.slice(i, i + n).join(' '));
      total++;
    }
    left -= used;
    if (left === 0) break;
  }
  return total === 0 ? 0 : seen.size / total;
}

/** `seq-rep-n` of Welleck et al. (2020): share of a sequence's n-grams that it has had before; 0 when it has none. */
export function sequenceRepetition(sequence: readonly number[], n: number): number {
  return sequence.length < n ? 0 : 1 - distinctN([sequence], n, sequence.length);
}

/** Share of the responses of a group whose text occurs more than once in it. 0 for an empty group. */
export function repeatShare(texts: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const repeated = texts.filter((text) => (counts.get(text) ?? 0) > 1);
  return texts.length === 0 ? 0 : repeated.length / texts.length;
}
