/**
 * Runs WGSL of ours on tfjs's WebGPU backend: its buffers, its command encoder and its batches of submits, but
 * pipelines with as many outputs as a kernel has, and outputs that may change in place. Not what a kernel computes.
 * tfjs's own programs have one output; otherwise this is what its runWebGPUProgram does.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Attributes, Inputs } from '../kernel-inputs.ts';
import type { Uniform, WebGpuBackend } from './backend.ts';
import { compilesOnly } from './compile-only.ts';

/** Threads of a workgroup, unless a kernel says otherwise. */
export const THREADS = 64;

/** A tensor and the WGSL type that a shader sees it as an array of. */
export interface Binding {
  readonly tensor: tf.TensorInfo;
  readonly type: 'f32' | 'i32' | 'vec4<f32>' | 'u32' | 'vec2<u32>';
}

function bind(
  tensor: tf.TensorInfo | undefined,
  dtype: tf.DataType,
  type: Binding['type'],
): Binding {
  if (tensor?.dtype !== dtype) {
    throw new TypeError(`The kernel reads ${dtype}, but was given ${tensor?.dtype ?? 'nothing'}.`);
  }
  return { tensor, type };
}

/** As an array of f32. Throws TypeError for another type or no tensor; so do the other two. */
export const floats = (tensor: tf.TensorInfo | undefined) => bind(tensor, 'float32', 'f32');

/** As an array of i32. */
export const integers = (tensor: tf.TensorInfo | undefined) => bind(tensor, 'int32', 'i32');

/** As an array of vec4<f32>; the length must divide by four. */
export const vectors = (tensor: tf.TensorInfo | undefined) => bind(tensor, 'float32', 'vec4<f32>');

/** One dispatch. */
export interface Dispatch {
  /** Names the pipeline, with `constants` and the types of the bindings: whatever `code` depends on. */
  readonly name: string;
  readonly constants?: Readonly<Record<string, number>>;
  /** Bound read-write; all elements must be written unless the tensor changes in place. */
  readonly writes: Readonly<Record<string, Binding>>;
  readonly reads: Readonly<Record<string, Binding>>;
  /** u32 and f32 fields of the uniform `u`. */
  readonly counts?: Readonly<Record<string, number>>;
  readonly numbers?: Readonly<Record<string, number>>;
  /** Workgroups; the body runs once in each, with its index in `group` and the thread's in `local`. */
  readonly groups: number;
  /** Threads of a workgroup; {@link THREADS} by default. */
  readonly threads?: number;
  /** Floating-point operations, where arithmetic and not memory takes the time: for the cap on submits (submits.ts). */
  readonly operations?: number;
  /** The body also sees `lane`, its thread's place in the subgroup; only where {@link Gpu.lanes} is not 0. */
  readonly subgroups?: boolean;
  /** Declarations and body of the shader; called once for each pipeline. */
  readonly code: () => { readonly declarations?: string; readonly body: string };
}

function pipelineKey(dispatch: Dispatch): string {
  const { name, constants = {}, writes, reads, threads, subgroups } = dispatch;
  const baked = Object.entries(constants).map(([key, value]) => `${key}=${value}`);
  const types = [...Object.entries(writes), ...Object.entries(reads)].map(
    ([key, { type }]) => `${key}:${type}`,
  );
  const variant = subgroups ? 'subgroup' : 'plain';
  return [name, variant, ...baked, ...types, threads ?? THREADS].join(' ');
}

/** Bindings in tfjs's order (outputs, inputs, uniform) and the entry point around the kernel's body. */
function sourceOf(dispatch: Dispatch): string {
  const { writes, reads, counts = {}, numbers = {}, threads = THREADS, subgroups } = dispatch;
  const { declarations = '', body } = dispatch.code();
  const tensors = [
    ...Object.entries(writes).map(([name, { type }]) => [name, type, 'read_write']),
    ...Object.entries(reads).map(([name, { type }]) => [name, type, 'read']),
  ];
  const variables = tensors.map(
    ([name, type, access], i) =>
      `@group(0) @binding(${i}) var<storage, ${access}> ${name} : array<${type}>;`,
  );
  // tfjs begins every uniform with NaN, Infinity, and shape and strides of each tensor, here of one axis each.
  const shapes = tensors.map((_, i) => `tfjsShape${i} : u32, tfjsStride${i} : u32,`);
  const fields = [
    ...Object.keys(counts).map((name) => `${name} : u32,`),
    ...Object.keys(numbers).map((name) => `${name} : f32,`),
  ];
  return `${subgroups ? 'enable subgroups;' : ''}
struct Uniforms { nan : f32, infinity : f32, ${shapes.join(' ')} groups : u32, ${fields.join(' ')} }
${variables.join('\n')}
@group(0) @binding(${tensors.length}) var<uniform> u : Uniforms;
${declarations}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) workgroup : vec3<u32>, @builtin(num_workgroups) workgroups : vec3<u32>,
        ${subgroups ? '@builtin(subgroup_invocation_id) lane : u32,' : ''}
        @builtin(local_invocation_index) local : u32) {
  let group = workgroup.x + workgroup.y * workgroups.x;
  if (group >= u.groups) { return; }
  ${body}
}`;
}

