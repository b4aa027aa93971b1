/**
 * The three models that `npm run reproduce -- --models` wrote, as the page reads them, and those of the run that they were
 * written from, with what both say of the same texts. Not a test itself.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel, loadTokenizer } from '../../../src/cli/model-files.ts';
import { loadSnapshot } from '../../../src/cli/snapshot-files.ts';
import { readSafetensors } from '../../../src/data/safetensors.ts';
import type { ModelConfig } from '../../../src/model/config.ts';
import { Model } from '../../../src/model/parameters.ts';
import type { TensorMap } from '../../../src/records/tensor.ts';
import {
  TRAINED_FOLDER,
  TRAINED_STAGES,
  type TrainedStage,
} from '../../../src/records/trained-models.ts';
import { unprefixed } from '../../../src/rlhf/loop.ts';
import { demonstrationSequences } from '../../../src/rlhf/pipeline.ts';
import { logProbabilitiesOf, scoreSequences } from '../../../src/rlhf/sequences.ts';
import { generateDemonstrations } from '../../../src/world/demonstrations.ts';
import { FakeWorkbench } from '../worker/fake-workbench.ts';
import { freshName, testSession } from '../worker/session-world.ts';

const BASE = 'public/models/base';
const SHAPE = { promptLength: 48, responseLength: 48 };

export type ByStage = ReadonlyMap<TrainedStage, TensorMap>;

/** A page of the shipped base model with that folder beside it, which loads the models and gives them out again. */
export async function readByPage(folder: string, config: ModelConfig): Promise<ByStage> {
  const bench = new FakeWorkbench();
  const language = { config, tokenizer: loadTokenizer(BASE) };
  bench.language = () => language;
  for (const file of readdirSync(folder)) {
    bench.files.set(`${TRAINED_FOLDER}/${file}`, new Uint8Array(readFileSync(join(folder, file))));
  }
  const { session } = await testSession({ name: freshName(), bench });
  const { runs } = await session.handlers['trained.load']({});
  const read = TRAINED_STAGES.map(async (stage) => {
    const checkpoint = runs.find((run) => run.stage === stage)?.checkpoints[0]?.id ?? 'none';
    const { file } = await session.handlers['checkpoint.export']({ checkpoint });
    return [stage, readSafetensors(new Uint8Array(await file.arrayBuffer()))] as const;
  });
  return new Map(await Promise.all(read));
}

/** The models of a seed's folder: SFT after its only epoch, the reward model of two rounds, PPO-ptx. */
export function ownModels(seed: string): ByStage {
  const tensorsIn = (prefix: string, name: string, ...path: readonly string[]) =>
    unprefixed(loadSnapshot(join(seed, ...path), name)?.tensors ?? new Map(), prefix);
  return new Map([
    ['sft', tensorsIn('model.', 'sft-done', 'main')],
    ['reward', tensorsIn('model.', 'reward-done', 'rewards', 'two-rounds')],
    ['ppo', tensorsIn('policy.', 'ppo-ptx-done', 'ppo-ptx')],
  ]);
}

/** Rewards of whole texts by a reward model, [N], else log-probabilities of their tokens, [N x R]. */
export async function saidBy(
  stage: TrainedStage,
  tensors: TensorMap,
  config: ModelConfig,
): Promise<Float32Array> {
  const texts = demonstrationSequences(loadTokenizer(BASE), generateDemonstrations(9, 24), SHAPE);
  const model = new Model(config, stage === 'reward' ? 'scalar' : 'language', tensors);
  const said = stage === 'reward' ? scoreSequences : logProbabilitiesOf;
  const numbers = await said(model, texts, SHAPE);
  model.dispose();
  return numbers;
}

export function baseModel(): Model {
  return loadModel(BASE, 'language');
}

export function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);
}
