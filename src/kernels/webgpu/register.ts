/**
 * Registers our WGSL kernels with tfjs's WebGPU backend, under the names that the ops in src/kernels look for.
 * Contracts are those of the WASM kernels of the same names; each kernel repeats its own in one line.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Attributes } from '../kernel-inputs.ts';
import { adamWMany, globalNorm } from './adamw.ts';
import { attention, attentionGrad } from './attention.ts';
import { cachedAttention, cacheFill } from './cached-attention.ts';
import { draw } from './draw.ts';
import { dropout } from './dropout.ts';
import { embedding, embeddingGrad } from './embedding.ts';
import { gelu, geluGrad } from './gelu.ts';
import { Gpu, type Kernel } from './gpu.ts';
import { layerNorm, layerNormGrad } from './layer-norm.ts';
import {
  linear,
  linearGelu,
  linearGeluGrad,
  linearWeightGrad,
  matMul,
  matMulTransposedA,
} from './linear.ts';
import { policyLoss, valueLoss } from './ppo-losses.ts';
import { scalarHead, scalarHeadGrad } from './scalar-head.ts';
import { tokenStatistics, tokenStatisticsGrad } from './token-log-probability.ts';
import { weightedSums } from './weighted-sum.ts';

const KERNELS: Readonly<Record<string, Kernel>> = {
  PlayLayerNorm: layerNorm,
  PlayLayerNormGrad: layerNormGrad,
  PlayGelu: gelu,
  PlayGeluGrad: geluGrad,
  PlayLinear: linear,
  PlayLinearGelu: linearGelu,
  PlayLinearGeluGrad: linearGeluGrad,
  PlayLinearWeightGrad: linearWeightGrad,
  PlayMatMul: matMul,
  PlayMatMulTransposedA: matMulTransposedA,
  PlayAttention: attention,
  PlayAttentionGrad: attentionGrad,
  PlayTokenStatistics: tokenStatistics,
  PlayTokenStatisticsGrad: tokenStatisticsGrad,
  PlayScalarHead: scalarHead,
  PlayScalarHeadGrad: scalarHeadGrad,
  PlayPolicyLoss: policyLoss,
  PlayValueLoss: valueLoss,
  PlayEmbedding: embedding,
  PlayEmbeddingSum: embedding,
  PlayEmbeddingGrad: embeddingGrad,
  PlayAdamWMany: adamWMany,
  PlayGlobalNorm: globalNorm,
  PlayWeightedSums: weightedSums,
  PlayCachedAttention: cachedAttention,
  PlayCacheFill: cacheFill,
  PlayDraw: draw,
  PlayDropout: dropout,
};

/** Idempotent; a backend that is started anew finds them registered. */
export function registerWebGpuKernels(): void {
  for (const [kernelName, run] of Object.entries(KERNELS)) {
    if (tf.getKernel(kernelName, 'webgpu')) continue;
    tf.registerKernel({
      kernelName,
      backendName: 'webgpu',
      kernelFunc: ({ inputs, backend, attrs }) =>
        run(new Gpu(backend as object), inputs, (attrs ?? {}) as Attributes),
    });
  }
}
