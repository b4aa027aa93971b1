/**
 * AdamW's moments of one model's parameters on the device, keyed by parameter name, never by position (D51): one
 * tensor for each parameter, or many in one tensor where the backend updates many parameters at once, as large as it may
 * be there. The same numbers either way; not the step count, nor clipping, which are the optimizer's.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  adamWStep,
  adamWSteps,
  mostElements,
  takesManySteps,
  type AdamWSettings,
} from '../kernels/adamw.ts';
import type { TensorData, TensorMap } from '../records/tensor.ts';
import type { Model } from './parameters.ts';

type Gradients = ReadonlyMap<string, tf.Tensor>;

/** Decay apart, which only matrices have: not biases, not layer-norm gains, as in GPT training. */
const decayOf = ({ rank }: tf.Tensor, { weightDecay }: AdamWSettings): number =>
  rank > 1 ? weightDecay : 0;

export interface Moments {
  /** Moves the moments of every parameter with a gradient, and returns the new parameters, which the caller owns. */
  step(gradients: Gradients, scale: tf.Scalar, settings: AdamWSettings): Map<string, tf.Tensor>;
  /** Off the device, by name (`first.` / `second.` prefixed); no step may be taken while this reads. */
  tensors(): Promise<Map<string, TensorData>>;
  /** Puts moments back; throws when one is missing. */
  restore(tensors: TensorMap): void;
  dispose(): void;
}

function saved(tensors: TensorMap, name: string): { first: TensorData; second: TensorData } {
  const first = tensors.get(`first.${name}`);
  const second = tensors.get(`second.${name}`);
  if (!first || !second) throw new Error(`checkpoint lacks the optimizer moments of "${name}"`);
  return { first, second };
}

/** A tensor for each moment of each parameter; every step makes new ones. */
class SeparateMoments implements Moments {
  readonly #model: Model;
  readonly #moments = new Map<string, { first: tf.Tensor; second: tf.Tensor }>();

  /** Zeros, for the parameters of these names. */
  constructor(model: Model, names: Iterable<string>) {
    this.#model = model;
    for (const name of names) {
      const { shape } = model.get(name);
      this.#moments.set(name, { first: tf.zeros(shape), second: tf.zeros(shape) });
    }
  }

  step(gradients: Gradients, scale: tf.Scalar, settings: AdamWSettings): Map<string, tf.Tensor> {
    const parameters = new Map<string, tf.Tensor>();
    for (const [name, gradient] of gradients) {
      const parameter = this.#model.get(name);
      const moments = this.#moments.get(name);
      if (!moments) throw new Error(`no moments for parameter "${name}"`);
      const [next, first, second] = tf.tidy(() => {
        const state = { parameter, firstMoment: moments.first, secondMoment: moments.second };
        const weightDecay = decayOf(parameter, settings);
        const after = adamWStep(state, gradient, scale, { ...settings, weightDecay });
        return [after.parameter, after.firstMoment, after.secondMoment];
      }) as [tf.Tensor, tf.Tensor, tf.Tensor];
      tf.dispose([moments.first, moments.second]);
      this.#moments.set(name, { first, second });
      parameters.set(name, next);
    }
    return parameters;
  }

  async tensors(): Promise<Map<string, TensorData>> {
    const result = new Map<string, TensorData>();
    for (const [name, moments] of this.#moments) {
      for (const [which, moment] of Object.entries(moments) as [string, tf.Tensor][]) {
        const data = (await moment.data<'float32'>()).slice();
        result.set(`${which}.${name}`, { shape: moment.shape, data });
      }
    }
    return result;
  }

  restore(tensors: TensorMap): void {
    for (const [name, old] of this.#moments) {
      const { first, second } = saved(tensors, name);
      tf.dispose([old.first, old.second]);
      this.#moments.set(name, {
        first: tf.tensor(first.data.slice(), [...first.shape]),
        second: tf.tensor(second.data.slice(), [...second.shape]),
      });
    }
  }

  dispose(): void {
    for (const { first, second } of this.#moments.values()) tf.dispose([first, second]);
    this.#moments.clear();
  }
}

/** Elements that a parameter takes of each row: whole vectors of four, so that those that divide into them can be moved so. */
const padded = ({ size }: tf.Tensor): number => 4 * Math.ceil(size / 4);

