/**
 * Simulated labelers: people with weights on the three aims, small tastes, and noise that depends on the gap.
 * They give the same label as a person (a ranking with ties) and know the gold judges; the reward model sees neither.
 *
 * A labeler puts each completion into a grade (utility in steps of GRADE) and orders the grades with one Gumbel draw
 * per grade (a Plackett-Luce ranking). So two completions of one grade tie, and two of different grades a and b are
 * ordered a before b with probability exactly 1 / (1 + exp(-(a - b) / temperature)).
 */
import { LABELS } from '../config/supervised-table.ts';
import { Rng } from '../data/rng.ts';
import type { Prompt } from '../records/prompt.ts';
import { classMark, type Completion, type Ranking } from '../records/ranking.ts';
import { cheerLevel } from './feelings.ts';
import { splitSentences, wordsOf } from './grammar.ts';
import { judgeGold, judgeText, type GoldJudgement } from './judges.ts';
import { isWorldPrompt } from './tasks.ts';

export interface Labeler {
  readonly id: string;
  readonly group: 'training' | 'heldout';
  /** Weights on the three aims; they sum to one. */
  readonly weights: {
    readonly helpful: number;
    readonly truthful: number;
    readonly harmless: number;
  };
  /** Utility for 20 words of length, for three signs of cheer, and for a single sentence. May be negative. */
  readonly tastes: { readonly length: number; readonly cheer: number; readonly bluntness: number };
  /** Utility difference at which the better one is put first with probability 1 / (1 + 1/e), about 0.73. */
  readonly temperature: number;
  /** Share of rankings filled in blindly; what this labeler calls a tie stays one. */
  readonly chance: number;
}

export const POPULATIONS = LABELS.population.choices;
export type Population = (typeof POPULATIONS)[number];

/** Whether an id is one that {@link labelerPopulation} gives. */
export function isSimulated(labeler: string): boolean {
  const mark = `@(${POPULATIONS.join('|')})(~[\\d.e-]+(x\\d)?)?`;
  return new RegExp(`^(training|heldout)-\\d+(${mark})?$`).test(labeler);
}

export interface PopulationOptions {
  readonly population?: Population;
  /** Share of rankings by chance, from 0 to 1. */
  readonly noise?: number;
  /** Answers ranked at once; only part of the labelers' ids. */
  readonly k?: number;
  /** Labelers who give training labels, and those who are kept for judging. */
  readonly training?: number;
  readonly heldout?: number;
}

/**
 * How often two labelers of a group agree on comparisons that neither ties: what their noise is set to give. Paper,
 * section 3.4 (S74): 72.6 ± 1.5 % of training labelers, 77.3 ± 1.3 % of held-out ones.
 */
export const PAPER_AGREEMENT = { training: 0.726, heldout: 0.773 } as const;

/**
 * The noise that gives {@link PAPER_AGREEMENT}, to two digits: `calibrateTemperature` of each group on four answers of SFT
 * at temperature 1 to some 200 validation prompts each, mean of seeds 1 to 3 (claim `labeler-agreement` shows it by seed).
 */
export const GROUP_TEMPERATURE = { training: 0.2, heldout: 0.15 } as const;

/** Completions whose utilities round to the same multiple of this are ties to a labeler. */
export const GRADE = 0.03;

/** Mean weights: training labels put helpfulness first, held-out labelers weigh truth and harm more. */
const WEIGHTS = {
  training: { helpful: 0.6, truthful: 0.2, harmless: 0.2 },
  heldout: { helpful: 0.5, truthful: 0.25, harmless: 0.25 },
} as const;

/** Standard deviations of the default tastes, and what the populations add to them. */
const TASTE_SPREAD = { length: 0.04, cheer: 0.04, bluntness: 0.03 } as const;
const STRONG_TASTE = 0.6;
/** So strong that four words more outweigh everything else: what a reward model can be hacked by. */
const LENGTH_TASTE = 6;
const NOISY_FACTOR = 2.5;

function drawLabeler(
  seed: number,
  group: Labeler['group'],
  index: number,
  { population = 'default', noise = 0, k = 4 }: PopulationOptions,
): Labeler {
  const rng = Rng.named(seed, 'world', 'labeler', group, index);
  const mean = WEIGHTS[group];
  const raw = {
    helpful: mean.helpful * (0.8 + 0.4 * rng.uniform()),
    truthful: mean.truthful * (0.7 + 0.6 * rng.uniform()),
    harmless: mean.harmless * (0.7 + 0.6 * rng.uniform()),
  };
  const sum = raw.helpful + raw.truthful + raw.harmless;
  const camp = index % 2 === 0 ? STRONG_TASTE : -STRONG_TASTE;
  return {
    id: `${group}-${index + 1}${classMark({ population, noise, k })}`,
    group,
    weights: {
      helpful: raw.helpful / sum,
      truthful: raw.truthful / sum,
      harmless: raw.harmless / sum,
    },
    tastes: {
      length: TASTE_SPREAD.length * rng.normal() + (population === 'length' ? LENGTH_TASTE : 0),
      cheer:
        TASTE_SPREAD.cheer * rng.normal() +
        (population === 'cheer' ? STRONG_TASTE : population === 'camps' ? camp : 0),
      bluntness: TASTE_SPREAD.bluntness * rng.normal(),
    },
    temperature: GROUP_TEMPERATURE[group] * (population === 'noisy' ? NOISY_FACTOR : 1),
    chance: noise,
  };
}

