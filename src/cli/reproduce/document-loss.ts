/** Loss of a language model on held-out documents of the world, kept in the seed's folder. Of no policy's rollouts. */
import { rowSource } from '../../data/packing.ts';
import { EVAL_ROWS } from '../../rlhf/measures.ts';
import { heldOutLoss } from '../../rlhf/pretrain.ts';
import { writeDocument } from '../../world/documents.ts';
import { keptOr } from './json-file.ts';
import type { SeedLab } from './lab.ts';
import { modelOf } from './models.ts';
import type { Value } from './sample.ts';

/** Nats per token, by batch; every model reads the same rows. */
export async function lossOnDocuments(lab: SeedLab, policy: string): Promise<Value[]> {
  const { seed, tokenizer, counts } = lab;
  const losses = await keptOr(lab.path('suites', 'loss', `${policy}.json`), async () => {
    const model = await modelOf(lab, policy);
    const rows = rowSource(writeDocument, tokenizer, EVAL_ROWS, { seed, scope: 'reproduce' });
    const each: number[] = [];
    for (let batch = 0; batch < counts.lossBatches; batch++) {
      each.push(await heldOutLoss(model, [rows(batch)]));
    }
    return each;
  });
  return losses.map((value, batch) => ({ cluster: `batch ${batch}`, value }));
}

export const NO_TEXTS =
  'Loss on held-out documents is read off whole rows of tokens, many documents in each: no single text stands behind it.';
