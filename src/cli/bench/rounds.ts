/**
 * Runs one job: starts a process for each contender, then goes round after round through all of them, each time in
 * another order, so that what else the machine does slows all alike. A contender that fails or stalls is left out
 * with its reason; the others go on.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BenchBackend, SizeName, Contender, Job } from './configs.ts';
import {
  parseMessage,
  type Kernels,
  type Message,
  type Ready,
  type Round,
  type Task,
  type Word,
} from './messages.ts';

export interface Entry {
  readonly contender: Contender;
  /** Null when it never got ready. */
  readonly ready: Ready | null;
  readonly rounds: readonly Round[];
  /** Why it stopped early, or null. */
  readonly failure: string | null;
}

export interface JobResult {
  readonly job: Job;
  readonly config: SizeName;
  readonly backend: BenchBackend;
  readonly entries: readonly Entry[];
}

export interface RoundSettings {
  readonly repeats: number;
  readonly warmup: number;
  /** Longest time that preparing, or one round, may take. */
  readonly limitMs: number;
}

/** Beside this file, or beside the bundle that this file is part of. */
const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? 'contender.ts' : 'contender.mjs', import.meta.url),
);

/** The last lines that a process wrote about itself. */
const TAIL = 400;

class ContenderProcess {
  readonly #child: ChildProcess;
  readonly #limitMs: number;
  #answer: ((message: Message) => void) | null = null;
  #stderr = '';

  constructor(task: Task, limitMs: number) {
    this.#limitMs = limitMs;
    this.#child = fork(ENTRY, [JSON.stringify(task)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#stderr = (this.#stderr + text.toString()).slice(-TAIL);
    });
    this.#child.on('message', (value) => this.#settle(parseMessage(value)));
    this.#child.on('exit', (code, signal) => {
      const how = signal ?? `status ${String(code)}`;
      this.#settle({ kind: 'failed', reason: `its process ended (${how}) ${this.#stderr}`.trim() });
    });
  }

  #settle(message: Message): void {
    this.#answer?.(message);
    this.#answer = null;
  }

  /** The next message, or a failure after the time limit. */
  next(): Promise<Message> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#answer = null;
        this.#child.kill('SIGKILL');
        resolve({ kind: 'failed', reason: `no answer within ${this.#limitMs / 1000} s` });
      }, this.#limitMs);
      this.#answer = (message) => {
        clearTimeout(timer);
        resolve(message);
      };
    });
  }

  tell(word: Word): Promise<Message> {
    const answer = this.next();
    this.#child.send(word);
    return answer;
  }

  end(): void {
    this.#child.kill();
  }
}

interface Running {
  readonly contender: Contender;
  readonly process: ContenderProcess;
  ready: Ready | null;
  readonly rounds: Round[];
  failure: string | null;
}

async function start(task: Task, { limitMs }: RoundSettings): Promise<Running> {
  const process = new ContenderProcess(task, limitMs);
  const running: Running = {
    contender: task.contender,
    process,
    ready: null,
    rounds: [],
    failure: null,
  };
  const message = await process.next();
  if (message.kind === 'ready') running.ready = message;
  else running.failure = message.kind === 'failed' ? message.reason : 'it answered out of turn';
  return running;
}

/** Why the answer to a request for a round is no figure, or null: a device that refuses work skips it, and is very fast. */
export function faultOf(message: Message): string | null {
  if (message.kind === 'failed') return message.reason;
  if (message.kind !== 'round') return 'it answered out of turn';
  const [first, ...more] = message.deviceErrors;
  if (first === undefined) return null;
  const [line = ''] = first.trim().split('\n');
  return `the device reported ${more.length + 1} errors, the first: ${line}`;
}

async function oneRound(running: Running): Promise<void> {
  if (running.failure !== null) return;
  const message = await running.process.tell('round');
  running.failure = faultOf(message);
  if (running.failure === null && message.kind === 'round') running.rounds.push(message);
}

/** All contenders of one job on one backend and size; `say` hears what is going on. */
export async function runJob(
  what: Omit<JobResult, 'entries'>,
  contenders: readonly Contender[],
  settings: RoundSettings,
  say: (line: string) => void,
): Promise<JobResult> {
  const all: Running[] = [];
  for (const contender of contenders) {
    say(`${what.backend} ${what.config} ${what.job}: ${contender} warms up`);
    all.push(await start({ ...what, contender, warmup: settings.warmup }, settings));
  }
  for (let round = 0; round < settings.repeats; round++) {
    say(`${what.backend} ${what.config} ${what.job}: round ${round + 1} of ${settings.repeats}`);
    const first = round % Math.max(1, all.length);
    for (const running of [...all.slice(first), ...all.slice(0, first)]) await oneRound(running);
  }
  for (const { process } of all) process.end();
  const entries = all.map(({ contender, ready, rounds, failure }) => ({
    contender,
    ready,
    rounds,
    failure,
  }));
  return { ...what, entries };
}

/** Where the time of one job of one contender goes, each round by kernel. Throws when the contender fails. */
export async function profileJob(task: Task, settings: RoundSettings): Promise<Kernels[]> {
  const { process, failure } = await start(task, settings);
  const profiles: Kernels[] = [];
  try {
    if (failure !== null) throw new Error(`${task.contender} did not start: ${failure}`);
    for (let round = 0; round < settings.repeats; round++) {
      const message = await process.tell('kernels');
      if (message.kind === 'failed') throw new Error(`${task.contender}: ${message.reason}`);
      if (message.kind === 'kernels') profiles.push(message);
    }
  } finally {
    process.end();
  }
  return profiles;
}
