/**
 * jax-js as a contender: the same GPT and Adam inside one `jit(valueAndGrad)`, and jitted matrix products. It has no
 * sampler, and `@jax-js/optax` is not published. Its arrays are moved, not shared: `.ref` keeps an argument alive for
 * another use. Outside `jit` it is lazy, so every result here is awaited.
 */
import type * as jaxJs from '@jax-js/jax';
import { Rng } from '../../data/rng.ts';
import type { ModelConfig } from '../../model/config.ts';
import { initialTensors, parameterCount } from '../../model/parameters.ts';
import { ADAM } from '../../rlhf/workload-size.ts';
import {
  CONFIGS,
  products,
  trainingBatch,
  type BenchBackend,
  type BenchConfig,
} from './configs.ts';
import type { Task } from './messages.ts';
import { operandsOf, productRounds, timedWhole, type Workload } from './workload.ts';

type Jax = typeof jaxJs;
type JaxArray = jaxJs.numpy.Array;
type Weights = Record<string, JaxArray>;
type Work = Omit<Workload, 'device'>;

/** jax-js asks for iterator helpers, which Node 20 lacks. */
function addIteratorHelpers(): void {
  const prototype: object = Object.getPrototypeOf(
    Object.getPrototypeOf([][Symbol.iterator]()),
  ) as object;
  const helpers = {
    *map(this: Iterable<unknown>, f: (value: unknown, index: number) => unknown) {
      let index = 0;
      for (const value of this) yield f(value, index++);
    },
    *filter(this: Iterable<unknown>, f: (value: unknown, index: number) => boolean) {
      let index = 0;
      for (const value of this) if (f(value, index++)) yield value;
    },
    toArray(this: Iterable<unknown>) {
      return [...this];
    },
  };
  for (const [name, helper] of Object.entries(helpers)) {
    if (!(name in prototype)) Reflect.set(prototype, name, helper);
  }
}

/** Reads an array back; its own type names one that older compilers do not know. */
async function valuesOf(array: JaxArray): Promise<Float32Array> {
  const data: unknown = await array.data();
  if (!(data instanceof Float32Array)) throw new TypeError('jax-js gave no float32 values');
  return data;
}

/** [T, T] of 0 and -1e9 above the diagonal. */
function causalMask(T: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? -1e9 : 0));
}

function gptLoss({ numpy: np, nn }: Jax, { model, batch: B }: BenchConfig) {
  const { width: D, heads: H, layers, vocabularySize: V, contextLength: T } = model;
  const norm = (x: JaxArray, gain: JaxArray, bias: JaxArray): JaxArray => {
    const centred = x.sub(np.mean(x.ref, -1, { keepdims: true }));
    const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
    return centred
      .div(np.sqrt(variance.add(1e-5)))
      .mul(gain)
      .add(bias);
  };
  const heads = (x: JaxArray): JaxArray => x.reshape([B, T, H, D / H]).transpose([0, 2, 1, 3]);
  return (weights: Weights, ids: JaxArray, labels: JaxArray, mask: JaxArray): JaxArray => {
    const linear = (prefix: string, x: JaxArray): JaxArray =>
      np.matmul(x, weights[`${prefix}.weight`]!).add(weights[`${prefix}.bias`]!);
    const normal = (prefix: string, x: JaxArray): JaxArray =>
      norm(x, weights[`${prefix}.weight`]!, weights[`${prefix}.bias`]!);
    let x = np.take(weights['wte.weight']!.ref, ids, 0).add(weights['wpe.weight']!);
    for (let l = 0; l < layers; l++) {
      const block = `h.${l}.`;
      const qkv = linear(`${block}attn.c_attn`, normal(`${block}ln_1`, x.ref));
      const [q, k, v] = np.split(qkv, 3, -1) as [JaxArray, JaxArray, JaxArray];
      const products = np.matmul(heads(q), heads(k).transpose([0, 1, 3, 2]));
      const scores = products.mul(1 / Math.sqrt(D / H)).add(mask.ref);
      const out = np.matmul(nn.softmax(scores, -1), heads(v)).transpose([0, 2, 1, 3]);
      x = x.add(linear(`${block}attn.c_proj`, out.reshape([B, T, D])));
      const inner = linear(`${block}mlp.c_fc`, normal(`${block}ln_2`, x.ref));
      x = x.add(linear(`${block}mlp.c_proj`, nn.gelu(inner, { approximate: true })));
    }
    mask.dispose();
    const hidden = normal('ln_f', x).reshape([B * T, D]);
    const logits = np.matmul(hidden, weights['wte.weight']!.transpose());
    const right = nn.logSoftmax(logits, -1).mul(nn.oneHot(labels, V));
    return np.sum(right).mul(-1 / (B * T));
  };
}

