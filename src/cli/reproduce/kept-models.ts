/** Trained models as the work folder of a seed keeps them, for those who may train none. */
import { existsSync } from 'node:fs';
import { Model } from '../../model/parameters.ts';
import { unprefixed } from '../../rlhf/loop.ts';
import { finishedStage } from '../stage-runner.ts';
import { sftEpochs } from './kept-epochs.ts';
import type { SeedLab } from './lab.ts';
import { rewardFolder } from './second-round.ts';

function keptScalar(lab: SeedLab, ...folder: readonly string[]): Model | null {
  const done = finishedStage({ path: lab.path(...folder) }, 'reward');
  if (done === null) return null;
  const { config } = lab.shared.base.model;
  return new Model(config, 'scalar', unprefixed(done.snapshot.tensors, 'model.'));
}

/** The reward model that every claim uses, or one of a claim's own by name; null when it is not there. The caller disposes it. */
export function keptReward(lab: SeedLab, name?: string): Model | null {
  return name === undefined
    ? keptScalar(lab, ...rewardFolder(lab))
    : keptScalar(lab, 'rewards', name);
}

const isThere = (lab: SeedLab, ...names: readonly string[]): boolean =>
  existsSync(lab.path(...names));

/** The epochs of the long supervised run; none when it is not finished. The caller disposes them. */
export async function keptLongEpochs(lab: SeedLab): Promise<readonly Model[]> {
  if (!isThere(lab, 'sft-long', 'sft-done')) return [];
  const { epochs } = lab.counts;
  return sftEpochs(lab.lab('sft-long', { sft: { epochs } }), lab.shared.base.model);
}

/** The epochs of the usual run, and a control policy, as the lab itself has them; null when they are not finished. */
export const keptEpochs = (lab: SeedLab): Promise<readonly Model[]> =>
  isThere(lab, 'main', 'sft-done') ? lab.epochs() : Promise.resolve([]);

export const keptControl = async (lab: SeedLab, policy: string): Promise<Model | null> =>
  isThere(lab, policy, `${policy}-done`) && isThere(lab, 'main', 'epochs.json')
    ? lab.reinforced(policy)
    : null;
