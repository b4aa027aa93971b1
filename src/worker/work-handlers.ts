/**
 * The commands that a person waits for and may stop: answers to rank and to vote on, and the test of the reward model.
 * Which of them is under way is stoppable-work.ts; what is computed is the workbench's. Outputs to score are
 * run-handlers.ts's.
 */
import type { Settings } from '../config/settings.ts';
import type { CommandHandlers } from './dispatch.ts';
import type { Project } from './project.ts';
import { reportedRankings } from './stage-graph.ts';
import type { ModelSource, RankingRequest, ReportProgress, Stopped, Workbench } from './stages.ts';
import type { WorkUnderWay } from './stoppable-work.ts';

/** What the commands ask of the session around them. */
interface WorkSession {
  readonly works: WorkUnderWay;
  readonly workbench: Pick<Workbench, 'blindPairs' | 'completionsToRank' | 'rewardReport'>;
  readonly progress: ReportProgress;
  settings(): Settings;
  /** Throws InputError when none is open. */
  project(): Project;
  /** A checkpoint by its id. Throws InputError when there is none. */
  model(id: string): ModelSource;
  /** Throws InputError when none is trained. */
  reward(): ModelSource;
  /** For the person. Throws InputError when step 1 has no model. */
  toRank(count: number, k: number): RankingRequest;
}

type WorkHandlers = Pick<
  CommandHandlers,
  'ranking.next' | 'reward.report' | 'judge.pairs' | 'work.stop'
>;

export function workHandlers(session: WorkSession): WorkHandlers {
  const { works, workbench, progress } = session;
  return {
    'ranking.next': async ({ count, k }) => {
      const request = session.toRank(count, k);
      const write = (stopped: Stopped) => workbench.completionsToRank(request, progress, stopped);
      return works.run('ranking', write, ({ items }) => items.length);
    },
    'reward.report': async () => {
      const of = [session.reward(), reportedRankings(session.project().rows)] as const;
      const settings = session.settings();
      const test = (stopped: Stopped) => workbench.rewardReport(...of, settings, progress, stopped);
      return works.run('report', test, (report) => (report === null ? 0 : 1));
    },
    'judge.pairs': async (args) => {
      const models = [session.model(args.left), session.model(args.right)] as const;
      const settings = session.settings();
      const write = (stopped: Stopped) =>
        workbench.blindPairs(models, args, settings, progress, stopped);
      return works.run('pairs', write, ({ pairs }) => pairs.length);
    },
    'work.stop': async ({ work }) => ({ kept: await works.stop(work) }),
  };
}
