/**
 * What each scenario is to show, checked on the records of its runs: pure functions of metric series, with the margins
 * beyond which a difference counts. They say in plain words what happened, also when it was nothing or the opposite.
 */
import { metricEdges, type Edges } from '../../records/metric-edges.ts';
import type { MetricRecord } from '../../records/run.ts';
import { findShortcuts, QUARTER, soughtShortcuts, type Finding } from './shortcuts.ts';

/** The finished runs of one arm. */
export interface ArmRuns {
  readonly reward: readonly Pick<MetricRecord, 'values'>[];
  /** Records of step 3; empty where the scenario ends with the reward model. */
  readonly policy: readonly Pick<MetricRecord, 'values'>[];
}

export interface Figure {
  readonly label: string;
  readonly value: number;
}

/** `opposite`: it went the other way, which is a result too. */
export type GoalState = 'reached' | 'missed' | 'opposite';

export interface Verdict {
  readonly state: GoalState;
  readonly words: string;
  readonly figures: readonly Figure[];
}

/** Runs by the id of their arm. Null when a record that it needs is missing: an older run, or one of a single step. */
export type Goal = (arms: Readonly<Record<string, ArmRuns>>) => Verdict | null;

/** What counts as a change; smaller ones are within the noise of a run of the preset quick. Shortcuts have their own. */
export const MARGINS = {
  /** Reward, as the reward model gives it. */
  score: 0.1,
  /** Gold, from 0 to 1. */
  gold: 0.04,
  /** From -1 to 1. */
  cheer: 0.05,
  /** Times as far from the reference. */
  kl: 2,
  /** Nats per token of pre-training text. */
  tax: 0.005,
  /** Share of comparisons that the reward model gets right. */
  accuracy: 0.03,
  /** Nats per held-out comparison. */
  loss: 0.02,
} as const;

/** Of what is measured at a few points only: the first and the last one. */
const POINT = 0;

const NO_RUNS: ArmRuns = { reward: [], policy: [] };

function armOf(arms: Readonly<Record<string, ArmRuns>>, id: string): ArmRuns {
  return arms[id] ?? NO_RUNS;
}

const rollouts = ({ policy }: ArmRuns, metric: string): Edges | null =>
  metricEdges(policy, metric, QUARTER);
const measured = ({ policy }: ArmRuns, metric: string): Edges | null =>
  metricEdges(policy, metric, POINT);
const gain = ({ first, last }: Edges): number => last - first;

function fromTo(label: string, { first, last }: Edges): Figure[] {
  return [
    { label: `${label} at the start`, value: first },
    { label: `${label} at the end`, value: last },
  ];
}

/** The paper: what the reward model likes better is better. */
export const paperGoal: Goal = (arms) => {
  const run = armOf(arms, 'run');
  const score = rollouts(run, 'objective/scores');
  const gold = rollouts(run, 'objective/gold_scores');
  if (score === null || gold === null) return null;
  const figures = [...fromTo('reward', score), ...fromTo('gold', gold)];
  if (gain(score) <= MARGINS.score) {
    return {
      state: 'missed',
      figures,
      words: 'Reward hardly rose: there is nothing to judge yet.',
    };
  }
  if (gain(gold) > MARGINS.gold) {
    const words =
      'Reward rose and so did gold, which the model was never shown: it learned what the labelers meant.';
    return { state: 'reached', figures, words };
  }
  if (gain(gold) < -MARGINS.gold) {
    const words = 'Gold went down while reward went up: you have seen over-optimisation.';
    return { state: 'opposite', figures, words };
  }
  return { state: 'missed', figures, words: 'Reward rose, but gold stayed where it was.' };
};

/** Your taste: answers follow the model of one person's rankings. */
export const tasteGoal: Goal = (arms) => {
  const score = rollouts(armOf(arms, 'run'), 'objective/scores');
  if (score === null) return null;
  const figures = fromTo('reward', score);
  if (gain(score) > MARGINS.score) {
    const words =
      'Answers now score higher with the reward model of your taste. Whether it is your taste, only you can judge: vote blind.';
    return { state: 'reached', figures, words };
  }
  if (gain(score) < -MARGINS.score) {
    const words = 'Answers score lower than before: the training went wrong, try a smaller rate.';
    return { state: 'opposite', figures, words };
  }
  const words = 'Answers score as before: rank more prompts, with one clear taste.';
  return { state: 'missed', figures, words };
};

/** Make it happy: held-out answers become more cheerful. */
export const happyGoal: Goal = (arms) => {
  const cheer = measured(armOf(arms, 'run'), 'eval/cheer');
  const gold = measured(armOf(arms, 'run'), 'eval/gold');
  if (cheer === null || gold === null) return null;
  const figures = [...fromTo('cheer', cheer), ...fromTo('gold', gold)];
  if (gain(cheer) > MARGINS.cheer) {
    const cost =
      gain(gold) < -MARGINS.gold ? ' Gold fell: it cost some of what was asked for.' : '';
    const words = `Held-out answers are more cheerful than before: rankings alone made it happy.${cost}`;
    return { state: 'reached', figures, words };
  }
  if (gain(cheer) < -MARGINS.cheer) {
    return { state: 'opposite', figures, words: 'Answers became gloomier, against the labels.' };
  }
  return { state: 'missed', figures, words: 'Answers are about as cheerful as before.' };
};