/** The labelers of a seed: 20 for training labels and 10 held out by default. */
export function labelerPopulation(seed: number, options: PopulationOptions = {}): Labeler[] {
  const { training = 20, heldout = 10 } = options;
  const group = (name: Labeler['group'], count: number): Labeler[] =>
    Array.from({ length: count }, (_, i) => drawLabeler(seed, name, i, options));
  return [...group('training', training), ...group('heldout', heldout)];
}

type Judged = Pick<Completion, 'text' | 'ended'>;

/** What every labeler sees in a completion; what it is worth to one is a matter of weights and tastes. */
export interface Appraisal {
  readonly gold: GoldJudgement;
  /** Words over 20, at most 2. */
  readonly length: number;
  /** From -1 to 1. */
  readonly cheer: number;
  /** 1 for a single sentence. */
  readonly blunt: number;
}

/** Reads a completion once, for any number of labelers. A person's prompt is judged by grammar and harm only. */
export function appraise(prompt: Prompt, completion: Judged): Appraisal {
  const { text, ended } = completion;
  return {
    gold: isWorldPrompt(prompt)
      ? judgeGold(prompt, text, ended)
      : judgeText(prompt.text, text, ended),
    length: Math.min(wordsOf(text).length, 40) / 20,
    cheer: cheerLevel(text),
    blunt: splitSentences(text).length === 1 ? 1 : 0,
  };
}

/** What an appraised completion is worth to a labeler, before noise: near [0, 1] for small tastes. */
export function utilityOf(labeler: Labeler, appraisal: Appraisal): number {
  const { gold, length, cheer, blunt } = appraisal;
  const { weights, tastes } = labeler;
  const truthWeight = gold.truthful === null ? 0 : weights.truthful;
  const aims =
    weights.helpful * gold.helpful +
    gold.gate * (truthWeight * (gold.truthful ?? 0) + weights.harmless * gold.harmless);
  return (
    aims / (weights.helpful + truthWeight + weights.harmless) +
    tastes.length * length +
    tastes.cheer * cheer +
    tastes.bluntness * blunt
  );
}

/** What a completion is worth to a labeler, before noise. */
export function utility(labeler: Labeler, prompt: Prompt, completion: Judged): number {
  return utilityOf(labeler, appraise(prompt, completion));
}

/** The grade that a labeler gives to an appraised completion: its utility in whole steps of GRADE. */
export function gradeOfAppraisal(labeler: Labeler, appraisal: Appraisal): number {
  return Math.round(utilityOf(labeler, appraisal) / GRADE);
}

/** The grade of a completion. */
export function gradeOf(labeler: Labeler, prompt: Prompt, completion: Judged): number {
  return gradeOfAppraisal(labeler, appraise(prompt, completion));
}

/**
 * Ranks of the completions, 1 best, equal numbers for ties (1, 2, 2, 4). The same for the same seed, labeler,
 * prompt id and completions, in whatever order they come.
 */
export function rankCompletions(
  labeler: Labeler,
  prompt: Prompt,
  completions: readonly Judged[],
  seed: number,
): number[] {
  const blind =
    labeler.chance > 0 &&
    Rng.named(seed, 'world', 'blind', labeler.id, prompt.id).chance(labeler.chance);
  const worths = completions.map((completion) => {
    const grade = gradeOf(labeler, prompt, completion);
    const draw = Rng.named(seed, 'world', 'label', labeler.id, prompt.id, grade).uniform();
    return (blind ? 0 : (grade * GRADE) / labeler.temperature) - Math.log(-Math.log(draw));
  });
  return worths.map((worth) => 1 + worths.filter((other) => other > worth).length);
}

/** The ranking as a record, with the order in which the completions were shown. */
export function labelRanking(
  labeler: Labeler,
  prompt: Prompt,
  completions: readonly Completion[],
  seed: number,
): Ranking {
  const rng = Rng.named(seed, 'world', 'shown', labeler.id, prompt.id);
  return {
    id: `${prompt.id}-${labeler.id}`,
    prompt,
    completions,
    ranks: rankCompletions(labeler, prompt, completions, seed),
    labeler: labeler.id,
    shown: rng.shuffled(completions.map((_, i) => i)),
    at: 0,
  };
}

/** Probability that the labeler puts `a` before `b`, given that they are no tie to it; 0.5 when they always are. */
export function preferProbability(labeler: Labeler, prompt: Prompt, a: Judged, b: Judged): number {
  return preferByGap(labeler, (gradeOf(labeler, prompt, a) - gradeOf(labeler, prompt, b)) * GRADE);
}

/** The same for a gap in utility between two grades. */
export function preferByGap({ temperature, chance }: Labeler, gap: number): number {
  return (1 - chance) / (1 + Math.exp(-gap / temperature)) + chance / 2;
}

/** True when the labeler puts both into one grade, so that it calls them a tie. */
export function tied(labeler: Labeler, prompt: Prompt, a: Judged, b: Judged): boolean {
  return gradeOf(labeler, prompt, a) === gradeOf(labeler, prompt, b);
}

/** One ranking by a labeler of the class, drawn by the prompt's id: page and command line get the same labels. */
export function labelByClass(
  labelers: readonly Labeler[],
  prompt: Prompt,
  completions: readonly Completion[],
  seed: number,
): Ranking {
  const labeler = Rng.named(seed, 'labels', prompt.id).pick(labelers);
  return labelRanking(labeler, prompt, completions, seed);
}
