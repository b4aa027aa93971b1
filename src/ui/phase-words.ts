/**
 * The phases of an iteration of PPO in words: what each does, which numbers it makes, and what it made in a sentence.
 * Plain values of plain values.
 */
import { PHASES, type Phase, type PhaseView } from '../records/phase.ts';
import { counted, formatNumber, formatPercent } from './format.ts';
import { LENS_COLUMNS, type LensColumn } from './lens-columns.ts';

interface PhaseWords {
  readonly title: string;
  /** On the button, after `Next: `. */
  readonly button: string;
  readonly meaning: string;
  /** Metrics to show, with plain labels. */
  readonly metrics: readonly { readonly name: string; readonly label: string }[];
  /** Columns of the token lens that are new with this phase; the first is the one to look at. */
  readonly columns: readonly LensColumn['key'][];
}

export const PHASE_WORDS: Readonly<Record<Phase, PhaseWords>> = {
  rollout: {
    title: 'Rollout',
    button: 'write the answers',
    meaning: 'The policy writes an answer to each prompt of the batch. Nothing is judged yet.',
    metrics: [
      { name: 'completions/mean_length', label: 'tokens per answer' },
      { name: 'val/num_eos_tokens', label: 'answers that ended by themselves' },
      { name: 'objective/entropy', label: 'surprise per answer, nats' },
    ],
    columns: ['logProbability'],
  },
  reward: {
    title: 'Reward pass',
    button: 'score them',
    meaning:
      'The reward model scores each answer, and the model of step 1 says how likely it finds each token: that makes the KL penalty.',
    metrics: [
      { name: 'objective/scores', label: 'mean score' },
      { name: 'objective/non_score_reward', label: 'mean of the KL penalties, per answer' },
      { name: 'objective/rlhf_reward', label: 'mean reward: both together' },
      { name: 'objective/kl', label: 'KL, nats per answer' },
    ],
    columns: ['reward', 'score', 'klPenalty', 'referenceLogProbability'],
  },
  advantage: {
    title: 'Advantage pass',
    button: 'estimate the advantages',
    meaning:
      'The value function says what it expected before each token; what went better than expected becomes a positive advantage.',
    metrics: [
      { name: 'ppo/val/mean', label: 'mean value' },
      { name: 'ppo/returns/mean', label: 'mean return' },
      { name: 'ppo/val/advantage', label: 'mean advantage, before whitening' },
      { name: 'ppo/val/error', label: 'squared error of the values' },
    ],
    columns: ['advantage', 'value', 'delta', 'return'],
  },
  minibatch: {
    title: 'Minibatches',
    button: 'update on one minibatch',
    meaning:
      'Policy and value function take one optimizer step on a part of the answers. From the second minibatch on, ratios differ from 1.',
    metrics: [
      { name: 'val/ratio', label: 'mean ratio' },
      { name: 'policy/clipfrac_avg', label: 'share of tokens that were clipped' },
      { name: 'loss/policy_avg', label: 'policy loss' },
      { name: 'loss/value_avg', label: 'value loss' },
      { name: 'loss/ptx_avg', label: 'pre-training loss' },
      { name: 'policy/grad_norm', label: 'norm of the policy gradient' },
    ],
    columns: ['ratio', 'usedAdvantage'],
  },
};

/** The phase that comes next: the first one when the run does not rest inside an iteration. */
export function nextPhase(view: PhaseView | null, inside: boolean): Phase {
  if (view === null || !inside) return 'rollout';
  return PHASES[PHASES.indexOf(view.phase) + 1] ?? 'minibatch';
}

/** Columns of the token lens that are known after a phase, in the order of the table. */
export function knownColumns(phase: Phase): readonly LensColumn[] {
  const done = PHASES.slice(0, PHASES.indexOf(phase) + 1);
  const keys = new Set(done.flatMap((each) => PHASE_WORDS[each].columns));
  return LENS_COLUMNS.filter(({ key }) => keys.has(key));
}

/** `minibatch 2 of 4`, or the title of the phase. */
export function placeWords({ phase, minibatch, minibatches }: PhaseView): string {
  if (phase === 'minibatch') return `minibatch ${minibatch} of ${minibatches}`;
  return PHASE_WORDS[phase].title.toLowerCase();
}

function madeWords({ phase, values, answers }: PhaseView): string {
  const n = (name: string) => formatNumber(values[name]);
  switch (phase) {
    case 'rollout':
      return `${counted(answers, 'answer')} of ${n('completions/mean_length')} tokens on average`;
    case 'reward':
      return `mean score ${n('objective/scores')}, KL penalties ${n('objective/non_score_reward')} per answer`;
    case 'advantage':
      return `values expected ${n('ppo/val/mean')} on average, returns were ${n('ppo/returns/mean')}`;
    case 'minibatch':
      return (
        `mean ratio ${n('val/ratio')}, ${formatPercent(values['policy/clipfrac_avg'] ?? NaN)} clipped, ` +
        `policy loss ${n('loss/policy_avg')}, value loss ${n('loss/value_avg')}`
      );
  }
  return phase satisfies never;
}

/** What a phase made, in one sentence; said once each time a person asks for a phase. */
export function phaseSentence(view: PhaseView, inside: boolean): string {
  const over = inside ? '' : ` Iteration ${view.iteration} is done and saved.`;
  return `Iteration ${view.iteration}, ${placeWords(view)}: ${madeWords(view)}.${over}`;
}
