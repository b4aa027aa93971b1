/**
 * The public-task model, which plays FLAN and T0: the base model tuned on the formats of public tasks only (the page
 * suites), never on what people ask. Trained as SFT is, on items of a seed that no suite is measured on.
 */
import { sftSettings } from '../../config/stage-settings.ts';
import type { Sequence } from '../../data/batches.ts';
import { Model } from '../../model/parameters.ts';
import { unprefixed, type Snapshot } from '../../rlhf/loop.ts';
import { openSft } from '../../rlhf/pipeline.ts';
import { finishedStage, runStage, unfinishedStage } from '../stage-runner.ts';
import type { SeedLab } from './lab.ts';
import { pageRoom } from './pages.ts';
import { taxSuites } from '../../world/suites.ts';

/** Far from any seed that a suite is measured on. */
const SEED_OFFSET = 1_000_003;

/** Pages with the right answer and an end mark after it; none that a suite is measured on. */
function examplesOf(lab: SeedLab): Sequence[] {
  const { seed, tokenizer, shape, counts, shared } = lab;
  const each = Math.ceil(counts.publicExamples / taxSuites.length);
  const room = pageRoom(shared.base, shape.responseLength);
  return taxSuites.flatMap((suite) => {
    const measured = new Set(suite.items(seed, counts.suiteItems).map(({ prompt }) => prompt));
    return suite
      .items(seed + SEED_OFFSET, each)

      .filter(({ prompt }) => !measured.has(prompt))
      .map((item) => ({
        prompt: tokenizer.encode(item.prompt).slice(-room),
        response: [
          ...tokenizer.encode(` ${suite.ideal(item).trim()}`).slice(0, shape.responseLength - 1),
          tokenizer.eosId,
        ],
      }));
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
    const { model, loop } = await openSft(base, examples, how, from);
    await runStage('sft', loop, folder, 'loss', () => Promise.resolve());
    loop.dispose();
    return model;
  });
}
