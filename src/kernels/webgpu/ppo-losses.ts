/**
 * PPO's losses in WGSL, each with its gradient in one dispatch of one workgroup; contract and reference are in
 * ../ppo-losses.ts. Threads take every 64th token and their sums are added in order, so that a sum has one order.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../kernel-inputs.ts';
import { floats, THREADS, type Kernel } from './gpu.ts';

const DECLARATIONS = `
var<workgroup> sums : array<f32, ${THREADS}>;`;

/** Adds up `x` over the workgroup into a new variable. */
const total = (name: string, x: string): string => `
  sums[local] = ${x};
  workgroupBarrier();
  var ${name} = 0.0;
  for (var i = 0u; i < ${THREADS}u; i++) { ${name} += sums[i]; }
  workgroupBarrier();`;

/** Runs `token` for each live token i, where it adds to `sum`, and leaves the mean in `loss`. */
const lossBody = (token: string, padding: string): string => `
  var own = 0.0;
  for (var i = local; i < u.count; i += ${THREADS}u) { own += mask[i]; }
  ${total('live', 'own')}
  var sum = 0.0;
  for (var i = local; i < u.count; i += ${THREADS}u) {
    if (mask[i] > 0.0) { ${token} } else { ${padding} }
  }
  ${total('all', 'sum')}
  if (local == 0u) { loss[0] = all / live; }`;

/** The estimate of the KL per token and its derivative with respect to the log-probability, by number; 0 is none. */
const ESTIMATES = [
  null,
  ['away', '1.0'],
  ['0.5 * away * away', 'away'],
  ['exp(-away) - 1.0 + away', '1.0 - exp(-away)'],
] as const;

function policyToken(estimator: number): string {
  const term = ESTIMATES[estimator];
  if (term === undefined) throw new RangeError(`There is no estimator ${estimator}.`);
  const kl = term
    ? `
      let away = statistics[i] - reference[i];
      sum += u.klWeight * (${term[0]});
      slope += u.klWeight * (${term[1]});`
    : '';
  return `
      let ratio = exp(statistics[i] - old[i]);
      let unclipped = -advantages[i] * ratio;
      let clipped = -advantages[i] * clamp(ratio, 1.0 - u.clip, 1.0 + u.clip);
      // The clip holds the gradient at 0 where its branch is the larger one.
      var slope = select(unclipped, 0.0, clipped > unclipped);
      sum += max(unclipped, clipped) - u.entropyBonus * statistics[u.count + i];
      ${kl}
      dstatistics[i] = slope / live;
      dstatistics[u.count + i] = -u.entropyBonus / live;`;
}

/** Throws RangeError unless every tensor has `count` elements. */
function expectCount(count: number, tensors: readonly (tf.TensorInfo | undefined)[]): void {
  for (const tensor of tensors) {
    if (sizeOf(tensor) !== count) {
      throw new RangeError(`A loss over ${count} tokens was given ${sizeOf(tensor)} numbers.`);
    }
  }
}

/**
 * {statistics [2, N], old, advantages, mask and with an estimator reference [N]}, {clip, entropyBonus, estimator (0 is
 * none), klWeight} to [loss [], its gradient [2, N]].
 */
export const policyLoss: Kernel = (gpu, inputs, attributes) => {
  const { statistics, old, advantages, mask, reference } = inputs;
  const estimator = attributes.estimator!;
  const count = sizeOf(mask);
  expectCount(count, [old, advantages, ...(estimator === 0 ? [] : [reference])]);
  const [loss, dstatistics] = [gpu.output([]), gpu.output([2, count])];
  gpu.run({
    name: 'PlayPolicyLoss',
    constants: { estimator },
    writes: { loss: floats(loss), dstatistics: floats(dstatistics) },
    reads: {
      statistics: floats(statistics),
      old: floats(old),
      advantages: floats(advantages),
      mask: floats(mask),
      ...(estimator === 0 ? {} : { reference: floats(reference) }),
    },
    counts: { count },
    numbers: {
      clip: attributes.clip!,
      entropyBonus: attributes.entropyBonus!,
      klWeight: attributes.klWeight!,
    },
    groups: 1,
    code: () => ({
      declarations: DECLARATIONS,
      body: lossBody(
        policyToken(estimator),
        'dstatistics[i] = 0.0; dstatistics[u.count + i] = 0.0;',
      ),
    }),
  });
  return [loss, dstatistics];
};

const VALUE_TOKEN = `
      let error = values[i] - returns[i];
      let moved = values[i] - old[i];
      let near = old[i] + clamp(moved, -u.clip, u.clip) - returns[i];
      // Within the clip both branches are the same number, up to rounding.
      let clipped = u.clips == 1u && abs(moved) > u.clip && near * near > error * error;
      sum += 0.5 * select(error * error, near * near, clipped);
      dvalues[i] = select(error, 0.0, clipped) / live;`;

/** {values, old, returns, mask [N]}, {clip, clips (0 or 1)} to [loss [], its gradient, shaped as values]. */
export const valueLoss: Kernel = (gpu, { values, old, returns, mask }, { clip, clips }) => {
  const count = sizeOf(mask);
  expectCount(count, [values, old, returns]);
  const [loss, dvalues] = [gpu.output([]), gpu.output(values!.shape)];
  gpu.run({
    name: 'PlayValueLoss',
    writes: { loss: floats(loss), dvalues: floats(dvalues) },
    reads: {
      values: floats(values),
      old: floats(old),
      returns: floats(returns),
      mask: floats(mask),
    },
    counts: { count, clips: clips! },
    numbers: { clip: clip! },
    groups: 1,
    code: () => ({
      declarations: DECLARATIONS,
      body: lossBody(VALUE_TOKEN, 'dvalues[i] = 0.0;'),
    }),
  });
  return [loss, dvalues];
};
