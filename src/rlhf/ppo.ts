/**
 * PPO and PPO-ptx (paper, section 3.5 and appendix C.4) as one flat loop: rollout, score, rewards, advantages,
 * update, record. The policy starts from the SFT model and is leashed to it, frozen, by a per-token KL penalty; the
 * value function starts from the reward model. The caller passes the scorer and owns every model given to it.
 */
import { EpochCursor, exactDivide, type EpochState } from '../data/batches.ts';
import { Rng, streamKey } from '../data/rng.ts';
import { AdamW, type OptimizerSettings } from '../model/optimizer.ts';
import { splitHead, type Model } from '../model/parameters.ts';
import type { SelfCheck, SelfChecks } from '../records/run.ts';
import { emaUpdate } from './ema-model.ts';
import { adaptiveKlStep } from './kl.ts';
import { prefixed, unprefixed, type Loop, type Snapshot, type StepRecord } from './loop.ts';
import { averageByTokens, frozenNumbers, liveTokens, minibatchRows } from './minibatches.ts';
import {
  firstChecks,
  judgedAnswers,
  modelChecksum,
  rewardCheck,
  type Constants,
} from './ppo-checks.ts';
import {
  updateOnMinibatch,
  type Learners,
  type UpdateResult,
  type UpdateSettings,
} from './ppo-update.ts';
import type { RowSource } from './pretrain.ts';
import { CalibratedWeight } from './ptx-calibration.ts';
import {
  collectRollout,
  goldMetrics,
  type GoldJudge,
  type PromptTokens,
  type Rollout,
  type RolloutSettings,
  type Scorer,
} from './rollout.ts';
import { constantWithWarmup, warmupIterations } from './schedules.ts';
import {
  checksum,
  finiteCheck,
  firstMinibatchCheck,
  gradientChecks,
  lasting,
  restoredChecks,
  storedChecks,
  within,
  type StoredChecks,
} from './self-checks.ts';
import { lensRows, type SeenMinibatch } from './token-lens.ts';
import { expectWhitenable } from './whitening.ts';

export interface PpoSettings extends UpdateSettings, RolloutSettings {
  readonly episodes: number;
  readonly rolloutBatch: number;
  readonly minibatches: number;
  readonly innerEpochs: number;
  readonly policyLearningRate: number;
  /** Not read where the value head sits on the policy. */
  readonly valueLearningRate: number;
  /** Moves beta towards a wanted KL, in nats per response, over `horizon` responses (D24); null leaves it alone. */
  readonly adaptiveKl: { readonly target: number; readonly horizon: number } | null;
  /** Wanted ratio of the weighted pre-training gradient's norm to PPO's; 0 takes `ptxCoefficient` as it is (S65). */
  readonly ptxTargetRatio: number;
  /** Longest warm-up in iterations; never more than a tenth of the run. */
  readonly warmupIterations: number;
  readonly emaDecay: number;
  readonly seed: number;
  readonly optimizer: OptimizerSettings;
}

export interface PpoModels {
  /** Trained in place; starts as a copy of the reference. */
  readonly policy: Model;
  /** The SFT model; never changes. */
  readonly reference: Model;
  /** Trained in place; starts as a copy of the reward model. The policy itself where the value head sits on it. */
  readonly value: Model;
  /** Running average of the policy; starts as a copy of it. */
  readonly ema: Model;
}

export interface PpoData {
  readonly prompts: readonly PromptTokens[];
  readonly score: Scorer;
  /** False in control runs, whose scores the critic cannot know. */
  readonly scoredByRewardModel: boolean;
  /** Pre-training rows for each optimizer step; null for plain PPO. */
  readonly ptx: RowSource | null;
  /** Judges rollouts for the record only: nothing learns from it. */
  readonly gold?: GoldJudge;
}

type PpoState = Readonly<{
  iteration: number;
  updates: number;
  cursor: EpochState;
  referenceChecksum: number;
  /** Absent in snapshots of before it could change. */
  beta?: number;
  /** Weight of the pre-training gradient once it is calibrated. */
  ptxCoefficient?: number;
  checks: StoredChecks;
}>;

class PpoLoop implements Loop {
  readonly total: number;
  readonly #models: PpoModels;
  readonly #data: PpoData;
  readonly #settings: PpoSettings;
  readonly #learners: Learners;
  readonly #cursor: EpochCursor;
  #iteration: number;
  #updates: number;
  #beta: number;
  #ptxCoefficient: number | undefined;
  #referenceChecksum: number;
  #checks: Record<string, SelfCheck>;

