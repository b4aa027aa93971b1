/**
 * The commands that hold one labeler out: who may compute meanwhile is settled here, what is computed is labeler-trial.ts.
 * A trial keeps the engine to itself; nothing of it is stored.
 */
import type { CommandHandlers } from './dispatch.ts';
import { InputError } from './failure.ts';
import type { Occupancy } from './occupancy.ts';
import { chosenRankings, type ProjectRows } from './stage-graph.ts';
import type { ModelSource, ReportProgress, Workbench } from './stages.ts';

/** What the commands ask of the session around them. */
export interface LabelerSession {
  readonly occupancy: Occupancy;
  readonly workbench: Pick<Workbench, 'holdOut'>;
  readonly progress: ReportProgress;
  /** Throws InputError when no project is open. */
  rows(): ProjectRows;
  sft(): ModelSource | null;
}

type LabelerHandlers = Pick<CommandHandlers, Extract<keyof CommandHandlers, `labeler.${string}`>>;

export function labelerHandlers(session: LabelerSession): LabelerHandlers {
  let work: { stopped: boolean } | null = null;
  return {
    'labeler.holdOut': async ({ labeler }) => {
      const rows = session.rows();
      const sft = session.sft();
      if (sft === null) throw new InputError('First train on demonstrations (1 Demonstrate).');
      const own = { stopped: false };
      const leave = session.occupancy.take({
        sentence: 'A labeler is being held out: wait for it or stop it (2 Rank).',
        left: () => {
          own.stopped = true;
        },
      });
      work = own;
      try {
        const { settings } = rows;
        const of = { labeler, sft, settings, rankings: chosenRankings(rows) };
        const request = { ...of, stopped: () => own.stopped };
        return { trial: await session.workbench.holdOut(request, session.progress) };
      } finally {
        leave();
      }
    },
    'labeler.stop': () => {
      if (work !== null) work.stopped = true;
      return Promise.resolve({});
    },
  };
}
