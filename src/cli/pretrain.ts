/**
 * `npm run pretrain`: makes the shipped base model from the seed alone: documents of the world, a BPE vocabulary
 * trained on them, a GPT-2 of about 0.6 million parameters (or another size) trained with this project's own code.
 * Resumable: run the same command again. Writes config.json, tokenizer.json and model.safetensors (half precision).
 */
import { mkdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { BASE_SIZES, type BaseSizeName } from '../config/base-sizes.ts';
import { rowSource } from '../data/packing.ts';
import { Rng } from '../data/rng.ts';
import { writeSafetensors } from '../data/safetensors.ts';
import { Tokenizer } from '../data/tokenizer.ts';
import { trainTokenizer } from '../data/tokenizer-training.ts';
import { configToJson, type ModelConfig } from '../model/config.ts';
import { DEFAULT_OPTIMIZER } from '../model/optimizer.ts';
import { initialTensors, Model, parameterCount } from '../model/parameters.ts';
import { unprefixed } from '../rlhf/loop.ts';
import { heldOutLoss, pretrainLoop, type PretrainSettings } from '../rlhf/pretrain.ts';
import { generateDocument, writeDocument } from '../world/documents.ts';
import { startNodeEngine } from './node-engine.ts';
import {
  choiceOption,
  readOptions,
  runCommand,
  threadsOption,
  THREADS_OPTION,
  wholeOption,
} from './options.ts';
import { Progress } from './progress.ts';
import { loadSnapshot, saveSnapshot } from './snapshot-files.ts';

const VOCABULARY = 1024;
const TOKENIZER_DOCUMENTS = 8000;
const SAVE_EVERY = 50;
const STEPS = 15_000;

const SIZE_NAMES = Object.keys(BASE_SIZES) as BaseSizeName[];

const OPTIONS = {
  seed: { help: 'seed of documents and weights', value: 'N' },
  size: { help: `one of ${SIZE_NAMES.join(', ')}; middle is the shipped one`, value: 'NAME' },
  steps: { help: 'optimizer steps', value: 'N' },
  batch: { help: 'rows of a step', value: 'N' },
  'micro-batch': {
    help: 'most rows in memory at once, their gradients added up; 0 for all of a step',
    value: 'N',
  },
  threads: THREADS_OPTION,
  out: { help: 'folder of the finished model', value: 'DIR' },
  work: { help: 'folder of the unfinished run', value: 'DIR' },
} as const;

/** Peak step size of the shipped size; wider models take smaller ones. */
const LEARNING_RATE = 3e-3;

function learningRate(size: BaseSizeName): number {
  return LEARNING_RATE * Math.sqrt(BASE_SIZES.middle.width / BASE_SIZES[size].width);
}

function baseConfig(tokenizer: Tokenizer, size: BaseSizeName): ModelConfig {
  const { width, layers } = BASE_SIZES[size];
  return {
    vocabularySize: tokenizer.vocabularySize,
    contextLength: 256,
    width,
    layers,
    heads: 4,
    layerNormEpsilon: 1e-5,
    padId: tokenizer.padId,
    eosId: tokenizer.eosId,
  };
}

/** The vocabulary depends on the seed only; it is kept beside the unfinished run. */
function loadTokenizer(seed: number, work: string): Tokenizer {
  const file = join(work, 'tokenizer.json');
  if (existsSync(file)) return Tokenizer.fromJson(JSON.parse(readFileSync(file, 'utf8')));
  const rng = Rng.named(seed, 'tokenizer');
  const texts = Array.from({ length: TOKENIZER_DOCUMENTS }, () => generateDocument(rng).text);
  const tokenizer = new Tokenizer(trainTokenizer(texts, VOCABULARY));
  mkdirSync(work, { recursive: true });
  writeFileSync(file, JSON.stringify(tokenizer.toJson()));
  return tokenizer;
}

async function main(): Promise<void> {
  const given = readOptions('pretrain', OPTIONS, process.argv.slice(2));
  const seed = wholeOption('seed', given.seed, 1, 0, 2 ** 31);
  const steps = wholeOption('steps', given.steps, STEPS, 1, 1e6);
  const batch = wholeOption('batch', given.batch, 12, 1, 1024);
  const microBatch = wholeOption('micro-batch', given['micro-batch'], 0, 0, 1024);
  const size = choiceOption('size', given.size, SIZE_NAMES) ?? 'middle';
  const folder = size === 'middle' ? `pretrain-${seed}` : `pretrain-${size}-${seed}`;
  const out = given.out ?? (size === 'middle' ? 'public/models/base' : `runs/base-${size}`);
  const work = given.work ?? `runs/${folder}`;
  await startNodeEngine('wasm', threadsOption(given.threads));
  const tokenizer = loadTokenizer(seed, work);
  const config = baseConfig(tokenizer, size);
  const time = config.contextLength;
  const rows = (scope: string) =>
    rowSource(writeDocument, tokenizer, { batch, length: time + 1 }, { seed, scope });
  const settings: PretrainSettings = {
    steps,
    learningRate: learningRate(size),
    finalShare: 0.05,
    warmupSteps: 50,
    microBatch,
    optimizer: { ...DEFAULT_OPTIMIZER, weightDecay: 0.05 },
  };
  const from = loadSnapshot(work, 'state');
  const start = from
    ? unprefixed(from.tensors, 'model.')
    : initialTensors(config, 'language', Rng.named(seed, 'weights'));
  const model = new Model(config, 'language', start);
  const loop = pretrainLoop(model, rows('train'), settings, from ?? undefined);
  process.stderr.write(
    `base model: ${parameterCount(config)} parameters, ${steps * batch * time} tokens\n`,
  );
  const progress = new Progress('pretrain', () => performance.now());
  let train = 0;
  for await (const record of loop.steps()) {
    train = 0.98 * (train || (record.values['loss'] ?? 0)) + 0.02 * (record.values['loss'] ?? 0);
    progress.update(record.step, record.total, `loss ${train.toFixed(3)}`);
    if (record.step % SAVE_EVERY === 0) saveSnapshot(work, 'state', await loop.snapshot());
  }
  const held = await heldOutLoss(model, [0, 1, 2, 3, 4, 5, 6, 7].map(rows('held-out')));
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'config.json'), `${JSON.stringify(configToJson(config), null, 2)}\n`);
  writeFileSync(join(out, 'tokenizer.json'), `${JSON.stringify(tokenizer.toJson())}\n`);
  writeFileSync(join(out, 'model.safetensors'), writeSafetensors(await model.tensors(), 'F16'));
  process.stdout.write(
    `${JSON.stringify({ seed, steps, batch, trainLoss: train, heldOutLoss: held })}\n`,
  );
}

await runCommand(main);
