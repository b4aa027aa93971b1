/**
 * Instructions that it was hardly trained on (paper, section 4.3: other languages, code): one use case and all instructions
 * in or for Frogspeak are kept out of demonstrations and rankings, and then asked for.
 */
import { promptsThatFit } from '../../../rlhf/pipeline.ts';
import { heldOutUseCasePrompts } from '../../../world/claim-sets.ts';
import { HELD_OUT_USE_CASE } from '../../../world/use-cases.ts';
import { answersOf, type PromptSet } from '../answers.ts';
import type { ClaimSpec, MeasuredRow } from '../claim.ts';
import { goldReferenceRows } from '../gold-references.ts';
import type { SeedLab } from '../lab.ts';
import { meanRow, preferredRow, GOLD, type Answered } from '../rows.ts';
import { conditionOf, said } from '../saying.ts';
import { suiteOf } from '../suite-items.ts';
import { suiteRow } from '../suite-rows.ts';
import { itemSet } from '../suite-runs.ts';
import { isControl, wordsOf } from './preferred.ts';
import { REFERENCE_HOW, referenceRows, setRun, SUITE_POLICIES } from './suites.ts';

const SUITE = 'frogspeak-instructions';

/** Test prompts of the use case that was left out. */
export function heldOutPrompts({ seed, counts, tokenizer, shape }: SeedLab): PromptSet {
  const prompts = heldOutUseCasePrompts(seed, counts.suiteItems);
  return { name: HELD_OUT_USE_CASE, prompts: promptsThatFit(tokenizer, prompts, shape) };
}

async function useCaseRows(lab: SeedLab): Promise<MeasuredRow[]> {
  const set = heldOutPrompts(lab);
  const context = {
    seed: lab.seed,
    set: set.name,
    prompts: set.prompts,
    items: lab.counts.items,
  };
  const answered = async (policy: string): Promise<Answered> => ({
    policy,
    drawing: '1',
    answers: await answersOf(lab, policy, '1', set),
  });
  const base = await answered('base');
  const rows: MeasuredRow[] = [];
  for (const policy of SUITE_POLICIES) {
    const own = policy === 'base' ? base : await answered(policy);
    const name = wordsOf(policy);
    const control = isControl(policy);
    rows.push(
      meanRow(context, own, GOLD, {
        id: `use-case:${policy}`,
        label: `${name}: gold on ${HELD_OUT_USE_CASE}`,
        control,
      }),
    );
    if (policy === 'base') continue;
    const id = `use-case:${policy}>base`;
    const label = `${name} preferred to base on ${HELD_OUT_USE_CASE}`;
    rows.push(preferredRow(context, [own, base], { id, label, control }));
  }
  const gold = { name: 'use-case', words: `gold on ${HELD_OUT_USE_CASE}`, aim: GOLD };
  return [...rows, ...goldReferenceRows(context, 'ceiling', [gold])];
}

async function frogspeakRows(lab: SeedLab): Promise<MeasuredRow[]> {
  const items = itemSet(lab, suiteOf(SUITE));
  const base = await setRun(lab, items, 'base', 1);
  const right = 'right on Frogspeak instructions';
  const rows: MeasuredRow[] = [];
  for (const policy of SUITE_POLICIES) {
    const own = policy === 'base' ? base : await setRun(lab, items, policy, 1);
    const words = { judge: `suite ${SUITE}`, control: isControl(policy) };
    const name = wordsOf(policy);
    rows.push(
      suiteRow('mean', [own], 'score', {
        id: `frogspeak:${policy}`,
        label: `${name}: ${right}`,
        ...words,
      }),
    );
    if (policy === 'base') continue;
    rows.push(
      suiteRow('difference', [own, base], 'score', {
        id: `frogspeak:${policy}-base`,
        label: `${name} minus base on Frogspeak instructions`,
        ...words,
      }),
    );
  }
  return [...rows, ...referenceRows(lab, items, 'score', { prefix: 'frogspeak', words: right })];
}

export const GENERALISATION: ClaimSpec = {
  id: 'generalisation',
  title: 'Follows instructions it was hardly trained on',
  paper: {
    sentence:
      'InstructGPT follows instructions in other languages and about code, which are rare in its fine-tuning data.',
    figure: 'examples, no number',
    where: 'section 4.3, figure 8',
  },
  how:
    `The use case "${HELD_OUT_USE_CASE}" is in no demonstration and no ranking, nor is any instruction in or for Frogspeak, ` +
    'which stands in documents only. Documents hold homework of the use case too, with answers, and SFT and PPO-ptx go on ' +
    'reading documents: what is held out is people asking for it. Gold and preference on the use case, right answers on Frogspeak, at temperature 1. ' +
    REFERENCE_HOW,
  here: {
    scenario: 'paper',
    settings: {},
    words:
      'Give your own model a text and ask which animals are in it; no demonstration shows that.',
  },
  measure: async (lab) => ({ rows: [...(await useCaseRows(lab)), ...(await frogspeakRows(lab))] }),
  conditions: (view) => [
    conditionOf(
      view,
      'use-case:ppo-ptx>base',
      'PPO-ptx preferred to base on the use case left out',
      {
        side: 'above',
      },
    ),
    conditionOf(
      view,
      'frogspeak:ppo-ptx-base',
      'PPO-ptx more often right than base on Frogspeak instructions',
      {
        side: 'above',
      },
    ),
  ],
  why: (view) =>
    `On ${HELD_OUT_USE_CASE} PPO-ptx has gold ${said(view, 'use-case:ppo-ptx')} (base ${said(view, 'use-case:base')}, SFT ` +
    `${said(view, 'use-case:sft')}) and is preferred to base in ${said(view, 'use-case:ppo-ptx>base')}. Frogspeak ` +
    `instructions it gets right in ${said(view, 'frogspeak:ppo-ptx')} (base ${said(view, 'frogspeak:base')}, SFT ` +
    `${said(view, 'frogspeak:sft')}).`,
  plots: (view) => [
    {
      kind: 'intervals',
      title: `Preferred to base on ${HELD_OUT_USE_CASE}, %`,
      rows: view.rows.map(({ id }) => id).filter((id) => id.endsWith('>base')),
    },
    {
      kind: 'intervals',
      title: 'Right on Frogspeak instructions, %',
      rows: view.rows
        .map(({ id }) => id)
        .filter((id) => /^frogspeak:[^-]+(-\w+)?$/.test(id) && !id.endsWith('-base')),
    },
  ],
};
