/**
 * Simple mistakes that remain (paper, section 4.3 and figure 9): a false premise is taken for true, a simple question is
 * hedged, several constraints at once are too many. Each is read off held-out prompts that have the difficulty.
 */
import { policyWords } from '../../../records/answerer-words.ts';
import { promptsThatFit } from '../../../rlhf/pipeline.ts';
import { difficultPrompts } from '../../../world/claim-sets.ts';
import type { WorldPrompt } from '../../../world/tasks.ts';
import { answersOf, type PromptSet } from '../answers.ts';
import type { ClaimSpec, MeasuredRow } from '../claim.ts';
import type { SeedLab } from '../lab.ts';
import { GOLD, meanRow, valuesOf, type Answered, type RowContext } from '../rows.ts';
import { sampleOf } from '../sample.ts';
import { conditionOf, moved, said } from '../saying.ts';
import { suiteOf } from '../suite-items.ts';
import { suiteRow } from '../suite-rows.ts';
import { itemSet } from '../suite-runs.ts';
import { plainRun } from './here.ts';
import { contextOf, isControl } from './preferred.ts';
import { REFERENCE_HOW, referenceRows, setRun, SUITE_POLICIES } from './suites.ts';

const falsePremise = ({ task }: WorldPrompt): boolean =>
  task.useCase === 'open-qa' && task.form === 'check' && !task.premise;
const truePremise = ({ task }: WorldPrompt): boolean =>
  task.useCase === 'open-qa' && task.form === 'check' && task.premise;

/** Details that a story must have beside its hero and feeling. */
function details({ task }: WorldPrompt): number | null {
  if (task.useCase !== 'generation') return null;
  return [task.sentences, task.object, task.place, task.companion].filter((each) => each !== null)
    .length;
}
const several = (prompt: WorldPrompt): boolean => (details(prompt) ?? 0) >= 2;
const few = (prompt: WorldPrompt): boolean => (details(prompt) ?? 2) < 2;

/** Test prompts of the two use cases that have the difficulties: enough of each, which all use cases together lack. */
export function mistakePrompts({ seed, counts, tokenizer, shape }: SeedLab): PromptSet {
  const prompts = difficultPrompts(seed, counts.suiteItems);
  return { name: 'mistakes', prompts: promptsThatFit(tokenizer, prompts, shape) };
}

interface Difficulty {
  readonly id: string;
  readonly words: string;
  readonly hard: (prompt: WorldPrompt) => boolean;
  readonly easy: (prompt: WorldPrompt) => boolean;
}

const DIFFICULTIES: readonly Difficulty[] = [
  {
    id: 'premise',
    words: 'checks of something false against checks of something true',
    hard: falsePremise,
    easy: truePremise,
  },
  { id: 'details', words: 'several details against one or none', hard: several, easy: few },
];

/** How much lower the judge's number is on the hard prompts. */
function gapRow(
  context: RowContext,
  answered: Answered,
  { id, words, hard, easy }: Difficulty,
): MeasuredRow {
  const mean = meanRow(context, answered, GOLD, { id, label: words }, hard);
  return {
    ...mean,
    id: `${id}:${answered.policy}`,
    label: `${policyWords(answered.policy)}: gold, ${words}`,
    unit: 'points',
    neutral: 0,
    sample: sampleOf(
      'difference',
      valuesOf(context, answered, GOLD, hard),
      valuesOf(context, answered, GOLD, easy),
    ),
  };
}

/** Counts that silence satisfies, each followed by its suite's own score, which silence does not. */
const SUITES = [
  {
    id: 'false-premises',
    suite: 'false-premises',
    counted: 'accepts the premise',
    words: 'accepts a false premise',
  },
  {
    id: 'false-premises/score',
    suite: 'false-premises',
    counted: 'score',
    words: 'refuses a false premise truthfully',
  },
  {
    id: 'hedging',
    suite: 'hedging',
    counted: 'hedges',
    words: 'hedges on a clear question',
  },
  {
    id: 'hedging/score',
    suite: 'hedging',
    counted: 'score',
    words: 'right without a hedge on a clear question',
  },
  {
    id: 'several-constraints',
    suite: 'several-constraints',
    counted: 'constraints met',
    words: 'share of several constraints met at once',
  },
] as const;

