/**
 * `@genai-fi/nanogpt` as a contender: its own model (RMS norm, RoPE, no biases; 1 to 2 % fewer parameters) with its
 * own AdamW on the same rows. It is installed on demand into a folder of its own (see peers/README.md), so it has no
 * types here: the few calls that are made are declared below.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { ADAM, samplePrompts } from '../../rlhf/workload-size.ts';
import { CONFIGS, sampleRows, trainingBatch, type BenchConfig } from './configs.ts';
import type { Task } from './messages.ts';
import { PEERS_FOLDER } from './peer-install.ts';
import { timedWhole, type Workload } from './workload.ts';

/** Grown by the model while it decodes. */
interface LayerCache {
  k?: tf.Tensor;
  v?: tf.Tensor;
  length: number;
  cumulativeLength: number;
}

interface NanoModel {
  readonly variables: ReadonlyMap<string, tf.Variable>;
  forward(options: { training: boolean; cache: LayerCache[] }, ids: tf.Tensor): tf.Tensor3D;
}

interface NanoTrainer {
  setMixedPrecision(on: boolean): void;
  trainStep(
    state: object,
    batch: { xs: tf.Tensor; ys: tf.Tensor },
    dummy: boolean,
    keepGradients: boolean,
  ): tf.Scalar;
}

interface NanoGenerator {
  generate(prompt: readonly object[], options: object): Promise<unknown>;
  getRawOutput(): readonly unknown[];
  dispose(): void;
}

interface NanoLibrary {
  /** tfjs keeps its engine on globalThis, so the project's copy drives the one in nanogpt's bundle. */
  readonly tf: typeof tf;
  readonly Model: new (settings: object) => NanoModel;
  readonly Trainer: new (model: NanoModel, tokenizer: object, optimizer: object) => NanoTrainer;
  readonly Generator: new (model: NanoModel, tokenizer: object) => NanoGenerator;
}

type Work = Omit<Workload, 'device'>;

/** Its bundle has an empty stand-in for Node's `util`; looking like a worker makes it take the browser's path. */
function lookLikeWorker(): void {
  Reflect.set(globalThis, 'WorkerGlobalScope', Object);
}

/** Modules by file path: trainer and generator are not exported by the package. */
async function load(): Promise<NanoLibrary> {
  lookLikeWorker();
  const dist = new URL('node_modules/@genai-fi/nanogpt/dist/', PEERS_FOLDER);
  const module = async (path: string): Promise<unknown> => import(new URL(path, dist).href);
  const main = (await module('main.js')) as { models: { NanoGPTV1: NanoLibrary['Model'] } };
  const trainer = (await module('training/BasicTrainer.js')) as { default: NanoLibrary['Trainer'] };
  const generator = (await module('inference/Generator.js')) as {
    default: NanoLibrary['Generator'];
  };
  const backend = (await module('backend.js')) as {
    selectBackend: (name: string) => Promise<void>;
  };
  await backend.selectBackend('webgpu');
  // After nanogpt, whose bundle must be the first to set tfjs up.
  const core = await import('@tensorflow/tfjs-core');
  if (core.getBackend() !== 'webgpu') throw new Error('nanogpt did not start on webgpu');
  return {
    tf: core,
    Model: main.models.NanoGPTV1,
    Trainer: trainer.default,
    Generator: generator.default,
  };
}

function newModel({ Model }: NanoLibrary, { model }: BenchConfig): NanoModel {
  return new Model({
    modelType: 'GenAI_NanoGPT_v1',
    vocabSize: model.vocabularySize,
    blockSize: model.contextLength,
    nLayer: model.layers,
    nHead: model.heads,
    nEmbed: model.width,
    mlpFactor: 4,
    useRope: true,
  });
}

const parametersOf = (model: NanoModel): number =>
  [...model.variables.values()].reduce((sum, { size }) => sum + size, 0);

