/**
 * Registers our SIMD kernels with tfjs's WASM backend, under the names that the ops in src/kernels look for,
 * and two of tfjs's own: UnsortedSegmentSum, which that backend lacks, and an Identity that
 * does not copy. Tensors are contiguous, row-major float32 unless said.
 * Results are new tensors; only the decoding caches change in place.
 */
import * as tf from '@tensorflow/tfjs-core';
import { Heap, instantiateKernels, type KernelExports } from './heap.ts';

type Inputs = Readonly<Record<string, tf.TensorInfo | undefined>>;
type Attributes = Readonly<Record<string, number>>;
type Kernel = (
  kernels: KernelExports,
  heap: Heap,
  inputs: Inputs,
  attributes: Attributes,
) => tf.TensorInfo | tf.TensorInfo[];

/** Shape of an input that the contract says is there. */
function shapeOf(tensor: tf.TensorInfo | undefined): number[] {
  if (!tensor) throw new TypeError('A kernel input is missing.');
  return tensor.shape;
}

const sizeOf = (tensor: tf.TensorInfo | undefined) => tf.util.sizeFromShape(shapeOf(tensor));

/** Rows and columns of an array of two axes. */
function matrix(tensor: tf.TensorInfo | undefined): [number, number] {
  const shape = shapeOf(tensor);
  if (shape.length !== 2)
    throw new RangeError(`Expected two axes, got shape [${shape.join(', ')}].`);
  return shape as [number, number];
}

/** {x [N, D], gain [D], bias [D]}, {epsilon} to [y [N, D], mean [N], rstd [N]]. */
const layerNorm: Kernel = (kernels, heap, { x, gain, bias }, { epsilon }) => {
  const [n, d] = matrix(x);
  const [y, mean, rstd] = [heap.output([n, d]), heap.output([n]), heap.output([n])];
  const outputs = [y, mean, rstd].map((t) => heap.at(t));
  kernels.layerNorm!(heap.at(x), heap.at(gain), heap.at(bias), ...outputs, n, d, epsilon!);
  return [y, mean, rstd];
};

/** {dy [N, D], x, gain, mean, rstd} to [dx [N, D], dgain [D], dbias [D]]. */
const layerNormGrad: Kernel = (kernels, heap, { dy, x, gain, mean, rstd }) => {
  const [n, d] = matrix(x);
  const results = [heap.output([n, d]), heap.output([d]), heap.output([d])];
  const offsets = [dy, x, gain, mean, rstd, ...results].map((t) => heap.at(t));
  kernels.layerNormGrad!(...offsets, n, d);
  return results;
};

/** {x} to y of the same shape. */
const gelu: Kernel = (kernels, heap, { x }) => {
  const y = heap.output(shapeOf(x));
  kernels.gelu!(heap.at(x), heap.at(y), sizeOf(x));
  return y;
};

/** {dy, x} to dx of the same shape. */
const geluGrad: Kernel = (kernels, heap, { dy, x }) => {
  const dx = heap.output(shapeOf(x));
  kernels.geluGrad!(heap.at(dy), heap.at(x), heap.at(dx), sizeOf(x));
  return dx;
};

/** Batch, time, heads and width of one head from an attention call. */
function attentionSizes(qkv: tf.TensorInfo | undefined, attributes: Attributes) {
  const [rows, columns] = matrix(qkv);
  const batch = attributes.batch!;
  const time = attributes.time!;
  const heads = attributes.heads!;
  const width = columns / 3 / heads;
  if (rows !== batch * time || !Number.isInteger(width)) {
    throw new RangeError(
      `qkv [${rows}, ${columns}] is not ${batch} x ${time} rows of 3 x ${heads} heads.`,
    );
  }
  return { batch, time, heads, width };
}

/** {qkv [B*T, 3D], starts [B] int32}, {batch, time, heads} to [out [B*T, D], lse [B*H*T]]. */
const attention: Kernel = (kernels, heap, { qkv, starts }, attributes) => {
  const { batch, time, heads, width } = attentionSizes(qkv, attributes);
  const out = heap.output([batch * time, heads * width]);
  const lse = heap.output([batch * heads * time]);
  heap.withScratch(kernels.attentionScratchBytes!(time, width) / 4, (scratch) => {
    const offsets = [heap.at(qkv), heap.at(starts, 'int32'), heap.at(out), heap.at(lse)];
    kernels.attention!(...offsets, batch, time, heads, width, scratch);
  });
  return [out, lse];
};

/** {dy [B*T, D], qkv, starts, out, lse}, {batch, time, heads} to dqkv [B*T, 3D]. */
const attentionGrad: Kernel = (kernels, heap, { dy, qkv, starts, out, lse }, attributes) => {
  const { batch, time, heads, width } = attentionSizes(qkv, attributes);
  const dqkv = heap.output(shapeOf(qkv));
  heap.withScratch(kernels.attentionGradScratchBytes!(time, width) / 4, (scratch) => {
    const before = [heap.at(dy), heap.at(qkv), heap.at(starts, 'int32')];
    const after = [heap.at(out), heap.at(lse), heap.at(dqkv)];
    kernels.attentionGrad!(...before, ...after, batch, time, heads, width, scratch);
  });
  return dqkv;
};

