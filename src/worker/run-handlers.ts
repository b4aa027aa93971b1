/**
 * The commands about stored runs, own base models (base-handlers.ts), whole laboratories and a person's evaluations, each with its place in the session's order. What they do is in
 * runs-desk.ts and lab-file.ts, which are loaded when one of them is first asked for.
 */
import { Rng } from '../data/rng.ts';
import { baseHandlers } from './base-handlers.ts';
import type { RunCommandHandlers } from './dispatch.ts';
import { readJudgements } from './human-judgements.ts';
import { labelerHandlers, type LabelerSession } from './labeler-handlers.ts';
import type { CommandMap } from './protocol.ts';
import type { ModelSource, Stopped, Workbench } from './stages.ts';
import type { WorkUnderWay } from './stoppable-work.ts';
import { bundleInput } from './trl-input.ts';

/** What the commands ask of the session around them. */
export interface RunsSession extends LabelerSession {
  /** Milliseconds since 1970. */
  now(): number;
  readonly workbench: Pick<
    Workbench,
    'forget' | 'language' | 'readFile' | 'holdOut' | 'blindOutputs' | 'simulatedAgreement'
  >;
  readonly works: WorkUnderWay;
  /** A checkpoint by its id. Throws InputError when there is none. */
  model(id: string): ModelSource;
  /** After the commands that came before. */
  inOrder<R>(action: () => Promise<R>): Promise<R>;
  /** Throws InputError when something computes; afterwards no runner keeps rows that are about to change. */
  rest(): Promise<void>;
  /** What computes, in words. */
  machinery(): { readonly backend: string; readonly device: string };
}

/** What is read from a person's judgements, and the outputs that they judge. */
function judgedHandlers(
  session: RunsSession,
): Pick<RunCommandHandlers, 'judge.board' | 'judge.outputs'> {
  return {
    'judge.board': async () => {
      const { humanBoard } = await import('./human-board.ts');
      const project = session.project();
      const judged = await readJudgements(project);
      const { settings } = project.rows;
      const agreed = await session.workbench.simulatedAgreement(judged.evaluations, settings);
      return humanBoard(judged, agreed, Rng.named(0, 'board'));
    },
    'judge.outputs': async ({ checkpoints, ...draw }) => {
      const models = checkpoints.map((id) => session.model(id));
      const { settings } = session.project().rows;
      const write = (stopped: Stopped) =>
        session.workbench.blindOutputs(models, draw, settings, session.progress, stopped);
      return { items: await session.works.run('outputs', write, (items) => items.length) };
    },
  };
}

/**
 * Fetches the trained models while other commands have their turn, then has `inTurn` store them, and gives the names of
 * what was added; null when it was stopped before.
 */
async function loadTrained(
  session: RunsSession,
  inTurn: <T>(action: () => Promise<T>) => Promise<T>,
): Promise<readonly string[] | null> {
  session.project().expectWritable();
  const load = async (signal: AbortSignal): Promise<readonly string[] | null> => {
    const { fetchTrainedModels, takeTrainedModels } = await import('./trained-models.ts');
    const models = await fetchTrainedModels(session, signal);
    if (models === null) return null;
    return inTurn(async () => (signal.aborted ? null : takeTrainedModels(models, session)));
  };
  const whole = (names: readonly string[] | null): number => (names === null ? 0 : 1);
  return session.works.run('trained', (_stopped, signal) => load(signal), whole);
}

export function runHandlers(session: RunsSession): RunCommandHandlers {
  const desk = async () => {
    const { RunsDesk } = await import('./runs-desk.ts');
    return new RunsDesk(session.project(), () => session.now());
  };
  const list = async () => ({ runs: (await desk()).list() });
  const changing =
    <A, R>(action: (args: A) => Promise<R>) =>
    (args: A): Promise<R> =>
      session.inOrder(async () => {
        session.project().expectWritable();
        await session.rest();
        return action(args);
      });
  return {
    'runs.list': list,
    'runs.show': async (args) => (await desk()).show(args),
    'run.rename': changing(async (args: CommandMap['run.rename']['args']) => {
      await (await desk()).rename(args);
      return list();
    }),
    'run.delete': changing(async ({ run }: CommandMap['run.delete']['args']) => {
      for (const gone of await (await desk()).remove(run)) session.workbench.forget(gone);
      return list();
    }),
    'run.fork': changing(async (args: CommandMap['run.fork']['args']) => {
      const run = await (await desk()).fork(args);
      return { run, ...(await list()) };
    }),
    'checkpoint.hashes': async () => ({ checkpoints: await (await desk()).hashes() }),
    'checkpoint.export': async (args) => ({ file: await (await desk()).export(args) }),
    'checkpoint.import': changing(async (args: CommandMap['checkpoint.import']['args']) => {
      const { importCheckpoint } = await import('./checkpoint-import.ts');
      return { names: await importCheckpoint(args, session), ...(await list()) };
    }),
    'trained.load': async () => ({
      names: await loadTrained(session, (action) => changing(action)({})),
      ...(await list()),
    }),
    'checkpoint.bundle': async ({ checkpoint }) => {
      const input = bundleInput(session.project(), session.workbench, checkpoint);
      const { bundleForTrl } = await import('./trl-bundle.ts');
      return bundleForTrl(input);
    },
    'lab.export': changing(async () => {
      const { exportLab } = await import('./lab-file.ts');
      return exportLab(session.project(), session.now(), session.progress);
    }),
    ...baseHandlers(session),
    ...labelerHandlers(session),
    ...judgedHandlers(session),
    'lab.import': changing(async (args: CommandMap['lab.import']['args']) => {
      const { importLab } = await import('./lab-file.ts');
      return { added: await importLab(session.project(), args, session.progress) };
    }),
  };
}