/** All first moments, then all second ones, in one tensor that changes in place. */
class SharedMoments implements Moments {
  readonly #model: Model;
  /** First element of each parameter. */
  readonly #offsets = new Map<string, number>();
  #tensor: tf.Tensor2D;

  /** Zeros, for the parameters of these names. */
  constructor(model: Model, names: Iterable<string>) {
    this.#model = model;
    let total = 0;
    for (const name of names) {
      this.#offsets.set(name, total);
      total += padded(model.get(name));
    }
    this.#tensor = tf.zeros([2, total]);
  }

  step(gradients: Gradients, scale: tf.Scalar, settings: AdamWSettings): Map<string, tf.Tensor> {
    const names = [...gradients.keys()];
    const items = [...gradients].map(([name, gradient]) => {
      const parameter = this.#model.get(name);
      const offset = this.#offsets.get(name);
      if (offset === undefined) throw new Error(`no moments for parameter "${name}"`);
      return { parameter, gradient, offset, weightDecay: decayOf(parameter, settings) };
    });
    const parameters = adamWSteps(items, this.#tensor, scale, settings);
    return new Map(names.map((name, i) => [name, parameters[i]!]));
  }

  async tensors(): Promise<Map<string, TensorData>> {
    const values = await this.#tensor.data<'float32'>();
    const result = new Map<string, TensorData>();
    const total = this.#tensor.shape[1];
    for (const [name, offset] of this.#offsets) {
      const { shape, size } = this.#model.get(name);
      const part = (at: number) => ({ shape, data: values.slice(at, at + size) });
      result.set(`first.${name}`, part(offset));
      result.set(`second.${name}`, part(total + offset));
    }
    return result;
  }

  restore(tensors: TensorMap): void {
    const total = this.#tensor.shape[1];
    const values = new Float32Array(2 * total);
    for (const [name, offset] of this.#offsets) {
      const { first, second } = saved(tensors, name);
      values.set(first.data, offset);
      values.set(second.data, total + offset);
    }
    this.#tensor.dispose();
    this.#tensor = tf.tensor2d(values, [2, total]);
  }

  dispose(): void {
    this.#tensor.dispose();
  }
}

/** Moments in parts, each of which has some of the parameters. */
class DividedMoments implements Moments {
  readonly #parts: readonly { readonly names: ReadonlySet<string>; readonly moments: Moments }[];

  constructor(parts: readonly (readonly [Iterable<string>, Moments])[]) {
    this.#parts = parts.map(([names, moments]) => ({ names: new Set(names), moments }));
  }

  step(gradients: Gradients, scale: tf.Scalar, settings: AdamWSettings): Map<string, tf.Tensor> {
    const moved = this.#parts.flatMap(({ names, moments }) => {
      const own = new Map([...gradients].filter(([name]) => names.has(name)));
      return own.size === 0 ? [] : [...moments.step(own, scale, settings)];
    });
    return new Map(moved);
  }

  async tensors(): Promise<Map<string, TensorData>> {
    const parts = await Promise.all(this.#parts.map(({ moments }) => moments.tensors()));
    return new Map(parts.flatMap((part) => [...part]));
  }

  restore(tensors: TensorMap): void {
    for (const { moments } of this.#parts) moments.restore(tensors);
  }

  dispose(): void {
    for (const { moments } of this.#parts) moments.dispose();
  }
}

/** Names in runs whose moments fit a tensor of `most` elements, and those that do not fit one alone. */
function runsOf(model: Model, most: number): { shared: string[][]; large: string[] } {
  const shared: string[][] = [];
  const large: string[] = [];
  let room = 0;
  for (const [name, variable] of model.variables) {
    const wanted = 2 * padded(variable);
    if (wanted > most) {
      large.push(name);
      continue;
    }
    if (wanted > room) {
      shared.push([]);
      room = most;
    }
    room -= wanted;
    shared.at(-1)!.push(name);
  }
  return { shared, large };
}

/** Zeros for all parameters of a model; no tensor has more than `most` elements that need not. */
export function newMoments(model: Model, most = mostElements()): Moments {
  if (!takesManySteps()) return new SeparateMoments(model, model.variables.keys());
  const { shared, large } = runsOf(model, most);
  const parts = [
    ...shared.map((names) => [names, new SharedMoments(model, names)] as const),
    ...(large.length > 0 ? [[large, new SeparateMoments(model, large)] as const] : []),
  ];
  return parts.length === 1 ? parts[0]![1] : new DividedMoments(parts);
}
