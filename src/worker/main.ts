/**
 * The worker's entry: joins the page's messages, the session, exact mode, the machine's measurement, the laboratory and the database. No decisions here.
 */
import { Connection } from '../storage/open.ts';
import { receive } from './dispatch.ts';
import { ExactDesk } from './exact.ts';
import { Laboratory } from './laboratory.ts';
import { MachineDesk } from './machine.ts';
import { messageYielder } from './message-queue.ts';
import type { WorkerMessage } from './protocol.ts';
import { Session } from './session.ts';
import { fetchFile } from './shipped-models.ts';
import { WASM_PATHS } from './wasm-paths.ts';
import { worldHandlers } from './world-desk.ts';

/** The built worker lies in a folder beside the page; the development server has the page at its root. */
const PAGE_FOLDER = new URL(import.meta.env.DEV ? '/' : '../', import.meta.url);

/** More threads than this do not pay at these sizes; one core is left to the page where there are several. */
const MOST_THREADS = 4;

/** Threads beside this one. */
const helperCount = (): number => Math.min(MOST_THREADS, navigator.hardwareConcurrency) - 1;

const startHelper = (): Worker =>
  new Worker(new URL('../kernels/wasm/helper.ts', import.meta.url), { type: 'module' });

const post = (message: WorkerMessage): void => {
  self.postMessage(message);
};
const yieldToMessages = messageYielder();
const now = () => Date.now();

const session = new Session({
  workbench: new Laboratory({
    readFile: fetchFile(PAGE_FOLDER),
    wasmPaths: WASM_PATHS,
    ...(self.crossOriginIsolated ? { helpers: { count: helperCount(), start: startHelper } } : {}),
    yieldToMessages,
    now,
  }),
  connection: new Connection({
    notice: (message) => {
      post({ type: 'failure', failure: { kind: 'storage', message } });
    },
  }),
  locks: navigator.locks,
  emit: post,
  now,
  yieldToMessages,
  // First at once, so that a run that is left early has not been for nothing.
  pace: { steps: Number.POSITIVE_INFINITY, milliseconds: 5_000, first: 0 },
});

const exact = new ExactDesk({
  emit: post,
  now: () => performance.now(),
  yieldToMessages,
  versions: { browser: navigator.userAgent },
});
const machine = new MachineDesk({
  now: () => performance.now(),
  occupy: (occupant) => session.occupancy.take(occupant),
});
const handlers = {
  ...session.handlers,
  ...exact.handlers,
  ...machine.handlers,
  ...worldHandlers,
};

self.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  void receive(handlers, data, post);
});
