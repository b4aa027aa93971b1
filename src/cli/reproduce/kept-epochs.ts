/**
 * Supervised fine-tuning that keeps the model of every epoch, for the paper's choice of an epoch by reward-model score
 * on validation prompts instead of validation loss (section 3.5, S24).
 */
import { unprefixed, type Loop, type StepRecord } from '../../rlhf/loop.ts';
import { Model } from '../../model/parameters.ts';
import { UsageError } from '../options.ts';
import { sftStage, type Lab } from '../rlhf-run.ts';
import { loadSnapshot, saveSnapshot } from '../snapshot-files.ts';

/** Steps after which an epoch ends, the last one's included; whole steps, so to the nearest. */
export function epochEnds(total: number, epochs: number): number[] {
  return Array.from({ length: epochs }, (_, k) =>
    Math.max(1, Math.round(((k + 1) * total) / epochs)),
  );
}

const nameOf = (epoch: number): string => `sft-epoch-${epoch}`;

/** The loop as it is, which leaves each epoch's weights but the last one's in `folder`. */
function keepingEpochs(loop: Loop, folder: string, epochs: number): Loop {
  const ends = epochEnds(loop.total, epochs);
  async function* steps(): AsyncGenerator<StepRecord, void, void> {
    for await (const record of loop.steps()) {
      const epoch = ends.indexOf(record.step) + 1;
      if (epoch > 0 && epoch < epochs) {
        const { tensors } = await loop.snapshot();
        const weights = [...tensors].filter(([name]) => name.startsWith('model.'));
        saveSnapshot(folder, nameOf(epoch), { tensors: new Map(weights), state: { epoch } });
      }
      yield record;
    }
  }
  return {
    total: loop.total,
    steps,
    snapshot: () => loop.snapshot(),
    dispose: () => {
      loop.dispose();
    },
  };
}

/** The model of each epoch in order; the caller disposes them. The lab must have a folder. */
export async function sftEpochs(lab: Lab, base: Model): Promise<Model[]> {
  const { path } = lab.folder;
  if (path === null) throw new RangeError('epochs are kept in a folder');
  const { epochs } = lab.settings.sft;
  const last = await sftStage(lab, base, (loop) => keepingEpochs(loop, path, epochs));
  const earlier = Array.from({ length: epochs - 1 }, (_, k) => {
    const snapshot = loadSnapshot(path, nameOf(k + 1));
    if (!snapshot) {
      throw new UsageError(`${path} lacks epoch ${k + 1}. Delete that folder to train it again.`);
    }
    return new Model(base.config, 'language', unprefixed(snapshot.tensors, 'model.'));
  });
  return [...earlier, last];
}
