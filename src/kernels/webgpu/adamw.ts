/**
 * AdamW and the global gradient norm in WGSL; contracts and references are in ../adamw.ts. The norm takes as many
 * gradients into one dispatch as the device binds; its sums run in one order whatever the device does.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { floats, shapeOf, sizeOf, THREADS, vectors, type Gpu, type Kernel } from './gpu.ts';

/**
 * {parameter, gradient, firstMoment, secondMoment, scale (scalar)}, {learningRate, beta1, beta2, epsilon, weightDecay,
 * correction1, correction2} to [parameter', firstMoment', secondMoment'].
 */
export const adamW: Kernel = (gpu, inputs, attributes) => {
  const { parameter, gradient, firstMoment, secondMoment, scale } = inputs;
  const results = [parameter, parameter, parameter].map((t) => gpu.output(shapeOf(t)));
  const [newParameter, newFirst, newSecond] = results as [
    tf.TensorInfo,
    tf.TensorInfo,
    tf.TensorInfo,
  ];
  const wide = sizeOf(parameter) % 4 === 0;
  const array = wide ? vectors : floats;
  const type = wide ? 'vec4<f32>' : 'f32';
  const count = sizeOf(parameter) / (wide ? 4 : 1);
  const rate = attributes.learningRate!;
  gpu.run({
    name: 'PlayAdamW',
    writes: {
      newParameter: array(newParameter),
      newFirst: array(newFirst),
      newSecond: array(newSecond),
    },
    reads: {
      parameter: array(parameter),
      gradient: array(gradient),
      first: array(firstMoment),
      second: array(secondMoment),
      scale: floats(scale),
    },
    counts: { count },
    numbers: {
      beta1: attributes.beta1!,
      beta2: attributes.beta2!,
      // Derived in float64 here; the shader is float32.
      rest1: 1 - attributes.beta1!,
      rest2: 1 - attributes.beta2!,
      decay: 1 - rate * attributes.weightDecay!,
      step: rate / attributes.correction1!,
      rootCorrection2: Math.sqrt(attributes.correction2!),
      epsilon: attributes.epsilon!,
    },
    groups: Math.ceil(count / THREADS),
    code: () => ({
      body: `
  let i = group * ${THREADS}u + local;
  if (i >= u.count) { return; }
  let g = gradient[i] * scale[0];
  let m = first[i] * u.beta1 + g * u.rest1;
  let v = second[i] * u.beta2 + g * g * u.rest2;
  let root = sqrt(v) / u.rootCorrection2 + ${type}(u.epsilon);
  newFirst[i] = m;
  newSecond[i] = v;
  newParameter[i] = parameter[i] * u.decay - m / root * u.step;`,
    }),
  });
  return results;
};

/** Elements that one workgroup adds up. */
const SHARE = 4096;

const sharesOf = (tensor: tf.TensorInfo): number => Math.ceil(sizeOf(tensor) / SHARE);

/** Sums of squares of shares of `gradients`, into `parts` from place `first` on. */
function sumShares(
  gpu: Gpu,
  gradients: readonly tf.TensorInfo[],
  parts: tf.TensorInfo,
  first: number,
): void {
  const counts: Record<string, number> = { first };
  let groups = 0;
  gradients.forEach((gradient, i) => {
    counts[`size${i}`] = sizeOf(gradient);
    counts[`begin${i}`] = groups;
    groups += sharesOf(gradient);
  });
  const branches = gradients.map(
    (_, i) => `if (group >= u.begin${i}) {
    let base = (group - u.begin${i}) * ${SHARE}u;
    let end = min(base + ${SHARE}u, u.size${i});
    for (var i = base + local; i < end; i += ${THREADS}u) { sum += g${i}[i] * g${i}[i]; }
  }`,
  );
  gpu.run({
    name: 'PlayGlobalNormShares',
    writes: { parts: floats(parts) },
    reads: Object.fromEntries(gradients.map((gradient, i) => [`g${i}`, floats(gradient)])),
    counts,
    groups,
    code: () => ({
      declarations: `var<workgroup> sums : array<f32, ${THREADS}>;`,
      body: `
  var sum = 0.0;
  ${branches.reverse().join(' else ')}
  sums[local] = sum;
  workgroupBarrier();
  if (local == 0u) {
    var total = 0.0;
    for (var i = 0u; i < ${THREADS}u; i++) { total += sums[i]; }
    parts[u.first + group] = total;
  }`,
    }),
  });
}

/**
 * Any number of gradients by any names, {maxNorm} (0 for no clipping) to [norm, scale], scalars: the root of the sum
 * of all squares, and min(1, maxNorm / (norm + 1e-6)).
 */
export const globalNorm: Kernel = (gpu, inputs, { maxNorm }) => {
  const gradients = Object.values(inputs) as tf.TensorInfo[];
  const parts = gpu.output([gradients.reduce((sum, each) => sum + sharesOf(each), 0)]);
  const atOnce = gpu.maxBindings - 1;
  let first = 0;
  for (let from = 0; from < gradients.length; from += atOnce) {
    const some = gradients.slice(from, from + atOnce);
    sumShares(gpu, some, parts, first);
    first += some.reduce((sum, each) => sum + sharesOf(each), 0);
  }
  const [norm, scale] = [gpu.output([]), gpu.output([])];
  gpu.run({
    name: 'PlayGlobalNorm',
    writes: { norm: floats(norm), scale: floats(scale) },
    reads: { parts: floats(parts) },
    counts: { count: sizeOf(parts) },
    numbers: { maxNorm: maxNorm! },
    groups: 1,
    code: () => ({
      declarations: `var<workgroup> sums : array<f32, ${THREADS}>;`,
      body: `
  var sum = 0.0;
  for (var i = local; i < u.count; i += ${THREADS}u) { sum += parts[i]; }
  sums[local] = sum;
  workgroupBarrier();
  if (local == 0u) {
    var total = 0.0;
    for (var i = 0u; i < ${THREADS}u; i++) { total += sums[i]; }
    let root = sqrt(total);
    norm[0] = root;
    scale[0] = select(1.0, min(1.0, u.maxNorm / (root + 1e-6)), u.maxNorm > 0.0);
  }`,
    }),
  });
  gpu.free(parts);
  return [norm, scale];
};