/** {logits [N, V], labels [N] int32}, {inverseTemperature} to [logProbability, entropy, lse], each [N]. */
const tokenLogProbability: Kernel = (kernels, heap, { logits, labels }, { inverseTemperature }) => {
  const [n, v] = matrix(logits);
  const results = [heap.output([n]), heap.output([n]), heap.output([n])];
  const offsets = [heap.at(logits), heap.at(labels, 'int32'), ...results.map((t) => heap.at(t))];
  kernels.tokenLogProbability!(...offsets, n, v, inverseTemperature!);
  return results;
};

/** {dLogProbability [N], dEntropy [N], logits, labels, entropy, lse}, {inverseTemperature} to dlogits [N, V]. */
const tokenLogProbabilityGrad: Kernel = (kernels, heap, inputs, { inverseTemperature }) => {
  const { dLogProbability, dEntropy, logits, labels, entropy, lse } = inputs;
  const [n, v] = matrix(logits);
  const dlogits = heap.output([n, v]);
  const before = [dLogProbability, dEntropy, logits].map((t) => heap.at(t));
  const after = [entropy, lse, dlogits].map((t) => heap.at(t));
  kernels.tokenLogProbabilityGrad!(
    ...before,
    heap.at(labels, 'int32'),
    ...after,
    n,
    v,
    inverseTemperature!,
  );
  return dlogits;
};

/** {table [V, D], ids [N] int32} to [N, D]; an id outside the table gives NaN. */
const embedding: Kernel = (kernels, heap, { table, ids }) => {
  const [rows, d] = matrix(table);
  const n = sizeOf(ids);
  const out = heap.output([n, d]);
  kernels.gatherRows!(heap.at(table), heap.at(ids, 'int32'), heap.at(out), n, d, rows);
  return out;
};

/** {ids [N] int32, dy [N, D]}, {rows} to dtable [rows, D]. */
const embeddingGrad: Kernel = (kernels, heap, { ids, dy }, { rows }) => {
  const [n, d] = matrix(dy);
  const table = heap.output([rows!, d]);
  kernels.segmentSum!(heap.at(ids, 'int32'), heap.at(dy), heap.at(table), n, d, rows!);
  return table;
};

/** tfjs's own contract: {x [N, ...], segmentIds [N] int32}, {numSegments} to [numSegments, ...]. */
const unsortedSegmentSum: Kernel = (kernels, heap, { x, segmentIds }, { numSegments }) => {
  const [n = 0, ...rest] = shapeOf(x);
  const out = heap.output([numSegments!, ...rest]);
  const offsets = [heap.at(segmentIds, 'int32'), heap.at(x), heap.at(out)];
  kernels.segmentSum!(...offsets, n, tf.util.sizeFromShape(rest), numSegments!);
  return out;
};

/** Stock Identity copies on this backend (every saved tensor of a gradient); the other backends share, as here. */
const identity: Kernel = (_kernels, heap, { x }) => {
  if (!x) throw new TypeError('A kernel input is missing.');
  return heap.alias(x);
};

/** {x [N, F]} to [F]. */
const columnSum: Kernel = (kernels, heap, { x }) => {
  const [n, f] = matrix(x);
  const out = heap.output([f]);
  kernels.columnSum!(heap.at(x), heap.at(out), n, f);
  return out;
};

/** {a [K, M], b [K, N]} to a transposed times b [M, N]: a weight gradient without a transposed copy. */
const matMulTransposedA: Kernel = (kernels, heap, { a, b }) => {
  const [depth, m] = matrix(a);
  const [rows, n] = matrix(b);
  if (rows !== depth) throw new RangeError(`Cannot sum over ${depth} and ${rows} rows.`);
  const out = heap.output([m, n]);
  heap.withScratch(kernels.matMulTransposedAScratchBytes!(m) / 4, (scratch) => {
    kernels.matMulTransposedA!(heap.at(a), heap.at(b), heap.at(out), depth, m, n, scratch);
  });
  return out;
};

/** {x [N, M]} to [M, N]. */
const transpose2d: Kernel = (kernels, heap, { x }) => {
  const [n, m] = matrix(x);
  const out = heap.output([m, n]);
  kernels.transpose2d!(heap.at(x), heap.at(out), n, m);
  return out;
};

/**
 * {parameter, gradient, firstMoment, secondMoment, scale (scalar)}, {learningRate, beta1, beta2, epsilon, weightDecay,
 * correction1, correction2} to [parameter', firstMoment', secondMoment'].
 */
