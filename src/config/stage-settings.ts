/**
 * The declared settings in the form that the training loops take. The loops know no settings table;
 * page and command line both go through here, so a setting means the same to both.
 */
import { groupSizeOf } from './method-table.ts';
import type { Settings } from './settings.ts';

/** Adam as in the paper's appendix C where it says; epsilon, decay and clipping are not stated there. */
function optimizer(maxGradientNorm: number) {
  return {
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0,
    // 0 in the settings means: do not shorten gradients.
    maxGradientNorm: maxGradientNorm > 0 ? maxGradientNorm : Infinity,
  };
}

export function sequenceShape({ general }: Settings) {
  return { promptLength: general.maxPromptTokens, responseLength: general.maxResponseTokens };
}

/** Pre-training on a person's own text; decay, warm-up and final share as those of the shipped base (cli/pretrain.ts). */
export function baseSettings({ base, general, ppo }: Settings) {
  return {
    steps: base.steps,
    learningRate: base.learningRate,
    finalShare: 0.05,
    warmupSteps: Math.min(50, Math.ceil(base.steps / 10)),
    microBatch: general.microBatch,
    optimizer: { ...optimizer(ppo.maxGradientNorm), weightDecay: 0.05 },
  };
}

export function sftSettings(settings: Settings) {
  const { sft, general } = settings;
  return {
    shape: sequenceShape(settings),
    microBatch: general.microBatch,
    epochs: sft.epochs,
    batchSize: sft.batchSize,
    learningRate: sft.learningRate,
    finalShare: sft.finalLearningRateShare,
    dropout: sft.dropout,
    pretrainMix: sft.pretrainMix,
    seed: general.seed,
    optimizer: optimizer(settings.ppo.maxGradientNorm),
  };
}

export function rewardSettings(settings: Settings) {
  const { reward, general, sft } = settings;
  return {
    shape: sequenceShape(settings),
    microBatch: general.microBatch,
    epochs: reward.epochs,
    promptsPerBatch: reward.promptsPerBatch,
    learningRate: reward.learningRate,
    finalShare: sft.finalLearningRateShare,
    divisor: reward.divisor,
    batching: reward.batching,
    seed: general.seed,
    optimizer: optimizer(settings.ppo.maxGradientNorm),
  };
}

function missingEos({ missingEosPenalty: penalty, missingEosRule: kind }: Settings['ppo']) {
  if (penalty === 0) return { kind: 'none', value: 0 } as const;
  return { kind, value: kind === 'replace' ? -penalty : penalty } as const;
}

/** Where the KL penalty stands, by which estimator, and the controller of its coefficient, null for a fixed one. */
function klPenalty({ klPenalty: choice, klTarget, klHorizon }: Settings['ppo']) {
  const [klPlace, klEstimator] = KL_PENALTIES[choice];
  const adaptiveKl = klTarget > 0 ? { target: klTarget, horizon: klHorizon } : null;
  return { klPlace, klEstimator, adaptiveKl };
}

const KL_PENALTIES = {
  'reward-k1': ['reward', 'k1'],
  'reward-k2': ['reward', 'k2'],
  'reward-k3': ['reward', 'k3'],
  'loss-k1': ['loss', 'k1'],
  'loss-k2': ['loss', 'k2'],
  'loss-k3': ['loss', 'k3'],
} as const satisfies Record<Settings['ppo']['klPenalty'], unknown>;

export function ppoSettings(settings: Settings) {
  const { ppo, general } = settings;
  return {
    shape: sequenceShape(settings),
    microBatch: general.microBatch,
    episodes: ppo.episodes,
    rolloutBatch: ppo.rolloutBatch,
    minibatches: ppo.minibatches,
    innerEpochs: ppo.innerEpochs,
    policyLearningRate: ppo.policyLearningRate,
    valueLearningRate: ppo.valueLearningRate,
    beta: ppo.beta,
    gamma: ppo.gamma,
    lambda: ppo.lambda,
    clip: ppo.clip,
    // 0 in the settings means: do not clip.
    valueClip: ppo.valueClip > 0 ? ppo.valueClip : Infinity,
    temperature: ppo.temperature,
    ...klPenalty(ppo),
    whitenAdvantages: ppo.whitenAdvantages,
    whitenScope: ppo.whitenScope,
    whitenVariance: ppo.whitenVariance,
    whitenRewards: ppo.whitenRewards,
    scorePosition: ppo.scorePosition,
    entropyBonus: ppo.entropyBonus,
    ptxCoefficient: ppo.ptxCoefficient,
    ptxTargetRatio: ppo.ptxTargetRatio,
    valueTrunk: ppo.valueTrunk,
    valueCoefficient: ppo.valueCoefficient,
    missingEos: missingEos(ppo),
    warmupIterations: ppo.warmupIterations,
    emaDecay: ppo.emaDecay,
    seed: general.seed,
    optimizer: optimizer(ppo.maxGradientNorm),
  };
}

/** What all methods beside PPO read, each its part; batches hold as many responses as those of PPO. */
export function methodSettings(settings: Settings) {
  const { method, ppo, general } = settings;
  const groupSize = groupSizeOf(method.name, method.groupSize);
  return {
    shape: sequenceShape(settings),
    temperature: ppo.temperature,
    beta: ppo.beta,
    missingEos: missingEos(ppo),
    iterations: ppo.episodes / ppo.rolloutBatch,
    groupSize,
    promptsPerBatch: ppo.rolloutBatch / groupSize,
    minibatches: ppo.minibatches,
    innerEpochs: ppo.innerEpochs,
    clip: ppo.clip,
    learningRate: ppo.policyLearningRate,
    warmupIterations: ppo.warmupIterations,
    lossType: method.grpoLoss,
    loss: method.dpoLoss,
    epochs: method.dpoEpochs,
    batchSize: method.dpoBatchSize,
    seed: general.seed,
    optimizer: optimizer(ppo.maxGradientNorm),
  };
}

/** Shape of the pre-training rows that one SFT step mixes in; a quarter as many rows as demonstrations. */
export function sftMixShape({ sft, ppo }: Settings): { batch: number; length: number } {
  return { batch: Math.max(1, Math.round(sft.batchSize / 4)), length: ppo.ptxTokens + 1 };
}

/** Shape of the pre-training rows of one optimizer step, mixed in or not. A row is one token longer than it trains. */
export function ptxRowShape({ ppo }: Settings): { batch: number; length: number } | null {
  const batch = (ppo.ptxExamplesPerEpisode * ppo.rolloutBatch) / ppo.minibatches;
  return batch > 0 ? { batch, length: ppo.ptxTokens + 1 } : null;
}

/** {@link ptxRowShape} of a run that mixes them in from its beginning; null for plain PPO. */
export function ptxShape(settings: Settings): { batch: number; length: number } | null {
  const { ptxCoefficient, ptxTargetRatio } = settings.ppo;
  return ptxCoefficient > 0 || ptxTargetRatio > 0 ? ptxRowShape(settings) : null;
}
