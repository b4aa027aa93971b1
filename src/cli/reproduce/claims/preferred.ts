/**
 * Who is preferred to whom (paper, sections 1 and 4.1): PPO-ptx to the base model, to the prompted one, to a model tuned
 * on public tasks and to SFT, sharpened or not. SFT and two controls stand beside PPO-ptx in every table. A larger base is
 * larger-base.ts.
 */
import { policyWords } from '../../../records/answerer-words.ts';
import { CONTROLS } from '../../controls.ts';
import { answersOf, type Drawing } from '../answers.ts';
import type { ClaimSpec, ClaimView, MeasuredRow } from '../claim.ts';
import type { SeedLab } from '../lab.ts';
import { preferredRow, type Answered, type RowContext } from '../rows.ts';
import { conditionOf, said } from '../saying.ts';
import type { Target } from '../verdict.ts';
import { plainRun } from './here.ts';

export const contextOf = (lab: SeedLab): RowContext => ({
  seed: lab.seed,
  set: 'test',
  prompts: lab.prompts,
  items: lab.counts.items,
});

export async function answeredBy(
  lab: SeedLab,
  policy: string,
  drawing: Drawing,
): Promise<Answered> {
  return { policy, drawing, answers: await answersOf(lab, policy, drawing) };
}

/** Those who are compared with a baseline: the one in question, what it began from, and the controls. */
export const CONTENDERS = ['ppo-ptx', 'sft', 'ppo-noise', 'ppo-gold'] as const;

/** Whether a policy is PPO-ptx on something else than a reward model. */
export const isControl = (policy: string): boolean =>
  CONTROLS.some((control) => policy === `ppo-${control}`);

export async function preferred(
  lab: SeedLab,
  first: readonly [string, Drawing],
  second: readonly [string, Drawing],
  paper: number | null = null,
): Promise<MeasuredRow> {
  const [a, b] = [await answeredBy(lab, ...first), await answeredBy(lab, ...second)];
  const how = first[1] === second[1] ? first[1] : `${first[1]} against ${second[1]}`;
  const words = {
    id: `${first[0]}>${second[0]}@${how}`,
    label: `${policyWords(first[0])} preferred to ${policyWords(second[0])}`,
    control: isControl(first[0]) || isControl(second[0]),
    paper,
  };
  return preferredRow(contextOf(lab), [a, b], words);
}

/** Rows of all contenders against one baseline, at temperature 1 and greedily. */
export async function againstBaseline(
  lab: SeedLab,
  baseline: string,
  paper: number | null,
  contenders: readonly string[] = CONTENDERS,
): Promise<MeasuredRow[]> {
  const rows: MeasuredRow[] = [];
  for (const drawing of ['1', 'greedy'] as const) {
    for (const policy of contenders) {
      const row = preferred(
        lab,
        [policy, drawing],
        [baseline, drawing],
        policy === 'ppo-ptx' ? paper : null,
      );
      rows.push(await row);
    }
  }
  return rows;
}

export const GOLD_HOW =
  'The gold composite (0.5 helpful, 0.25 truthful, 0.25 harmless) judges one answer of each to the same held-out ' +
  'prompts of users who sent no training prompt; ties count one half; intervals resample users.';

const PLAIN_RUN = plainRun(
  'Run all stages, then open the judges: PPO-ptx, SFT and base of your own run are compared there. Models that only this ' +
    'report has (prompted, on public tasks, sharpened) are compared by npm run reproduce.',
);

interface Baseline {
  readonly id: string;
  readonly baseline: string;
  readonly title: string;
  readonly sentence: string;
  readonly figure: string;
  readonly where: string;
  readonly paper: number;
  readonly target: Target & { readonly side: 'above'; readonly value: number };
  readonly how: string;
}

export const preferredId = (first: string, second: string, drawing = '1'): string =>
  `${first}>${second}@${drawing}`;

function whyPreferred(view: ClaimView, baseline: string): string {
  const words = policyWords(baseline);
  const ours = said(view, preferredId('ppo-ptx', baseline));
  const greedy = said(view, preferredId('ppo-ptx', baseline, 'greedy'));
  const sft = said(view, preferredId('sft', baseline));
  const gold = said(view, preferredId('ppo-gold', baseline));
  const noise = said(view, preferredId('ppo-noise', baseline));
  return (
    `PPO-ptx is preferred to ${words} in ${ours} of the comparisons at temperature 1 and in ${greedy} greedily. ` +
    `SFT alone reaches ${sft}: the difference is what reinforcement added. PPO on the judge itself ` +
    `reaches ${gold}; on noise, ${noise}.`
  );
}

function preferredTo(spec: Baseline): ClaimSpec {
  const { baseline, target } = spec;
  const percent = `${Math.round(100 * target.value)} %`;
  return {
    id: spec.id,
    title: spec.title,
    paper: { sentence: spec.sentence, figure: spec.figure, where: spec.where },
    how: `${GOLD_HOW}${spec.how}`,
    here: PLAIN_RUN,
    measure: async (lab) => ({ rows: await againstBaseline(lab, baseline, spec.paper) }),
    conditions: (view) => [
      conditionOf(
        view,
        preferredId('ppo-ptx', baseline),
        `PPO-ptx preferred to ${policyWords(baseline)}: at least ${percent} at temperature 1`,
        target,
      ),
      conditionOf(
        view,
        preferredId('ppo-ptx', baseline, 'greedy'),
        `and with both greedy not beaten by ${policyWords(baseline)}`,
        { side: 'not below', within: 0 },
      ),
    ],
    why: (view) => whyPreferred(view, baseline),
    plots: (view) => [
      {
        kind: 'intervals',
        title: `Preferred to ${policyWords(baseline)}, %`,
        rows: view.rows.map((row) => row.id),
      },
    ],
  };
}

