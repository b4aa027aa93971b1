/**
 * Alignment tax: what a policy has lost of what its base model knew, as the rise of the loss on pre-training text that
 * nothing trains on (paper, sections 1 and 4.2). Arithmetic on losses that were measured elsewhere; the tax on public
 * tasks is the command line's (cli/reproduce/claims/tax.ts).
 */
import type { Rng } from '../data/rng.ts';
import type { AlignmentTax } from '../records/suite.ts';
import { bootstrapInterval } from './intervals.ts';
import { at, expectLength, mean } from './masked.ts';

/** Resamples of the batches. */
const RESAMPLES = 1000;

/**
 * `losses[i]` and `baseLosses[i]` are the mean negative log-likelihoods per token, nats, of the same batch of rows, all of
 * one size. The interval of the rise is over batches, of the differences within them.
 * @throws RangeError on an empty list or unequal lengths
 */
export function alignmentTax(
  losses: readonly number[],
  baseLosses: readonly number[],
  rng: Rng,
): AlignmentTax {
  expectLength('baseLosses', baseLosses, losses.length);
  const rises = losses.map((loss, i) => loss - at(baseLosses, i));
  const batches = losses.map((_, i) => String(i));
  return { loss: mean(losses), rise: bootstrapInterval(rises, batches, rng, RESAMPLES) };
}
