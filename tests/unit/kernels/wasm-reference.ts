/**
 * The same functions as the WASM kernels in plain float64 loops, written from the formulas and sharing nothing with
 * the kernels, and central differences for gradients. Slow; for small shapes only.
 */

export type Numbers = Float64Array | Float32Array | Int32Array;

/** d loss / d x at the given indices, by central differences in float64. */
export function centralDifferences(
  loss: (x: Float64Array) => number,
  x: Numbers,
  indices: readonly number[],
): number[] {
  const point = Float64Array.from(x);
  const h = 1e-5;
  return indices.map((i) => {
    const held = point[i]!;
    point[i] = held + h;
    const above = loss(point);
    point[i] = held - h;
    const below = loss(point);
    point[i] = held;
    return (above - below) / (2 * h);
  });
}

export function inner(a: Numbers, b: Numbers): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

export function layerNorm(x: Numbers, gain: Numbers, bias: Numbers, n: number, epsilon: number) {
  const d = x.length / n;
  const y = new Float64Array(x.length);
  const mean = new Float64Array(n);
  const rstd = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const row = Array.from(x.subarray(i * d, (i + 1) * d));
    mean[i] = row.reduce((sum, v) => sum + v, 0) / d;
    const variance = row.reduce((sum, v) => sum + (v - mean[i]!) ** 2, 0) / d;
    rstd[i] = 1 / Math.sqrt(variance + epsilon);
    row.forEach((v, j) => (y[i * d + j] = (v - mean[i]!) * rstd[i]! * gain[j]! + bias[j]!));
  }
  return { y, mean, rstd };
}

export const gelu = (x: number): number =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

export interface Shape {
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
  readonly width: number;
}

/** out [B*T, D] and lse [B*H*T] of causal attention with left padding. */
export function attention(qkv: Numbers, starts: Numbers, { batch, time, heads, width }: Shape) {
  const d = heads * width;
  const out = new Float64Array(batch * time * d);
  const lse = new Float64Array(batch * heads * time);
  const at = (b: number, t: number, part: number, h: number) =>
    (b * time + t) * 3 * d + part * d + h * width;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = starts[b]!; i < time; i++) {
        const scores: number[] = [];
        for (let j = starts[b]!; j <= i; j++) {
          const q = qkv.subarray(at(b, i, 0, h), at(b, i, 0, h) + width);
          scores.push(inner(q, qkv.subarray(at(b, j, 1, h))) / Math.sqrt(width));
        }
        const top = Math.max(...scores);
        const total = scores.reduce((sum, s) => sum + Math.exp(s - top), 0);
        lse[(b * heads + h) * time + i] = top + Math.log(total);
        scores.forEach((s, index) => {
          const p = Math.exp(s - top) / total;
          const value = at(b, starts[b]! + index, 2, h);
          for (let c = 0; c < width; c++) {
            const target = (b * time + i) * d + h * width + c;
            out[target] = out[target]! + p * qkv[value + c]!;
          }
        });
      }
    }
  }
  return { out, lse };
}

/** logProbability, entropy and lse of softmax(logits * inverseTemperature), each [N]. */
export function tokenLogProbability(logits: Numbers, labels: Numbers, inverseTemperature: number) {
  const n = labels.length;
  const v = logits.length / n;
  const result = {
    logProbability: new Float64Array(n),
    entropy: new Float64Array(n),
    lse: new Float64Array(n),
  };
  for (let i = 0; i < n; i++) {
    const z = Array.from(logits.subarray(i * v, (i + 1) * v), (x) => x * inverseTemperature);
    const top = Math.max(...z);
    const lse = top + Math.log(z.reduce((sum, x) => sum + Math.exp(x - top), 0));
    result.lse[i] = lse;
    result.logProbability[i] = z[labels[i]!]! - lse;
    result.entropy[i] = z.reduce(
      (sum, x) => (x === -Infinity ? sum : sum - Math.exp(x - lse) * (x - lse)),
      0,
    );
  }
  return result;
}

/** out[ids[i]] += x[i] for rows of x. */
export function segmentSum(ids: Numbers, x: Numbers, rows: number): Float64Array {
  const d = x.length / ids.length;
  const out = new Float64Array(rows * d);
  x.forEach((value: number, i: number) => {
    const target = ids[Math.floor(i / d)]! * d + (i % d);
    out[target] = out[target]! + value;
  });
  return out;
}
