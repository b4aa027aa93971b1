/** A session on an in-memory database with a fake workbench, a clock that only steps, and a record of its events. */
import 'fake-indexeddb/auto';
import { defaultSettings } from '../../../src/config/settings.ts';
import { Connection } from '../../../src/storage/open.ts';
import type { StageState, TrainingStage, WorkerEvent } from '../../../src/worker/protocol.ts';
import { Session } from '../../../src/worker/session.ts';
import type { LockProvider } from '../../../src/storage/locks.ts';
import type { CheckpointPace } from '../../../src/worker/runner.ts';
import { FakeWorkbench } from './fake-workbench.ts';

let databases = 0;

export function freshName(): string {
  return `session-${databases++}`;
}

export interface TestSession {
  readonly session: Session;
  readonly bench: FakeWorkbench;
  readonly events: WorkerEvent[];
  /** Resolves when the stage reports this status. */
  until(stage: TrainingStage | 'labels', status: StageState['status']): Promise<StageState>;
  /** Runs `action` after the n-th metric record from now, before the next step. */
  afterRecords(n: number, action: () => void): void;
  /** From now on the session never gets another turn, as in a tab that was killed. */
  kill(): void;
}

export interface TestOptions {
  readonly name: string;
  readonly bench?: FakeWorkbench;
  readonly pace?: CheckpointPace;
  readonly locks?: LockProvider;
  readonly open?: boolean;
  /** Where the clock begins, in milliseconds; later for a page that was loaded again. */
  readonly since?: number;
}

export async function testSession(options: TestOptions): Promise<TestSession> {
  const bench = options.bench ?? new FakeWorkbench();
  const events: WorkerEvent[] = [];
  const listeners = new Set<(event: WorkerEvent) => void>();
  let clock = options.since ?? 1000;
  let alive = true;
  const session = new Session({
    workbench: bench,
    connection: new Connection({ name: options.name }),
    locks: options.locks,
    emit: (event) => {
      events.push(event);
      for (const listener of listeners) listener(event);
    },
    now: () => clock++,
    yieldToMessages: () =>
      new Promise((resolve) => {
        setImmediate(() => {
          if (alive) resolve();
        });
      }),
    pace: options.pace ?? { steps: 3, milliseconds: Number.POSITIVE_INFINITY },
  });
  await session.handlers['engine.start']({ settings: defaultSettings() });
  if (options.open !== false) await session.handlers['project.open']({ project: 'p' });
  return {
    session,
    bench,
    events,
    kill: () => {
      alive = false;
    },
    until: (stage, status) =>
      new Promise((resolve) => {
        const listener = (event: WorkerEvent) => {
          if (event.type !== 'stage' || event.stage !== stage) return;
          if (event.state.status !== status) return;
          listeners.delete(listener);
          resolve(event.state);
        };
        listeners.add(listener);
      }),
    afterRecords: (n, action) => {
      let seen = 0;
      const listener = (event: WorkerEvent) => {
        if (event.type !== 'metrics') return;
        seen += 1;
        if (seen !== n) return;
        listeners.delete(listener);
        action();
      };
      listeners.add(listener);
    },
  };
}

/** Trains a stage to its end. */
export async function train(test: TestSession, stage: TrainingStage): Promise<void> {
  const done = test.until(stage, 'done');
  await test.session.handlers['stage.start']({ stage, fresh: false });
  await done;
}
