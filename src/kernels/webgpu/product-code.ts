/**
 * WGSL by which the matrix products read and write their arrays, four neighbours of a row at a time: whole vectors where
 * all rows divide by four, elements otherwise. Not the products themselves, which are in matmul.ts.
 */

/**
 * Four neighbours of a row; `columns` is WGSL for the row's length. Beyond its end a ragged row gives zeros: what is
 * read there lies in the next row or past the array, where WebGPU allows a read and leaves its value open.
 */
export function loadCode(name: string, columns: string, wide: boolean, packed = false): string {
  const body = wide
    ? vectorCode(name, `r * (${columns} / 4u) + q`, packed)
    : `let at = r * ${columns} + 4u * q;
  let inside = vec4<u32>(4u * q) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(${columns});
  return select(vec4<f32>(), vec4<f32>(${name}[at], ${name}[at + 1u], ${name}[at + 2u], ${name}[at + 3u]), inside);`;
  return `fn load_${name}(r : u32, q : u32) -> vec4<f32> { ${body} }`;
}

export function storeCode(name: string, columns: string, wide: boolean): string {
  const body = wide
    ? `${name}[r * (${columns} / 4u) + q] = v;`
    : `let at = r * ${columns} + 4u * q;
  let rest = ${columns} - 4u * q;
  ${name}[at] = v.x;
  if (rest > 1u) { ${name}[at + 1u] = v.y; }
  if (rest > 2u) { ${name}[at + 2u] = v.z; }
  if (rest > 3u) { ${name}[at + 3u] = v.w; }`;
  return `fn store_${name}(r : u32, q : u32, v : vec4<f32>) { ${body} }`;
}

/** Four rows of a ragged operand at column k; rows past the end give results that nobody stores. */
export function turnCode(name: string, columns: string): string {
  const at = (i: number) => `${name}[(4u * q + ${i}u) * ${columns} + k]`;
  return `fn turn_${name}(q : u32, k : u32) -> vec4<f32> {
  return vec4<f32>(${[0, 1, 2, 3].map(at).join(', ')});
}`;
}

/** Four neighbours at place `at` of an array of vectors, or of packed halves (halves.ts), two words to four of them. */
export const vectorCode = (name: string, at: string, packed: boolean): string =>
  packed
    ? `let pair = ${name}[${at}]; return vec4<f32>(unpack2x16float(pair.x), unpack2x16float(pair.y));`
    : `return ${name}[${at}];`;

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** `line` for every number below `count`, as WGSL. */
export const lines = (count: number, line: (i: number) => string): string =>
  range(count).map(line).join('\n  ');