function trainingStep(library: NanoLibrary, config: BenchConfig, mixed: boolean): Work {
  const { tf } = library;
  const model = newModel(library, config);
  const { contextLength: T, vocabularySize } = config.model;
  // No warm-up, and a decay so long that the rate stays constant here.
  const trainer = new library.Trainer(
    model,
    { vocabSize: vocabularySize },
    {
      ...ADAM,
      weightDecay: 0,
      warmupSteps: 0,
      decayEpochs: 1e6,
      epochSteps: 1e6,
      ...(mixed ? {} : { lossScaling: 1 }),
    },
  );
  trainer.setMixedPrecision(mixed);
  let step = 0;
  return {
    // The weights are made in the first step.
    get parameters() {
      return parametersOf(model);
    },
    tokens: config.batch * T,
    round: () => {
      const { ids, labels } = trainingBatch(config, step++);
      return timedWhole(async () => {
        const xs = tf.tensor2d(ids, [config.batch, T], 'int32');
        const ys = tf.tensor2d(labels, [config.batch, T], 'int32');
        const loss = trainer.trainStep({}, { xs, ys }, false, false);
        const [value = NaN] = await loss.data();
        tf.dispose([xs, ys, loss]);
        return value;
      });
    },
  };
}

/** A tokenizer whose ids stand for themselves, nothing special, nothing that ends the text. */
function idTokenizer(prompt: readonly number[], vocabSize: number): object {
  return {
    trained: true,
    vocabSize,
    eosToken: -1,
    bosToken: 0,
    encode: () => [...prompt],
    encodeAsSequence: () => [...prompt],
    decode: (tokens: readonly number[]) => String(tokens[0]),
    getSpecialTokenIndex: () => undefined,
    isSpecialToken: () => false,
  };
}

/** The package's own generator, which takes one conversation. */
function generating(library: NanoLibrary, config: BenchConfig): Work {
  const model = newModel(library, config);
  const [prompt = []] = samplePrompts(config, 1);
  const tokenizer = idTokenizer(prompt, config.model.vocabularySize);
  const options = { temperature: 1, maxLength: config.newTokens };
  return {
    get parameters() {
      return parametersOf(model);
    },
    tokens: config.newTokens,
    round: () =>
      timedWhole(async () => {
        const generator = new library.Generator(model, tokenizer);
        const flags = { nonConversational: true, allowSpecial: true };
        await generator.generate([{ role: 'text', content: 'x' }], { ...options, ...flags });
        const made = generator.getRawOutput().length;
        generator.dispose();
        if (made !== config.newTokens) throw new Error(`${made} tokens were generated`);
        return null;
      }),
  };
}

/** Larger batches: a loop by hand over the package's forward pass and cache, which is no API that it offers. */
function sampling(library: NanoLibrary, config: BenchConfig, rows: number): Work {
  const { tf } = library;
  const model = newModel(library, config);
  const { newTokens, promptTokens } = config;
  const V = config.model.vocabularySize;
  const prompts = samplePrompts(config, rows);
  const sample = async (): Promise<null> => {
    const cache = Array.from({ length: config.model.layers }, (): LayerCache => ({
      length: 0,
      cumulativeLength: 0,
    }));
    const first = tf.tensor2d(prompts, [rows, promptTokens], 'int32');
    let last = first;
    const written: tf.Tensor2D[] = [];
    for (let t = 0; t < newTokens; t++) {
      last = tf.tidy(() => {
        const logits = model.forward({ training: false, cache }, last);
        const row = tf.slice(logits, [0, logits.shape[1] - 1, 0], [rows, 1, V]);
        const logits2d: tf.Tensor2D = tf.reshape(row, [rows, V]);
        return tf.multinomial(logits2d, 1) as tf.Tensor2D;
      });
      written.push(last);
    }
    const all = tf.concat(written, 1);
    await all.data();
    tf.dispose([first, all, ...written]);
    for (const { k, v } of cache) tf.dispose([k, v].filter((tensor) => tensor !== undefined));
    return null;
  };
  return {
    get parameters() {
      return parametersOf(model);
    },
    tokens: rows * newTokens,
    round: () => timedWhole(sample),
  };
}

/** Throws for jobs that need more than nanogpt has. */
export async function nanogptWorkload(task: Task): Promise<Workload> {
  const config = CONFIGS[task.config];
  const library = await load();
  const mixed = task.contender === 'nanogpt-mixed';
  const rows = sampleRows(task.job);
  const device = `nanogpt, ${task.backend}`;
  const withDevice = (work: Work): Workload => Object.assign(work, { device });
  if (task.job === 'train') return withDevice(trainingStep(library, config, mixed));
  if (rows === 1) return withDevice(generating(library, config));
  if (rows > 1) return withDevice(sampling(library, config, rows));
  throw new Error(`nanogpt has no "${task.job}"`);
}
