/**
 * Attention passes for wide heads in WGSL: as in attention.ts, but several threads hold a query or key together, each
 * every n-th of its vectors. For each tile they first leave their shares of the products in workgroup memory, then one
 * adds up the shares of all, then each moves its own vectors; so the barriers are two more for a tile, not for a column.
 */
import {
  dotCode,
  headCode,
  list,
  qkvAt,
  rowAt,
  stageCode,
  threadsOf,
  tilesCode,
  typeOf,
  type Sizes,
} from './attention-code.ts';

/** Index of the p-th vector that a thread holds within its head. */
const heldAt = ({ slices }: Sizes, p: number): string => `(slice + ${p * slices}u)`;

/** `code` of the p-th held vector, where the head has it. What threads hold beyond the head stays zero. */
const whereHeld = (sizes: Sizes, code: (p: number) => string): string =>
  list(sizes.held, (p) =>
    (p + 1) * sizes.slices <= sizes.parts
      ? code(p)
      : `if (${heldAt(sizes, p)} < ${sizes.parts}u) { ${code(p)} }`,
  );

/** The p-th held vector of column j of a tile; beyond the head some other vector, which meets a zero. */
const tileAt = (sizes: Sizes, name: 'left' | 'right', p: number): string =>
  `${name}[at + ${p * sizes.slices}u]`;

const sharesCode = (sizes: Sizes, type: string): string => `
${tilesCode(sizes)}
var<workgroup> shares : array<${type}, ${threadsOf(sizes) * sizes.columns}>;`;

const placeCode = (sizes: Sizes): string => `
  ${headCode(sizes)}
  let slice = local % ${sizes.slices}u;
  let team = local - slice;`;

/** For each column of the tile: the thread's `share`, WGSL that reads `at`. */
const leaveShares = (sizes: Sizes, share: string): string => `
    // Not a constant: a compiler that unrolls this loop too takes minutes.
    let stop = min(${sizes.columns}u, u.time - c0);
    for (var j = 0u; j < stop; j++) {
      let at = j * ${sizes.parts}u + slice;
      shares[local * ${sizes.columns}u + j] = ${share};
    }
    workgroupBarrier();`;

/**
 * Adds up the shares of each team and column, which one thread does for all: `finish` is WGSL that sees `sum`, row r of
 * the workgroup and column t, and leaves shares[at] for the team.
 */
const sumShares = (sizes: Sizes, type: string, finish: string): string => `
    for (var e = local; e < ${sizes.rows * sizes.columns}u; e += ${threadsOf(sizes)}u) {
      let r = e / ${sizes.columns}u;
      let j = e % ${sizes.columns}u;
      let t = c0 + j;
      if (j < stop) {
        let at = r * ${sizes.slices * sizes.columns}u + j;
        var sum = ${type}();
        for (var i = 0u; i < ${sizes.slices}u; i++) { sum += shares[at + i * ${sizes.columns}u]; }
        ${finish}
      }
    }
    workgroupBarrier();`;

export function wideForward(sizes: Sizes): { declarations: string; body: string } {
  const { held, rows, columns, parts } = sizes;
  const type = typeOf(sizes);
  const product = dotCode(
    sizes,
    (p) => `q${p}`,
    (p) => tileAt(sizes, 'left', p),
  );
  const body = `
  ${placeCode(sizes)}
  let live = own < u.time && own >= start;
  ${list(held, (p) => `var q${p} = ${type}(); var o${p} = ${type}();`)}
  if (live) {
    ${whereHeld(sizes, (p) => `q${p} = ${qkvAt(sizes, 0, 'own', heldAt(sizes, p))} * u.scale;`)}
  }
  var top = -1e30;
  var mass = 0.0;
  let end = min(first + ${rows}u, u.time);
  for (var c0 = start / ${columns}u * ${columns}u; c0 < end; c0 += ${columns}u) {
    ${stageCode(sizes, qkvAt(sizes, 1, 't', 'p'), qkvAt(sizes, 2, 't', 'p'))}
    ${leaveShares(sizes, product)}
    ${sumShares(sizes, 'f32', 'shares[at] = sum;')}
    for (var j = 0u; j < stop; j++) {
      let t = c0 + j;
      if (live && t >= start && t <= own) {
        let at = j * ${parts}u + slice;
        let s = shares[team * ${columns}u + j];
        let higher = max(top, s);
        let shrink = exp(top - higher);
        let weight = exp(s - higher);
        top = higher;
        mass = mass * shrink + weight;
        ${list(held, (p) => `o${p} = o${p} * shrink + ${tileAt(sizes, 'right', p)} * weight;`)}
      }
    }
  }
  if (own < u.time) {
    // A query in the padding gives zeros.
    let share = select(0.0, 1.0 / max(mass, 1e-30), live);
    ${whereHeld(sizes, (p) => `${rowAt(sizes, 'result', 'own', heldAt(sizes, p))} = o${p} * share;`)}
    if (slice == 0u) {
      lse[(b * u.heads + h) * u.time + own] = select(0.0, top + log(max(mass, 1e-30)), live);
    }
  }`;
  return { declarations: sharesCode(sizes, 'f32'), body };
}

/** The shares of two products of a column at once: of `a` with the left tile, of `b` with the right one. */
const twoProducts = (sizes: Sizes, a: string, b: string): string =>
  `vec2<f32>(${dotCode(
    sizes,
    (p) => `${a}${p}`,
    (p) => tileAt(sizes, 'left', p),
  )}, ${dotCode(
    sizes,
    (p) => `${b}${p}`,
    (p) => tileAt(sizes, 'right', p),
  )})`;

