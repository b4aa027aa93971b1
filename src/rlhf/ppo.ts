/**
 * PPO and PPO-ptx (paper, section 3.5 and appendix C.4) as one flat loop: rollout, score, rewards, advantages,
 * update, record; its caller can rest between any two of these phases. The policy starts from the SFT model and is
 * leashed to it, frozen, by a per-token KL penalty; the value function starts from the reward model. The caller passes
 * the scorer and owns every model given to it.
 */
import { EpochCursor, exactDivide, type EpochState } from '../data/batches.ts';
import { Rng, streamKey } from '../data/rng.ts';
import { AdamW, type OptimizerSettings } from '../model/optimizer.ts';
import { splitHead, type Model } from '../model/parameters.ts';
import type { PhasePosition } from '../records/phase.ts';
import type { SelfCheck, SelfChecks } from '../records/run.ts';
import { turnedValue, type Turn } from '../records/turn.ts';
import { emaUpdate } from './ema-model.ts';
import { adaptiveKlStep } from './kl.ts';
import { prefixed, unprefixed, type Loop, type Snapshot, type StepRecord } from './loop.ts';
import { averageByTokens, frozenNumbers, liveTokens, minibatchRows } from './minibatches.ts';
import {
  advantagePhase,
  isPhase,
  rewardedPhase,
  writtenPhase,
  type PhaseEnd,
  type PhaseYield,
} from './phases.ts';
import {
  firstChecks,
  judgedAnswers,
  modelChecksum,
  rewardCheck,
  type Constants,
} from './ppo-checks.ts';
import {
  beginUpdate,
  type BegunUpdate,
  type Learners,
  type UpdateResult,
  type UpdateSettings,
} from './ppo-update.ts';
import type { RowSource } from './pretrain.ts';
import { CalibratedWeight } from './ptx-calibration.ts';
import {
  estimateAdvantages,
  goldMetrics,
  rewardResponses,
  valuesOfWritten,
  writeResponses,
  type AnswersMeasure,
  type GoldJudge,
  type PromptTokens,
  type Rollout,
  type RolloutSettings,
  type Scorer,
  type Written,
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
  /** Measures rollouts for the record only. */
  readonly measure?: AnswersMeasure;
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

interface Rates {
  readonly policy: number;
  readonly value: number;
}

/** An update with its minibatch, as means over the iteration and the token lens need it. */
type Update = UpdateResult & SeenMinibatch & { readonly weight: number };

/** The same as long as its numbers may still be on the device. */
type Underway = Pick<SeenMinibatch, 'rows'> & {
  readonly step: BegunUpdate;
  readonly weight: number;
};

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
  #turns: readonly Turn[] = [];
  /** Where the prompts were when the iteration under way began; null between iterations. */
  #begun: EpochState | null = null;
  /** Updates of the iteration under way. */
  #underway: Underway[] = [];
  /** True from the first optimizer step of an iteration to its end. */
  #touched = false;

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
    for await (const record of this.phases()) if (!isPhase(record)) yield record;
  }

  async *phases(): AsyncGenerator<PhaseEnd | StepRecord, void, void> {
    if (this.#begun !== null) {
      throw new Error('an iteration is half done: go on with the generator that is inside it');
    }
    if (Number.isNaN(this.#referenceChecksum)) {
      this.#referenceChecksum = await modelChecksum(this.#models.reference);
    }
    while (this.#iteration < this.total) yield* this.#iterate();
  }

  turn(turns: readonly Turn[]): void {
    this.#turns = turns;
  }

  /** Three read-backs: what is written, all that is said of it, and what the update showed. */
  async *#iterate(): AsyncGenerator<PhaseEnd | StepRecord, void, void> {
    this.#begun = this.#cursor.state;
    const settings = this.#turned();
    const { reference, value } = this.#models;
    const { score, gold, measure } = this.#data;
    const written = await this.#write(settings);
    yield this.#at('rollout', 0, () => writtenPhase(written, settings));
    const [rewarded, values, judgedBefore] = await Promise.all([
      rewardResponses({ reference, score }, written, settings),
      valuesOfWritten(value, written, settings),
      judgedAnswers(this.#data, written),
    ]);
    yield this.#at('reward', 0, () => rewardedPhase(rewarded, settings));
    const rollout = estimateAdvantages(values, rewarded, settings);
    if (this.#iteration === 0) {
      this.#note(await firstChecks(this.#models, this.#data, rollout, settings));
    }
    yield this.#at('advantage', 0, () => advantagePhase(rollout, settings));
    const rates = this.#learningRates(settings);
    const before = { judged: judgedBefore, numbers: checksum(frozenNumbers(rollout)) };
    yield* this.#update(rollout, rates, settings);
    const [updates, judgedAfter] = await Promise.all([
      this.#finished(),
      judgedAnswers(this.#data, rollout),
    ]);
    this.#adaptBeta(rollout);
    this.#iteration++;
    const metrics = {
      ...rollout.metrics,
      ...(gold && goldMetrics(rollout, gold)),
      ...measure?.(rollout),
      ...averageByTokens(updates),
      lr: rates.policy,
      episode: this.#iteration * settings.rolloutBatch,
    };
    await this.#checkEachIteration(rollout, updates, before, judgedAfter);
    this.#begun = null;
    this.#touched = false;
    yield {
      step: this.#iteration,
      total: this.total,
      values: metrics,
      checks: { ...this.#checks },
      rollout: lensRows(rollout, settings, updates),
    };
  }

  /** The settings of the iteration that begins now. */
  #turned(): PpoSettings {
    const { policyLearningRate, clip } = this.#settings;
    const turns = this.#turns;
    const iteration = this.#iteration + 1;
    // These two change by themselves as well, so that a turn sets them once.
    for (const { name, to } of turns.filter((turn) => turn.iteration === iteration)) {
      if (name === 'beta') this.#beta = to;
      if (name === 'ptxCoefficient') this.#ptxCoefficient = to;
    }
    return {
      ...this.#settings,
      beta: this.#beta,
      clip: turnedValue(turns, 'clip', iteration, clip),
      policyLearningRate: turnedValue(turns, 'policyLearningRate', iteration, policyLearningRate),
    };
  }

  #at(
    phase: PhasePosition['phase'],
    minibatch: number,
    make: () => PhaseYield | Promise<PhaseYield>,
  ): PhaseEnd {
    const { minibatches, innerEpochs } = this.#settings;
    const total = minibatches * innerEpochs;
    const made = () => Promise.resolve(make());
    return { iteration: this.#iteration + 1, phase, minibatch, minibatches: total, made };
  }

  #write(settings: PpoSettings): Promise<Written> {
    const { rolloutBatch, seed } = settings;
    const prompts = this.#cursor.take(rolloutBatch).map((i) => this.#data.prompts[i]!);
    const first = this.#iteration * rolloutBatch;
    const stream = {
      key: streamKey(seed, 'ppo', 'rollout'),
      rows: prompts.map((_, b) => first + b),
    };
    return writeResponses(this.#models.policy, prompts, settings, stream);
  }

  /** After the update, so that the next rollout is the first one with the new beta (D24). */
  #adaptBeta({ metrics }: Rollout): void {
    const { adaptiveKl, rolloutBatch: episodes } = this.#settings;
    if (!adaptiveKl) return;
    const kl = metrics['objective/kl'] ?? NaN;
    this.#beta = adaptiveKlStep({ ...adaptiveKl, beta: this.#beta, kl, episodes });
  }

  #learningRates({
    policyLearningRate,
    valueLearningRate,
    warmupIterations: longest,
  }: PpoSettings): Rates {
    const warmup = warmupIterations(this.total, longest);
    const factor = constantWithWarmup(this.#iteration, warmup);
    return { policy: policyLearningRate * factor, value: valueLearningRate * factor };
  }

  /** All minibatches of all inner epochs, each epoch in a fresh order (D21); one step each. Nothing is read back. */
  async *#update(
    rollout: Rollout,
    rates: Rates,
    now: PpoSettings,
  ): AsyncGenerator<PhaseEnd, void, void> {
    const { rolloutBatch, minibatches, innerEpochs, seed, emaDecay, ptxTargetRatio } = now;
    const known = this.#ptxCoefficient ?? (ptxTargetRatio > 0 ? undefined : now.ptxCoefficient);
    const calibrating = known === undefined ? new CalibratedWeight(ptxTargetRatio) : null;
    const weigh = calibrating?.weigh ?? null;
    const settings = { ...now, ptxCoefficient: known ?? 0 };
    const mixed = calibrating !== null || settings.ptxCoefficient > 0;
    const learners = this.#learners;
    this.#touched = true;
    for (let epoch = 0; epoch < innerEpochs; epoch++) {
      const rng = Rng.named(seed, 'ppo', 'order', this.#iteration, epoch);
      for (const rows of minibatchRows(rolloutBatch, minibatches, rng)) {
        const ptx = mixed && this.#data.ptx ? this.#data.ptx(this.#updates) : null;
        const step = await beginUpdate(learners, rollout, rows, ptx, settings, rates, weigh);
        this.#updates++;
        emaUpdate(this.#models.ema, this.#models.policy, emaDecay);
        this.#underway.push({ step, rows, weight: liveTokens(rollout, rows) });
        yield this.#at('minibatch', this.#underway.length, async () => {
          const results = await this.#read();
          const values = results.at(-1)?.metrics ?? {};
          return { answers: rollout.B, values, rollout: lensRows(rollout, now, results) };
        });
      }
    }
    if (calibrating) this.#ptxCoefficient = calibrating.coefficient;
  }

  /** The updates of the iteration under way so far, in one read-back. */
  #read(): Promise<Update[]> {
    return Promise.all(
      this.#underway.map(async ({ step, ...own }) => ({ ...(await step.finish()), ...own })),
    );
  }

  /** All updates of the iteration, checked. */
  async #finished(): Promise<readonly Update[]> {
    const first = this.#updates === this.#underway.length;
    const results = await this.#read();
    this.#underway = [];
    if (first && results[0]) this.#note(firstMinibatchCheck(results[0].metrics));
    for (const { metrics } of results) this.#note(gradientChecks(metrics));
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
    judged: readonly number[],
  ) {
    const moved = Math.abs((await modelChecksum(this.#models.reference)) - this.#referenceChecksum);
    const recorded = updates.flatMap(({ metrics }) => Object.values(metrics));
    const frozen = frozenNumbers(rollout);
    const arrays = frozen.flatMap((numbers) => Array.from(numbers));
    const after = { judged, numbers: checksum(frozen) };
    this.#note({
      'reference unchanged': within(moved, 0),
      'no gradient into the reward': rewardCheck(before, after),
      'finite numbers': finiteCheck([...recorded, ...Object.values(rollout.metrics), ...arrays]),
    });
  }

  async snapshot(): Promise<Snapshot> {
    if (this.#touched) throw new Error('an iteration is half done: finish it first');
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
      cursor: this.#begun ?? this.#cursor.state,
      referenceChecksum: this.#referenceChecksum,
      beta: this.#beta,
      ...(this.#ptxCoefficient !== undefined && { ptxCoefficient: this.#ptxCoefficient }),
      checks: storedChecks(this.#checks),
    };
    return { tensors, state };
  }

  dispose(): void {
    for (const { step } of this.#underway) step.dispose();
    this.#underway = [];
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
