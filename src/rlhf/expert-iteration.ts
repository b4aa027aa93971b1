/**
 * Expert iteration by rejection sampling (as in Touvron et al., arXiv 2307.09288, section 3.2.3): n responses of the
 * policy to each prompt, and supervised fine-tuning on the best ones. No KL penalty; the small steps are the leash.
 */
import type { OptimizerSettings } from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import { sampleBest, type BestOfNSettings } from './best-of-n.ts';
import { tokenCount } from './group-loop.ts';
import type { Loop, Snapshot } from './loop.ts';
import { mean } from './masked.ts';
import { openPolicy, type Method, type MethodInput } from './method.ts';
import { sequenceKl } from './kl.ts';
import { policyLoop, warmedUp, type StepInput, type StepOutput } from './policy-loop.ts';
import { sftUpdate } from './sft.ts';

export interface ExpertIterationSettings extends BestOfNSettings {
  readonly learningRate: number;
  readonly warmupIterations: number;
  readonly optimizer: OptimizerSettings;
}

/** Trains `policy` in place. With `from`, it must hold the weights of that snapshot. */
export function expertIterationLoop(
  policy: Model,
  input: MethodInput,
  settings: ExpertIterationSettings,
  from?: Snapshot,
): Loop {
  const { shape, groupSize, iterations, promptsPerBatch, seed } = settings;
  if (groupSize < 2) throw new RangeError(`selection needs at least 2 responses, got ${groupSize}`);
  const models = { policy, reference: input.reference, score: input.score };

  async function run({ step, chosen, learningRate, optimizer }: StepInput): Promise<StepOutput> {
    const draw = { step, chosen, scope: 'expert-iteration' };
    const { responses, best, values, checks } = await sampleBest(models, input, settings, draw);
    const kept = best.map((row) => responses.sequences[row]!);
    const how = { shape, microBatch: 0, learningRate };
    const trained = await sftUpdate(optimizer, policy, kept, how);
    const kl = mean(sequenceKl(responses));
    const tokens = tokenCount(responses.sequences);
    return { values: { ...values, ...trained, kl }, tokens, checks };
  }

  const { learningRate, warmupIterations, optimizer } = settings;
  return policyLoop(
    {
      scope: 'expert-iteration',
      policy,
      reference: input.reference,
      total: iterations,
      size: input.prompts.length,
      batch: promptsPerBatch,
      updates: 1,
      rate: warmedUp(learningRate, iterations, warmupIterations),
      seed,
      optimizer,
      run,
    },
    from,
  );
}

export const EXPERT_ITERATION: Method<ExpertIterationSettings> = {
  name: 'expert-iteration',
  watch: 'reward_best',
  open: (input, settings, from) =>
    openPolicy(input.reference, from, (policy) =>
      expertIterationLoop(policy, input, settings, from),
    ),
};
