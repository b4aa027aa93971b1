/**
 * Dropout in WGSL; contract is in ../dropout.ts. A thread computes one block of the random stream, which decides sixteen
 * neighbouring units.
 */
import { shapeOf, sizeOf } from '../kernel-inputs.ts';
import { floats, THREADS, type Kernel } from './gpu.ts';
import { PHILOX } from './philox.ts';

/** Bytes of one block of Philox. */
const BLOCK = 16;

const BODY = `
  let block = u.origin / ${BLOCK}u + group * ${THREADS}u + local;
  let words = philox(vec4<u32>(block, u.site, u.step, 0u), vec2<u32>(u.key0, u.key1));
  for (var j = 0u; j < ${BLOCK}u; j++) {
    let place = block * ${BLOCK}u + j;
    if (place < u.origin || place - u.origin >= u.count) { continue; }
    let byte = (words[j / 4u] >> (8u * (j % 4u))) & 0xffu;
    y[place - u.origin] = x[place - u.origin] * select(u.kept, 0.0, byte < u.threshold);
  }`;

/** {x}, {threshold, kept, key0, key1, step, site, from} to y of the same shape. */
export const dropout: Kernel = (gpu, { x }, attributes) => {
  const y = gpu.output(shapeOf(x));
  const [count, from] = [sizeOf(x), attributes.from!];
  const blocks = Math.ceil((from + count) / BLOCK) - Math.floor(from / BLOCK);
  gpu.run({
    name: 'PlayDropout',
    writes: { y: floats(y) },
    reads: { x: floats(x) },
    counts: {
      count,
      origin: from,
      threshold: attributes.threshold!,
      key0: attributes.key0!,
      key1: attributes.key1!,
      step: attributes.step!,
      site: attributes.site!,
    },
    numbers: { kept: attributes.kept! },
    groups: Math.ceil(blocks / THREADS),
    code: () => ({ declarations: PHILOX, body: BODY }),
  });
  return y;
};
