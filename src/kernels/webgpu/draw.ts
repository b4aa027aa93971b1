/**
 * Drawing one token a row from logits in WGSL; contract and reference are in ../draw.ts. The uniform comes from
 * Philox4x32-10 (see src/data/philox.ts) computed here, so that a rollout uploads nothing per token.
 */
import { matrix } from '../kernel-inputs.ts';
import { floats, integers, THREADS, type Kernel } from './gpu.ts';
import { PHILOX } from './philox.ts';

const DECLARATIONS = `
${PHILOX}
var<workgroup> tops : array<f32, ${THREADS}>;
var<workgroup> places : array<u32, ${THREADS}>;
var<workgroup> sums : array<f32, ${THREADS}>;
var<workgroup> drawn : u32;
// The same order as that of numbers, zeros of both signs apart.
fn rank(x : f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}`;

/** Adds up `x` of the thread's tokens v from `begin` to `end` over the workgroup, into `into`. */
const total = (into: string, x: string): string => `
    sum = 0.0;
    for (var v = begin; v < end; v++) { sum += ${x}; }
    workgroupBarrier();
    sums[local] = sum;
    workgroupBarrier();
    ${into} = 0.0;
    for (var i = 0u; i < ${THREADS}u; i++) { ${into} += sums[i]; }`;

const MASS = 'exp((logits[row + v] - top) * u.inverseTemperature)';
const KEPT_MASS = `select(0.0, ${MASS}, rank(logits[row + v]) >= least)`;

/** Raises `least` to the highest rank from which on `x` adds up to `goal`, bit by bit. */
const raiseLeast = (x: string, goal: string): string => `
    goal = ${goal};
    found = 0u;
    for (var bit = 0u; bit < 32u; bit++) {
      let candidate = found | (0x80000000u >> bit);
      ${total('reached', x)}
      if (reached >= goal) { found = candidate; }
    }
    least = max(least, found);`;

/** Draws among the tokens of rank `least` or higher. */
const AMONG = `
  var least = 0u;
  var found = 0u;
  var goal = 0.0;
  var reached = 0.0;
  if (u.topK > 0u) {
    ${raiseLeast('select(0.0, 1.0, rank(logits[row + v]) >= candidate)', 'f32(u.topK)')}
  }
  if (u.topP < 1.0) {
    ${total('reached', KEPT_MASS)}
    ${raiseLeast(`select(0.0, ${MASS}, rank(logits[row + v]) >= max(candidate, least))`, 'reached * u.topP')}
  }
  ${total('reached', KEPT_MASS)}
  if (local == 0u) {
    goal = uniformDraw(group) * reached;
    var below = 0.0;
    var owner = 0u;
    // A thread without kept tokens owns no draw, whatever rounding says.
    for (var i = 0u; i < ${THREADS}u; i++) {
      if (sums[i] > 0.0) {
        owner = i;
        if (below + sums[i] > goal) { break; }
        below += sums[i];
      }
    }
    drawn = place;
    for (var v = owner * run; v < min(owner * run + run, u.vocabulary); v++) {
      let mass = ${KEPT_MASS};
      if (mass > 0.0) {
        drawn = v;
        below += mass;
        if (below > goal) { break; }
      }
    }
  }`;

/** Draws among all tokens, from the sums of the threads' masses. */
const OF_ALL = `
  if (local == 0u) {
    drawn = place;
    if (u.greedy == 0u) {
      let goal = uniformDraw(group) * mass;
      var below = 0.0;
      var owner = 0u;
      while (owner + 1u < ${THREADS}u && below + sums[owner] <= goal) {
        below += sums[owner];
        owner++;
      }
      // The first token whose cumulated mass passes the goal; rounding must never run off the end.
      drawn = min(owner * run, u.vocabulary - 1u);
      let last = min(drawn + run, u.vocabulary) - 1u;
      while (drawn < last) {
        below += exp((logits[row + drawn] - top) * u.inverseTemperature);
        if (below > goal) { break; }
        drawn++;
      }
    }
  }`;

/** unitFloat of the named word: the middle of one of 2^23 equal steps. */
const UNIFORM = `
fn uniformDraw(row : u32) -> f32 {
  let words = philox(vec4<u32>(u.step / 4u, u32(rows[row]), 0u, 1u), vec2<u32>(u.key0, u.key1));
  return (f32(words[u.step % 4u] >> 9u) + 0.5) / 8388608.0;
}`;

/** Every thread owns a run of neighbouring tokens, so that masses add up in the tokens' order. */
const drawCode = (pick: string) => () => ({
  declarations: DECLARATIONS + UNIFORM,
  body: `
  let row = group * u.vocabulary;
  let run = (u.vocabulary + ${THREADS - 1}u) / ${THREADS}u;
  let begin = min(local * run, u.vocabulary);
  let end = min(begin + run, u.vocabulary);
  var top = -1e30;
  var place = begin;
  for (var v = begin; v < end; v++) {
    if (logits[row + v] > top) { top = logits[row + v]; place = v; }
  }
  tops[local] = top;
  places[local] = place;
  workgroupBarrier();
  // The first of the likeliest tokens.
  top = tops[0];
  place = places[0];
  for (var i = 1u; i < ${THREADS}u; i++) {
    if (tops[i] > top) { top = tops[i]; place = places[i]; }
  }
  var sum = 0.0;
  var mass = 0.0;
  ${total('mass', MASS)}
  ${pick}
  if (local == 0u) {
    token[group] = i32(drawn);
    logProbability[group] = (logits[row + drawn] - top) * u.inverseTemperature - log(mass);
  }`,
});

/**
 * {logits [B, V], rows [B] int32}, {inverseTemperature, greedy (0 or 1), key0, key1, step, topK (0 is all), topP} to
 * [token [B] int32, logProbability [B]].
 */
export const draw: Kernel = (gpu, { logits, rows }, attributes) => {
  const [batch, vocabulary] = matrix(logits);
  const [token, logProbability] = [gpu.output([batch], 'int32'), gpu.output([batch])];
  const { topK, topP } = attributes;
  const among = attributes.greedy === 0 && (topK! > 0 || topP! < 1);
  gpu.run({
    name: 'PlayDraw',
    constants: { among: Number(among) },
    writes: { token: integers(token), logProbability: floats(logProbability) },
    reads: { logits: floats(logits), rows: integers(rows) },
    counts: {
      vocabulary,
      greedy: attributes.greedy!,
      key0: attributes.key0!,
      key1: attributes.key1!,
      step: attributes.step!,
      topK: topK!,
    },
    numbers: { inverseTemperature: attributes.inverseTemperature!, topP: topP! },
    groups: batch,
    code: drawCode(among ? AMONG : OF_ALL),
  });
  return [token, logProbability];
};
