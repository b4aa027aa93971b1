/** Weighted sums of many pairs of tensors in WGSL, several pairs to a dispatch; the op is in ../weighted-sum.ts. */
import type * as tf from '@tensorflow/tfjs-core';
import { shapeOf, sizeOf, type Attributes } from '../kernel-inputs.ts';
import { floats, THREADS, type Binding, type Gpu, type Kernel } from './gpu.ts';

/** x, y and result. */
type Item = readonly [tf.TensorInfo, tf.TensorInfo, tf.TensorInfo];

function addSome(gpu: Gpu, items: readonly Item[], { a, b }: Attributes): void {
  const writes: Record<string, Binding> = {};
  const reads: Record<string, Binding> = {};
  const counts: Record<string, number> = {};
  let groups = 0;
  items.forEach(([x, y, result], i) => {
    writes[`result${i}`] = floats(result);
    reads[`x${i}`] = floats(x);
    reads[`y${i}`] = floats(y);
    counts[`begin${i}`] = groups;
    counts[`count${i}`] = sizeOf(x);
    groups += Math.ceil(sizeOf(x) / THREADS);
  });
  const branches = items.map(
    (_, i) => `if (group >= u.begin${i}) {
    let e = (group - u.begin${i}) * ${THREADS}u + local;
    if (e < u.count${i}) { result${i}[e] = x${i}[e] * u.a + y${i}[e] * u.b; }
  }`,
  );
  gpu.run({
    name: 'PlayWeightedSums',
    writes,
    reads,
    counts,
    numbers: { a: a!, b: b! },
    groups,
    code: () => ({ body: branches.reverse().join(' else ') }),
  });
}

/** {xI, yI for I from 0 on}, {a, b} to a xI + b yI, in order. */
export const weightedSums: Kernel = (gpu, inputs, attributes) => {
  const items: Item[] = [];
  for (let i = 0; inputs[`x${i}`]; i++) {
    const [x, y] = [inputs[`x${i}`]!, inputs[`y${i}`]!];
    if (sizeOf(x) !== sizeOf(y)) throw new RangeError('A weighted sum needs equal shapes.');
    items.push([x, y, gpu.output(shapeOf(x))]);
  }
  const atOnce = Math.floor(gpu.maxBindings / 3);
  for (let from = 0; from < items.length; from += atOnce) {
    addSome(gpu, items.slice(from, from + atOnce), attributes);
  }
  return items.map(([, , result]) => result);
};
