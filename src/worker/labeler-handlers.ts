/**
 * The commands that hold one labeler out: who may compute meanwhile is settled here, what is computed is labeler-trial.ts.
 * A trial keeps the engine to itself; nothing of it is stored.
 */
import type { CommandHandlers } from './dispatch.ts';
import { InputError } from './failure.ts';
import type { Occupancy } from './occupancy.ts';
import type { Project } from './project.ts';
import { chosenRankings } from './stage-graph.ts';
import type { ReportProgress, Workbench } from './stages.ts';

/** What the commands ask of the session around them. */
export interface LabelerSession {
  readonly occupancy: Occupancy;
  readonly workbench: Pick<Workbench, 'holdOut'>;
  readonly progress: ReportProgress;
  /** Throws InputError when none is open. */
  project(): Project;
}

type LabelerHandlers = Pick<CommandHandlers, Extract<keyof CommandHandlers, `labeler.${string}`>>;

export function labelerHandlers(session: LabelerSession): LabelerHandlers {
  let work: { stopped: boolean } | null = null;
  return {
    'labeler.holdOut': async ({ labeler }) => {
      const project = session.project();
      const sft = project.finished('sft');
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
        const { rows } = project;
        const of = { labeler, sft, settings: rows.settings, rankings: chosenRankings(rows) };
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
