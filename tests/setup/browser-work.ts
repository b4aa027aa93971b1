// What the browser does for tests/setup/browser-backends.ts, in a worker: one backend, and on it either the loss and
// gradients of a tiny model or timed training steps. Bundled for the browser; not part of the page.
import { CONFIGS, type SizeName } from '../../src/cli/bench/configs.ts';
import { Rng } from '../../src/data/rng.ts';
import { startEngine, type Backend } from '../../src/kernels/engine.ts';
import { maskedTokenMean } from '../../src/kernels/masked-mean.ts';
import { gradientsOf } from '../../src/model/optimizer.ts';
import { initialTensors, Model } from '../../src/model/parameters.ts';
import { pretrainLoop } from '../../src/rlhf/pretrain.ts';
import { disposeSequences, responseStatistics, uploadSequences } from '../../src/rlhf/sequences.ts';
import { ADAM, streamRows } from '../../src/rlhf/workload-size.ts';
import * as tf from '@tensorflow/tfjs-core';
import { raggedSequences, takeValues, TINY, tinyModel } from '../unit/model/tiny-model.ts';

export interface BackendTask {
  readonly backend: Backend;
  /** Threads of WASM, this one included; other backends have no say in it. */
  readonly threads: number;
  /** Training steps to time at a size of the bench, after one that is not timed; null for gradients. */
  readonly timed: { readonly size: SizeName; readonly steps: number } | null;
}

export interface BackendResult {
  /** The backend that answered, and its device in words. */
  readonly backend: Backend;
  readonly device: string;
  /** Of the gradients' model, or of the last step. */
  readonly loss: number;
  /** By parameter name; empty for timed steps. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Milliseconds of each step. */
  readonly times: readonly number[];
}

type Outcome = Pick<BackendResult, 'loss' | 'gradients' | 'times'>;

/** Entropy and log-probability of ragged responses, so that every kernel of a training step has a part in it. */
async function tinyGradients(): Promise<Outcome> {
  const model = tinyModel();
  const shape = { promptLength: 6, responseLength: 8 };
  const batch = uploadSequences(raggedSequences(9, 6, 8), shape, TINY.padId);
  const { loss, gradients } = gradientsOf(model, () => {
    const { logProbability, entropy } = responseStatistics(model, batch, 0.9);
    return maskedTokenMean(tf.sub(tf.mul(entropy, 0.3), logProbability), batch.mask);
  });
  const [value = NaN] = await loss.data();
  disposeSequences(batch);
  return { loss: value, gradients: await takeValues(gradients), times: [] };
}

async function timedSteps(size: SizeName, steps: number): Promise<Outcome> {
  const { model: config, batch } = CONFIGS[size];
  const weights = initialTensors(config, 'language', Rng.named(1, 'bench', 'weights'));
  const time = config.contextLength;
  const tokens = (index: number) => streamRows(config.vocabularySize, batch, time + 1, index);
  const loop = pretrainLoop(
    new Model(config, 'language', weights),
    (index) => ({ batch, time, tokens: tokens(index) }),
    {
      steps: steps + 1,
      learningRate: ADAM.learningRate,
      finalShare: 1,
      warmupSteps: 1,
      optimizer: { ...ADAM, weightDecay: 0, maxGradientNorm: Infinity },
    },
  );
  const times: number[] = [];
  let loss = NaN;
  let begun = performance.now();
  for await (const { values } of loop.steps()) {
    times.push(performance.now() - begun);
    loss = values.loss ?? NaN;
    begun = performance.now();
  }
  return { loss, gradients: new Map(), times: times.slice(1) };
}

async function work({ backend, threads, timed }: BackendTask): Promise<BackendResult> {
  const engine = await startEngine({
    prefer: backend,
    wasmPaths: new URL('.', import.meta.url).href,
    ...(threads > 1
      ? {
          helpers: {
            count: threads - 1,
            start: () => new Worker(new URL('helper.js', import.meta.url), { type: 'module' }),
          },
        }
      : {}),
  });
  const outcome = timed ? await timedSteps(timed.size, timed.steps) : await tinyGradients();
  return { backend: engine.backend, device: engine.device, ...outcome };
}

self.addEventListener('message', ({ data }: MessageEvent<BackendTask>) => {
  void work(data).then(
    (result) => self.postMessage(result),
    (error: unknown) => self.postMessage(String(error)),
  );
});
