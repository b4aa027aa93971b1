/**
 * Models on the device: the shipped base and checkpoints that were asked for, the least recently used dropped first.
 * What is handed out stays the shelf's; a training loop takes copies of its own.
 */
import type { ModelConfig } from '../model/config.ts';
import { Model, type Head } from '../model/parameters.ts';
import type { TensorMap } from '../records/tensor.ts';
import { unprefixed, type Snapshot } from '../rlhf/loop.ts';
import type { CheckpointSummary } from './protocol.ts';
import type { ModelFiles } from './shipped-models.ts';
import type { ModelSource } from './stages.ts';

/** Models kept besides the base: enough for a comparison of several checkpoints. */
const KEPT = 6;

export const BASE: CheckpointSummary = {
  id: 'base',
  name: 'Base model',
  run: null,
  stage: 'pretrain',
  step: 0,
  kind: 'policy',
  createdAt: 0,
  shipped: true,
  average: false,
  bytes: 0,
};

/** Name under which a stage's snapshot holds the model that is its result. */
export function prefixOf({ stage, average }: Result): string {
  if (average) return 'ema.';
  return stage === 'ppo' ? 'policy.' : 'model.';
}

/** Which model of a snapshot. */
type Result = Pick<CheckpointSummary, 'stage' | 'average'>;

/** The shape of a model by its weights; what they do not tell is as in `like`: vocabulary, heads, special tokens. */
export function configOf(tensors: TensorMap, like: ModelConfig): ModelConfig {
  const [contextLength = 0, width = 0] = tensors.get('wpe.weight')?.shape ?? [];
  const layers = [...tensors.keys()].filter((name) => name.endsWith('.ln_1.weight')).length;
  return { ...like, contextLength, width, layers };
}

export class ModelShelf {
  readonly files: ModelFiles;
  readonly base: Model;
  readonly #models = new Map<string, Model>();

  /** Uploads the base model. */
  constructor(files: ModelFiles) {
    this.files = files;
    this.base = new Model(files.config, 'language', files.tensors);
  }

  /** A model of a snapshot, owned by the caller. */
  #upload(result: Result, snapshot: Snapshot): Model {
    const head: Head = result.stage === 'reward' ? 'scalar' : 'language';
    const tensors = unprefixed(snapshot.tensors, prefixOf(result));
    return new Model(configOf(tensors, this.files.config), head, tensors);
  }

  /** The model of a checkpoint; valid until the next call that may drop it. */
  async get(source: ModelSource): Promise<Model> {
    const { id, shipped } = source.summary;
    if (shipped) return this.base;
    const held = this.#models.get(id) ?? this.#upload(source.summary, await source.load());
    this.#models.delete(id);
    this.#models.set(id, held);
    for (const oldest of this.#models.keys()) {
      if (this.#models.size <= KEPT) break;
      this.forget(oldest);
    }
    return held;
  }

  /** A model of its own for a training loop; the caller disposes it. */
  async copy(source: ModelSource): Promise<Model> {
    if (source.summary.shipped) return this.base.copy();
    return this.#upload(source.summary, await source.load());
  }

  forget(id: string): void {
    this.#models.get(id)?.dispose();
    this.#models.delete(id);
  }

  dispose(): void {
    for (const id of [...this.#models.keys()]) this.forget(id);
    this.base.dispose();
  }
}