const adamW: Kernel = (kernels, heap, inputs, attributes) => {
  const { parameter, gradient, firstMoment, secondMoment, scale } = inputs;
  const results = [parameter, parameter, parameter].map((t) => heap.output(shapeOf(t)));
  const sources = [parameter, gradient, firstMoment, secondMoment, ...results].map((t) =>
    heap.at(t),
  );
  const beta1 = attributes.beta1!;
  const beta2 = attributes.beta2!;
  const rate = attributes.learningRate!;
  // Derived in float64 here; the kernel itself is float32.
  const decay = 1 - rate * attributes.weightDecay!;
  const step = rate / attributes.correction1!;
  const rootCorrection2 = Math.sqrt(attributes.correction2!);
  const rates = [beta1, 1 - beta1, beta2, 1 - beta2, decay, step, rootCorrection2];
  kernels.adamw!(...sources, sizeOf(parameter), ...rates, attributes.epsilon!, heap.scalar(scale));
  return results;
};

/** {x} to [1]. */
const sumSquares: Kernel = (kernels, heap, { x }) => {
  const out = heap.output([1]);
  kernels.sumSquares!(heap.at(x), heap.at(out), sizeOf(x));
  return out;
};

/** Batch, heads, columns and head width of a cache [B, H, S, d]. */
function cacheSizes(cache: tf.TensorInfo | undefined): [number, number, number, number] {
  const shape = shapeOf(cache);
  if (shape.length !== 4) throw new RangeError(`A cache has four axes, got [${shape.join(', ')}].`);
  return shape as [number, number, number, number];
}

/** {qkv [B, 3D], keys and values [B, H, S, d], starts [B] int32}, {heads, position} to out [B, D]. */
const cachedAttention: Kernel = (kernels, heap, { qkv, keys, values, starts }, { position }) => {
  const [batch, heads, columns, width] = cacheSizes(keys);
  if (position! < 0 || position! >= columns) {
    throw new RangeError(`Column ${position!} is outside a cache of ${columns} columns.`);
  }
  const out = heap.output([batch, heads * width]);
  heap.withScratch(columns, (scratch) => {
    const before = [heap.at(qkv), heap.at(keys), heap.at(values), heap.at(starts, 'int32')];
    kernels.cachedAttention!(
      ...before,
      heap.at(out),
      batch,
      heads,
      columns,
      width,
      position!,
      scratch,
    );
  });
  return out;
};

/** {qkv [B*T, 3D], keys, values}, {batch, time, heads}: fills columns 0..T-1; returns a dummy [1] of 0. */
const cacheFill: Kernel = (kernels, heap, { qkv, keys, values }, { time }) => {
  const [batch, heads, columns, width] = cacheSizes(keys);
  if (time! > columns) throw new RangeError(`${time!} columns do not fit a cache of ${columns}.`);
  const offsets = [qkv, keys, values].map((t) => heap.at(t));
  kernels.cacheFill!(...offsets, batch, time!, heads, columns, width);
  const done = heap.output([1]);
  kernels.columnSum!(0, heap.at(done), 0, 1);
  return done;
};

const KERNELS: Readonly<Record<string, Kernel>> = {
  PlayLayerNorm: layerNorm,
  PlayLayerNormGrad: layerNormGrad,
  PlayGelu: gelu,
  PlayGeluGrad: geluGrad,
  PlayAttention: attention,
  PlayAttentionGrad: attentionGrad,
  PlayTokenLogProbability: tokenLogProbability,
  PlayTokenLogProbabilityGrad: tokenLogProbabilityGrad,
  PlayEmbedding: embedding,
  PlayEmbeddingGrad: embeddingGrad,
  Identity: identity,
  UnsortedSegmentSum: unsortedSegmentSum,
  PlayColumnSum: columnSum,
  PlayTranspose2d: transpose2d,
  PlayMatMulTransposedA: matMulTransposedA,
  PlayAdamW: adamW,
  PlaySumSquares: sumSquares,
  PlayCachedAttention: cachedAttention,
  PlayCacheFill: cacheFill,
};

/** Backends whose heap holds the kernels; a backend that is started anew has a new heap. */
const compiled = new WeakMap<object, KernelExports>();

/**
 * Registers the kernels for the running 'wasm' backend, which must have been started inside captureWasmMemory().
 * Idempotent. False, and nothing registered, where the kernels cannot run in its heap.
 */
export function registerWasmKernels(): boolean {
  const backend = tf.findBackend('wasm') as object | null;
  if (!backend) return false;
  if (compiled.has(backend)) return true;
  const kernels = instantiateKernels(backend);
  if (!kernels) return false;
  compiled.set(backend, kernels);
  const known = new Set(tf.getKernelsForBackend('wasm').map((kernel) => kernel.kernelName));
  for (const [kernelName, run] of Object.entries(KERNELS)) {
    if (known.has(kernelName)) tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs }) =>
        run(kernels, new Heap(backend), inputs, (attrs ?? {}) as Attributes),
    });
  }
  return true;
}
