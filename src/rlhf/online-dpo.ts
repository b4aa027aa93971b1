/**
 * Online DPO (Guo et al., arXiv 2402.04792): two responses of the policy to each prompt, the scorer says which is
 * preferred, and one step of DPO is made on the pair.
 */
import { streamKey } from '../data/rng.ts';
import type { OptimizerSettings } from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import { dpoUpdate, pairLogProbabilities, type DpoUpdateSettings } from './dpo-update.ts';
import { tokenCount } from './group-loop.ts';
import type { MissingEosPenalty } from './kl.ts';
import type { Loop, Snapshot } from './loop.ts';
import { at, mean, type Numbers } from './masked.ts';
import { firstImplicitRewards, firstResponseChecks } from './method-checks.ts';
import { openPolicy, type Method, type MethodInput, type PreferencePair } from './method.ts';
import { rolloutMetrics } from './metrics.ts';
import { policyLoop, warmedUp, type StepInput, type StepOutput } from './policy-loop.ts';
import { collectResponses, type Responses } from './rollout.ts';

export interface OnlineDpoSettings extends DpoUpdateSettings {
  readonly missingEos: MissingEosPenalty;
  readonly iterations: number;
  /** Two responses are written to each. */
  readonly promptsPerBatch: number;
  readonly learningRate: number;
  readonly warmupIterations: number;
  readonly seed: number;
  readonly optimizer: OptimizerSettings;
}

/** Rows 2i and 2i + 1 answer the same prompt; the higher score is chosen, the first where both are equal (TRL). */
export function scoredPairs(
  sequences: Responses['sequences'],
  scores: Numbers,
): { pairs: PreferencePair[]; margins: number[] } {
  const pairs: PreferencePair[] = [];
  const margins: number[] = [];
  for (let i = 0; i + 1 < sequences.length; i += 2) {
    const difference = at(scores, i) - at(scores, i + 1);
    const [first, second] = [sequences[i]!, sequences[i + 1]!];
    pairs.push(
      difference >= 0 ? { chosen: first, rejected: second } : { chosen: second, rejected: first },
    );
    margins.push(Math.abs(difference));
  }
  return { pairs, margins };
}

/** Trains `policy` in place. With `from`, it must hold the weights of that snapshot. */
export function onlineDpoLoop(
  policy: Model,
  input: MethodInput,
  settings: OnlineDpoSettings,
  from?: Snapshot,
): Loop {
  const { shape, temperature, beta, promptsPerBatch, iterations, seed } = settings;
  const models = { policy, reference: input.reference, score: input.score };

  async function run({ step, chosen, learningRate, optimizer }: StepInput): Promise<StepOutput> {
    const prompts = chosen.flatMap((i) => [input.prompts[i]!, input.prompts[i]!]);
    const stream = {
      key: streamKey(seed, 'online-dpo', 'rollout'),
      rows: prompts.map((_, b) => step * prompts.length + b),
    };
    const responses = await collectResponses(models, prompts, settings, stream);
    const first = step === 0 ? await firstResponseChecks(policy, responses, settings) : {};
    const { pairs, margins } = scoredPairs(responses.sequences, responses.scores);
    const given = await pairLogProbabilities(input.reference, pairs, shape, temperature);
    const updated = await dpoUpdate(policy, optimizer, pairs, given, settings, learningRate);
    const ended = responses.ended.filter(Boolean).length;
    const values = {
      ...rolloutMetrics({ ...responses, beta }),
      ...updated,
      'objective/scores_margin': mean(margins),
      'val/contain_eos_token': ended / responses.B,
      beta,
    };
    const checks = step === 0 ? { ...first, ...firstImplicitRewards(values) } : {};
    return { values, tokens: tokenCount(responses.sequences), checks };
  }

  const { learningRate, warmupIterations, optimizer } = settings;
  return policyLoop(
    {
      scope: 'online-dpo',
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

export const ONLINE_DPO: Method<OnlineDpoSettings> = {
  name: 'online-dpo',
  watch: 'objective/scores',
  open: (input, settings, from) =>
    openPolicy(input.reference, from, (policy) => onlineDpoLoop(policy, input, settings, from)),
};
