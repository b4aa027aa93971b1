/**
 * What the bench measures: the model sizes, the jobs, the contenders, and which contender can do which job. Also the
 * synthetic token stream that every contender trains on. Plain values; the work itself is in the contenders' files.
 */
import { Rng } from '../../data/rng.ts';
import type { ModelConfig } from '../../model/config.ts';

export const BENCH_BACKENDS = ['wasm', 'webgpu'] as const;
export type BenchBackend = (typeof BENCH_BACKENDS)[number];

export const CONFIG_NAMES = ['tiny', 'S', 'M'] as const;
export type ConfigName = (typeof CONFIG_NAMES)[number];

/** Sizes of the curves: ours alone, one axis each; the other axes are those of S. */
export const CURVES = {
  'parameters (8 rows of 64 tokens)': ['0.1M', 'S', '5M', '25M', '124M'],
  'context (1,024 tokens a step, S otherwise)': ['T32', 'T64', 'T128', 'T256', 'T512', 'T1024'],
  'rows of 64 tokens a step (S otherwise)': ['B1', 'B2', 'B4', 'S', 'B16', 'B32'],
} as const;
export type SizeName = ConfigName | (typeof CURVES)[keyof typeof CURVES][number];

export const JOBS = [
  'train',
  'ppo',
  'ppo-ptx',
  'sample-1',
  'sample-16',
  'sample-64',
  'reward',
  'matmul',
] as const;
export type Job = (typeof JOBS)[number];

/** Names that `--jobs` takes, each with the jobs it stands for. */
export const JOB_GROUPS: Readonly<Record<string, readonly Job[]>> = {
  train: ['train'],
  sample: ['sample-1', 'sample-16', 'sample-64'],
  reward: ['reward'],
  matmul: ['matmul'],
  ppo: ['ppo', 'ppo-ptx'],
};

export const CONTENDERS = [
  'ours',
  'stock-ops',
  'tfjs',
  'tfjs-transposes',
  'nanogpt',
  'nanogpt-mixed',
  'jax',
] as const;
export type Contender = (typeof CONTENDERS)[number];

export const CONTENDER_NAMES: Readonly<Record<Contender, string>> = {
  ours: 'ours',
  'stock-ops': 'ours with stock ops',
  tfjs: 'stock tfjs',
  'tfjs-transposes': 'stock tfjs, explicit transposes',
  nanogpt: '@genai-fi/nanogpt, float32',
  'nanogpt-mixed': '@genai-fi/nanogpt, mixed precision',
  jax: 'jax-js, jit',
};

export interface BenchConfig {
  /** Its EOS is no token, so that no response ends early and every contender does the same work. */
  readonly model: ModelConfig;
  /** Rows of a training step, of `model.contextLength` tokens each. */
  readonly batch: number;
  /** Sampling: tokens read, then tokens written. */
  readonly promptTokens: number;
  readonly newTokens: number;
  readonly ppo: {
    readonly prompts: number;
    readonly promptTokens: number;
    readonly newTokens: number;
    readonly minibatches: number;
  };
  /** A reward-model step: prompts, and completions of each. */
  readonly reward: { readonly prompts: number; readonly completions: number };
  /** Side of the square matrix products. */
  readonly square: number;
}

function gpt(V: number, T: number, D: number, layers: number, heads: number): ModelConfig {
  return {
    vocabularySize: V,
    contextLength: T,
    width: D,
    layers,
    heads,
    layerNormEpsilon: 1e-5,
    padId: 0,
    eosId: -1,
  };
}

const FULL = {
  promptTokens: 16,
  newTokens: 48,
  ppo: { prompts: 64, promptTokens: 32, newTokens: 32, minibatches: 8 },
  reward: { prompts: 4, completions: 4 },
  square: 1024,
};

/** The model of S with another context, `batch` rows. */
const withContext = (T: number, batch: number): BenchConfig => ({
  model: gpt(512, T, 128, 4, 4),
  batch,
  ...FULL,
});

/** S and M are those of the peers' published figures; `tiny` shows in seconds that everything works. */
export const CONFIGS: Readonly<Record<SizeName, BenchConfig>> = {
  tiny: {
    model: gpt(32, 32, 32, 1, 2),
    batch: 2,
    promptTokens: 4,
    newTokens: 8,
    ppo: { prompts: 16, promptTokens: 6, newTokens: 6, minibatches: 2 },
    reward: { prompts: 2, completions: 3 },
    square: 64,
  },
  S: { model: gpt(512, 64, 128, 4, 4), batch: 8, ...FULL },
  M: { model: gpt(1024, 128, 256, 6, 8), batch: 4, ...FULL },
  '0.1M': { model: gpt(512, 64, 64, 1, 2), batch: 8, ...FULL },
  '5M': { model: gpt(512, 64, 256, 6, 8), batch: 8, ...FULL },
  '25M': { model: gpt(512, 64, 512, 8, 8), batch: 8, ...FULL },
  '124M': { model: gpt(50_257, 64, 768, 12, 12), batch: 8, ...FULL },
  T32: withContext(32, 32),
  T64: withContext(64, 16),
  T128: withContext(128, 8),
  T256: withContext(256, 4),
  T512: withContext(512, 2),
  T1024: withContext(1024, 1),
  B1: withContext(64, 1),
  B2: withContext(64, 2),
  B4: withContext(64, 4),
  B16: withContext(64, 16),
  B32: withContext(64, 32),
};

