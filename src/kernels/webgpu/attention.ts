/**
 * Causal attention over left-padded rows in WGSL without a T x T matrix; contract and reference are in
 * ../attention.ts. A thread, or for wide heads several together (attention-wide.ts), owns one query (forward, query
 * gradient) or one key (key and value gradient), keeps its vectors in registers and walks over tiles of the other side
 * in workgroup memory; so every sum has one order.
 */
import {
  BROADCAST_ROWS,
  broadcastForward,
  broadcastKeyGrad,
  broadcastQueryGrad,
  tileOf,
  type Tile,
} from './attention-broadcast.ts';
import {
  dotCode,
  headCode,
  list,
  qkvAt,
  rowAt,
  sizesOf,
  stageCode,
  threadsOf,
  tilesCode,
  typeOf,
  type Sizes,
} from './attention-code.ts';
import { wideForward, wideKeyGrad, wideQueryGrad } from './attention-wide.ts';
import { floats, integers, vectors, type Gpu, type Kernel } from './gpu.ts';

/**
 * Vectors of each row of results that a thread of a subgroup may hold: at more, shaders for software adapters take longer
 * to compile than they save.
 */
const MOST_SHARES = 2;

/** The three forms of a pass: heads held by one thread, by several, and by a subgroup. */
interface Forms {
  readonly narrow: (sizes: Sizes) => string;
  readonly wide: (sizes: Sizes) => { readonly declarations: string; readonly body: string };
  readonly broadcast: (tile: Tile) => string;
}

function forwardBody(sizes: Sizes): string {
  const { parts, rows, columns } = sizes;
  const type = typeOf(sizes);
  return `
  ${headCode(sizes)}
  let live = own < u.time && own >= start;
  ${list(parts, (p) => `var q${p} = ${type}(); var o${p} = ${type}();`)}
  if (live) {
    ${list(parts, (p) => `q${p} = ${qkvAt(sizes, 0, 'own', p)} * u.scale;`)}
  }
  var top = -1e30;
  var mass = 0.0;
  let end = min(first + ${rows}u, u.time);
  for (var c0 = start / ${columns}u * ${columns}u; c0 < end; c0 += ${columns}u) {
    ${stageCode(sizes, qkvAt(sizes, 1, 't', 'p'), qkvAt(sizes, 2, 't', 'p'))}
    // Not a constant: a compiler that unrolls this loop too takes minutes.
    let stop = min(${columns}u, u.time - c0);
    for (var j = 0u; j < stop; j++) {
      let t = c0 + j;
      if (live && t >= start && t <= own) {
        let at = j * ${parts}u;
        let s = ${dotCode(
          sizes,
          (p) => `q${p}`,
          (p) => `left[at + ${p}u]`,
        )};
        let higher = max(top, s);
        let shrink = exp(top - higher);
        let weight = exp(s - higher);
        top = higher;
        mass = mass * shrink + weight;
        ${list(parts, (p) => `o${p} = o${p} * shrink + right[at + ${p}u] * weight;`)}
      }
    }
  }
  if (own < u.time) {
    // A query in the padding gives zeros.
    let share = select(0.0, 1.0 / max(mass, 1e-30), live);
    ${list(parts, (p) => `${rowAt(sizes, 'result', 'own', p)} = o${p} * share;`)}
    lse[(b * u.heads + h) * u.time + own] = select(0.0, top + log(max(mass, 1e-30)), live);
  }`;
}

function codeOf(sizes: Sizes, subgroup: number, { narrow, wide, broadcast }: Forms) {
  if (subgroup > 0) return { body: broadcast(tileOf(sizes, subgroup)) };
  if (sizes.slices > 1) return wide(sizes);
  return { declarations: tilesCode(sizes), body: narrow(sizes) };
}

/** Grid and body of a pass in the form that fits the device and the heads. */
function passOf(gpu: Gpu, sizes: Sizes, forms: Forms, productsOfPair: number) {
  const { batch, time, heads, width, lanes, parts } = sizes;
  const subgroup = lanes === 4 && parts <= MOST_SHARES * gpu.lanes ? gpu.lanes : 0;
  const rows = subgroup > 0 ? BROADCAST_ROWS : sizes.rows;
  return {
    // A subgroup's form depends on the width only by the vectors that fall to a thread.
    constants: subgroup > 0 ? { shares: tileOf(sizes, subgroup).shares } : { width },
    counts: { time, heads, parts },
    numbers: { scale: 1 / Math.sqrt(width) },
    groups: batch * heads * Math.ceil(time / rows),
    threads: subgroup > 0 ? subgroup : threadsOf(sizes),
    subgroups: subgroup > 0,
    // Half of all pairs of positions are seen.
    operations: productsOfPair * batch * heads * time ** 2 * width,
    code: () => codeOf(sizes, subgroup, forms),
  };
}

/** {qkv [B*T, 3D], starts [B] int32}, {batch, time, heads} to [out [B*T, D], lse [B*H*T]]. */
export const attention: Kernel = (gpu, { qkv, starts }, attributes) => {
  const sizes = sizesOf(qkv, attributes);
  const { batch, time, heads, width, lanes } = sizes;
  const out = gpu.output([batch * time, heads * width]);
  const lse = gpu.output([batch * heads * time]);
  const array = lanes === 4 ? vectors : floats;
  gpu.run({
    ...passOf(
      gpu,
      sizes,
      { narrow: forwardBody, wide: wideForward, broadcast: broadcastForward },
      2,
    ),
    name: 'PlayAttention',
    writes: { result: array(out), lse: floats(lse) },
    reads: { qkv: array(qkv), starts: integers(starts) },
  });
  return [out, lse];
};