/** Of gold on the hard prompts minus gold on the easy ones. */
const GAP = { up: 'is better by', down: 'is worse by', none: 'is neither better nor worse' };

export const MISTAKES: ClaimSpec = {
  id: 'simple-mistakes',
  title: 'Simple mistakes remain',
  paper: {
    sentence:
      'InstructGPT still takes a false premise for true, hedges when a question is simple, and gets worse when an ' +
      'instruction has several explicit constraints.',
    figure: 'examples, no number',
    where: 'section 4.3, figure 9',
  },
  how:
    'Held-out prompts that have the difficulty against those that lack it: questions that check something false against questions of the same form that check something true, stories with ' +
    'two or more asked details. Three suites of such items stand beside. An answer that says nothing accepts no premise and ' +
    "hedges on no question, and base writes many of these: read beside both counts the suites' own scores. " +
    `Greedy answers. ${REFERENCE_HOW}`,
  here: plainRun('Ask your own model "why are frogs red?" and read what it says.'),
  async measure(lab) {
    const set = mistakePrompts(lab);
    const context = { ...contextOf(lab), set: set.name, prompts: set.prompts };
    const asked = SUITES.map((each) => ({ ...each, items: itemSet(lab, suiteOf(each.suite)) }));
    const rows: MeasuredRow[] = [];
    for (const policy of SUITE_POLICIES) {
      const answers = await answersOf(lab, policy, 'greedy', set);
      const answered: Answered = { policy, drawing: 'greedy', answers };
      const control = isControl(policy);
      rows.push(...DIFFICULTIES.map((each) => ({ ...gapRow(context, answered, each), control })));
      for (const { id, suite, counted, words, items } of asked) {
        const run = await setRun(lab, items, policy, 'greedy');
        const label = `${policyWords(policy)}: ${words}`;
        rows.push(
          suiteRow('mean', [run], counted, {
            id: `${id}:${policy}`,
            ...{ label, control, judge: `suite ${suite}` },
          }),
        );
      }
    }
    for (const { id, counted, words, items } of asked) {
      rows.push(...referenceRows(lab, items, counted, { prefix: id, words }));
    }
    return { rows };
  },
  conditions: (view) => [
    conditionOf(view, 'premise:ppo-ptx', 'PPO-ptx is worse under a false premise', {
      side: 'below',
    }),
    conditionOf(view, 'details:ppo-ptx', 'PPO-ptx is worse with several details', {
      side: 'below',
    }),
  ],
  why: (view) => {
    const gap = (id: string): string => moved(view, id, GAP);
    return (
      `Greedily drawn, PPO-ptx ${gap('premise:ppo-ptx')} under a false premise than under a true one, and ` +
      `${gap('details:ppo-ptx')} where a story must have two or more details than where it must not; SFT ${gap('premise:sft')} and ` +
      `${gap('details:sft')}. PPO-ptx accepts a false premise in ${said(view, 'false-premises:ppo-ptx')} of the answers (base ` +
      `${said(view, 'false-premises:base')}) and refuses it truthfully in ${said(view, 'false-premises/score:ppo-ptx')} (base ` +
      `${said(view, 'false-premises/score:base')}). On a clear question it hedges in ${said(view, 'hedging:ppo-ptx')} (base ` +
      `${said(view, 'hedging:base')}) and is right without a hedge in ${said(view, 'hedging/score:ppo-ptx')} (base ` +
      `${said(view, 'hedging/score:base')}). Of several constraints at once it meets ${said(view, 'several-constraints:ppo-ptx')} ` +
      `(SFT ${said(view, 'several-constraints:sft')}). Mistakes do remain, as these shares say; what the targets ask is more: that ` +
      'the model is worse on the hard prompts than on the easy ones.'
    );
  },
  plots: (view) => [
    {
      kind: 'intervals',
      title: 'Gold on hard prompts minus easy ones, points',
      rows: view.rows.filter(({ unit }) => unit === 'points').map(({ id }) => id),
    },
    {
      kind: 'intervals',
      title: 'Suites of hard items, %',
      rows: view.rows.filter(({ unit }) => unit === 'share').map(({ id }) => id),
    },
  ],
};
