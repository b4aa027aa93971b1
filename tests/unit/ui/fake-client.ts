/** A page's end of a worker that is not there: answers from a table, records what was asked, emits on demand. */
import { defaultSettings } from '../../../src/config/settings.ts';
import type { EvaluationSitting } from '../../../src/records/human-evaluation.ts';
import type { Demonstration, Prompt } from '../../../src/records/prompt.ts';
import type { Completion, Ranking } from '../../../src/records/ranking.ts';
import type { Sitting, Vote } from '../../../src/records/vote.ts';
import type { LabelStore } from '../../../src/ui/label-store.ts';
import type { LaboratoryClient } from '../../../src/ui/laboratory.svelte.ts';
import type {
  CheckpointSummary,
  CommandMap,
  CommandName,
  StageState,
  StageStates,
  StageStatus,
  WorkerEvent,
} from '../../../src/worker/protocol.ts';

export function stageState(status: StageStatus, over: Partial<StageState> = {}): StageState {
  return {
    status,
    step: 0,
    total: 0,
    secondsLeft: null,
    run: null,
    resumeAt: null,
    message: '',
    ...over,
  };
}

export function stageStates(over: Partial<StageStates> = {}): StageStates {
  const empty = stageState('empty');
  const [pretrain, sft] = [empty, stageState('ready')];
  return { pretrain, sft, labels: empty, reward: empty, ppo: empty, ...over };
}

export function checkpoint(id: string, over: Partial<CheckpointSummary> = {}): CheckpointSummary {
  return {
    id,
    name: id,
    run: null,
    stage: 'sft',
    step: 0,
    kind: 'policy',
    createdAt: 1,
    shipped: false,
    average: false,
    bytes: 1000,
    ...over,
  };
}

export const BASE = checkpoint('base', { stage: 'pretrain', createdAt: 0, shipped: true });

export function prompt(id: string): Prompt {
  return {
    id,
    text: `prompt ${id}`,
    useCase: 'chat',
    kind: 'plain',
    userId: 'user-1',
    split: 'train',
    source: 'world',
  };
}

export function completion(id: string, policy = 'sft'): Completion {
  return { id, text: `text ${id}`, policy, ended: true };
}

type Handlers = { [N in CommandName]?: (args: CommandMap[N]['args']) => CommandMap[N]['reply'] };

export class FakeClient implements LaboratoryClient {
  readonly sent: { name: CommandName; args: unknown }[] = [];
  readonly #handlers: Handlers;
  #listener: (event: WorkerEvent) => void = () => undefined;

  constructor(handlers: Handlers = {}) {
    this.#handlers = {
      'engine.start': () => ({ backend: 'cpu', device: 'a test', notes: [], available: ['cpu'] }),
      'project.open': () => ({
        stages: stageStates(),
        checkpoints: [BASE],
        settings: defaultSettings(),
        readOnly: null,
        metrics: [],
        views: [],
        suite: null,
        notes: [],
      }),
      'settings.set': () => ({ stages: stageStates(), metrics: [], views: [] }),
      'labels.changed': () => ({ stages: stageStates() }),
      ...handlers,
    };
  }

  call<N extends CommandName>(
    name: N,
    args: CommandMap[N]['args'],
  ): Promise<CommandMap[N]['reply']> {
    this.sent.push({ name, args });
    const handler = this.#handlers[name];
    if (handler === undefined) return Promise.reject(new Error(`nobody answers ${name}`));
    return new Promise((resolve) => {
      resolve(handler(args));
    });
  }

  on(listener: (event: WorkerEvent) => void): () => void {
    this.#listener = listener;
    return () => undefined;
  }

  emit(event: WorkerEvent): void {
    this.#listener(event);
  }

  /** Arguments of every call of a command. */
  argsOf<N extends CommandName>(name: N): CommandMap[N]['args'][] {
    return this.sent
      .filter((call) => call.name === name)
      .map((call) => call.args as CommandMap[N]['args']);
  }
}

/** Labels in memory; `full` makes every write fail as a full disk does. */
export class FakeStore implements LabelStore {
  full = false;
  readonly kept: {
    rankings: Ranking[];
    votes: Vote[];
    demonstrations: Demonstration[];
    sitting: Sitting | null;
    evaluations: Ranking[];
    evaluation: EvaluationSitting | null;
  } = {
    ...{ rankings: [], votes: [], demonstrations: [], sitting: null },
    ...{ evaluations: [], evaluation: null },
  };

  rankings(): Promise<readonly Ranking[]> {
    return Promise.resolve([...this.kept.rankings]);
  }
  votes(): Promise<readonly Vote[]> {
    return Promise.resolve([...this.kept.votes]);
  }
  demonstrations(): Promise<readonly Demonstration[]> {
    return Promise.resolve([...this.kept.demonstrations]);
  }
  addRanking(ranking: Ranking): Promise<void> {
    return this.#write(() => this.kept.rankings.push(ranking));
  }
  sitting(): Promise<Sitting | null> {
    return Promise.resolve(this.kept.sitting);
  }
  saveSitting(sitting: Sitting, vote: Vote | null): Promise<void> {
    return this.#write(() => {
      this.kept.sitting = sitting;
      if (vote !== null) this.kept.votes.push(vote);
    });
  }
  evaluations(): Promise<readonly Ranking[]> {
    return Promise.resolve([...this.kept.evaluations]);
  }
  evaluationSitting(): Promise<EvaluationSitting | null> {
    return Promise.resolve(this.kept.evaluation);
  }
  saveEvaluation(sitting: EvaluationSitting, judgement: Ranking | null): Promise<void> {
    return this.#write(() => {
      this.kept.evaluation = sitting;
      if (judgement !== null) this.kept.evaluations.push(judgement);
    });
  }
  addDemonstration(row: Demonstration): Promise<void> {
    return this.#write(() => {
      const others = this.kept.demonstrations.filter(({ id }) => id !== row.id);
      this.kept.demonstrations = [...others, row];
    });
  }
  removeRanking(id: string): Promise<void> {
    return this.#write(() => {
      this.kept.rankings = this.kept.rankings.filter((row) => row.id !== id);
    });
  }
  removeDemonstration(id: string): Promise<void> {
    return this.#write(() => {
      this.kept.demonstrations = this.kept.demonstrations.filter((row) => row.id !== id);
    });
  }

  #write(change: () => unknown): Promise<void> {
    if (this.full) {
      const error = new Error('The browser has no space left.');
      error.name = 'StorageFullError';
      return Promise.reject(error);
    }
    change();
    return Promise.resolve();
  }
}
