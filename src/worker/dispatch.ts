/**
 * From a message to its reply: checks it, calls the one handler it is for, and answers exactly once, with the value
 * or with a sentence about what went wrong. Knows nothing of what the handlers do.
 */
import { addressOf, parseCommand } from './commands.ts';
import { failureOf } from './failure.ts';
import type { Command, CommandMap, CommandName, Reply, WorkerMessage } from './protocol.ts';

/** One handler for each command. */
export type CommandHandlers = {
  readonly [N in CommandName]: (args: CommandMap[N]['args']) => Promise<CommandMap[N]['reply']>;
};

/** Commands that drive training. */
type StageCommandName =
  | Extract<CommandName, `stage.${string}`>
  | 'run.turn'
  | 'run.checkpoints'
  | 'run.back'
  | 'run.answer';

/** Commands that need no project: about the world, of exact mode, of the machine's measurement. */
const APART_COMMANDS = [
  'world.words',
  'world.overview',
  'world.document',
  'world.prompts',
  'world.answers',
  'world.verdict',
  'exact.solve',
  'exact.begin',
  'exact.drive',
  'exact.report',
  'machine.open',
  'machine.round',
  'machine.close',
] as const satisfies readonly CommandName[];
type ApartCommandName = (typeof APART_COMMANDS)[number];
type ApartCommand = Extract<Command, { type: ApartCommandName }>;
/** Handlers of the session; the others have owners of their own, the world's viewer and exact mode without an engine. */
export type SessionHandlers = Pick<CommandHandlers, 'world.words'> &
  Omit<CommandHandlers, ApartCommandName>;
export type WorldHandlers = Pick<
  CommandHandlers,
  Exclude<Extract<CommandName, `world.${string}`>, 'world.words'>
>;
export type ExactHandlers = Pick<CommandHandlers, Extract<CommandName, `exact.${string}`>>;
export type MachineHandlers = Pick<CommandHandlers, Extract<CommandName, `machine.${string}`>>;

function isApart(command: Command): command is ApartCommand {
  return APART_COMMANDS.some((name) => name === command.type);
}

/** Runs a command that needs no project. Throws what its handler throws. */
async function performApart(handlers: CommandHandlers, command: ApartCommand): Promise<Reply> {
  const head = { type: 'reply', request: command.request, ok: true } as const;
  switch (command.type) {
    case 'world.words':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'world.overview':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'world.document':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'world.prompts':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'world.answers':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'world.verdict':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'exact.solve':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'exact.begin':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'exact.drive':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'exact.report':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'machine.open':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'machine.round':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'machine.close':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
  }
  return command satisfies never;
}

type CommandOf<N extends CommandName> = Extract<Command, { type: N }>;

/** Of those that drive training. Throws what its handler throws. */
async function performStage(
  handlers: CommandHandlers,
  command: CommandOf<StageCommandName>,
): Promise<Reply> {
  const head = { type: 'reply', request: command.request, ok: true } as const;
  switch (command.type) {
    case 'stage.start':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'stage.pause':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'stage.step':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'stage.stop':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'stage.phase':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'run.turn':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'run.checkpoints':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'run.answer':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'run.back':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
  }
  return command satisfies never;
}

/** Commands about stored runs and whole laboratories (run-handlers.ts), about own base models (base-handlers.ts) and one labeler held out, and what is read from all of them. */
const RUN_COMMANDS = [
  'runs.list',
  'runs.show',
  'run.rename',
  'run.delete',
  'run.fork',
  'checkpoint.hashes',
  'checkpoint.export',
  'checkpoint.import',
  'trained.load',
  'checkpoint.bundle',
  'labeler.holdOut',
  'labeler.stop',
  'lab.export',
  'lab.import',
  'base.text',
  'base.take',
  'base.export',
  'base.import',
  'judge.outputs',
  'judge.board',
] as const satisfies readonly CommandName[];
type RunCommandName = (typeof RUN_COMMANDS)[number];
type RunCommand = Extract<Command, { type: RunCommandName }>;
type OtherCommand = Exclude<Command, RunCommand | ApartCommand>;
export type RunCommandHandlers = Pick<CommandHandlers, RunCommandName>;

function isOnRuns(command: Command): command is RunCommand {
  return RUN_COMMANDS.some((name) => name === command.type);
}

async function performOnRuns(handlers: RunCommandHandlers, command: RunCommand): Promise<Reply> {
  const head = { type: 'reply', request: command.request, ok: true } as const;
  switch (command.type) {
    case 'runs.list':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'runs.show':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'run.rename':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'run.delete':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'run.fork':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'checkpoint.hashes':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'checkpoint.export':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'checkpoint.import':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'trained.load':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'checkpoint.bundle':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'labeler.holdOut':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'labeler.stop':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'lab.export':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'lab.import':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'base.text':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'base.take':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'base.export':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'judge.outputs':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'judge.board':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'base.import':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
  }
  return command satisfies never;
}

/** Runs a command. Throws what its handler throws. */
async function perform(handlers: CommandHandlers, command: OtherCommand): Promise<Reply> {
  const head = { type: 'reply', request: command.request, ok: true } as const;
  switch (command.type) {
    case 'engine.start':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'project.open':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'settings.set':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'model.sample':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'prompts.examples':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'demonstrations.list':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'ranking.next':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'labels.simulate':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'labels.stop':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'labels.import':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'labels.export':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'labels.changed':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'stage.start':
    case 'stage.pause':
    case 'stage.step':
    case 'stage.stop':
    case 'stage.phase':
    case 'run.turn':
    case 'run.checkpoints':
    case 'run.back':
    case 'run.answer':
      return performStage(handlers, command);
    case 'reward.score':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'work.stop':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'reward.report':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'judge.pairs':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'judge.suite':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'judge.stop':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
    case 'checkpoint.delete':
      return { ...head, command: command.type, value: await handlers[command.type](command.args) };
  }
  return command satisfies never;
}

/** Handles one message from the page; a message without an address is answered with a failure event. */
export async function receive(
  handlers: CommandHandlers,
  message: unknown,
  post: (message: WorkerMessage) => void,
): Promise<void> {
  try {
    const command = parseCommand(message);
    if (isOnRuns(command)) post(await performOnRuns(handlers, command));
    else if (isApart(command)) post(await performApart(handlers, command));
    else post(await perform(handlers, command));
  } catch (error) {
    const failure = failureOf(error);
    const address = addressOf(message);
    if (address === null) post({ type: 'failure', failure });
    else post({ type: 'reply', ...address, ok: false, failure });
  }
}
