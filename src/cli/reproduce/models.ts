/** The trained language model behind a policy's name. Prompted ones are asked differently, but are the base model. */
import type { Model } from '../../model/parameters.ts';
import type { SeedLab } from './lab.ts';
import { publicModel } from './public-model.ts';

export function modelOf(lab: SeedLab, policy: string): Promise<Model> {
  if (policy === 'base' || policy === 'prompted') return Promise.resolve(lab.shared.base.model);
  if (policy === 'large' && lab.shared.large !== null) {
    return Promise.resolve(lab.shared.large.model);
  }
  if (policy === 'sft') return lab.sft();
  if (policy === 'public') return publicModel(lab);
  return lab.reinforced(policy);
}
