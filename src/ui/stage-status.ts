/** State of each part of the page in one word, derived from the states of the stages behind it. */
import type {
  CheckpointSummary,
  StageState,
  StageStates,
  StageStatus,
} from '../worker/protocol.ts';
import type { StagePart } from './hash-route.ts';

export const STATUS_WORDS: Readonly<Record<StageStatus, string>> = {
  empty: 'empty',
  ready: 'ready',
  running: 'running',
  paused: 'paused',
  done: 'done',
  stale: 'stale',
  failed: 'failed',
};

/** The word for a stage that trains; one that was stopped says where. */
export function statusWord({ status, step, total }: Pick<StageState, 'status' | 'step' | 'total'>) {
  return status === 'done' && step < total
    ? `stopped at ${step} of ${total}`
    : STATUS_WORDS[status];
}

/** The same for the model that comes with the page, which is loaded and not trained. */
const MODEL_WORDS: Readonly<Record<StageStatus, string>> = {
  ...STATUS_WORDS,
  running: 'loading',
  done: 'loaded',
};

/** What the word means here, for a tooltip and for screen readers. */
export const STATUS_MEANINGS: Readonly<Record<StageStatus, string>> = {
  empty: 'something before it is missing',
  ready: 'can start',
  running: 'at work',
  paused: 'waiting where it was',
  done: 'finished',
  stale: 'finished, but something before it has changed since',
  failed: 'stopped by an error',
};

export interface PartInputs {
  readonly engineReady: boolean;
  readonly engineFailed: boolean;
  readonly stages: StageStates | null;
  /** Every checkpoint that can speak. */
  readonly policies: readonly Pick<CheckpointSummary, 'id' | 'createdAt' | 'shipped'>[];
  /** Checkpoints, by id, that votes, evaluations or the suite were about. */
  readonly judged: readonly string[];
  readonly judging: boolean;
}

/** Rankings and the reward model share a part: training speaks first, then what the labels say. */
function rankStatus({ labels, reward }: StageStates): StageStatus {
  if (reward.status !== 'empty' && reward.status !== 'ready') return reward.status;
  if (labels.status === 'running') return 'running';
  return labels.status === 'empty' && reward.status === 'empty' ? 'empty' : 'ready';
}

/** The word for a part's status. */
export function partWord(part: StagePart, status: StageStatus, stages: StageStates | null): string {
  if (part === 'model') return MODEL_WORDS[status];
  if (part === 'judge' || status !== 'done' || stages === null) return STATUS_WORDS[status];
  return statusWord(
    stages[({ demonstrate: 'sft', rank: 'reward', reinforce: 'ppo' } as const)[part]],
  );
}

export function partStatus(part: StagePart, inputs: PartInputs): StageStatus {
  const { stages } = inputs;
  if (part === 'model') {
    if (inputs.engineFailed) return 'failed';
    return inputs.engineReady ? 'done' : 'running';
  }
  if (stages === null) return 'empty';
  if (part === 'demonstrate') return stages.sft.status;
  if (part === 'rank') return rankStatus(stages);
  if (part === 'reinforce') return stages.ppo.status;
  part satisfies 'judge';
  if (inputs.judging) return 'running';
  return judgeStatus(inputs);
}

/** A judgement is about checkpoints: one that leaves out the newest is of a model that was trained over since. */
function judgeStatus({ policies, judged }: PartInputs): StageStatus {
  if (judged.length === 0) return policies.length > 1 ? 'ready' : 'empty';
  const newest = policies
    .filter(({ shipped }) => !shipped)
    .reduce<PartInputs['policies'][number] | undefined>(
      (best, row) => (best !== undefined && best.createdAt > row.createdAt ? best : row),
      undefined,
    );
  return newest !== undefined && judged.includes(newest.id) ? 'done' : 'stale';
}
