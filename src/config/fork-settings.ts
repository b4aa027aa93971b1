/**
 * Which settings a run may change when it goes on from a checkpoint as another run. The others decide what it is
 * trained on or what its checkpoint holds: with another value the checkpoint would not fit.
 */
import {
  diffSettings,
  parseSettings,
  settingValue,
  type SettingDifference,
  type Settings,
} from './settings.ts';

type ForkedStage = 'pretrain' | 'sft' | 'reward' | 'ppo';

const CHANGEABLE: Readonly<Record<ForkedStage, readonly string[]>> = {
  pretrain: ['base.steps', 'base.learningRate'],
  sft: ['sft.epochs', 'sft.learningRate', 'sft.finalLearningRateShare', 'sft.dropout'],
  reward: ['reward.epochs', 'reward.learningRate'],
  ppo: [
    'method.dpoEpochs',
    'ppo.episodes',
    'ppo.policyLearningRate',
    'ppo.valueLearningRate',
    'ppo.beta',
    'ppo.gamma',
    'ppo.lambda',
    'ppo.clip',
    'ppo.valueClip',
    'ppo.ptxCoefficient',
    'ppo.emaDecay',
    'ppo.warmupIterations',
    'ppo.temperature',
    'ppo.maxGradientNorm',
    'ppo.missingEosPenalty',
    'ppo.klTarget',
    'ppo.klHorizon',
    'ppo.entropyBonus',
  ],
};

/** What a fork of a run takes over from the present settings, and what it cannot. */
export interface ForkPlan {
  readonly settings: Settings;
  readonly taken: readonly SettingDifference[];
  readonly left: readonly SettingDifference[];
}

/** The groups that training of a stage reads; what differs elsewhere is no matter. */
const READ: Readonly<Record<ForkedStage, readonly string[]>> = {
  pretrain: ['general', 'base'],
  sft: ['general', 'base', 'sft'],
  reward: ['general', 'reward'],
  ppo: ['general', 'method', 'ppo'],
};

/** Throws SettingsError when the mixture does not work, e.g. when a batch no longer divides. */
export function forkPlan(stage: ForkedStage, own: Settings, present: Settings): ForkPlan {
  const differing = diffSettings(own, present).filter(({ key }) =>
    READ[stage].some((group) => key.startsWith(`${group}.`)),
  );
  const changeable = CHANGEABLE[stage];
  const taken = differing.filter(({ key }) => changeable.includes(key));
  const changes: Record<string, Record<string, unknown>> = {};
  for (const { key } of taken) {
    const [group = '', name = ''] = key.split('.');
    changes[group] = { ...changes[group], [name]: settingValue(present, key) };
  }
  return {
    settings: parseSettings(changes, own),
    taken,
    left: differing.filter(({ key }) => !changeable.includes(key)),
  };
}
