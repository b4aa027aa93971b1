/**
 * What a contender brings to the bench: one unit of work that can be repeated, which times itself so that data is
 * prepared off the clock. Also the check that every product is right, the same for each contender.
 */
import { Rng } from '../../data/rng.ts';
import type { Product } from './configs.ts';

export interface Measured {
  /** Milliseconds by part. */
  readonly times: Readonly<Record<string, number>>;
  readonly loss: number | null;
}

export interface Workload {
  readonly device: string;
  /** Of the model at work; 0 for products. */
  readonly parameters: number;
  /** Tokens that one round learns from or writes; 0 for products. */
  readonly tokens: number;
  round(): Promise<Measured>;
}

/** The name of the only part of a job that has just one. */
export const WHOLE = 'whole';

/** Runs `work` and times it as a whole; what it returns is taken for the loss when it is a number. */
export async function timedWhole(work: () => Promise<number | null>): Promise<Measured> {
  const started = performance.now();
  const loss = await work();
  return { times: { [WHOLE]: performance.now() - started }, loss };
}

/** Operands of a product as they are stored: A is [m, k] or [k, m], B [k, n] or [n, k]. */
export interface Operands {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly shapeA: [number, number];
  readonly shapeB: [number, number];
}

export function operandsOf({ name, m, k, n, stored }: Product): Operands {
  const rng = Rng.named(5, 'bench', name);
  const values = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => rng.uniform() - 0.5);
  return {
    a: values(m * k),
    b: values(k * n),
    shapeA: stored === 'At.B' ? [k, m] : [m, k],
    shapeB: stored === 'A.Bt' ? [n, k] : [k, n],
  };
}

/** Throws when sampled entries of `result` [m, n] are not those of the product, computed here in double precision. */
export function expectProduct(product: Product, { a, b }: Operands, result: Float32Array): void {
  const { m, k, n, stored, name } = product;
  const rng = Rng.named(11, 'bench', name);
  for (let sample = 0; sample < 64; sample++) {
    const [i, j] = [rng.int(m), rng.int(n)];
    let sum = 0;
    for (let l = 0; l < k; l++) {
      const left = a[stored === 'At.B' ? l * m + i : i * k + l] ?? NaN;
      sum += left * (b[stored === 'A.Bt' ? j * k + l : l * n + j] ?? NaN);
    }
    const error = Math.abs(sum - (result[i * n + j] ?? NaN));
    if (!(error < 1e-3)) throw new Error(`${name}: entry ${i}, ${j} is wrong by ${error}`);
  }
}

/** How often each product is measured in a round, after once unmeasured. */
const REPEATS = 3;

/** One product of a contender: `run` starts and finishes it, `read` gives the last result. */
export interface RunnableProduct {
  readonly product: Product;
  readonly operands: Operands;
  readonly run: () => Promise<void>;
  readonly read: () => Promise<Float32Array>;
}

/** A round over all products, the fastest of three runs each; the first round checks the results. */
export function productRounds(runnable: readonly RunnableProduct[]): () => Promise<Measured> {
  let checked = false;
  return async () => {
    const times: Record<string, number> = {};
    for (const { product, operands, run, read } of runnable) {
      await run();
      if (!checked) expectProduct(product, operands, await read());
      const measured: number[] = [];
      for (let i = 0; i < REPEATS; i++) {
        const started = performance.now();
        await run();
        measured.push(performance.now() - started);
      }
      times[product.name] = Math.min(...measured);
    }
    checked = true;
    return { times, loss: null };
  };
}