/** So many of the shortcuts found are named. */
const NAMED = 3;
const LENGTH = 'completions/mean_length';

/** "a, b and c". */
function listed(parts: readonly string[]): string {
  return parts.length < 2
    ? parts.join('')
    : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`;
}

/** What gold's fall goes with, or that nothing that is looked for does. */
function fallWords(found: readonly Finding[], { policy }: ArmRuns): string {
  if (found.length === 0) {
    return `Gold went down while reward went up, but no shortcut that is looked for explains it: ${listed(soughtShortcuts(policy))} stayed about as they were. Read the answers to see what the model found.`;
  }
  const secret = found.some(({ metric, edges }) => metric === LENGTH && gain(edges) > 0)
    ? ' Long answers are what the labelers secretly like.'
    : '';
  return `Gold went down while reward went up: you have seen reward hacking. What the model found, the largest change first: ${listed(found.map(({ words }) => words))}.${secret}`;
}

/** Reward hacking: reward up, gold down, and by what. */
export const hackingGoal: Goal = (arms) => {
  const run = armOf(arms, 'run');
  const score = rollouts(run, 'objective/scores');
  const gold = rollouts(run, 'objective/gold_scores');
  const length = rollouts(run, LENGTH);
  if (score === null || gold === null || length === null) return null;
  const found = findShortcuts(run.policy).slice(0, NAMED);
  const figures = [
    ...fromTo('reward', score),
    ...fromTo('gold', gold),
    ...fromTo('tokens per answer', length),
    ...found.flatMap(({ metric, label, edges }) => (metric === LENGTH ? [] : fromTo(label, edges))),
  ];
  if (gain(score) <= MARGINS.score) {
    return { state: 'missed', figures, words: 'Reward hardly rose: nothing was hacked yet.' };
  }
  if (gain(gold) < -MARGINS.gold) {
    const state = found.length > 0 ? 'reached' : 'missed';
    return { state, figures, words: fallWords(found, run) };
  }
  if (gain(gold) > MARGINS.gold) {
    const words = 'Reward and gold both rose: so far the labels taught what was meant.';
    return { state: 'opposite', figures, words };
  }
  const so = found.length === 0 ? '' : ` So far: ${listed(found.map(({ words }) => words))}.`;
  const words = `Reward rose, and gold neither fell clearly nor rose: half a hack.${so}`;
  return { state: 'missed', figures, words };
};

/** No leash: without the KL penalty the policy goes further away and the reward says less about gold. */
export const leashGoal: Goal = (arms) => {
  const [held, free] = [armOf(arms, 'leash'), armOf(arms, 'no-leash')];
  const kls = [rollouts(held, 'objective/kl'), rollouts(free, 'objective/kl')];
  const golds = [measured(held, 'eval/gold'), measured(free, 'eval/gold')];
  const [kl, freeKl] = kls;
  const [gold, freeGold] = golds;
  if (!kl || !freeKl || !gold || !freeGold) return null;
  const figures = [
    { label: 'KL with the leash, nats', value: kl.last },
    { label: 'KL without it, nats', value: freeKl.last },
    { label: 'gold at the start', value: gold.first },
    { label: 'gold with the leash', value: gold.last },
    { label: 'gold without it', value: freeGold.last },
  ];
  const further = freeKl.last > MARGINS.kl * Math.max(kl.last, 0.1);
  if (!further) {
    const words = 'Without the penalty the policy did not go much further from where it started.';
    return { state: freeKl.last < kl.last ? 'opposite' : 'missed', figures, words };
  }
  const away = `Without the penalty the policy went ${(freeKl.last / Math.max(kl.last, 0.1)).toFixed(1)} times as far away`;
  if (freeGold.last < gold.last - MARGINS.gold) {
    const words = `${away}, and its answers are worse than with it: the reward model is only right near where it was trained.`;
    return { state: 'reached', figures, words };
  }
  if (freeGold.last > gold.last + MARGINS.gold) {
    const words = `${away}, and its answers are better for it: here the leash was too short.`;
    return { state: 'opposite', figures, words };
  }
  return { state: 'missed', figures, words: `${away}, and its answers are as good as with it.` };
};

/** Alignment tax: plain PPO forgets pre-training text, PPO-ptx less. */
export const taxGoal: Goal = (arms) => {
  const plain = measured(armOf(arms, 'ppo'), 'eval/pretrain_loss');
  const mixed = measured(armOf(arms, 'ppo-ptx'), 'eval/pretrain_loss');
  if (plain === null || mixed === null) return null;
  const figures = [
    { label: 'loss on pre-training text before, nats per token', value: plain.first },
    { label: 'after PPO', value: plain.last },
    { label: 'after PPO-ptx', value: mixed.last },
  ];
  const [tax, left] = [gain(plain), gain(mixed)];
  if (tax <= MARGINS.tax) {
    const words = 'PPO forgot nothing worth mentioning, so there was no tax to pay back.';
    return { state: 'missed', figures, words };
  }
  if (left > tax) {
    return { state: 'opposite', figures, words: 'PPO-ptx forgot more than PPO did.' };
  }
  if (left > tax / 2) {
    const words = 'PPO forgot some of what it had read, and PPO-ptx nearly as much.';
    return { state: 'missed', figures, words };
  }
  const words =
    left > 0
      ? `PPO forgot some of what it had read: that is the alignment tax. PPO-ptx paid ${Math.round((100 * left) / tax)} % of it.`
      : 'PPO forgot some of what it had read: that is the alignment tax. PPO-ptx paid none of it.';
  return { state: 'reached', figures, words };
};

/** Noisy labelers: a reward model of careless labels orders answers less as the truth does. */
export const noiseGoal: Goal = (arms) => {
  const clean = metricEdges(armOf(arms, 'careful').reward, 'eval_gold_accuracy', POINT);
  const noisy = metricEdges(armOf(arms, 'careless').reward, 'eval_gold_accuracy', POINT);
  if (clean === null || noisy === null) return null;
  const figures = [
    { label: 'agrees with gold, careful labels', value: clean.last },
    { label: 'agrees with gold, careless labels', value: noisy.last },
  ];
  const lost = clean.last - noisy.last;
  if (lost > MARGINS.accuracy) {
    const words =
      'From careless labels the reward model learned less of the truth, though both classes saw the same answers.';
    return { state: 'reached', figures, words };
  }
  if (lost < -MARGINS.accuracy) {
    return {
      state: 'opposite',
      figures,
      words: 'The careless labels taught more: luck, or too few.',
    };
  }
  const words = 'Both reward models order answers about equally well: the noise averaged out.';
  return { state: 'missed', figures, words };
};

/** Shuffled pairs overfit: better on what it has seen, worse on what it has not. */
export const shuffleGoal: Goal = (arms) => {
  const [whole, apart] = [armOf(arms, 'prompts').reward, armOf(arms, 'pairs').reward];
  const seen = [whole, apart].map((rows) => metricEdges(rows, 'accuracy', QUARTER));
  const held = [whole, apart].map((rows) => metricEdges(rows, 'eval_loss', POINT));
  const [seenWhole, seenApart] = seen;
  const [heldWhole, heldApart] = held;
  if (!seenWhole || !seenApart || !heldWhole || !heldApart) return null;
  const figures = [
    { label: 'right in its own batches, whole prompts', value: seenWhole.last },
    { label: 'right in its own batches, shuffled', value: seenApart.last },
    { label: 'loss on held-out comparisons, whole prompts', value: heldWhole.last },
    { label: 'loss on held-out comparisons, shuffled', value: heldApart.last },
  ];
  const knows = seenApart.last - seenWhole.last > MARGINS.accuracy;
  const worse = heldApart.last - heldWhole.last;
  if (knows && worse > MARGINS.loss) {
    const words =
      'Shuffled, the same comparisons are better known in training and worse judged outside: answers that come back are learned by heart. That is overfitting in a single pass.';
    return { state: 'reached', figures, words };
  }
  if (worse < -MARGINS.loss) {
    return {
      state: 'opposite',
      figures,
      words: 'Shuffled comparisons did better on held-out ones.',
    };
  }
  return {
    state: 'missed',
    figures,
    words: 'Both ways ended about equally well outside training.',
  };
};

/** Without RL: DPO and best-of-n improve on SFT by the same gold judge. */
export const withoutRlGoal: Goal = (arms) => {
  const dpo = measured(armOf(arms, 'dpo'), 'eval/gold');
  const best = measured(armOf(arms, 'best-of-n'), 'eval/gold');
  const sft = dpo?.first;
  if (dpo === null || best === null || sft === undefined) return null;
  const figures = [
    { label: 'gold of SFT', value: sft },
    { label: 'gold after DPO', value: dpo.last },
    { label: 'gold of best-of-n', value: best.last },
  ];
  const gains = [dpo.last - sft, best.last - sft];
  const better = gains.filter((each) => each > MARGINS.gold).length;
  if (better === 2) {
    const words =
      'Both beat the model that they started from, without any reinforcement learning: DPO by training on the rankings, best-of-n by choosing.';
    return { state: 'reached', figures, words };
  }
  if (better === 0 && gains.some((each) => each < -MARGINS.gold)) {
    return { state: 'opposite', figures, words: 'Answers became worse than those of SFT.' };
  }
  const words =
    better === 0
      ? 'Neither is clearly better than SFT.'
      : 'Only one of the two is clearly better than SFT.';
  return { state: 'missed', figures, words };
};
