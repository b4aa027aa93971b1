/**
 * Stock TensorFlow.js as a contender: training step with tf.train.adam, sampling with a KV cache grown by concat and
 * tf.multinomial, and tf.matMul. Starts tfjs by itself: nothing of our engine or kernels is registered here.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '../../data/rng.ts';
import { initialTensors, parameterCount } from '../../model/parameters.ts';
import { ADAM, samplePrompts } from '../../rlhf/workload-size.ts';
import {
  CONFIGS,
  products,
  sampleRows,
  trainingBatch,
  type BenchBackend,
  type BenchConfig,
} from './configs.ts';
import type { Task } from './messages.ts';
import { TfjsGpt } from './tfjs-model.ts';
import { tfjsDone } from './tfjs-sync.ts';
import { operandsOf, productRounds, timedWhole, type Workload } from './workload.ts';

type Work = Omit<Workload, 'device'>;

/** What the WASM backend lets a kernel do; tfjs publishes no types for it. */
interface WasmHeap {
  makeOutput(shape: number[], dtype: string): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array | Int32Array;
}

/**
 * tfjs-backend-wasm 4.22 lacks UnsortedSegmentSum, the gradient of tf.gather: whoever trains with it has to write
 * this kernel, and writes it in plain JavaScript.
 */
function registerSegmentSum(): void {
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { x, segmentIds } = inputs as unknown as {
        x: tf.TensorInfo;
        segmentIds: tf.TensorInfo;
      };
      const heap = backend as WasmHeap;
      const tail = x.shape.slice(segmentIds.shape.length);
      const width = tf.util.sizeFromShape(tail);
      const out = heap.makeOutput([Number(attrs?.numSegments), ...tail], 'float32');
      const [values, ids] = [heap.typedArrayFromHeap(x), heap.typedArrayFromHeap(segmentIds)];
      const sums = heap.typedArrayFromHeap(out).fill(0);
      ids.forEach((id, row) => {
        for (let i = 0; i < width; i++) sums[id * width + i]! += values[row * width + i]!;
      });
      return out;
    },
  });
}

async function startTfjs(backend: BenchBackend): Promise<string> {
  if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
  else {
    await import('@tensorflow/tfjs-backend-wasm');
    registerSegmentSum();
  }
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs did not start on ${backend}`);
  await tf.ready();
  return `tfjs ${tf.version_core}, ${backend}`;
}

function gpt(config: BenchConfig, transposes: boolean): TfjsGpt {
  const weights = initialTensors(config.model, 'language', Rng.named(1, 'bench', 'weights'));
  return new TfjsGpt(config.model, weights, transposes);
}

function trainingStep(config: BenchConfig, transposes: boolean): Work {
  const model = gpt(config, transposes);
  const { contextLength: T } = config.model;
  const optimizer = tf.train.adam(ADAM.learningRate, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
  const variables = [...model.variables.values()];
  let step = 0;
  return {
    parameters: parameterCount(config.model),
    tokens: config.batch * T,
    round: () => {
      const { ids, labels } = trainingBatch(config, step++);
      return timedWhole(async () => {
        const x = tf.tensor2d(ids, [config.batch, T], 'int32');
        const y = tf.tensor1d(labels, 'int32');
        const loss = optimizer.minimize(() => model.loss(x, y), true, variables);
        const [value = NaN] = (await loss?.data()) ?? [];
        tf.dispose([x, y, ...(loss ? [loss] : [])]);
        return value;
      });
    },
  };
}

/** Token ids stay on the device and are read once, at the end. */
function sampling(config: BenchConfig, rows: number, transposes: boolean): Work {
  const model = gpt(config, transposes);
  const { promptTokens, newTokens } = config;
  const prompts = samplePrompts(config, rows);
  const sample = async (seed: number): Promise<null> => {
    const cache: [tf.Tensor, tf.Tensor][] = [];
    let last = tf.tensor2d(prompts, [rows, promptTokens], 'int32');
    const written: tf.Tensor2D[] = [];
    for (let t = 0; t < newTokens; t++) {
      const logits = model.cachedLogits(last, t === 0 ? 0 : promptTokens + t - 1, cache);
      if (t === 0) last.dispose();
      last = tf.multinomial(logits, 1, seed + t) as tf.Tensor2D;
      logits.dispose();
      written.push(last);
    }
    const all = tf.concat(written, 1);
    await all.data();
    tf.dispose([all, ...written, ...cache.flat()]);
    return null;
  };
  let run = 0;
  return {
    parameters: parameterCount(config.model),
    tokens: rows * newTokens,
    round: () => timedWhole(() => sample(1 + newTokens * run++)),
  };
}

function matrixProducts(config: BenchConfig, backend: BenchBackend): Work {
  const runnable = products(config).map((product) => {
    const operands = operandsOf(product);
    const a = tf.tensor2d(operands.a, operands.shapeA);
    const b = tf.tensor2d(operands.b, operands.shapeB);
    let result: tf.Tensor2D | undefined;
    const run = async (): Promise<void> => {
      result?.dispose();
      result = tf.matMul(a, b, product.stored === 'At.B', product.stored === 'A.Bt');
      await tfjsDone(backend);
    };
    const read = async (): Promise<Float32Array> =>
      (await result?.data<'float32'>()) ?? new Float32Array();
    return { product, operands, run, read };
  });
  return { parameters: 0, tokens: 0, round: productRounds(runnable) };
}

/** Throws for jobs that need more than tfjs has. */
export async function tfjsWorkload(task: Task): Promise<Workload> {
  const config = CONFIGS[task.config];
  const device = await startTfjs(task.backend);
  const transposes = task.contender === 'tfjs-transposes';
  const rows = sampleRows(task.job);
  if (task.job === 'train') return { device, ...trainingStep(config, transposes) };
  if (task.job === 'matmul') return { device, ...matrixProducts(config, task.backend) };
  if (rows > 0) return { device, ...sampling(config, rows, transposes) };
  throw new Error(`stock tfjs has no "${task.job}"`);
}
