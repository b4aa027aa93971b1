/** A seed's lab whose answers are given: what measures answers finds them kept and asks no model. */
import { writeJson } from '../../../../src/cli/reproduce/json-file.ts';
import { SeedLab } from '../../../../src/cli/reproduce/lab.ts';
import { planOf } from '../../../../src/cli/reproduce/plan.ts';
import { loadTokenizer } from '../../../../src/cli/model-files.ts';
import { start, tinyModel } from '../../model/tiny-model.ts';

/** @param work where answers are kept */
export async function labWithoutModels(work: string): Promise<SeedLab> {
  await start('cpu');
  const model = tinyModel();
  model.dispose();
  const base = { model, tokenizer: loadTokenizer('public/models/base') };
  return new SeedLab({ plan: planOf('micro'), work, base, large: null }, 1);
}

/** Keeps the texts, all of them ended, as a policy's answers to a set: `key` is `ppo-ptx@1`. */
export function keepAnswers(
  lab: Pick<SeedLab, 'path'>,
  set: string,
  key: string,
  texts: readonly string[],
): void {
  const answers = texts.map((text) => ({ text, ended: true }));
  writeJson(lab.path('answers', set, `${key}.json`), answers);
}