/** Workgroups as a grid: more than the limit of one axis take a second. */
function gridOf(groups: number, limit: number): [number, number, number] {
  if (groups <= limit) return [groups, 1, 1];
  const rows = Math.ceil(groups / limit);
  return [Math.ceil(groups / rows), rows, 1];
}

/**
 * Subgroup sizes that kernels have a variant for: those of adapters in software (SwiftShader 4, llvmpipe 8), which pay
 * dearly for workgroup memory and barriers. Most graphics processors have wider ones, some in several sizes, and take
 * the plain variants, whose workgroups keep them busy.
 */
const LANES: readonly number[] = [4, 8];

let subgroups = true;

/** Turns the variants for subgroups off, so that the plain ones run on every device, or on again: for parity tests. */
export function useSubgroups(on: boolean): void {
  subgroups = on;
}

/** Outputs and dispatches of one kernel call. */
export class Gpu {
  readonly #backend: WebGpuBackend;

  constructor(backend: object) {
    this.#backend = backend as WebGpuBackend;
  }

  /** Tensors that one dispatch may bind. */
  get maxBindings(): number {
    return this.#backend.device.limits.maxStorageBuffersPerShaderStage;
  }

  /** Threads of every subgroup where kernels may use their variant for subgroups, else 0. */
  get lanes(): number {
    const { device } = this.#backend;
    // A browser without the feature may know no adapterInfo of a device either.
    if (!subgroups || !device.features.has('subgroups') || !('adapterInfo' in device)) return 0;
    const { subgroupMinSize: least, subgroupMaxSize: most } = device.adapterInfo;
    return least === most && LANES.includes(least) ? least : 0;
  }

  /** A new uninitialised tensor. */
  output(shape: readonly number[], dtype: 'float32' | 'int32' = 'float32'): tf.TensorInfo {
    return this.#backend.makeTensorInfo([...shape], dtype);
  }

  /** Frees a tensor that only this kernel used. */
  free(tensor: tf.TensorInfo): void {
    this.#backend.disposeData(tensor.dataId);
  }

  run(dispatch: Dispatch): void {
    const backend = this.#backend;
    const tensors = [...Object.values(dispatch.writes), ...Object.values(dispatch.reads)].map(
      ({ tensor }) => ({ ...tensor, shape: [tf.util.sizeFromShape(tensor.shape)] }),
    );
    for (const { dataId } of tensors) backend.uploadToGPU(dataId);
    // Values that tfjs kept from a read-back are stale once a tensor changes in place.
    for (const { tensor } of Object.values(dispatch.writes)) {
      backend.tensorMap.get(tensor.dataId).values = null;
    }
    const uniforms: Uniform[] = [{ type: 'uint32', data: [dispatch.groups] }];
    for (const value of Object.values(dispatch.counts ?? {})) {
      uniforms.push({ type: 'uint32', data: [value] });
    }
    for (const value of Object.values(dispatch.numbers ?? {})) {
      uniforms.push({ type: 'float32', data: [value] });
    }
    const pipeline = this.#pipeline(dispatch);
    if (compilesOnly()) return;
    const program = {
      pipeline,
      ...(dispatch.operations === undefined ? {} : { operations: dispatch.operations }),
      dispatch: gridOf(dispatch.groups, backend.device.limits.maxComputeWorkgroupsPerDimension),
      // tf.time() reports a kernel under this name.
      constructor: { name: dispatch.name },
    };
    const [output, ...others] = tensors as [tf.TensorInfo, ...tf.TensorInfo[]];
    backend.recordAndSubmit(program, output, others, uniforms);
  }

  /** From the cache, or made: at once, or in the background while programs are only compiled. */
  #pipeline(dispatch: Dispatch): GPUComputePipeline | Promise<GPUComputePipeline> {
    const { device, pipelineCache } = this.#backend;
    const key = pipelineKey(dispatch);
    const made = pipelineCache[key];
    if (made) return made;
    const descriptor = {
      label: key,
      layout: 'auto',
      compute: {
        module: device.createShaderModule({ label: key, code: sourceOf(dispatch) }),
        entryPoint: 'main',
      },
    } as const;
    const pipeline = compilesOnly()
      ? device.createComputePipelineAsync(descriptor)
      : device.createComputePipeline(descriptor);
    pipelineCache[key] = pipeline;
    return pipeline;
  }
}

/** A kernel under the same contract as the WASM kernel of its name. */
export type Kernel = (
  gpu: Gpu,
  inputs: Inputs,
  attributes: Attributes,
) => tf.TensorInfo | tf.TensorInfo[];
