/**
 * Registers our SIMD kernels with tfjs's WASM backend, under the names that the ops in src/kernels look for,
 * and two of tfjs's own: UnsortedSegmentSum, which that backend lacks, and an Identity that
 * does not copy. Tensors are contiguous, row-major float32 unless said.
 * Results are new tensors; only the decoding caches change in place.
 */
import * as tf from '@tensorflow/tfjs-core';
import { matrix, shapeOf, sizeOf, type Attributes } from '../kernel-inputs.ts';
import { attention, attentionGrad, cachedAttention, cacheFill } from './attention.ts';
import { Heap, type Kernel } from './heap.ts';
import {
  linear,
  linearGelu,
  linearGeluGrad,
  linearWeightGrad,
  matMul,
  matMulTransposedA,
} from './linear.ts';
import type { Runtime } from './runtime.ts';

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

/** {table [V, D], ids [N] int32, positionTable [C, D], positions [N] int32} to the sum of both rows, [N, D]. */
const embeddingSum: Kernel = (kernels, heap, { table, ids, positionTable, positions }) => {
  const [rows, d] = matrix(table);
  const n = sizeOf(ids);
  const out = heap.output([n, d]);
  const first = [heap.at(table), heap.at(ids, 'int32')];
  const second = [heap.at(positionTable), heap.at(positions, 'int32')];
  kernels.gatherSum!(...first, ...second, heap.at(out), n, d, rows, matrix(positionTable)[0]);
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

/** Any number of gradients by any names, {maxNorm} (0 for no clipping) to [norm, scale] as ../adamw.ts has them. */
const globalNorm: Kernel = (kernels, heap, gradients, { maxNorm }) => {
  let sum = 0;
  for (const gradient of Object.values(gradients)) {
    sum += kernels.sumSquares!(heap.at(gradient), sizeOf(gradient));
  }
  const norm = Math.sqrt(sum);
  const scale = maxNorm! > 0 ? Math.min(1, maxNorm! / (norm + 1e-6)) : 1;
  return [norm, scale].map((value) => heap.scalarOf(value));
};

/**
 * {logits [B, V], rows [B] int32}, {inverseTemperature, greedy (0 or 1), key0, key1, step, topK (0 is all), topP} to
 * [token [B] int32, logProbability [B]].
 */
const draw: Kernel = (kernels, heap, { logits, rows }, attributes) => {
  const [n, v] = matrix(logits);
  const { inverseTemperature, greedy, key0, key1, step, topK, topP } = attributes;
  const [token, logProbability] = [heap.output([n], 'int32'), heap.output([n])];
  heap.withScratch(v, (scratch) => {
    const before = [heap.at(logits), heap.at(rows, 'int32')];
    const after = [heap.at(token, 'int32'), heap.at(logProbability), n, v, inverseTemperature!];
    kernels.draw!(...before, ...after, greedy!, key0!, key1!, step!, topK!, topP!, scratch);
  });
  return [token, logProbability];
};

/** {x}, {threshold, kept, key0, key1, step, site, from} to y of the same shape, as ../dropout.ts has it. */
const dropout: Kernel = (kernels, heap, { x }, attributes) => {
  const { threshold, kept, key0, key1, step, site, from } = attributes;
  const y = heap.output(shapeOf(x));
  heap.withScratch(4, (scratch) => {
    const before = [heap.at(x), heap.at(y), sizeOf(x), from!, threshold!, kept!];
    kernels.dropout!(...before, key0!, key1!, step!, site!, scratch);
  });
  return y;
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
  PlayEmbeddingSum: embeddingSum,
  PlayEmbeddingGrad: embeddingGrad,
  Identity: identity,
  UnsortedSegmentSum: unsortedSegmentSum,
  PlayLinear: linear,
  PlayLinearGelu: linearGelu,
  PlayLinearGeluGrad: linearGeluGrad,
  PlayLinearWeightGrad: linearWeightGrad,
  PlayMatMul: matMul,
  PlayMatMulTransposedA: matMulTransposedA,
  PlayAdamW: adamW,
  PlayGlobalNorm: globalNorm,
  PlayCachedAttention: cachedAttention,
  PlayCacheFill: cacheFill,
  PlayDraw: draw,
  PlayDropout: dropout,
};

/** What runs the kernels of a backend; a backend that is started anew has a new heap. */
const runtimes = new WeakMap<object, Runtime>();

/**
 * Registers the kernels for the running 'wasm' backend, to be run by `runtime` in its heap; a later call for the same
 * backend changes only what runs them.
 */
export function registerWasmKernels(backend: object, runtime: Runtime): void {
  const again = runtimes.has(backend);
  runtimes.set(backend, runtime);
  if (again) return;
  const known = new Set(tf.getKernelsForBackend('wasm').map((kernel) => kernel.kernelName));
  for (const [kernelName, run] of Object.entries(KERNELS)) {
    if (known.has(kernelName)) tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc: ({ inputs, backend, attrs }) => {
        const { kernels, team } = runtimes.get(backend as object)!;
        return run(kernels, new Heap(backend as object, team), inputs, (attrs ?? {}) as Attributes);
      },
    });
  }
}
