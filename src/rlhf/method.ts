/**
 * The contract of the methods beside PPO: what each is given, and what it hands back. A method turns the SFT model,
 * which stays as the frozen reference, into a policy by a {@link Loop}; its records use TRL's metric names.
 */
import type { Sequence } from '../data/batches.ts';
import { Model } from '../model/parameters.ts';
import { unprefixed, type Loop, type Snapshot } from './loop.ts';
import type { PromptTokens, Scorer } from './rollout.ts';

/** Two responses to the same prompt, tokenised. */
export interface PreferencePair {
  readonly chosen: Sequence;
  readonly rejected: Sequence;
}

export interface MethodInput {
  /** The SFT model; never changes. */
  readonly reference: Model;
  readonly prompts: readonly PromptTokens[];
  /** Scores responses of the policy; not used by DPO. */
  readonly score: Scorer;
  /** Comparisons collected beforehand; only used by DPO. */
  readonly pairs: readonly PreferencePair[];
}

export interface OpenMethod {
  readonly policy: Model;
  readonly loop: Loop;
  /** Frees the policy and the loop; the reference belongs to the caller. */
  dispose(): void;
}

/** One method; S is what it reads of the settings. */
export interface Method<S> {
  readonly name: string;
  /** The metric to look at while it runs. */
  readonly watch: string;
  /** From a copy of the reference, or from a snapshot. The caller disposes what it gets. */
  open(input: MethodInput, settings: S, from?: Snapshot): Promise<OpenMethod>;
}

/** The policy that a method starts with or goes on with, and the loop that `begin` makes for it. */
export async function openPolicy(
  reference: Model,
  from: Snapshot | undefined,
  begin: (policy: Model) => Loop,
): Promise<OpenMethod> {
  const policy = from
    ? new Model(reference.config, 'language', unprefixed(from.tensors, 'policy.'))
    : await reference.copy();
  const loop = begin(policy);
  const dispose = (): void => {
    loop.dispose();
    policy.dispose();
  };
  return { policy, loop, dispose };
}
