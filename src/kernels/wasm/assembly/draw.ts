/**
 * Draws one token for each row of logits: inverse CDF with a uniform of a named stream, or the likeliest token. The
 * uniform is word `step` of Philox4x32-10, bit for bit as in src/data/philox.ts.
 */
import { exp1, exp4, log1, maxLane, sumLanes } from './math';
import { philox } from './philox';

/** Word `step % 4` of Philox at counter [step / 4, row, 0, 1]. */
function wordOf(step: u32, row: u32, key0: u32, key1: u32): u32 {
  const words = philox(step >> 2, row, 0, 1, key0, key1);
  const word = step & 3;
  if (word == 0) return i32x4.extract_lane(words, 0);
  if (word == 1) return i32x4.extract_lane(words, 1);
  return word == 2 ? i32x4.extract_lane(words, 2) : i32x4.extract_lane(words, 3);
}

/** Largest of `size` floats. */
function topOf(x: usize, size: i32): f32 {
  const vectorEnd = x + ((<usize>(size & ~3)) << 2);
  const end = x + ((<usize>size) << 2);
  let top4 = f32x4.splat(-Infinity);
  for (; x < vectorEnd; x += 16) top4 = f32x4.pmax(top4, v128.load(x));
  let top = maxLane(top4);
  for (; x < end; x += 4) top = max<f32>(top, load<f32>(x));
  return top;
}

/** masses = exp((x - top) inverseTemperature); returns their sum. */
function massesOf(x: usize, masses: usize, size: i32, top: f32, inverseTemperature: f32): f32 {
  const vectorEnd = x + ((<usize>(size & ~3)) << 2);
  const end = x + ((<usize>size) << 2);
  const top4 = f32x4.splat(top);
  const inverse4 = f32x4.splat(inverseTemperature);
  let sum4 = f32x4.splat(0);
  for (; x < vectorEnd; x += 16, masses += 16) {
    const e = exp4(f32x4.mul(f32x4.sub(v128.load(x), top4), inverse4));
    v128.store(masses, e);
    sum4 = f32x4.add(sum4, e);
  }
  let sum = sumLanes(sum4);
  for (; x < end; x += 4, masses += 4) {
    const e = exp1((load<f32>(x) - top) * inverseTemperature);
    store<f32>(masses, e);
    sum += e;
  }
  return sum;
}

/** The same order as that of numbers, zeros of both signs apart. */
function rankOf(x: f32): u32 {
  const bits = reinterpret<u32>(x);
  return bits >> 31 == 1 ? ~bits : bits | 0x80000000;
}

/** How many of `size` floats are of rank `least` or higher. */
function countFrom(x: usize, size: i32, least: u32): i32 {
  let count = 0;
  for (let i = 0; i < size; i++) {
    if (rankOf(load<f32>(x + ((<usize>i) << 2))) >= least) count++;
  }
  return count;
}

/** Sum of the masses of those of `size` floats that are of rank `least` or higher. */
function massFrom(x: usize, masses: usize, size: i32, least: u32): f32 {
  let sum: f32 = 0;
  for (let i = 0; i < size; i++) {
    const at = (<usize>i) << 2;
    if (rankOf(load<f32>(x + at)) >= least) sum += load<f32>(masses + at);
  }
  return sum;
}

/**
 * Sets the masses to 0 of all but the `topK` likeliest (0 is all) and, of these, the likeliest that together have `topP`
 * of their mass; returns the sum of the others. The lowest rank that stays in is found bit by bit, so that tokens as
 * likely as the last one stay in too.
 */
function keepLikeliest(x: usize, masses: usize, size: i32, topK: i32, topP: f32): f32 {
  let least: u32 = 0;
  if (topK > 0) {
    let found: u32 = 0;
    for (let bit: u32 = 0x80000000; bit != 0; bit >>= 1) {
      if (countFrom(x, size, found | bit) >= topK) found |= bit;
    }
    least = found;
  }
  if (topP < 1) {
    const goal = massFrom(x, masses, size, least) * topP;
    let found: u32 = 0;
    for (let bit: u32 = 0x80000000; bit != 0; bit >>= 1) {
      if (massFrom(x, masses, size, max<u32>(found | bit, least)) >= goal) found |= bit;
    }
    least = max<u32>(found, least);
  }
  for (let i = 0; i < size; i++) {
    const at = (<usize>i) << 2;
    if (rankOf(load<f32>(x + at)) < least) store<f32>(masses + at, 0);
  }
  return massFrom(x, masses, size, least);
}

/** First place of `value` among `size` floats; the last one when it is nowhere (NaN). */
function placeOf(x: usize, size: i32, value: f32): i32 {
  let place = 0;
  while (place < size - 1 && load<f32>(x + ((<usize>place) << 2)) != value) place++;
  return place;
}

/** First place where the cumulated masses pass `goal`; the last one with a mass when rounding runs off the end. */
function placeAbove(masses: usize, size: i32, goal: f32): i32 {
  let place = 0;
  let below: f32 = 0;
  for (let i = 0; i < size; i++) {
    const mass = load<f32>(masses + ((<usize>i) << 2));
    if (mass > 0) {
      place = i;
      below += mass;
      if (below > goal) break;
    }
  }
  return place;
}

/**
 * logits [n, v] and rows [n] int32 to token [n] int32 and its logProbability [n] at the temperature among all tokens;
 * greedy takes the first of the likeliest tokens, else the draw is among the `topK` likeliest (0 is all) and `topP` of
 * their mass (1 is all). scratch holds v floats.
 */
export function draw(
  logits: usize,
  rows: usize,
  token: usize,
  logProbability: usize,
  n: i32,
  v: i32,
  inverseTemperature: f32,
  greedy: i32,
  key0: u32,
  key1: u32,
  step: u32,
  topK: i32,
  topP: f32,
  scratch: usize,
): void {
  for (let i = 0; i < n; i++) {
    const at = (<usize>i) << 2;
    const x = logits + <usize>i * ((<usize>v) << 2);
    const top = topOf(x, v);
    const mass = massesOf(x, scratch, v, top, inverseTemperature);
    let drawn = 0;
    if (greedy) drawn = placeOf(x, v, top);
    else {
      const word = wordOf(step, load<u32>(rows + at), key0, key1);
      const kept = topK > 0 || topP < 1 ? keepLikeliest(x, scratch, v, topK, topP) : mass;
      drawn = placeAbove(scratch, v, ((<f32>(word >> 9) + 0.5) / 8388608.0) * kept);
    }
    store<i32>(token + at, drawn);
    const chosen = (load<f32>(x + ((<usize>drawn) << 2)) - top) * inverseTemperature;
    store<f32>(logProbability + at, chosen - log1(mass));
  }
}
