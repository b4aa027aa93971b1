/**
 * This project as a contender, with its own kernels or with stock ops in their place: the shared units of work of
 * rlhf/workload.ts, and the matrix products. Peers are in files of their own.
 */
import * as tf from '@tensorflow/tfjs-core';
import { linear, multiplyByTransposed, multiplyTransposed } from '../../kernels/linear.ts';
import { useOwnKernels } from '../../kernels/own-kernel.ts';
import {
  ppoWork,
  rewardWork,
  samplingWork,
  trainingWork,
  type TimedWork,
} from '../../rlhf/workload.ts';
import { startNodeEngine } from '../node-engine.ts';
import { CONFIGS, products, sampleRows, type BenchConfig, type Product } from './configs.ts';
import type { Task } from './messages.ts';
import { tfjsDone } from './tfjs-sync.ts';
import { operandsOf, productRounds, WHOLE, type Workload } from './workload.ts';

type Work = Omit<Workload, 'device'>;

/** A round of shared work as the bench tells it. */
function measured(work: TimedWork): Work {
  const { parameters, tokens } = work;
  return {
    parameters,
    tokens,
    round: async () => {
      const { milliseconds, loss } = await work.round();
      return { times: { [WHOLE]: milliseconds }, loss };
    },
  };
}

const now = (): number => performance.now();

/** The op of the model that has this product in it. */
function multiply(a: tf.Tensor2D, b: tf.Tensor2D, { stored, n }: Product): tf.Tensor2D {
  if (stored === 'A.Bt') return multiplyByTransposed(a, b);
  if (stored === 'At.B') return multiplyTransposed(a, b);
  return tf.tidy(() => linear(a, b, tf.zeros<tf.Rank.R1>([n])));
}

function matrixProducts(config: BenchConfig, { backend }: Task): Work {
  const runnable = products(config).map((product) => {
    const operands = operandsOf(product);
    const a = tf.tensor2d(operands.a, operands.shapeA);
    const b = tf.tensor2d(operands.b, operands.shapeB);
    let result: tf.Tensor2D | undefined;
    const run = async (): Promise<void> => {
      result?.dispose();
      result = multiply(a, b, product);
      await tfjsDone(backend);
    };
    const read = async (): Promise<Float32Array> =>
      (await result?.data<'float32'>()) ?? new Float32Array();
    return { product, operands, run, read };
  });
  return { parameters: 0, tokens: 0, round: productRounds(runnable) };
}

async function work(task: Task, config: BenchConfig): Promise<Work> {
  switch (task.job) {
    case 'train':
      return measured(trainingWork(config, now));
    case 'ppo':
    case 'ppo-ptx':
      return measured(await ppoWork(config, task.job === 'ppo-ptx', now));
    case 'reward':
      return measured(rewardWork(config, config.reward, now));
    case 'matmul':
      return matrixProducts(config, task);
    default:
      return measured(samplingWork(config, sampleRows(task.job), now));
  }
}

/** Starts the engine as page and command line do, own kernels on or off. */
export async function ownWorkload(task: Task): Promise<Workload> {
  const engine = await startNodeEngine(task.backend);
  useOwnKernels(task.contender === 'ours');
  return { device: engine.device, ...(await work(task, CONFIGS[task.config])) };
}
