/**
 * The page's end of the wall: sends typed commands, hands out events, and turns a dead worker into a clear failure
 * after which the next command starts a new one. No tensors, no database.
 */
import type { CommandMap, CommandName, Failure, Reply, WorkerEvent } from './protocol.ts';

/** A command as it is sent: one member of the Command union, which the worker checks on arrival. */
export interface SentCommand {
  readonly type: CommandName;
  readonly request: number;
  readonly args: CommandMap[CommandName]['args'];
}

/** The part of Worker that is used. */
export interface WorkerPort {
  postMessage(command: SentCommand): void;
  addEventListener(
    type: 'message',
    listener: (event: MessageEvent<Reply | WorkerEvent>) => void,
  ): void;
  addEventListener(type: 'error', listener: (event: ErrorEvent) => void): void;
  addEventListener(type: 'messageerror', listener: (event: MessageEvent) => void): void;
  terminate(): void;
}

/** A command that was answered with a failure. `failure` is what to show. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

interface Success<N extends CommandName> {
  readonly command: N;
  readonly ok: true;
  readonly value: CommandMap[N]['reply'];
}

function succeeded<N extends CommandName>(reply: Reply, name: N): reply is Reply & Success<N> {
  return reply.ok && reply.command === name;
}

interface Waiting {
  settle(reply: Reply): void;
  fail(failure: Failure): void;
}

/** The laboratory's worker, bundled beside the page. */
export function spawnWorker(): WorkerPort {
  return new Worker(new URL('./main.ts', import.meta.url), { type: 'module' });
}

export class WorkerClient {
  readonly #spawn: () => WorkerPort;
  readonly #listeners = new Set<(event: WorkerEvent) => void>();
  readonly #waiting = new Map<number, Waiting>();
  #port: WorkerPort | null = null;
  #requests = 0;

  constructor(spawn: () => WorkerPort = spawnWorker) {
    this.#spawn = spawn;
  }

  /** Resolves with the worker's reply; rejects with {@link CommandError}. Starts the worker when there is none. */
  call<N extends CommandName>(
    name: N,
    args: CommandMap[N]['args'],
  ): Promise<CommandMap[N]['reply']> {
    const request = ++this.#requests;
    const port = (this.#port ??= this.#connect());
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, {
        settle: (reply) => {
          if (succeeded(reply, name)) resolve(reply.value);
          else if (!reply.ok) reject(new CommandError(reply.failure));
        },
        fail: (failure) => {
          reject(new CommandError(failure));
        },
      });
      port.postMessage({ type: name, request, args });
    });
  }

  /** Hears every event until the returned function is called. */
  on(listener: (event: WorkerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the worker at once; commands under way fail, saved work is kept, the next command starts a new worker. */
  restart(): void {
    this.#drop({ kind: 'engine', message: 'The computation was restarted.' });
  }

  #connect(): WorkerPort {
    const port = this.#spawn();
    port.addEventListener('message', ({ data }) => {
      this.#receive(data);
    });
    const died = (reason: string) => {
      if (this.#port !== port) return;
      const failure: Failure = {
        kind: 'engine',
        message:
          `The part of the page that computes has stopped${reason === '' ? '' : ` (${reason})`}. ` +
          'Start it again: labels and checkpoints are kept.',
      };
      this.#drop(failure);
      this.#tell({ type: 'failure', failure });
    };
    port.addEventListener('error', (event) => {
      died(event.message);
    });
    port.addEventListener('messageerror', () => {
      died('a message could not be read');
    });
    return port;
  }

  #receive(message: Reply | WorkerEvent): void {
    if (message.type !== 'reply') {
      this.#tell(message);
      return;
    }
    this.#waiting.get(message.request)?.settle(message);
    this.#waiting.delete(message.request);
  }

  #tell(event: WorkerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #drop(failure: Failure): void {
    this.#port?.terminate();
    this.#port = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const request of waiting) request.fail(failure);
  }
}
