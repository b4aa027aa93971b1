/**
 * What of tfjs's WebGPU backend (4.22) is replaced on the instance that the engine starts: when recorded work is
 * submitted, when the buffer of a freed tensor may be used again, and how values are read back. Not what is computed.
 */
import * as tf from '@tensorflow/tfjs-core';
import { compilesOnly } from './compile-only.ts';
import {
  NOTHING_RECORDED,
  submitsBefore,
  withDispatch,
  type Recorded,
  type Work,
} from './submits.ts';

interface TensorData {
  values: tf.BackendValues | null;
  readonly dtype: tf.DataType;
  readonly resource?: GPUBuffer | null;
}

export interface Uniform {
  readonly type: 'uint32' | 'float32';
  readonly data: number[];
}

/** A program of tfjs or of gpu.ts, as far as it is read here. */
interface Program {
  readonly constructor: { readonly name: string };
  /** Floating-point operations, where a kernel of ours says so. */
  readonly operations?: number;
}

/** The part of tfjs's WebGPUBackend that own kernels use or that is replaced; much of it is private there. */
export interface WebGpuBackend {
  readonly device: GPUDevice;
  readonly tensorMap: { has(dataId: object): boolean; get(dataId: object): TensorData };
  /** Programs being compiled ahead are promises until they are done. */
  readonly pipelineCache: Record<string, GPUComputePipeline | Promise<GPUComputePipeline>>;
  readonly bufferManager: {
    acquireBuffer(size: number, usage: number, mapped: boolean, reuse: boolean): GPUBuffer;
    releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
  };
  readonly commandEncoder: GPUCommandEncoder | null;
  readonly dispatchCountInPass: number;
  makeTensorInfo(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  disposeData(dataId: object): boolean;
  uploadToGPU(dataId: object): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  read(dataId: object): Promise<tf.BackendValues>;
  recordAndSubmit(
    program: object,
    output: tf.TensorInfo,
    inputs: readonly tf.TensorInfo[],
    uniforms: readonly Uniform[],
  ): void;
}

const BYTES = 4;
const elements = ({ shape }: tf.TensorInfo): number => tf.util.sizeFromShape(shape);

/**
 * Work of a dispatch by its operands. A product of tfjs's own says neither its inner axis nor its batch: of [M, K] and
 * [K, N] to [M, N] the root of the three sizes' product is M K N, and above it where there is a batch.
 */
export function workOf(
  { constructor: { name }, operations }: Program,
  output: tf.TensorInfo,
  inputs: readonly tf.TensorInfo[],
): Work {
  const sizes = [output, ...inputs].map(elements);
  const bytes = BYTES * sizes.reduce((sum, size) => sum + size, 0);
  if (operations !== undefined) return { operations, bytes };
  const [c = 0, a = 0, b = 0] = sizes;
  return { operations: name.startsWith('MatMul') ? 2 * Math.sqrt(a * b * c) : 0, bytes };
}

/** Cuts what is recorded into submits by the rule of submits.ts. */
function paceSubmits(backend: WebGpuBackend): void {
  const record = backend.recordAndSubmit.bind(backend);
  const submit = backend.submitQueue.bind(backend);
  let recorded: Recorded = NOTHING_RECORDED;
  backend.submitQueue = () => {
    recorded = NOTHING_RECORDED;
    submit();
  };
  backend.recordAndSubmit = (program, output, inputs, uniforms) => {
    const work = workOf(program as Program, output, inputs);
    if (submitsBefore(recorded, work)) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
    record(program, output, inputs, uniforms);
    // tfjs submits by itself while it times kernels.
    if (backend.dispatchCountInPass > 0) recorded = withDispatch(recorded, work);
  };
}

/**
 * tfjs keeps the buffers of freed tensors back until their work is submitted, so that memory grows with the length of
 * a submit. Work is done in the order in which it was recorded, and tfjs fills a used buffer by a recorded copy, so the
 * next dispatch may write to it at once. (Uniforms are filled ahead of recorded work; those tfjs still keeps back.)
 */
function reuseAtOnce(backend: WebGpuBackend): void {
  const nothingWaits = { has: () => false, add: () => undefined };
  Object.defineProperty(backend, 'commandQueueOwnedIds', {
    get: () => nothingWaits,
    set: () => undefined,
  });
}

/** Most bytes that are read back through one buffer. */
const LARGEST_READ = 32 * 2 ** 20;

interface PendingRead {
  readonly tensor: TensorData;
  readonly source: GPUBuffer;
  readonly resolve: (values: tf.BackendValues) => void;
  readonly reject: (error: unknown) => void;
}

function toValues(bytes: ArrayBuffer, dtype: tf.DataType): tf.BackendValues {
  return tf.util.convertBackendValuesAndArrayBuffer(bytes, dtype);
}

/** One read-back of several tensors. */
async function readBack(backend: WebGpuBackend, reads: readonly PendingRead[]): Promise<void> {
  const offsets: number[] = [];
  let total = 0;
  for (const { source } of reads) {
    offsets.push(total);
    total += source.size;
  }
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
  // Not kept: buffers kept by size would add up to another copy of every model that was ever saved.
  const staging = backend.bufferManager.acquireBuffer(total, usage, false, false);
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  reads.forEach(({ source }, i) => {
    backend.commandEncoder!.copyBufferToBuffer(source, 0, staging, offsets[i]!, source.size);
  });
  backend.submitQueue();
  try {
    await staging.mapAsync(GPUMapMode.READ);
    const bytes = staging.getMappedRange();
    reads.forEach(({ tensor, source, resolve }, i) => {
      const from = offsets[i]!;
      const values = toValues(bytes.slice(from, from + source.size), tensor.dtype);
      tensor.values = values;
      resolve(values);
    });
    staging.unmap();
  } finally {
    backend.bufferManager.releaseBuffer(staging, false);
  }
}

/** Runs of reads that stay below {@link LARGEST_READ}, at least one in each. */
function inReadBacks(reads: readonly PendingRead[]): PendingRead[][] {
  const groups: PendingRead[][] = [];
  let bytes = Infinity;
  for (const read of reads) {
    bytes += read.source.size;
    if (bytes > LARGEST_READ) {
      groups.push([]);
      bytes = read.source.size;
    }
    groups.at(-1)!.push(read);
  }
  return groups;
}

/**
 * Tensors that are asked for together (in one Promise.all) come back together, by one submit and one wait, which is
 * what a read-back costs. Until the read-back is recorded, the buffer of a tensor that is freed meanwhile is kept from
 * those who would fill it anew. While programs are only compiled, zeros come back and are forgotten.
 */
function readTogether(backend: WebGpuBackend): void {
  const read = backend.read.bind(backend);
  const { bufferManager } = backend;
  const release = bufferManager.releaseBuffer.bind(bufferManager);
  let waiting: PendingRead[] = [];
  let freed: Parameters<typeof release>[] = [];
  bufferManager.releaseBuffer = (...parameters) => {
    const isRead = waiting.some(({ source }) => source === parameters[0]);
    if (isRead) freed.push(parameters);
    else release(...parameters);
  };
  const flush = () => {
    const [reads, kept] = [waiting, freed];
    [waiting, freed] = [[], []];
    for (const group of inReadBacks(reads)) {
      readBack(backend, group).catch((error: unknown) => {
        for (const { reject } of group) reject(error);
      });
    }
    for (const parameters of kept) release(...parameters);
  };
  backend.read = async (dataId) => {
    // tfjs has its own words for a tensor that is not there.
    if (!backend.tensorMap.has(dataId)) return read(dataId);
    const tensor = backend.tensorMap.get(dataId);
    const source = tensor.resource;
    if (!source || tensor.values) return read(dataId);
    if (compilesOnly()) return toValues(new ArrayBuffer(source.size), tensor.dtype);
    return new Promise((resolve, reject) => {
      if (waiting.length === 0) queueMicrotask(flush);
      waiting.push({ tensor, source, resolve, reject });
    });
  };
}

/** Makes the replacements on a backend that has computed nothing yet. */
export function tuneWebGpu(instance: object): void {
  const backend = instance as WebGpuBackend;
  // Its own count of dispatches never ends a submit.
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', Number.MAX_SAFE_INTEGER);
  paceSubmits(backend);
  reuseAtOnce(backend);
  readTogether(backend);
}
