/**
 * Linear layers in WGSL, each a product with its bias, GELU, residual or slope in the finish; the ops are in
 * ../linear.ts and ../mlp.ts. The bias gradient comes out of the same pass as the weight gradient.
 */
import { geluCode } from './gelu.ts';
import type { Kernel } from './gpu.ts';
import { multiply, plainProduct, productShape } from './matmul.ts';

/** {x [N, I], w [I, O], b [O], residual [N, O] or absent} to x w + b (+ residual) [N, O]. */
export const linear: Kernel = (gpu, { x, w, b, residual }) => {
  const { m, n } = productShape({ a: x!, b: w! });
  const y = gpu.output([m, n]);
  multiply(gpu, {
    a: x!,
    b: w!,
    finish: {
      name: residual ? 'BiasResidual' : 'Bias',
      writes: { y },
      reads: { bias: b!, ...(residual ? { residual } : {}) },
      code: `store_y(row, q, value + load_bias(0u, q)${residual ? ' + load_residual(row, q)' : ''});`,
    },
  });
  return y;
};

/** {x [N, I], w [I, O], b [O]} to [gelu(z), z] with z = x w + b, [N, O] each. */
export const linearGelu: Kernel = (gpu, { x, w, b }) => {
  const { m, n } = productShape({ a: x!, b: w! });
  const [y, z] = [gpu.output([m, n]), gpu.output([m, n])];
  multiply(gpu, {
    a: x!,
    b: w!,
    finish: {
      name: 'BiasGelu',
      writes: { y, z },
      reads: { bias: b! },
      declarations: geluCode('vec4<f32>'),
      code: `
  let before = value + load_bias(0u, q);
  store_z(row, q, before);
  store_y(row, q, gelu(before));`,
    },
  });
  return [y, z];
};

/** {dy [N, O], w [I, O], z [N, I]} to dz = (dy w transposed) gelu'(z) [N, I], where dy is the gradient of gelu(z) w. */
export const linearGeluGrad: Kernel = (gpu, { dy, w, z }) => {
  const { m, n } = productShape({ a: dy!, b: w!, transposeB: true });
  const dz = gpu.output([m, n]);
  multiply(gpu, {
    a: dy!,
    b: w!,
    transposeB: true,
    finish: {
      name: 'GeluSlope',
      writes: { dz },
      reads: { z: z! },
      declarations: geluCode('vec4<f32>'),
      code: 'store_dz(row, q, value * geluSlope(load_z(row, q)));',
    },
  });
  return dz;
};

/** {x [N, I], dy [N, O]} to [dw [I, O], db [O]]. */
export const linearWeightGrad: Kernel = (gpu, { x, dy }) => {
  const { m, n } = productShape({ a: x!, transposeA: true, b: dy! });
  const [dw, db] = [gpu.output([m, n]), gpu.output([n])];
  multiply(gpu, {
    a: x!,
    transposeA: true,
    b: dy!,
    columnSums: db,
    finish: { name: 'WeightGrad', writes: { dw }, code: 'store_dw(row, q, value);' },
  });
  return [dw, db];
};

/** {a, b}, {transposeA, transposeB} to the product. */
export const matMul: Kernel = (gpu, { a, b }, { transposeA, transposeB }) =>
  plainProduct(gpu, {
    a: a!,
    b: b!,
    transposeA: transposeA === 1,
    transposeB: transposeB === 1,
  });

/** {a [K, M], b [K, N]} to a transposed times b [M, N]. */
export const matMulTransposedA: Kernel = (gpu, inputs) =>
  matMul(gpu, inputs, { transposeA: 1, transposeB: 0 });