  constructor(models: PpoModels, data: PpoData, settings: PpoSettings, from?: Snapshot) {
    this.total = exactDivide(
      settings.episodes,
      settings.rolloutBatch,
      'episodes per rollout batch',
    );
    const rows = exactDivide(
      settings.rolloutBatch,
      settings.minibatches,
      'rollout batch per minibatch',
    );
    const { whitenAdvantages, whitenScope, whitenRewards, rolloutBatch } = settings;
    if (whitenAdvantages) expectWhitenable(whitenScope === 'batch' ? rolloutBatch : rows);
    if (whitenRewards) expectWhitenable(rolloutBatch);
    this.#models = models;
    this.#data = data;
    this.#settings = settings;
    const state = from?.state as PpoState | undefined;
    const prompts = data.prompts.length;
    this.#cursor = state
      ? EpochCursor.resume(prompts, state.cursor)
      : EpochCursor.start(prompts, Rng.named(settings.seed, 'ppo', 'prompts'));
    this.#iteration = state?.iteration ?? 0;
    this.#updates = state?.updates ?? 0;
    this.#beta = state?.beta ?? settings.beta;
    this.#ptxCoefficient = state?.ptxCoefficient;
    this.#checks = restoredChecks(state?.checks);
    this.#referenceChecksum = state?.referenceChecksum ?? NaN;
    this.#learners = {
      policy: models.policy,
      value: models.value,
      policyOptimizer: new AdamW(models.policy, settings.optimizer),
      valueOptimizer:
        models.value === models.policy ? null : new AdamW(models.value, settings.optimizer),
    };
    if (from) {
      const { policyOptimizer, valueOptimizer } = this.#learners;
      policyOptimizer.restore(unprefixed(from.tensors, 'policyOptimizer.'), this.#updates);
      valueOptimizer?.restore(unprefixed(from.tensors, 'valueOptimizer.'), this.#updates);
    }
  }

  get checks(): SelfChecks {
    return this.#checks;
  }

  async *steps(): AsyncGenerator<StepRecord, void, void> {
    if (Number.isNaN(this.#referenceChecksum)) {
      this.#referenceChecksum = await modelChecksum(this.#models.reference);
    }
    while (this.#iteration < this.total) yield await this.#iterate();
  }

  async #iterate(): Promise<StepRecord> {
    const settings = { ...this.#settings, beta: this.#beta };
    const rollout = await this.#rollout();
    if (this.#iteration === 0) {
      this.#note(await firstChecks(this.#models, this.#data, rollout, this.#settings));
    }
    const rates = this.#learningRates();
    const { updates, before, judgedAfter } = await this.#updateJudged(rollout, rates);
    this.#adaptBeta(rollout);
    this.#iteration++;
    const { gold } = this.#data;
    const values = {
      ...rollout.metrics,
      ...(gold && goldMetrics(rollout, gold)),
      ...averageByTokens(updates),
      lr: rates.policy,
      episode: this.#iteration * this.#settings.rolloutBatch,
    };
    await this.#checkEachIteration(rollout, updates, before, judgedAfter);
    const checks = { ...this.#checks };
    return {
      step: this.#iteration,
      total: this.total,
      values,
      checks,
      rollout: lensRows(rollout, settings, updates),
    };
  }

  #rollout(): Promise<Rollout> {
    const { rolloutBatch, seed } = this.#settings;
    const prompts = this.#cursor.take(rolloutBatch).map((i) => this.#data.prompts[i]!);
    const first = this.#iteration * rolloutBatch;
    const stream = {
      key: streamKey(seed, 'ppo', 'rollout'),
      rows: prompts.map((_, b) => first + b),
    };
    const models = { ...this.#models, score: this.#data.score };
    return collectRollout(models, prompts, { ...this.#settings, beta: this.#beta }, stream);
  }

  /** After the update, so that the next rollout is the first one with the new beta (D24). */
  #adaptBeta({ metrics }: Rollout): void {
    const { adaptiveKl, rolloutBatch: episodes } = this.#settings;
    if (!adaptiveKl) return;
    const kl = metrics['objective/kl'] ?? NaN;
    this.#beta = adaptiveKlStep({ ...adaptiveKl, beta: this.#beta, kl, episodes });
  }

  #learningRates(): { policy: number; value: number } {
    const warmup = Math.min(this.#settings.warmupIterations, warmupIterations(this.total));
    const factor = constantWithWarmup(this.#iteration, warmup);
    const { policyLearningRate, valueLearningRate } = this.#settings;
    return { policy: policyLearningRate * factor, value: valueLearningRate * factor };
  }

  /**
   * The update between two looks at what it must leave as it is. All is asked of the device at once and comes back in
   * one read-back, unless the pre-training weight is being measured.
   */
  async #updateJudged(rollout: Rollout, rates: { policy: number; value: number }) {
    const before = { numbers: checksum(frozenNumbers(rollout)) };
    const judgedBefore = judgedAnswers(this.#data, rollout);
    const updating = this.#update(rollout, rates);
    if (this.#calibrates) await updating;
    const after = judgedAnswers(this.#data, rollout);
    const [updates, judged, judgedAfter] = await Promise.all([updating, judgedBefore, after]);
    return { updates, before: { ...before, judged }, judgedAfter };
  }

  /** Whether the weight of the pre-training gradient is still to be measured. */
  get #calibrates(): boolean {
    return this.#settings.ptxTargetRatio > 0 && this.#ptxCoefficient === undefined;
  }

  /** All minibatches of all inner epochs, each epoch in a fresh order (D21); one step each. */
  async #update(rollout: Rollout, rates: { policy: number; value: number }) {
    const { rolloutBatch, minibatches, innerEpochs, seed, emaDecay } = this.#settings;
    const { ptxTargetRatio, ptxCoefficient: given } = this.#settings;
    const known = ptxTargetRatio > 0 ? this.#ptxCoefficient : given;
    const calibrating = this.#calibrates ? new CalibratedWeight(ptxTargetRatio) : null;
    const weigh = calibrating?.weigh ?? null;
    const settings = { ...this.#settings, beta: this.#beta, ptxCoefficient: known ?? 0 };
    const first = this.#updates;
    const begun: Promise<UpdateResult & SeenMinibatch & { weight: number }>[] = [];
    for (let epoch = 0; epoch < innerEpochs; epoch++) {
      const rng = Rng.named(seed, 'ppo', 'order', this.#iteration, epoch);
      for (const rows of minibatchRows(rolloutBatch, minibatches, rng)) {
        const ptx = this.#data.ptx && this.#data.ptx(this.#updates);
        const learners = this.#learners;
        const step = updateOnMinibatch(learners, rollout, rows, ptx, settings, rates, weigh);
        if (calibrating) await step;
        this.#updates++;
        emaUpdate(this.#models.ema, this.#models.policy, emaDecay);
        const weight = liveTokens(rollout, rows);
        begun.push(step.then((result) => ({ ...result, rows, weight })));
      }
    }
    const results = await Promise.all(begun);
    if (first === 0 && results[0]) this.#note(firstMinibatchCheck(results[0].metrics));
    for (const { metrics } of results) this.#note(gradientChecks(metrics));
    if (calibrating) this.#ptxCoefficient = calibrating.coefficient;
    return results;
  }

  /** Adds checks to the run's; one that failed before stays failed. */
  #note(checks: SelfChecks): void {
    for (const [name, check] of Object.entries(checks)) {
      this.#checks[name] = lasting(this.#checks[name], check);
    }
  }

  async #checkEachIteration(
    rollout: Rollout,
    updates: readonly { metrics: Readonly<Record<string, number>> }[],
    before: Constants,
    judgedAfter: readonly number[],
  ) {
    const moved = Math.abs((await modelChecksum(this.#models.reference)) - this.#referenceChecksum);
    const recorded = updates.flatMap(({ metrics }) => Object.values(metrics));
    const frozen = frozenNumbers(rollout);
    const arrays = frozen.flatMap((numbers) => Array.from(numbers));
    this.#note({
      'reference unchanged': within(moved, 0),
      'no gradient into the reward': rewardCheck(before, {
        judged: judgedAfter,
        numbers: checksum(frozen),
      }),
      'finite numbers': finiteCheck([...recorded, ...Object.values(rollout.metrics), ...arrays]),
    });
  }

  async snapshot(): Promise<Snapshot> {
    const { policy, value, ema } = this.#models;
    const { policyOptimizer, valueOptimizer } = this.#learners;
    const own = splitHead(await policy.tensors());
    const tensors = new Map([
      ...prefixed(own.language, 'policy.'),
      ...prefixed(value === policy ? own.head : await value.tensors(), 'value.'),
      ...prefixed(await ema.tensors(), 'ema.'),
      ...prefixed(await policyOptimizer.tensors(), 'policyOptimizer.'),
      ...(valueOptimizer ? prefixed(await valueOptimizer.tensors(), 'valueOptimizer.') : []),
    ]);
    const state: PpoState = {
      iteration: this.#iteration,
      updates: this.#updates,
      cursor: this.#cursor.state,
      referenceChecksum: this.#referenceChecksum,
      beta: this.#beta,
      ...(this.#ptxCoefficient !== undefined && { ptxCoefficient: this.#ptxCoefficient }),
      checks: storedChecks(this.#checks),
    };
    return { tensors, state };
  }

  dispose(): void {
    this.#learners.policyOptimizer.dispose();
    this.#learners.valueOptimizer?.dispose();
  }
}

/**
 * Trains `models.policy`, `models.value` and `models.ema` in place. With `from`, they must hold the weights of that
 * snapshot. Throws RangeError when batch sizes do not divide or minibatches are too small to whiten.
 */
export function ppoLoop(
  models: PpoModels,
  data: PpoData,
  settings: PpoSettings,
  from?: Snapshot,
): Loop {
  return new PpoLoop(models, data, settings, from);
}
