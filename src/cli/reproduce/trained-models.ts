/**
 * The models behind the first seed's figures as files for the page: SFT (the chosen epoch), the reward model that every
 * claim uses, and PPO-ptx, in half precision, with `models.json` beside them (records/trained-models.ts). Weights alone: no
 * optimizer, value function or running average. What the work folder lacks is trained first.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '../../data/safetensors.ts';
import { parameterCount, type Model } from '../../model/parameters.ts';
import {
  parseTrainedModels,
  TRAINED_MANIFEST,
  type TrainedModel,
  type TrainedModels,
} from '../../records/trained-models.ts';
import { finishedStage } from '../stage-runner.ts';
import { epochEnds } from './kept-epochs.ts';
import type { SeedLab } from './lab.ts';
import { rewardFolder } from './second-round.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A model with what the page is to call it. */
interface Named extends Pick<TrainedModel, 'stage' | 'name' | 'file' | 'step'> {
  readonly model: Model;
}

/** Steps of a finished run in a folder of the seed. */
function stepsIn(lab: SeedLab, stage: string, ...folder: readonly string[]): number {
  return finishedStage({ path: lab.path(...folder) }, stage)?.outcome.records.length ?? 0;
}

async function namedModels(lab: SeedLab): Promise<Named[]> {
  const policy = await lab.reinforced('ppo-ptx');
  const { epochs } = lab.settings.sft;
  const ends = epochEnds(stepsIn(lab, 'sft', 'main'), epochs);
  return [
    {
      ...{ stage: 'sft', name: 'Shipped SFT', file: 'sft.safetensors' },
      step: ends[await lab.chosenEpoch()]!,
      model: await lab.sft(),
    },
    {
      ...{ stage: 'reward', name: 'Shipped reward model', file: 'reward.safetensors' },
      step: stepsIn(lab, 'reward', ...rewardFolder(lab)),
      model: await lab.reward(),
    },
    {
      ...{ stage: 'ppo', name: 'Shipped PPO-ptx', file: 'ppo-ptx.safetensors' },
      step: stepsIn(lab, 'ppo-ptx', 'ppo-ptx'),
      model: policy,
    },
  ];
}

/**
 * Writes three weights files and `models.json` into a folder; the same run gives the same bytes. Step 3 must be PPO.
 * @param base folder of the base model that all was trained from
 * @param command what makes the files again
 */
export async function writeTrainedModels(
  lab: SeedLab,
  folder: string,
  base: string,
  command: string,
): Promise<TrainedModels> {
  mkdirSync(folder, { recursive: true });
  const models: TrainedModel[] = [];
  for (const { model, ...named } of await namedModels(lab)) {
    const { name, file, step } = named;
    const facts = { format: 'pt', name, step: String(step) };
    const bytes = writeSafetensors(await model.tensors(), 'F16', facts);
    writeFileSync(join(folder, file), bytes);
    models.push({ ...named, bytes: bytes.length, sha256: sha256(bytes) });
  }
  const described = parseTrainedModels({
    ...{ version: 1, command, settings: lab.settings },
    parameters: parameterCount(lab.shared.base.model.config),
    base: sha256(readFileSync(join(base, 'model.safetensors'))),
    vocabulary: sha256(readFileSync(join(base, 'tokenizer.json'))),
    models,
  });
  writeFileSync(join(folder, TRAINED_MANIFEST), `${JSON.stringify(described, null, 2)}\n`);
  return described;
}
