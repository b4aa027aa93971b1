/** GELU in its tanh form in WGSL, alone and for kernels that have it built in; the formula is in ../gelu.ts. */
import { shapeOf, sizeOf } from '../kernel-inputs.ts';
import { floats, THREADS, type Kernel } from './gpu.ts';

/**
 * gelu(x) and its slope for T, which is f32 or vec4<f32>. The exponent is held back where the sigmoid is 0 or 1 to
 * the last bit anyway, so that no infinity arises.
 */
export const geluCode = (type: 'f32' | 'vec4<f32>'): string => `
const SLOPE = ${2 * Math.sqrt(2 / Math.PI)};
const CUBIC = 0.044715;
fn gate(x : ${type}) -> ${type} {
  let z = x * (SLOPE * CUBIC * x * x + SLOPE);
  return 1.0 / (1.0 + exp(-clamp(z, ${type}(-80.0), ${type}(80.0))));
}
fn gelu(x : ${type}) -> ${type} { return x * gate(x); }
fn geluSlope(x : ${type}) -> ${type} {
  let s = gate(x);
  return s * (x * (3.0 * SLOPE * CUBIC * x * x + SLOPE) * (1.0 - s) + 1.0);
}`;

/** {x} to y of the same shape. */
export const gelu: Kernel = (gpu, { x }) => {
  const y = gpu.output(shapeOf(x));
  const count = sizeOf(x);
  gpu.run({
    name: 'PlayGelu',
    writes: { y: floats(y) },
    reads: { x: floats(x) },
    counts: { count },
    groups: Math.ceil(count / THREADS),
    code: () => ({
      declarations: geluCode('f32'),
      body: `
  let i = group * ${THREADS}u + local;
  if (i < u.count) { y[i] = gelu(x[i]); }`,
    }),
  });
  return y;
};

/** {dy, x} to dx of the same shape. */
export const geluGrad: Kernel = (gpu, { dy, x }) => {
  const dx = gpu.output(shapeOf(x));
  const count = sizeOf(x);
  gpu.run({
    name: 'PlayGeluGrad',
    writes: { dx: floats(dx) },
    reads: { dy: floats(dy), x: floats(x) },
    counts: { count },
    groups: Math.ceil(count / THREADS),
    code: () => ({
      declarations: geluCode('f32'),
      body: `
  let i = group * ${THREADS}u + local;
  if (i < u.count) { dx[i] = dy[i] * geluSlope(x[i]); }`,
    }),
  });
  return dx;
};
