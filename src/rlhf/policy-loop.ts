/**
 * The frame that the methods beside PPO share: examples or prompts in random epochs, one optimizer on the policy, a
 * record after each step, a snapshot from which it goes on to the bit. What a step does is the method's own.
 */
import { EpochCursor, type EpochState } from '../data/batches.ts';
import { Rng } from '../data/rng.ts';
import { AdamW, type OptimizerSettings } from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import { prefixed, unprefixed, type Loop, type Snapshot, type StepRecord } from './loop.ts';
import { constantWithWarmup, warmupIterations } from './schedules.ts';

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
}

export interface PolicyLoopParts {
  /** Names the random streams. */
  readonly scope: string;
  /** Trained in place; the caller disposes it. */
  readonly policy: Model;
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
  const warmup = Math.min(longest, warmupIterations(total));
  return (step) => peak * constantWithWarmup(step, warmup);
}

type PolicyState = Readonly<{ step: number; tokens: number; cursor: EpochState }>;

/** With `from`, the policy must hold the weights of that snapshot. Throws RangeError without any example. */
export function policyLoop(parts: PolicyLoopParts, from?: Snapshot): Loop {
  const { policy, total, size, batch, updates, rate, run, seed, scope } = parts;
  const state = from?.state as PolicyState | undefined;
  const cursor = state
    ? EpochCursor.resume(size, state.cursor)
    : EpochCursor.start(size, Rng.named(seed, scope, 'order'));
  let { step, tokens } = state ?? { step: 0, tokens: 0 };
  const optimizer = new AdamW(policy, parts.optimizer);
  if (from) optimizer.restore(unprefixed(from.tensors, 'policyOptimizer.'), step * updates);

  async function* steps(): AsyncGenerator<StepRecord, void, void> {
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
      const wrong = Object.values(values).filter((value) => !Number.isFinite(value)).length;
      const checks = { 'finite numbers': { ok: wrong === 0, value: wrong, tolerance: 0 } };
      yield { step, total, values, checks };
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
      return { tensors, state: { step, tokens, cursor: cursor.state } satisfies PolicyState };
    },
    dispose: () => optimizer.dispose(),
  };
}