export const SIZE_NAMES = Object.keys(CONFIGS) as SizeName[];

/** Adam as every contender runs it: no decay, no clipping. */
export const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;

/** Rows that a sampling job decodes at once. */
export function sampleRows(job: Job): number {
  return job.startsWith('sample-') ? Number(job.slice('sample-'.length)) : 0;
}

const OWN: readonly Contender[] = ['ours', 'stock-ops'];
const NANOGPT: readonly Contender[] = ['nanogpt', 'nanogpt-mixed'];

/**
 * Who can do a job on a backend. nanogpt has a WebGPU path only, and its matrix product is tfjs's shader; explicit
 * transposes change little outside WASM; jax-js offers no sampling; no peer has PPO or a reward model.
 */
export function contendersOf(job: Job, backend: BenchBackend): readonly Contender[] {
  if (job === 'ppo' || job === 'ppo-ptx' || job === 'reward') return OWN;
  const tfjs: readonly Contender[] =
    backend === 'wasm' && job !== 'matmul' ? ['tfjs', 'tfjs-transposes'] : ['tfjs'];
  if (job === 'matmul') return [...OWN, ...tfjs, 'jax'];
  if (job === 'train') return [...OWN, ...tfjs, ...(backend === 'webgpu' ? NANOGPT : []), 'jax'];
  return [...OWN, ...tfjs, ...(backend === 'webgpu' ? ['nanogpt' as const] : [])];
}

/** A matrix product by its sizes: [m, k] times [k, n], with one operand stored transposed or none. */
export interface Product {
  readonly name: string;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly stored: 'A.B' | 'At.B' | 'A.Bt';
}

/** The model's products in one training step (forward, input gradient, weight gradient), and the square ones. */
export function products(config: BenchConfig): Product[] {
  const { width: D, vocabularySize: V, contextLength: T } = config.model;
  const N = config.batch * T;
  const side = config.square;
  const square = (stored: Product['stored']): Product => ({
    name: `${side} ${stored}`,
    m: side,
    k: side,
    n: side,
    stored,
  });
  return [
    { name: 'q|k|v', m: N, k: D, n: 3 * D, stored: 'A.B' },
    { name: 'feed-forward out', m: N, k: 4 * D, n: D, stored: 'A.B' },
    { name: 'logits', m: N, k: D, n: V, stored: 'A.Bt' },
    { name: 'feed-forward input gradient', m: N, k: 4 * D, n: D, stored: 'A.Bt' },
    { name: 'feed-forward weight gradient', m: D, k: N, n: 4 * D, stored: 'At.B' },
    ...(['A.B', 'At.B', 'A.Bt'] as const).map(square),
  ];
}

/** Multiplications and additions of a product. */
export function productFlops({ m, k, n }: Product): number {
  return 2 * m * k * n;
}

/**
 * A learnable stream, as in the peers' published benchmark: each token has two likely successors and low tokens start
 * a row. `rows` rows of `length` tokens, flat; the same index gives every contender the same rows.
 */
export function streamRows(
  vocabulary: number,
  rows: number,
  length: number,
  index: number,
): Int32Array {
  const table = Rng.named(99, 'bench', 'successors');
  const skewed = (rng: Rng): number => Math.floor(rng.uniform() ** 2 * vocabulary);
  const successors = Array.from({ length: vocabulary }, () => [skewed(table), skewed(table)]);
  const rng = Rng.named(7, 'bench', 'rows', index);
  const tokens = new Int32Array(rows * length);
  for (let b = 0; b < rows; b++) {
    let token = skewed(rng);
    for (let t = 0; t < length; t++) {
      tokens[b * length + t] = token;
      token = successors[token]?.[rng.uniform() < 0.8 ? 0 : 1] ?? 0;
    }
  }
  return tokens;
}

/** Batch `index` of a training job as inputs and labels, [B * T] each. */
export function trainingBatch(
  config: BenchConfig,
  index: number,
): { ids: Int32Array<ArrayBuffer>; labels: Int32Array<ArrayBuffer> } {
  const { contextLength: T, vocabularySize } = config.model;
  const rows = streamRows(vocabularySize, config.batch, T + 1, index);
  const column = (first: number): Int32Array<ArrayBuffer> =>
    Int32Array.from(
      { length: config.batch * T },
      (_, i) => rows[Math.floor(i / T) * (T + 1) + (i % T) + first] ?? 0,
    );
  return { ids: column(0), labels: column(1) };
}

/** Prompts of a sampling job, [rows][promptTokens]. */
export function samplePrompts(config: BenchConfig, rows: number): number[][] {
  const { promptTokens: length, model } = config;
  const tokens = streamRows(model.vocabularySize, rows, length, 0);
  return Array.from({ length: rows }, (_, b) => [...tokens.subarray(b * length, (b + 1) * length)]);
}
