/** The enumerable task of the golden numbers: 4 tokens, length 2, every response rewarded by a table. */
import type { EnumerableTask } from '../../../src/rlhf/exact-optimum.ts';
import oracles from '../../golden/oracles.json';

const golden = oracles.toy_kl_regularised;

export const goldenTask: EnumerableTask = {
  vocabulary: golden.vocab,
  length: golden.length,
  referenceLogits: [golden.ref_logits_t0, golden.ref_logits_t1.flat()],
  rewards: golden.reward.flat(),
};
