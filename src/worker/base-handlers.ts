/**
 * The commands about base models from a person's own text, beside their training, each with its place in the session's
 * order. What they do is in base-desk.ts, which is loaded when one of them is first asked for.
 */
import type { RunCommandHandlers } from './dispatch.ts';
import type { CommandMap } from './protocol.ts';
import type { RunsSession } from './run-handlers.ts';

type BaseHandlers = Pick<RunCommandHandlers, Extract<keyof RunCommandHandlers, `base.${string}`>>;

export function baseHandlers(session: RunsSession): BaseHandlers {
  const changing = <R>(action: () => Promise<R>): Promise<R> =>
    session.inOrder(async () => {
      session.project().expectWritable();
      await session.rest();
      return action();
    });
  return {
    'base.text': async () => {
      const { text } = session.project().rows;
      if (text === null) return { text };
      const { factsOf } = await import('./base-desk.ts');
      return { text: factsOf(text, session) };
    },
    'base.take': (args: CommandMap['base.take']['args']) =>
      changing(async () => {
        const { takeText } = await import('./base-desk.ts');
        return { text: await takeText(args, session) };
      }),
    'base.export': async ({ checkpoint }) => {
      const { exportBase } = await import('./base-desk.ts');
      return { file: await exportBase(session, checkpoint) };
    },
    'base.import': (args: CommandMap['base.import']['args']) =>
      changing(async () => {
        const { importBase } = await import('./base-desk.ts');
        await importBase(args, session);
        return {};
      }),
  };
}