/** dq of the queries a workgroup owns, and for the other pass each query's sum of dy * out, `delta`. */
function queryBody(sizes: Sizes): string {
  const { parts, rows, columns } = sizes;
  const type = typeOf(sizes);
  return `
  ${headCode(sizes)}
  let live = own < u.time && own >= start;
  ${list(parts, (p) => `var q${p} = ${type}(); var g${p} = ${type}(); var dq${p} = ${type}();`)}
  var inner = 0.0;
  var level = 0.0;
  if (live) {
    ${list(parts, (p) => `q${p} = ${qkvAt(sizes, 0, 'own', p)} * u.scale; g${p} = ${rowAt(sizes, 'dy', 'own', p)};`)}
    inner = ${dotCode(
      sizes,
      (p) => `g${p}`,
      (p) => rowAt(sizes, 'kept', 'own', p),
    )};
    level = lse[(b * u.heads + h) * u.time + own];
  }
  let end = min(first + ${rows}u, u.time);
  for (var c0 = start / ${columns}u * ${columns}u; c0 < end; c0 += ${columns}u) {
    ${stageCode(sizes, qkvAt(sizes, 1, 't', 'p'), qkvAt(sizes, 2, 't', 'p'))}
    let stop = min(${columns}u, u.time - c0);
    for (var j = 0u; j < stop; j++) {
      let t = c0 + j;
      if (live && t >= start && t <= own) {
        let at = j * ${parts}u;
        let s = ${dotCode(
          sizes,
          (p) => `q${p}`,
          (p) => `left[at + ${p}u]`,
        )};
        let dp = ${dotCode(
          sizes,
          (p) => `g${p}`,
          (p) => `right[at + ${p}u]`,
        )};
        let ds = exp(s - level) * (dp - inner) * u.scale;
        ${list(parts, (p) => `dq${p} += left[at + ${p}u] * ds;`)}
      }
    }
  }
  if (own < u.time) {
    ${list(parts, (p) => `d${qkvAt(sizes, 0, 'own', p)} = dq${p};`)}
    delta[(b * u.heads + h) * u.time + own] = inner;
  }`;
}

/** dk and dv of the keys a workgroup owns. */
function keyBody(sizes: Sizes): string {
  const { parts, columns } = sizes;
  const type = typeOf(sizes);
  return `
  ${headCode(sizes)}
  let live = own < u.time && own >= start;
  ${list(parts, (p) => `var k${p} = ${type}(); var v${p} = ${type}(); var dk${p} = ${type}(); var dv${p} = ${type}();`)}
  if (live) {
    ${list(parts, (p) => `k${p} = ${qkvAt(sizes, 1, 'own', p)} * u.scale; v${p} = ${qkvAt(sizes, 2, 'own', p)};`)}
  }
  for (var c0 = first / ${columns}u * ${columns}u; c0 < u.time; c0 += ${columns}u) {
    ${stageCode(sizes, qkvAt(sizes, 0, 't', 'p'), rowAt(sizes, 'dy', 't', 'p'))}
    let stop = min(${columns}u, u.time - c0);
    for (var j = 0u; j < stop; j++) {
      let t = c0 + j;
      if (live && t >= own && t < u.time) {
        let at = j * ${parts}u;
        let query = (b * u.heads + h) * u.time + t;
        let s = ${dotCode(
          sizes,
          (p) => `k${p}`,
          (p) => `left[at + ${p}u]`,
        )};
        let dp = ${dotCode(
          sizes,
          (p) => `v${p}`,
          (p) => `right[at + ${p}u]`,
        )};
        let weight = exp(s - lse[query]);
        let ds = weight * (dp - delta[query]) * u.scale;
        ${list(parts, (p) => `dk${p} += left[at + ${p}u] * ds; dv${p} += right[at + ${p}u] * weight;`)}
      }
    }
  }
  if (own < u.time) {
    ${list(parts, (p) => `d${qkvAt(sizes, 1, 'own', p)} = dk${p}; d${qkvAt(sizes, 2, 'own', p)} = dv${p};`)}
  }`;
}

/** {dy [B*T, D], qkv, starts, out, lse}, {batch, time, heads} to dqkv [B*T, 3D]. */
export const attentionGrad: Kernel = (gpu, { dy, qkv, starts, out, lse }, attributes) => {
  const sizes = sizesOf(qkv, attributes);
  const { batch, time, heads, width, lanes } = sizes;
  const dqkv = gpu.output([batch * time, 3 * heads * width]);
  const delta = gpu.output([batch * heads * time]);
  const array = lanes === 4 ? vectors : floats;
  const reads = { qkv: array(qkv), dy: array(dy), lse: floats(lse), starts: integers(starts) };
  gpu.run({
    ...passOf(
      gpu,
      sizes,
      {
        narrow: queryBody,
        wide: wideQueryGrad,
        broadcast: broadcastQueryGrad,
      },
      3,
    ),
    name: 'PlayAttentionQueryGrad',
    writes: { dqkv: array(dqkv), delta: floats(delta) },
    reads: { ...reads, kept: array(out) },
  });
  gpu.run({
    ...passOf(gpu, sizes, { narrow: keyBody, wide: wideKeyGrad, broadcast: broadcastKeyGrad }, 4),
    name: 'PlayAttentionKeyGrad',
    writes: { dqkv: array(dqkv) },
    reads: { ...reads, delta: floats(delta) },
  });
  gpu.free(delta);
  return dqkv;
};
