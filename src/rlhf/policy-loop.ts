/**
 * The frame that the methods beside PPO share: examples or prompts in random epochs, one optimizer on the policy, a
 * record after each step, a snapshot from which it goes on to the bit. What a step does is the method's own.
 */
import { EpochCursor, type EpochState } from '../data/batches.ts';
import { Rng } from '../data/rng.ts';
import { AdamW, type OptimizerSettings } from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import type { SelfChecks } from '../records/run.ts';
import {
  prefixed,
  unprefixed,
  type Loop,
  type RolloutRow,
  type Snapshot,
  type StepRecord,
} from './loop.ts';
import { modelChecksum } from './ppo-checks.ts';
import { constantWithWarmup, warmupIterations } from './schedules.ts';
import {
  finiteCheck,
  lasting,
  restoredChecks,
  storedChecks,
  within,
  type StoredChecks,
} from './self-checks.ts';

export interface StepInput {
  /** Steps done before this one. */
  readonly step: number;
  /** Numbers of the examples or prompts of this step. */
  readonly chosen: readonly number[];
  readonly learningRate: number;
  readonly optimizer: AdamW;
}

export interface StepOutput {
  readonly values: Readonly<Record<string, number>>;
  /** Tokens gone through, prompts included. */
  readonly tokens: number;
  /** Beside those that the frame makes. */
  readonly checks?: SelfChecks;
  /** What the policy has written in this step, where the token lens can show it. */
  readonly rollout?: readonly RolloutRow[];
}

export interface PolicyLoopParts {
  /** Names the random streams. */
  readonly scope: string;
  /** Trained in place; the caller disposes it. */
  readonly policy: Model;
  /** Must stay as it is, which each record checks; belongs to the caller. */
  readonly reference: Model;
  readonly total: number;
  /** Examples or prompts that there are, and taken in each step. */
  readonly size: number;
  readonly batch: number;
  /** Optimizer steps in each step; 0 for a method that trains nothing. */
  readonly updates: number;
  /** Learning rate of each step, counted from 0. */
  readonly rate: (step: number) => number;
  readonly seed: number;
  readonly optimizer: OptimizerSettings;
  readonly run: (input: StepInput) => Promise<StepOutput>;
}

/** The paper's schedule for RL (S57): constant after a warm-up of at most a tenth of the run. */
export function warmedUp(peak: number, total: number, longest: number): (step: number) => number {
  const warmup = warmupIterations(total, longest);
  return (step) => peak * constantWithWarmup(step, warmup);
}

type PolicyState = Readonly<{
  step: number;
  tokens: number;
  cursor: EpochState;
  /** Absent in snapshots of an older version. */
  scope?: string;
  checks?: StoredChecks;
  referenceChecksum?: number;
}>;

/** The state of a snapshot of the same method. Throws RangeError when another loop made it. */
function stateOf(from: Snapshot | undefined, scope: string): PolicyState | undefined {
  const state = from?.state as Partial<PolicyState> | undefined;
  if (state === undefined) return undefined;
  const { step, tokens, cursor } = state;
  if (step === undefined || tokens === undefined || cursor === undefined) {
    throw new RangeError(`this snapshot is not of ${scope}: start anew`);
  }
  if (state.scope !== undefined && state.scope !== scope) {
    throw new RangeError(`this snapshot is of ${state.scope}, not of ${scope}: start anew`);
  }
  return { ...state, step, tokens, cursor };
}

/** A check that failed once has failed; `moved` is how far the reference's checksum is from its first. */
function noted(
  before: SelfChecks,
  values: Readonly<Record<string, number>>,
  moved: number,
  more: SelfChecks = {},
): SelfChecks {
  const now: SelfChecks = {
    ...more,
    'reference unchanged': within(Math.abs(moved), 0),
    'finite numbers': finiteCheck(Object.values(values)),
  };
  const entries = Object.entries(now).map(([name, own]) => [name, lasting(before[name], own)]);
  return { ...before, ...(Object.fromEntries(entries) as SelfChecks) };
}

/**
 * With `from`, the policy must hold the weights of that snapshot. Throws RangeError without any example, and for a
 * snapshot of another method.
 */
export function policyLoop(parts: PolicyLoopParts, from?: Snapshot): Loop {
  const { policy, reference, total, size, batch, updates, rate, run, seed, scope } = parts;
  const state = stateOf(from, scope);
  const cursor = state
    ? EpochCursor.resume(size, state.cursor)
    : EpochCursor.start(size, Rng.named(seed, scope, 'order'));
  let { step, tokens } = state ?? { step: 0, tokens: 0 };
  let checks: SelfChecks = restoredChecks(state?.checks);
  let referenceChecksum = state?.referenceChecksum;
  const optimizer = new AdamW(policy, parts.optimizer);
  if (from) optimizer.restore(unprefixed(from.tensors, 'policyOptimizer.'), step * updates);

  async function* steps(): AsyncGenerator<StepRecord, void, void> {
    referenceChecksum ??= await modelChecksum(reference);
    while (step < total) {
      const learningRate = rate(step);
      const output = await run({ step, chosen: cursor.take(batch), learningRate, optimizer });
      step++;
      tokens += output.tokens;
      const values = {
        ...output.values,
        learning_rate: learningRate,
        num_tokens: tokens,
        epoch: (step * batch) / size,
      };
      const moved = (await modelChecksum(reference)) - referenceChecksum;
      checks = noted(checks, values, moved, output.checks);
      const { rollout } = output;
      yield { step, total, values, checks, ...(rollout && { rollout }) };
    }
  }

  return {
    total,
    steps,
    async snapshot() {
      const tensors = new Map([
        ...prefixed(await policy.tensors(), 'policy.'),
        ...prefixed(await optimizer.tensors(), 'policyOptimizer.'),
      ]);
      const sum = referenceChecksum === undefined ? {} : { referenceChecksum };
      const own = {
        step,
        tokens,
        cursor: cursor.state,
        scope,
        checks: storedChecks(checks),
        ...sum,
      };
      return { tensors, state: own satisfies PolicyState };
    },
    dispose: () => optimizer.dispose(),
  };
}
