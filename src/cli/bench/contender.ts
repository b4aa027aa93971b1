/**
 * The process of one contender: prepares one job on one backend, warms up, then does a round each time it is told to.
 * A process of its own for each, because peers patch tfjs, and because memory and compiled kernels of one must not
 * help or hinder another. Started by rounds.ts, not by hand.
 */
import type { Contender } from './configs.ts';
import type { GpuCounts } from './counters.ts';
import { parseTask, type Message, type Task } from './messages.ts';
import type { Workload } from './workload.ts';

function say(message: Message): void {
  process.send?.(message);
}

async function workloadOf(task: Task): Promise<Workload> {
  const loaders: Readonly<Record<Contender, () => Promise<Workload>>> = {
    ours: async () => (await import('./own.ts')).ownWorkload(task),
    'stock-ops': async () => (await import('./own.ts')).ownWorkload(task),
    tfjs: async () => (await import('./tfjs.ts')).tfjsWorkload(task),
    'tfjs-transposes': async () => (await import('./tfjs.ts')).tfjsWorkload(task),
    nanogpt: async () => (await import('./nanogpt.ts')).nanogptWorkload(task),
    'nanogpt-mixed': async () => (await import('./nanogpt.ts')).nanogptWorkload(task),
    jax: async () => (await import('./jax.ts')).jaxWorkload(task),
  };
  return loaders[task.contender]();
}

/** Installs Dawn and the counters before any library looks for WebGPU; null on other backends. */
async function prepareGpu(task: Task): Promise<GpuCounts | null> {
  if (task.backend !== 'webgpu') return null;
  (await import('../dawn.ts')).installDawn();
  return (await import('./counters.ts')).countGpuWork();
}

interface Tally {
  readonly dispatches: number | null;
  readonly submits: number | null;
  readonly readbacks: number | null;
}

/** A reader of the counters so far: GPU calls, or kernels of tfjs where there is no GPU. */
async function tallyOf(task: Task, gpu: GpuCounts | null): Promise<() => Tally> {
  if (gpu) return () => ({ ...gpu });
  const nothing = { dispatches: null, submits: null, readbacks: null };
  if (task.contender === 'jax') return () => nothing;
  const kernels = (await import('./tfjs-counts.ts')).countKernelCalls();
  return () => ({ ...nothing, dispatches: kernels.calls });
}

async function bytesOf(task: Task, gpu: GpuCounts | null): Promise<number | null> {
  if (gpu) return gpu.liveBytes;
  if (task.contender === 'jax') return null;
  return (await import('./tfjs-counts.ts')).tensorBytes();
}

async function measure(
  task: Task,
  workload: Workload,
  tally: () => Tally,
  gpu: GpuCounts | null,
): Promise<Message> {
  const before = tally();
  const cpu = process.cpuUsage();
  const { times, loss } = await workload.round();
  const { user, system } = process.cpuUsage(cpu);
  const after = tally();
  const spent = (name: keyof Tally): number | null => {
    const [from, to] = [before[name], after[name]];
    return from === null || to === null ? null : to - from;
  };
  return {
    kind: 'round',
    times: { ...times },
    loss,
    dispatches: spent('dispatches'),
    submits: spent('submits'),
    readbacks: spent('readbacks'),
    bytes: await bytesOf(task, gpu),
    peakBytes: gpu ? gpu.peakBytes : null,
    residentBytes: process.memoryUsage().rss,
    cpuMs: (user + system) / 1000,
    deviceErrors: gpu ? [...gpu.errors] : [],
  };
}

async function kernelsOf(workload: Workload): Promise<Message> {
  const { kernelTimes } = await import('./tfjs-counts.ts');
  return { kind: 'kernels', kernels: await kernelTimes(() => workload.round()) };
}

async function main(): Promise<void> {
  const task = parseTask(process.argv[2] ?? '');
  const gpu = await prepareGpu(task);
  const workload = await workloadOf(task);
  const tally = await tallyOf(task, gpu);
  const started = performance.now();
  const losses: number[] = [];
  for (let i = 0; i < task.warmup; i++) {
    const { loss } = await workload.round();
    if (loss !== null) losses.push(loss);
  }
  const { device, parameters, tokens } = workload;
  const warmupMs = performance.now() - started;
  say({ kind: 'ready', device, parameters, tokens, losses, warmupMs });
  process.on('message', (word) => {
    const answer = word === 'kernels' ? kernelsOf(workload) : measure(task, workload, tally, gpu);
    answer.then(say, fail);
  });
}

function fail(error: unknown): void {
  say({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  process.disconnect();
  process.exitCode = 1;
}

// Ctrl-C reaches every process of the terminal; when to stop is the parent's to say.
process.on('SIGINT', () => undefined);
// Without a parent there is nobody to work for.
process.on('disconnect', () => process.exit());
main().catch(fail);
