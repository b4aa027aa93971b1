/**
 * Linear layers and matrix products of the WASM backend: contracts are those of the ops in ../linear.ts and ../mlp.ts.
 * The columns of a large product are shared among the threads there are. The products themselves are in
 * assembly/linear.ts.
 */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { matrix } from '../kernel-inputs.ts';
import type { Heap, Kernel } from './heap.ts';
import { ranges, threadsFor, type KernelExports } from './team.ts';

/** What is done to a finished element, as assembly/linear.ts counts it. */
const PLAIN = 0;
const GELU = 1;
const GELU_SLOPE = 2;

interface Product {
  /** Byte offset of [rows, depth]. */
  readonly a: number;
  readonly rows: number;
  readonly depth: number;
  /** [depth, columns], or [columns, depth] when transposed. */
  readonly b: TensorInfo | undefined;
  readonly transposed?: boolean;
  readonly bias?: TensorInfo | undefined;
  /** Residual, or what goes into the GELU, [rows, columns]. */
  readonly second?: TensorInfo | undefined;
  readonly kind?: number;
}

/** A new tensor [rows, columns]. */
function multiply(kernels: KernelExports, heap: Heap, product: Product): TensorInfo {
  const { a, rows, depth, b, transposed = false, bias, second, kind = PLAIN } = product;
  const shape = matrix(b);
  const [inner, columns] = transposed ? [shape[1], shape[0]] : shape;
  if (inner !== depth) throw new RangeError(`Cannot multiply over ${depth} and ${inner} numbers.`);
  const c = heap.output([rows, columns]);
  const shares = ranges(columns, threadsFor(heap.team, rows * depth * columns), 8);
  const bytes = kernels.linearScratchBytes!(depth, columns);
  heap.withScratch((shares.length * bytes) / 4, (scratch) => {
    const others = [bias, second].map((t) => (t ? heap.at(t) : 0));
    const before = [a, heap.at(b), ...others, heap.at(c), rows, depth, columns];
    const parts = shares.map(([from, to], i) => [
      ...before,
      Number(transposed),
      kind,
      from,
      to,
      scratch + i * bytes,
    ]);
    heap.team.run('linear', parts);
  });
  return c;
}

/** The first operand as it is, [rows, depth]. */
function plain(heap: Heap, a: TensorInfo | undefined) {
  const [rows, depth] = matrix(a);
  return { a: heap.at(a), rows, depth };
}

/** {x [N, I], w [I, O], b [O], residual [N, O] or absent} to x w + b (+ residual) [N, O]. */
export const linear: Kernel = (kernels, heap, { x, w, b, residual }) =>
  multiply(kernels, heap, { ...plain(heap, x), b: w, bias: b, second: residual });

/** {x [N, I], w [I, O], b [O]} to [gelu(z), z] with z = x w + b, [N, O] each. */
export const linearGelu: Kernel = (kernels, heap, { x, w, b }) => {
  const z = heap.output([matrix(x)[0], matrix(w)[1]]);
  const product = { ...plain(heap, x), b: w, bias: b, second: z, kind: GELU };
  return [multiply(kernels, heap, product), z];
};

/** {dy [N, O], w [I, O], z [N, I]} to dz = (dy w transposed) gelu'(z) [N, I], where dy is the gradient of gelu(z) w. */
export const linearGeluGrad: Kernel = (kernels, heap, { dy, w, z }) =>
  multiply(kernels, heap, {
    ...plain(heap, dy),
    b: w,
    transposed: true,
    second: z,
    kind: GELU_SLOPE,
  });

/** a [K, M] transposed times b [K, N]: [M, N]. Turning a first costs less than reading it across. */
function transposedProduct(
  kernels: KernelExports,
  heap: Heap,
  a: TensorInfo | undefined,
  b: TensorInfo | undefined,
): TensorInfo {
  const [depth, rows] = matrix(a);
  let product: TensorInfo | null = null;
  heap.withScratch(depth * rows, (turned) => {
    kernels.transpose2d!(heap.at(a), turned, depth, rows);
    product = multiply(kernels, heap, { a: turned, rows, depth, b });
  });
  return product!;
}

/** {x [N, I], dy [N, O]} to [dw [I, O], db [O]]. */
export const linearWeightGrad: Kernel = (kernels, heap, { x, dy }) => {
  const dw = transposedProduct(kernels, heap, x, dy);
  const [n, f] = matrix(dy);
  const db = heap.output([f]);
  kernels.columnSum!(heap.at(dy), heap.at(db), n, f);
  return [dw, db];
};

/** {a, b}, {transposeA, transposeB: 0 or 1, not both} to the product. */
export const matMul: Kernel = (kernels, heap, { a, b }, { transposeA, transposeB }) => {
  if (transposeA !== 1) {
    return multiply(kernels, heap, { ...plain(heap, a), b, transposed: transposeB === 1 });
  }
  if (transposeB === 1) throw new RangeError('One operand of a product may be transposed.');
  return transposedProduct(kernels, heap, a, b);
};

/** {a [K, M], b [K, N]} to a transposed times b [M, N]. */
export const matMulTransposedA: Kernel = (kernels, heap, { a, b }) =>
  transposedProduct(kernels, heap, a, b);