/** One jitted step: rates are [learning rate / (1 - beta1^t), 1 / (1 - beta2^t)]. */
function jittedStep(jax: Jax, config: BenchConfig) {
  const { numpy: np, jit, valueAndGrad, tree } = jax;
  const loss = gptLoss(jax, config);
  return jit(
    (
      weights: Weights,
      first: Weights,
      second: Weights,
      rates: JaxArray[],
      ids: JaxArray,
      labels: JaxArray,
      mask: JaxArray,
    ): [Weights, Weights, Weights, JaxArray] => {
      const [value, gradients] = valueAndGrad(loss)(tree.ref(weights), ids, labels, mask);
      const next: [Weights, Weights, Weights] = [{}, {}, {}];
      for (const [name, weight] of Object.entries(weights)) {
        const gradient = (gradients as Weights)[name]!;
        const m = first[name]!.mul(ADAM.beta1).add(gradient.ref.mul(1 - ADAM.beta1));
        const v = second[name]!.mul(ADAM.beta2).add(np.square(gradient).mul(1 - ADAM.beta2));
        const root = np.sqrt(v.ref.mul(rates[1]!.ref)).add(ADAM.epsilon);
        next[0][name] = weight.sub(m.ref.mul(rates[0]!.ref).div(root));
        next[1][name] = m;
        next[2][name] = v;
      }
      for (const rate of rates) rate.dispose();
      return [...next, value];
    },
  );
}

function startWeights({ numpy: np }: Jax, model: ModelConfig): [Weights, Weights, Weights] {
  const state: [Weights, Weights, Weights] = [{}, {}, {}];
  const tensors = initialTensors(model, 'language', Rng.named(1, 'bench', 'weights'));
  for (const [name, { shape, data }] of tensors) {
    state[0][name] = np.array(Float32Array.from(data), { shape: [...shape] });
    state[1][name] = np.array(new Float32Array(data.length), { shape: [...shape] });
    state[2][name] = np.array(new Float32Array(data.length), { shape: [...shape] });
  }
  return state;
}

function trainingStep(jax: Jax, config: BenchConfig): Work {
  const { numpy: np } = jax;
  const { batch: B, model } = config;
  const T = model.contextLength;
  const step = jittedStep(jax, config);
  const mask = np.array(causalMask(T), { shape: [T, T] });
  let [weights, first, second] = startWeights(jax, model);
  let steps = 0;
  return {
    parameters: parameterCount(model),
    tokens: B * T,
    round: () => {
      const batch = trainingBatch(config, steps++);
      return timedWhole(async () => {
        const ids = np.array(batch.ids, { shape: [B, T], dtype: np.int32 });
        const labels = np.array(batch.labels, { shape: [B * T], dtype: np.int32 });
        const rates = [
          np.array([ADAM.learningRate / (1 - ADAM.beta1 ** steps)]),
          np.array([1 / (1 - ADAM.beta2 ** steps)]),
        ];
        let loss: JaxArray;
        [weights, first, second, loss] = step(weights, first, second, rates, ids, labels, mask.ref);
        return (await valuesOf(loss))[0] ?? NaN;
      });
    },
  };
}

function matrixProducts(jax: Jax, config: BenchConfig, backend: BenchBackend): Work {
  const { numpy: np, jit } = jax;
  const runnable = products(config).map((product) => {
    const operands = operandsOf(product);
    const a = np.array(Float32Array.from(operands.a), { shape: operands.shapeA });
    const b = np.array(Float32Array.from(operands.b), { shape: operands.shapeB });
    const multiply = jit((x: JaxArray, y: JaxArray) =>
      np.matmul(
        product.stored === 'At.B' ? x.transpose() : x,
        product.stored === 'A.Bt' ? y.transpose() : y,
      ),
    );
    let result: JaxArray | undefined;
    const run = async (): Promise<void> => {
      result?.dispose();
      result = multiply(a.ref, b.ref);
      await result.blockUntilReady();
      if (backend === 'webgpu') await jax.getWebGPUDevice().queue.onSubmittedWorkDone();
    };
    const read = async (): Promise<Float32Array> =>
      result ? await valuesOf(result.ref) : new Float32Array();
    return { product, operands, run, read };
  });
  return { parameters: 0, tokens: 0, round: productRounds(runnable) };
}

/** Throws for jobs that need more than jax-js has. */
export async function jaxWorkload(task: Task): Promise<Workload> {
  addIteratorHelpers();
  const jax = await import('@jax-js/jax');
  const started = await jax.init(task.backend);
  if (!started.includes(task.backend)) throw new Error(`jax-js did not start on ${task.backend}`);
  jax.defaultDevice(task.backend);
  const config = CONFIGS[task.config];
  const device = `jax-js, ${task.backend}`;
  if (task.job === 'train') return { device, ...trainingStep(jax, config) };
  if (task.job === 'matmul') return { device, ...matrixProducts(jax, config, task.backend) };
  throw new Error(`jax-js has no "${task.job}"`);
}
