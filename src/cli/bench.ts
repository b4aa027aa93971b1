/**
 * `npm run bench`: the training step and sampling of this project with its own kernels and with stock ops, side by
 * side in one run on one backend; medians and ratios. Peers are not in it yet.
 */
import * as tf from '@tensorflow/tfjs-core';
import { Rng, streamKey } from '../data/rng.ts';
import { BACKEND_ORDER } from '../kernels/engine.ts';
import { useOwnKernels } from '../kernels/own-kernel.ts';
import { DEFAULT_OPTIMIZER } from '../model/optimizer.ts';
import { initialTensors, Model, parameterCount } from '../model/parameters.ts';
import { sampleResponses } from '../model/sample.ts';
import { pretrainLoop } from '../rlhf/pretrain.ts';
import { startNodeEngine } from './node-engine.ts';
import { choiceOption, readOptions, runCommand, wholeOption } from './options.ts';

const OPTIONS = {
  backend: { help: `one of ${BACKEND_ORDER.join(', ')}`, value: 'NAME' },
  repeats: { help: 'measured repetitions of each job', value: 'N' },
  json: { help: 'prints JSON instead of a table' },
} as const;

/** Config S of the peers' benchmark. */
const CONFIG = {
  vocabularySize: 512,
  contextLength: 64,
  width: 128,
  layers: 4,
  heads: 4,
  layerNormEpsilon: 1e-5,
  padId: 0,
  eosId: 1,
};
const BATCH = 8;
const SAMPLES = 64;
const NEW_TOKENS = 48;

interface Row {
  readonly job: string;
  readonly unit: string;
  readonly own: number;
  readonly stock: number;
  /** How many times better own kernels are. */
  readonly ratio: number;
  readonly spread: readonly [number, number];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** Milliseconds of `repeats` training steps after two that warm up. */
async function trainingSteps(repeats: number): Promise<number[]> {
  const model = new Model(
    CONFIG,
    'language',
    initialTensors(CONFIG, 'language', Rng.named(1, 'bench')),
  );
  const rng = Rng.named(1, 'bench', 'tokens');
  const length = CONFIG.contextLength + 1;
  const tokens = Int32Array.from(
    { length: BATCH * length },
    () => 2 + rng.int(CONFIG.vocabularySize - 2),
  );
  const loop = pretrainLoop(model, () => ({ batch: BATCH, time: CONFIG.contextLength, tokens }), {
    steps: repeats + 2,
    learningRate: 1e-3,
    finalShare: 1,
    warmupSteps: 1,
    optimizer: DEFAULT_OPTIMIZER,
  });
  const times: number[] = [];
  let last = performance.now();
  for await (const { step } of loop.steps()) {
    const now = performance.now();
    if (step > 2) times.push(now - last);
    last = now;
  }
  loop.dispose();
  model.dispose();
  return times;
}

/** Tokens per second of sampling full-length responses, batch of 64, KV cache. */
async function samplingRates(repeats: number): Promise<number[]> {
  const model = new Model(
    CONFIG,
    'language',
    initialTensors(CONFIG, 'language', Rng.named(1, 'bench')),
  );
  const prompts = Array.from({ length: SAMPLES }, (_, i) => [2 + i, 3, 4, 5]);
  const rates: number[] = [];
  for (let i = 0; i <= repeats; i++) {
    const started = performance.now();
    const key = streamKey(1, 'bench', i);
    const settings = { promptLength: 16, responseLength: NEW_TOKENS, temperature: 1, key };
    const sampled = await sampleResponses(model, prompts, settings);
    const tokens = sampled.reduce((sum, each) => sum + each.tokens.length, 0);
    if (i > 0) rates.push(tokens / ((performance.now() - started) / 1000));
  }
  model.dispose();
  return rates;
}

async function sideBySide(
  job: string,
  unit: string,
  measure: () => Promise<number[]>,
  lowerIsBetter: boolean,
): Promise<Row> {
  useOwnKernels(true);
  const own = await measure();
  useOwnKernels(false);
  const stock = await measure();
  useOwnKernels(true);
  const ratio = (a: number, b: number): number => (lowerIsBetter ? b / a : a / b);
  const ratios = own.map((value, i) => ratio(value, stock[i] ?? NaN));
  return {
    job,
    unit,
    own: median(own),
    stock: median(stock),
    ratio: ratio(median(own), median(stock)),
    spread: [Math.min(...ratios), Math.max(...ratios)],
  };
}

async function main(): Promise<void> {
  const given = readOptions('bench', OPTIONS, process.argv.slice(2));
  const backend = choiceOption('backend', given.backend, BACKEND_ORDER) ?? 'wasm';
  const repeats = wholeOption('repeats', given.repeats, 5, 1, 1000);
  const engine = await startNodeEngine(backend);
  const rows = [
    await sideBySide('training step, batch 8', 'ms', () => trainingSteps(repeats), true),
    await sideBySide('sampling, batch 64', 'tokens/s', () => samplingRates(repeats), false),
  ];
  const device = `${engine.backend}: ${engine.device}; ${parameterCount(CONFIG)} parameters`;
  if (given.json !== undefined) {
    process.stdout.write(`${JSON.stringify({ device, tfjs: tf.version_core, rows }, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${device}\n`);
  for (const { job, unit, own, stock, ratio, spread } of rows) {
    const range = spread.map((value) => value.toFixed(2)).join(' to ');
    process.stdout.write(
      `${job}: own kernels ${own.toFixed(0)} ${unit}, stock ops ${stock.toFixed(0)} ${unit}, ` +
        `ratio ${ratio.toFixed(2)} (${range})\n`,
    );
  }
}

await runCommand(main);
