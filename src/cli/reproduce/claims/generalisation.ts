/**
 * Instructions that it was hardly trained on (paper, section 4.3: other languages, code): one use case and all instructions
 * in or for Frogspeak are kept out of demonstrations and rankings, and then asked for.
 */
import { policyWords } from '../../../records/answerer-words.ts';
import { hasInterval } from '../../../records/result-figures.ts';
import { promptsThatFit } from '../../../rlhf/pipeline.ts';
import { heldOutUseCasePrompts } from '../../../world/claim-sets.ts';
import { HELD_OUT_USE_CASE } from '../../../world/use-cases.ts';
import { answersOf, type PromptSet } from '../answers.ts';
import type { ClaimSpec, ClaimView, MeasuredRow } from '../claim.ts';
import { goldReferenceRows } from '../gold-references.ts';
import type { SeedLab } from '../lab.ts';
import { meanRow, preferredRow, GOLD, type Answered } from '../rows.ts';
import { conditionOf, moved, said } from '../saying.ts';
import { suiteOf } from '../suite-items.ts';
import { suiteRow } from '../suite-rows.ts';
import { itemSet } from '../suite-runs.ts';
import { plainRun } from './here.ts';
import { isControl } from './preferred.ts';
import { REFERENCE_HOW, referenceRows, referenceRun, setRun, SUITE_POLICIES } from './suites.ts';

const SUITE = 'frogspeak-instructions';
const AGAINST_NOISE = 'use-case:ppo-ptx>ppo-noise';
const AGAINST_CHANCE = 'frogspeak:ppo-ptx-chance';

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
  const [base, noise] = [await answered('base'), await answered('ppo-noise')];
  const rows: MeasuredRow[] = [];
  for (const policy of SUITE_POLICIES) {
    const own = policy === 'base' ? base : await answered(policy);
    const name = policyWords(policy);
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
    if (policy !== 'ppo-ptx') continue;
    const beside = `${name} preferred to the control on noise on ${HELD_OUT_USE_CASE}`;
    rows.push(preferredRow(context, [own, noise], { id: AGAINST_NOISE, label: beside }));
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
    const name = policyWords(policy);
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
    if (policy !== 'ppo-ptx') continue;
    rows.push(
      suiteRow('difference', [own, referenceRun(lab, items, 'chance')], 'score', {
        id: AGAINST_CHANCE,
        label: `${name} minus answers given blindly on Frogspeak instructions`,
        ...words,
      }),
    );
  }
  return [...rows, ...referenceRows(lab, items, 'score', { prefix: 'frogspeak', words: right })];
}

/** Whether what carries over is the reward's, by the interval. */
function noiseWords(view: ClaimView): string {
  const { pooled } = view.row(AGAINST_NOISE);
  if (!pooled || !hasInterval(pooled)) return '';
  if (pooled.low > 0.5) return ': what the reward taught carries over as well';
  if (pooled.high < 0.5)
    return ': what carries over was learnt before, and the reward takes some of it';
  return ': noise does as well, so that what carries over was learnt before and not from the reward';
}

const OVER_CHANCE = {
  up: 'above chance by',
  down: 'below chance by',
  none: 'neither above nor below chance',
};

function why(view: ClaimView): string {
  const gold = (policy: string): string => said(view, `use-case:${policy}`);
  const right = (policy: string): string => said(view, `frogspeak:${policy}`);
  return (
    `On ${HELD_OUT_USE_CASE} PPO-ptx has gold ${gold('ppo-ptx')} (base ${gold('base')}, SFT ${gold('sft')}, the control on noise ` +
    `${gold('ppo-noise')}, ideal answers ${gold('ceiling')}) and is preferred to base in ${said(view, 'use-case:ppo-ptx>base')}; the ` +
    `control on noise is in ${said(view, 'use-case:ppo-noise>base')}. PPO-ptx against that control: ` +
    `${said(view, AGAINST_NOISE)}${noiseWords(view)}. Frogspeak instructions it gets right in ${right('ppo-ptx')} (base ` +
    `${right('base')}, SFT ${right('sft')}, the control on noise ${right('ppo-noise')}), answers given blindly in ` +
    `${right('chance')}: PPO-ptx is ${moved(view, AGAINST_CHANCE, OVER_CHANCE)}.`
  );
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
    'Base hardly answers, so that to beat it says little: PPO-ptx must also be preferred to the control on noise, which is trained ' +
    'alike but for its reward, and be right on Frogspeak more often than answers given blindly. ' +
    REFERENCE_HOW,
  here: plainRun(
    'Give your own model a text and ask which animals are in it; no demonstration shows that.',
  ),
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
    conditionOf(view, AGAINST_NOISE, 'and to the control on noise there', { side: 'above' }),
    conditionOf(
      view,
      'frogspeak:ppo-ptx-base',
      'PPO-ptx more often right than base on Frogspeak instructions',
      {
        side: 'above',
      },
    ),
    conditionOf(view, AGAINST_CHANCE, 'and than answers given blindly', { side: 'above' }),
  ],
  why,
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
