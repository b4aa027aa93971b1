/**
 * What the bench measures: the model sizes, the jobs, the contenders, and which contender can do which job. Plain
 * values; the work itself is in the contenders' files, the token stream in rlhf/workload-size.ts.
 */
import { MEASURED_SIZES, type MeasuredSizeName } from '../../config/measured-sizes.ts';
import {
  endlessGpt,
  streamRows,
  workloadSize,
  type WorkloadSize,
} from '../../rlhf/workload-size.ts';

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

/** What the page times as well, and what only the bench has. */
export interface BenchConfig extends WorkloadSize {
  /** A reward-model step: prompts, and completions of each. */
  readonly reward: { readonly prompts: number; readonly completions: number };
  /** Side of the square matrix products. */
  readonly square: number;
}

const ONLY_HERE = { reward: { prompts: 4, completions: 4 }, square: 1024 };

/** A size that the page measures too. */
const shared = (name: MeasuredSizeName): BenchConfig => ({
  ...workloadSize(MEASURED_SIZES[name]),
  ...ONLY_HERE,
});

const S = shared('0.9M');

/** The model of S with another context, `batch` rows. */
const withContext = (T: number, batch: number): BenchConfig => ({
  ...S,
  model: { ...S.model, contextLength: T },
  batch,
});

/** S and M are those of the peers' published figures; `tiny` shows in seconds that everything works. */
export const CONFIGS: Readonly<Record<SizeName, BenchConfig>> = {
  tiny: { ...shared('tiny'), reward: { prompts: 2, completions: 3 }, square: 64 },
  S,
  M: { ...S, model: endlessGpt(1024, 128, 256, 6, 8), batch: 4 },
  '0.1M': shared('0.1M'),
  '5M': shared('5M'),
  '25M': shared('25M'),
  '124M': { ...S, model: endlessGpt(50_257, 64, 768, 12, 12) },
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
