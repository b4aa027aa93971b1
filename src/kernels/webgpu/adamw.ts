/**
 * AdamW and the global gradient norm in WGSL; contracts and references are in ../adamw.ts. The norm takes as many
 * gradients into one dispatch as the device binds; its sums run in one order whatever the device does.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { shapeOf, sizeOf, type Attributes, type Inputs } from '../kernel-inputs.ts';
import { floats, THREADS, vectors, type Binding, type Gpu, type Kernel } from './gpu.ts';

interface Item {
  readonly parameter: tf.TensorInfo;
  readonly gradient: tf.TensorInfo;
  readonly result: tf.TensorInfo;
  readonly offset: number;
  readonly weightDecay: number;
}

/** WGSL of one parameter's elements; a workgroup finds its parameter by its index. */
const itemCode = (i: number, type: string): string => `if (group >= u.begin${i}) {
    let e = (group - u.begin${i}) * ${THREADS}u + local;
    if (e < u.count${i}) {
      let at = u.offset${i} + e;
      let g = gradient${i}[e] * scale[0];
      let m = moments[at] * u.beta1 + g * u.rest1;
      let v = moments[u.total + at] * u.beta2 + g * g * u.rest2;
      moments[at] = m;
      moments[u.total + at] = v;
      let root = sqrt(v) / u.rootCorrection2 + ${type}(u.epsilon);
      result${i}[e] = parameter${i}[e] * u.decay${i} - m / root * u.step;
    }
  }`;

/** One dispatch over a few parameters, element by element or in vectors of `lanes`. */
function moveSome(
  gpu: Gpu,
  items: readonly Item[],
  { moments, scale }: Inputs,
  attributes: Attributes,
  lanes: 1 | 4,
): void {
  const array = lanes === 4 ? vectors : floats;
  const rate = attributes.learningRate!;
  const writes: Record<string, Binding> = { moments: array(moments) };
  const reads: Record<string, Binding> = { scale: floats(scale) };
  const counts: Record<string, number> = { total: sizeOf(moments) / 2 / lanes };
  const numbers: Record<string, number> = {
    beta1: attributes.beta1!,
    beta2: attributes.beta2!,
    // Derived in float64 here; the shader is float32.
    rest1: 1 - attributes.beta1!,
    rest2: 1 - attributes.beta2!,
    step: rate / attributes.correction1!,
    rootCorrection2: Math.sqrt(attributes.correction2!),
    epsilon: attributes.epsilon!,
  };
  let groups = 0;
  items.forEach(({ parameter, gradient, result, offset, weightDecay }, i) => {
    writes[`result${i}`] = array(result);
    reads[`parameter${i}`] = array(parameter);
    reads[`gradient${i}`] = array(gradient);
    counts[`begin${i}`] = groups;
    counts[`count${i}`] = sizeOf(parameter) / lanes;
    counts[`offset${i}`] = offset / lanes;
    numbers[`decay${i}`] = 1 - rate * weightDecay;
    groups += Math.ceil(sizeOf(parameter) / lanes / THREADS);
  });
  const type = lanes === 4 ? 'vec4<f32>' : 'f32';
  gpu.run({
    name: 'PlayAdamWMany',
    writes,
    reads,
    counts,
    numbers,
    groups,
    code: () => ({
      body: items
        .map((_, i) => itemCode(i, type))
        .reverse()
        .join(' else '),
    }),
  });
}

/**
 * {moments [2, total], scale (scalar), and parameterI, gradientI for I from 0 on}, {learningRate, beta1, beta2,
 * epsilon, correction1, correction2, and offsetI, weightDecayI} to the new parameters; the moments change in place.
 * As many parameters to a dispatch as the device binds: three arrays each, beside moments and scale.
 */
export const adamWMany: Kernel = (gpu, inputs, attributes) => {
  const items: Item[] = [];
  for (let i = 0; inputs[`parameter${i}`]; i++) {
    const parameter = inputs[`parameter${i}`]!;
    items.push({
      parameter,
      gradient: inputs[`gradient${i}`]!,
      result: gpu.output(shapeOf(parameter)),
      offset: attributes[`offset${i}`]!,
      weightDecay: attributes[`weightDecay${i}`]!,
    });
  }
  const atOnce = Math.floor((gpu.maxBindings - 2) / 3);
  for (const lanes of [1, 4] as const) {
    const fits = items.filter(({ parameter }) => (sizeOf(parameter) % 4 === 0) === (lanes === 4));
    for (let from = 0; from < fits.length; from += atOnce) {
      moveSome(gpu, fits.slice(from, from + atOnce), inputs, attributes, lanes);
    }
  }
  return items.map(({ result }) => result);
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
