/** The training stages in words, as shown to people and used in the names of runs. */
import { METHOD_LABELS } from '../config/method-table.ts';
import type { Settings } from '../config/settings.ts';
import { ptxShape } from '../config/stage-settings.ts';
import type { CheckpointSummary, TrainingStage } from './protocol.ts';

/** Name of a stage; that of step 3 is its method's. */
export function stageName(stage: TrainingStage, { method }: Pick<Settings, 'method'>): string {
  switch (stage) {
    case 'pretrain':
      return 'Base model';
    case 'sft':
      return 'SFT';
    case 'reward':
      return 'Reward model';
    case 'ppo':
      return METHOD_LABELS[method.name];
  }
  return stage satisfies never;
}

/** What a run of a stage makes, by the name of its exact form: PPO with pre-training text is PPO-ptx. */
export function runName(stage: TrainingStage, settings: Settings): string {
  const { method } = settings;
  if (stage === 'ppo') {
    if (method.name === 'ppo' && ptxShape(settings) !== null) return 'PPO-ptx';
    if (method.name === 'grpo' && method.grpoLoss === 'dr_grpo') return 'Dr. GRPO';
    if (method.name === 'dpo' && method.dpoLoss === 'ipo') return 'IPO';
    if (method.name === 'online-dpo' && method.dpoLoss === 'ipo') return 'Online IPO';
  }
  return stageName(stage, settings);
}

/** Why what is no policy cannot speak, in a sentence. */
export function silence({ kind, name }: Pick<CheckpointSummary, 'kind' | 'name'>): string {
  return kind === 'reward'
    ? 'A reward model writes nothing: choose another model to speak.'
    : `${name} trained nothing and has no model of its own: choose the model of step 1 instead.`;
}