const PREFERRED_TO_BASE = preferredTo({
  id: 'preferred-to-base',
  baseline: 'base',
  title: 'Preferred to the base model',
  sentence: 'Outputs of the 175B InstructGPT are preferred to those of the 175B GPT-3.',
  figure: '85 ± 3 %',
  where: 'section 4.1',
  paper: 0.85,
  target: { side: 'above', value: 0.85 },
  how: '',
});

const PREFERRED_TO_PROMPTED = preferredTo({
  id: 'preferred-to-prompted',
  baseline: 'prompted',
  title: 'Preferred to the prompted base model',
  sentence:
    'They are preferred to those of the 175B GPT-3 with a few-shot prompt that makes it follow instructions.',
  figure: '71 ± 4 %',
  where: 'section 4.1',
  paper: 0.71,
  target: { side: 'above', value: 0.71 },
  how:
    ' The prompted base reads a prefix of good answers that is searched as in the paper: of several forms and examples, ' +
    'the one whose answers to validation prompts the reward model likes best.',
});

const PREFERRED_TO_PUBLIC = preferredTo({
  id: 'preferred-to-public',
  baseline: 'public',
  title: 'Preferred to a model tuned on public tasks',
  sentence:
    'They are preferred to those of a 175B GPT-3 fine-tuned on the FLAN or T0 collections of public NLP tasks.',
  figure: '78 ± 4 % (FLAN), 79 ± 4 % (T0)',
  where: 'section 4.1',
  paper: 0.78,
  target: { side: 'above', value: 0.78 },
  how:
    ' The public-task model is the base model fine-tuned as SFT is (same settings, sequence form and pre-training mix), but ' +
    'only on public tasks of this world put as instructions without examples, as FLAN and T0 put theirs (passage ' +
    'questions, sentiment, Frogspeak, arithmetic, cloze).',
});

/** SFT drawn in every way that is known to sharpen it; PPO-ptx as it is. */
const SHARPENED: readonly Drawing[] = ['1', '0.7', 'greedy', 'best of 4'];
/** Greedy against greedy too, and the EMA-free policy at its own temperature against each. */
const sharpenedId = (drawing: Drawing): string =>
  preferredId('ppo-ptx', 'sft', drawing === '1' ? '1' : `1 against ${drawing}`);

const PREFERRED_TO_SFT: ClaimSpec = {
  id: 'preferred-to-sft',
  title: 'Preferred to SFT, sharpened or not',
  paper: {
    sentence: 'Outputs of the 175B InstructGPT are preferred to those of the 175B SFT baseline.',
    figure: '73.4 ± 2 %',
    where: 'section 1, figure 1',
  },
  how:
    `${GOLD_HOW} SFT is drawn at temperature 1, and sharpened in three ways: at 0.7, greedily, and as the likeliest of ` +
    'four draws. PPO-ptx is drawn at 1 against each of them, and greedily against greedy SFT.',
  here: PLAIN_RUN,
  async measure(lab) {
    const rows: MeasuredRow[] = [];
    for (const drawing of SHARPENED) {
      const paper = drawing === '1' ? 0.734 : null;
      rows.push(await preferred(lab, ['ppo-ptx', '1'], ['sft', drawing], paper));
    }
    rows.push(await preferred(lab, ['ppo-ptx', 'greedy'], ['sft', 'greedy']));
    for (const control of ['ppo-noise', 'ppo-gold']) {
      for (const drawing of ['1', 'greedy'] as const) {
        rows.push(await preferred(lab, [control, drawing], ['sft', drawing]));
      }
    }
    return { rows };
  },
  conditions: (view) => [
    conditionOf(
      view,
      sharpenedId('1'),
      'PPO-ptx preferred to SFT: at least 60 %, lower end above 55 %, temperature 1',
      { side: 'above', value: 0.6, end: 0.55 },
    ),
    ...(['0.7', 'greedy', 'best of 4'] as const).map((drawing) =>
      conditionOf(
        view,
        sharpenedId(drawing),
        `PPO-ptx at temperature 1 preferred to SFT sharpened (${drawing}): lower end above 50 %`,
        { side: 'above' },
      ),
    ),
    conditionOf(
      view,
      preferredId('ppo-ptx', 'sft', 'greedy'),
      'PPO-ptx preferred to SFT, both greedy: lower end above 50 %',
      {
        side: 'above',
      },
    ),
  ],
  why: (view) =>
    `At temperature 1 PPO-ptx is preferred to SFT in ${said(view, sharpenedId('1'))} of the comparisons. ` +
    'Sharpening is the cheap rival: part of what reinforcement does is to draw less of what is unlikely. Against SFT at ' +
    `temperature 0.7 it is ${said(view, sharpenedId('0.7'))}, against greedy SFT ${said(view, sharpenedId('greedy'))} ` +
    `(both greedy: ${said(view, preferredId('ppo-ptx', 'sft', 'greedy'))}), against the likeliest of four draws ` +
    `${said(view, sharpenedId('best of 4'))}. On noise instead of a reward, ${said(view, preferredId('ppo-noise', 'sft'))}; ` +
    `on the judge itself, ${said(view, preferredId('ppo-gold', 'sft'))}.`,
  plots: (view) => [
    { kind: 'intervals', title: 'Preferred to SFT, %', rows: view.rows.map((row) => row.id) },
  ],
};

export const PREFERRED: readonly ClaimSpec[] = [
  PREFERRED_TO_BASE,
  PREFERRED_TO_PROMPTED,
  PREFERRED_TO_PUBLIC,
  PREFERRED_TO_SFT,
];