/** dq of the queries a workgroup owns, and for the other pass each query's sum of dy * out, `delta`. */
export function wideQueryGrad(sizes: Sizes): { declarations: string; body: string } {
  const { held, rows, columns, parts, slices } = sizes;
  const type = typeOf(sizes);
  const outputShare = dotCode(
    sizes,
    (p) => `g${p}`,
    (p) => `kept${p}`,
  );
  const body = `
  ${placeCode(sizes)}
  let live = own < u.time && own >= start;
  ${list(held, (p) => `var q${p} = ${type}(); var g${p} = ${type}(); var dq${p} = ${type}(); var kept${p} = ${type}();`)}
  if (live) {
    ${whereHeld(
      sizes,
      (p) => `
    q${p} = ${qkvAt(sizes, 0, 'own', heldAt(sizes, p))} * u.scale;
    g${p} = ${rowAt(sizes, 'dy', 'own', heldAt(sizes, p))};
    kept${p} = ${rowAt(sizes, 'kept', 'own', heldAt(sizes, p))};`,
    )}
  }
  shares[local * ${columns}u] = vec2<f32>(${outputShare}, 0.0);
  workgroupBarrier();
  var inner = 0.0;
  for (var i = 0u; i < ${slices}u; i++) { inner += shares[(team + i) * ${columns}u].x; }
  if (live && slice == 0u) {
    levels[local / ${slices}u] = vec2<f32>(lse[(b * u.heads + h) * u.time + own], inner);
  }
  let end = min(first + ${rows}u, u.time);
  for (var c0 = start / ${columns}u * ${columns}u; c0 < end; c0 += ${columns}u) {
    ${stageCode(sizes, qkvAt(sizes, 1, 't', 'p'), qkvAt(sizes, 2, 't', 'p'))}
    ${leaveShares(sizes, twoProducts(sizes, 'q', 'g'))}
    ${sumShares(
      sizes,
      'vec2<f32>',
      `
        let query = first + r;
        var ds = 0.0;
        if (query < u.time && t >= start && t <= query) {
          ds = exp(sum.x - levels[r].x) * (sum.y - levels[r].y) * u.scale;
        }
        shares[at] = vec2<f32>(ds, 0.0);`,
    )}
    for (var j = 0u; j < stop; j++) {
      let at = j * ${parts}u + slice;
      let ds = shares[team * ${columns}u + j].x;
      ${list(held, (p) => `dq${p} += ${tileAt(sizes, 'left', p)} * ds;`)}
    }
  }
  if (own < u.time) {
    ${whereHeld(sizes, (p) => `d${qkvAt(sizes, 0, 'own', heldAt(sizes, p))} = dq${p};`)}
    if (slice == 0u) { delta[(b * u.heads + h) * u.time + own] = inner; }
  }`;
  const declarations = `${sharesCode(sizes, 'vec2<f32>')}
var<workgroup> levels : array<vec2<f32>, ${rows}>;`;
  return { declarations, body };
}

/** dk and dv of the keys a workgroup owns. */
export function wideKeyGrad(sizes: Sizes): { declarations: string; body: string } {
  const { held, columns, parts } = sizes;
  const type = typeOf(sizes);
  const body = `
  ${placeCode(sizes)}
  let live = own < u.time && own >= start;
  ${list(held, (p) => `var k${p} = ${type}(); var v${p} = ${type}(); var dk${p} = ${type}(); var dv${p} = ${type}();`)}
  if (live) {
    ${whereHeld(
      sizes,
      (p) => `
    k${p} = ${qkvAt(sizes, 1, 'own', heldAt(sizes, p))} * u.scale;
    v${p} = ${qkvAt(sizes, 2, 'own', heldAt(sizes, p))};`,
    )}
  }
  for (var c0 = first / ${columns}u * ${columns}u; c0 < u.time; c0 += ${columns}u) {
    ${stageCode(sizes, qkvAt(sizes, 0, 't', 'p'), rowAt(sizes, 'dy', 't', 'p'))}
    ${leaveShares(sizes, twoProducts(sizes, 'k', 'v'))}
    ${sumShares(
      sizes,
      'vec2<f32>',
      `
        let query = (b * u.heads + h) * u.time + t;
        var slopes = vec2<f32>();
        if (first + r >= start && t >= first + r) {
          let weight = exp(sum.x - lse[query]);
          slopes = vec2<f32>(weight * (sum.y - delta[query]) * u.scale, weight);
        }
        shares[at] = slopes;`,
    )}
    for (var j = 0u; j < stop; j++) {
      let at = j * ${parts}u + slice;
      let slopes = shares[team * ${columns}u + j];
      ${list(held, (p) => `dk${p} += ${tileAt(sizes, 'left', p)} * slopes.x; dv${p} += ${tileAt(sizes, 'right', p)} * slopes.y;`)}
    }
  }
  if (own < u.time) {
    ${whereHeld(
      sizes,
      (p) =>
        `d${qkvAt(sizes, 1, 'own', heldAt(sizes, p))} = dk${p}; d${qkvAt(sizes, 2, 'own', heldAt(sizes, p))} = dv${p};`,
    )}
  }`;
  return { declarations: sharesCode(sizes, 'vec2<f32>'), body };
}
