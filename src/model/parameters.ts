/**
 * The weights of one model under their GPT-2 names: which there are, how they start, and who owns them.
 * A model with a scalar head (reward model, value function) has two more, `score.weight` and `score.bias`.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../data/rng.ts';
import { packHalves, packs, readsHalves, unpackHalves } from '../kernels/halves.ts';
import type { TensorData, TensorMap } from '../records/tensor.ts';
import { ModelFileError, type ModelConfig } from './config.ts';

export type Head = 'language' | 'scalar';

/** Names and shapes of all parameters, in file order. Linear weights are [in, out], as in GPT-2. */
export function parameterShapes(config: ModelConfig, head: Head): Map<string, number[]> {
  const { vocabularySize: V, contextLength: C, width: D } = config;
  const shapes = new Map<string, number[]>([
    ['wte.weight', [V, D]],
    ['wpe.weight', [C, D]],
  ]);
  for (let l = 0; l < config.layers; l++) {
    const block = `h.${l}.`;
    shapes.set(`${block}ln_1.weight`, [D]);
    shapes.set(`${block}ln_1.bias`, [D]);
    shapes.set(`${block}attn.c_attn.weight`, [D, 3 * D]);
    shapes.set(`${block}attn.c_attn.bias`, [3 * D]);
    shapes.set(`${block}attn.c_proj.weight`, [D, D]);
    shapes.set(`${block}attn.c_proj.bias`, [D]);
    shapes.set(`${block}ln_2.weight`, [D]);
    shapes.set(`${block}ln_2.bias`, [D]);
    shapes.set(`${block}mlp.c_fc.weight`, [D, 4 * D]);
    shapes.set(`${block}mlp.c_fc.bias`, [4 * D]);
    shapes.set(`${block}mlp.c_proj.weight`, [4 * D, D]);
    shapes.set(`${block}mlp.c_proj.bias`, [D]);
  }
  shapes.set('ln_f.weight', [D]);
  shapes.set('ln_f.bias', [D]);
  if (head === 'scalar') {
    shapes.set('score.weight', [1, D]);
    shapes.set('score.bias', [1]);
  }
  return shapes;
}

function normalValues(count: number, deviation: number, rng: Rng): Float32Array {
  return Float32Array.from({ length: count }, () => rng.normal() * deviation);
}

/** Standard deviation of the scalar head's weights: 1 / sqrt(D + 1) (D38, after LMHP and SFFD). */
export function headDeviation(width: number): number {
  return 1 / Math.sqrt(width + 1);
}

/** GPT-2's start: N(0, 0.02), residual projections scaled by 1 / sqrt(2 L), gains 1, biases 0. */
export function initialTensors(config: ModelConfig, head: Head, rng: Rng): TensorMap {
  const tensors = new Map<string, TensorData>();
  for (const [name, shape] of parameterShapes(config, head)) {
    const count = shape.reduce((product, n) => product * n, 1);
    let data: Float32Array = new Float32Array(count);
    if (name === 'score.weight') data = normalValues(count, headDeviation(config.width), rng);
    else if (name.includes('ln_') && name.endsWith('.weight')) data.fill(1);
    else if (name.endsWith('c_proj.weight')) {
      data = normalValues(count, 0.02 / Math.sqrt(2 * config.layers), rng);
    } else if (name.endsWith('.weight')) data = normalValues(count, 0.02, rng);
    tensors.set(name, { shape, data });
  }
  return tensors;
}

/** A scalar head's two tensors, weights N(0, 1/sqrt(D+1)) and bias 0. */
export function initialHead(config: ModelConfig, rng: Rng): TensorMap {
  return new Map([
    [
      'score.weight',
      {
        shape: [1, config.width],
        data: normalValues(config.width, headDeviation(config.width), rng),
      },
    ],
    ['score.bias', { shape: [1], data: new Float32Array(1) }],
  ]);
}

/** A scalar head that starts at 0, so that it says 0 of everything and moves nothing below it at first (D31). */
export function zeroHead({ width }: ModelConfig): TensorMap {
  return new Map([
    ['score.weight', { shape: [1, width], data: new Float32Array(width) }],
    ['score.bias', { shape: [1], data: new Float32Array(1) }],
  ]);
}

