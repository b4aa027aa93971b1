/**
 * What the bench and a contender's process say to each other, with validators: the task in the process's first
 * argument, then one `ready` (or `failed`), then an answer to every word: a `round`, or the time by `kernels`. Times are in milliseconds.
 */
import * as v from 'valibot';
import { BENCH_BACKENDS, SIZE_NAMES, CONTENDERS, JOBS } from './configs.ts';

const TASK = v.strictObject({
  contender: v.picklist(CONTENDERS),
  backend: v.picklist(BENCH_BACKENDS),
  job: v.picklist(JOBS),
  config: v.picklist(SIZE_NAMES),
  /** Rounds that are run before any is measured. */
  warmup: v.pipe(v.number(), v.integer(), v.minValue(1)),
});
export type Task = v.InferOutput<typeof TASK>;

const COUNT = v.nullable(v.number());

const READY = v.strictObject({
  kind: v.literal('ready'),
  /** Adapter or processor in words. */
  device: v.string(),
  parameters: v.number(),
  /** Tokens that one round learns from or writes; 0 for products. */
  tokens: v.number(),
  warmupMs: v.number(),
  /** Losses of the warm-up rounds, empty where there are none. */
  losses: v.array(v.number()),
});
export type Ready = v.InferOutput<typeof READY>;

const ROUND = v.strictObject({
  kind: v.literal('round'),
  /** Milliseconds by part: `whole`, or one entry for each product. */
  times: v.record(v.string(), v.number()),
  loss: COUNT,
  /** Dispatches on WebGPU, kernel calls of tfjs on WASM; null where nobody counts. */
  dispatches: COUNT,
  submits: COUNT,
  readbacks: COUNT,
  /** Bytes of live GPU buffers, or of live tensors on WASM. */
  bytes: COUNT,
  peakBytes: COUNT,
  /** Resident memory of the process. */
  residentBytes: v.number(),
  /** Processor time of the round, all threads, in milliseconds; on a software adapter the GPU's work is in it. */
  cpuMs: v.number(),
  /** Errors that the device reported outside of any call, so far. */
  deviceErrors: v.array(v.string()),
});
export type Round = v.InferOutput<typeof ROUND>;

const KERNELS = v.strictObject({
  kind: v.literal('kernels'),
  /** Calls and milliseconds in one round, by kernel. */
  kernels: v.record(v.string(), v.strictObject({ calls: v.number(), ms: v.number() })),
});
export type Kernels = v.InferOutput<typeof KERNELS>;

const FAILED = v.strictObject({ kind: v.literal('failed'), reason: v.string() });

const MESSAGE = v.variant('kind', [READY, ROUND, KERNELS, FAILED]);
export type Message = v.InferOutput<typeof MESSAGE>;

/** What a contender's process can be told to do. */
export type Word = Round['kind'] | Kernels['kind'];

/** Throws ValiError for anything that is no task. */
export function parseTask(text: string): Task {
  return v.parse(TASK, JSON.parse(text));
}

/** Throws ValiError for anything that is no message. */
export function parseMessage(value: unknown): Message {
  return v.parse(MESSAGE, value);
}
