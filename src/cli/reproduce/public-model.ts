/**
 * The public-task model, which plays FLAN and T0: the base model tuned on instructions made from public tasks only
 * (the page suites), never on what people ask. Trained as SFT is, pre-training mix included, on items of a seed that no suite is measured on.
 */
import { sftMixShape, sftSettings } from '../../config/stage-settings.ts';
import type { Sequence } from '../../data/batches.ts';
import { rowSource } from '../../data/packing.ts';
import { Model } from '../../model/parameters.ts';
import { unprefixed, type Snapshot } from '../../rlhf/loop.ts';
import { openSft, toSequence } from '../../rlhf/pipeline.ts';
import { finishedStage, runStage, unfinishedStage } from '../stage-runner.ts';
import type { SeedLab } from './lab.ts';
import { writeDocument } from '../../world/documents.ts';
import { taxSuites } from '../../world/suites.ts';
import { instructionOf } from './public-instructions.ts';

/** Far from any seed that a suite is measured on. */
const SEED_OFFSET = 1_000_003;

/** Instructions and right answers, in the form in which the model is asked later; no page that a suite measures. */
function examplesOf(lab: SeedLab): Sequence[] {
  const { seed, tokenizer, shape, counts } = lab;
  const each = Math.ceil(counts.publicExamples / taxSuites.length);
  return taxSuites.flatMap((suite) => {
    const measured = new Set(suite.items(seed, counts.suiteItems).map(({ prompt }) => prompt));
    return suite
      .items(seed + SEED_OFFSET, each)
      .filter(({ prompt }) => !measured.has(prompt))
      .map((item, i) => {
        const instruction = instructionOf(suite.name, item.prompt, i);
        return toSequence(tokenizer, instruction, suite.ideal(item).trim(), true);
      })
      .filter(({ response }) => response.length <= shape.responseLength);
  });
}

/** Trained when it is first asked for; the lab disposes it. */
export function publicModel(lab: SeedLab): Promise<Model> {
  return lab.model('public', async () => {
    const base = lab.shared.base.model;
    const { settings, folder } = lab.lab('public');
    const done = finishedStage(folder, 'sft');
    if (done)
      return new Model(base.config, 'language', unprefixed(done.snapshot.tensors, 'model.'));
    const examples = examplesOf(lab);
    const promptLength = Math.max(...examples.map(({ prompt }) => prompt.length));
    const { responseLength } = lab.shape;
    const how = { ...sftSettings(settings), shape: { promptLength, responseLength } };
    const from: Snapshot | undefined = unfinishedStage(folder, 'sft');
    const mix = rowSource(writeDocument, lab.tokenizer, sftMixShape(settings), {
      seed: settings.general.seed,
      scope: 'sft mix',
    });
    const { model, loop } = await openSft(base, examples, how, from, mix);
    await runStage('sft', loop, folder, 'loss', () => Promise.resolve());
    loop.dispose();
    return model;
  });
}