/** The tensors of a model that writes and values at once: its scalar head, and the language model without it. */
export function splitHead(tensors: TensorMap): { language: TensorMap; head: TensorMap } {
  const isHead = (name: string) => name.startsWith('score.');
  return {
    language: new Map([...tensors].filter(([name]) => !isHead(name))),
    head: new Map([...tensors].filter(([name]) => isHead(name))),
  };
}

/** How matrices of weights lie on the device; halves only for a model that never learns (src/kernels/halves.ts). */
export type Precision = 'float32' | 'float16';

/** A new variable; packed halves where they are asked for and kernels can read them, else float32. */
function variableOf({ shape, data }: TensorData, precision: Precision): tf.Variable {
  const halves = precision === 'float16' && readsHalves() && packs(shape, data);
  const value = halves
    ? tf.tensor(packHalves(data), [shape[0]!, shape[1]! / 2], 'int32')
    : tf.tensor(data.slice(), [...shape], 'float32');
  const variable = tf.variable(value, !halves);
  value.dispose();
  return variable;
}

/** Values off the device; halves as the numbers that they stand for. */
async function valuesOf(variable: tf.Variable): Promise<TensorData> {
  const { shape } = variable;
  if (variable.dtype === 'float32') {
    return { shape, data: (await variable.data<'float32'>()).slice() };
  }
  const data = unpackHalves(await variable.data<'int32'>());
  return { shape: [shape[0]!, 2 * shape[1]!], data };
}

/** One model on the device. Owns its variables until `dispose`. */
export class Model {
  readonly config: ModelConfig;
  readonly head: Head;
  readonly #variables = new Map<string, tf.Variable>();

  /** Uploads `tensors`; throws ModelFileError when a name is missing, unknown or of the wrong shape. */
  constructor(
    config: ModelConfig,
    head: Head,
    tensors: TensorMap,
    precision: Precision = 'float32',
  ) {
    this.config = config;
    this.head = head;
    const shapes = parameterShapes(config, head);
    for (const name of tensors.keys()) {
      if (!shapes.has(name)) {
        throw new ModelFileError(
          `Unknown weight "${name}" for this config. Use files that belong together.`,
        );
      }
    }
    for (const [name, shape] of shapes) {
      const given = tensors.get(name);
      if (given?.shape.join() !== shape.join()) {
        this.dispose();
        const found = given ? `has shape [${given.shape.join(', ')}]` : 'is missing';
        throw new ModelFileError(
          `Weight "${name}" ${found}; the config asks for [${shape.join(', ')}]. Use files that belong together.`,
        );
      }
      this.#variables.set(name, variableOf(given, precision));
    }
  }

  get(name: string): tf.Variable {
    const variable = this.#variables.get(name);
    if (!variable) throw new Error(`no parameter "${name}" in this model`);
    return variable;
  }

  get variables(): ReadonlyMap<string, tf.Variable> {
    return this.#variables;
  }

  /** Copies all weights off the device. */
  async tensors(): Promise<Map<string, TensorData>> {
    const read = [...this.#variables].map(
      async ([name, variable]) => [name, await valuesOf(variable)] as const,
    );
    return new Map(await Promise.all(read));
  }

  /** A second model on the device with the same weights; `head` adds or drops the scalar head. */
  async copy(head: Head = this.head, newHead?: TensorMap): Promise<Model> {
    const tensors = await this.tensors();
    if (head === 'language') {
      tensors.delete('score.weight');
      tensors.delete('score.bias');
    }
    for (const [name, tensor] of newHead ?? []) tensors.set(name, tensor);
    return new Model(this.config, head, tensors);
  }

  /**
   * A second model on the device for reading only, with halves where kernels read them: matrices whose rows and columns
   * divide by four. Its copies would be rounded too: a policy is copied from the model, not from this.
   */
  async frozen(precision: Precision): Promise<Model> {
    return new Model(this.config, this.head, await this.tensors(), precision);
  }

  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
    this.#variables.clear();
  }
}

/** Number of parameters of a model, tied embedding counted once. */
export function parameterCount(config: ModelConfig, head: Head = 'language'): number {
  let total = 0;
  for (const shape of parameterShapes(config, head).values()) {
    total += shape.reduce((product, n) => product * n, 1);
  }
  return total;
}
