/**
 * Over-optimisation (Gao, Schulman and Hilton, arXiv 2210.10760): the gold judge against the reward model over sqrt(KL), for
 * PPO at several KL prices and for best-of-n by its exact law, with reward models trained on few and on many comparisons.
 * Gao's two functional forms are fitted; their coefficients are told, not judged.
 */
import { policyLabel } from '../../../records/answerer-words.ts';
import type { JsonValue } from '../../../records/run.ts';
import type { ClaimSpec, ClaimView, Measured, MeasuredRow } from '../claim.ts';
import type { SeedLab } from '../lab.ts';
import {
  extremes,
  fitWords,
  frontiersOf,
  plotsOf,
  seedCurves,
  type Frontier,
  type SeedCurves,
} from '../optimisation-curves.ts';
import {
  bestOfNCurves,
  countedRewards,
  finalAnswers,
  optimisationRun,
  optimisationSet,
  type OptimisationRun,
} from '../optimisation-runs.ts';
import { GOLD, itemsBehind, valuesOf, type Answered, type RowContext } from '../rows.ts';
import { sampleOf, type Sample } from '../sample.ts';
import { conditionOf, moved } from '../saying.ts';
import { answeredBy, contextOf } from './preferred.ts';

const finalId = (comparisons: number, beta: number): string => `final:${comparisons}:${beta}`;
const gainId = (comparisons: number, beta: number): string => `gain:${comparisons}:${beta}`;
const proxyId = (comparisons: number, beta: number): string => `proxy:${comparisons}:${beta}`;

const PLAIN = {
  judge: 'gold composite',
  temperature: '1',
  paper: null,
  control: false,
  missing: null,
  items: [],
} as const;

const runWords = ({ comparisons, beta }: OptimisationRun): string =>
  `reward model of ${comparisons} comparisons, beta ${beta}`;

/** Scores rise from the first iteration to the last by the reward model itself; one value for each seed. */
function proxySample({ path }: OptimisationRun): Sample {
  const [first, last] = [path[0], path.at(-1)];
  const rise = (last?.proxy ?? NaN) - (first?.proxy ?? NaN);
  return sampleOf('mean', [{ cluster: 'run', value: rise }]);
}

const NO_ROLLOUTS =
  "The reward model's own score is the mean over an iteration's rollouts, whose texts are not kept: no single text stands behind its rise.";

function runRows(context: RowContext, run: OptimisationRun, sft: Answered): MeasuredRow[] {
  const { comparisons, beta, gold } = run;
  const behind = itemsBehind(context, [run.answered, sft], GOLD);
  return [
    {
      ...PLAIN,
      id: finalId(comparisons, beta),
      label: `gold of PPO: ${runWords(run)}`,
      unit: 'score',
      neutral: null,
      sample: sampleOf('mean', gold),
      ...behind,
    },
    {
      ...PLAIN,
      id: gainId(comparisons, beta),
      label: `gold gained over SFT: ${runWords(run)}`,
      unit: 'points',
      neutral: 0,
      sample: sampleOf('difference', gold, valuesOf(context, sft, GOLD)),
      ...behind,
    },
    {
      ...PLAIN,
      id: proxyId(comparisons, beta),
      label: `reward model's own score, last iteration minus first: ${runWords(run)}`,
      unit: 'score',
      neutral: 0,
      judge: 'reward model',
      sample: proxySample(run),
      noTexts: NO_ROLLOUTS,
    },
  ];
}

/** Gold gained over SFT by the two controls, for scale. */
async function controlRows(lab: SeedLab): Promise<MeasuredRow[]> {
  const context = contextOf(lab);
  const sft = await answeredBy(lab, 'sft', '1');
  const rows: MeasuredRow[] = [];
  for (const policy of ['ppo-noise', 'ppo-gold']) {
    const own = await answeredBy(lab, policy, '1');
    rows.push({
      ...PLAIN,
      control: true,
      id: `gain:${policy}`,
      label: policyLabel(policy, (name) => `gold gained over SFT: ${name}`),
      unit: 'points',
      neutral: 0,
      sample: sampleOf('difference', valuesOf(context, own, GOLD), valuesOf(context, sft, GOLD)),
      ...itemsBehind(context, [own, sft], GOLD),
    });
  }
  return rows;
}

async function measure(lab: SeedLab): Promise<Measured> {
  const { betas } = lab.counts;
  const rewards = await countedRewards(lab);
  const curves = await bestOfNCurves(lab, rewards);
  const context = { ...contextOf(lab), set: optimisationSet(lab).name };
  const sft = await finalAnswers(lab, 'sft', () => lab.sft());
  const rows: MeasuredRow[] = [];
  const runs: OptimisationRun[] = [];
  for (const reward of rewards) {
    for (const beta of betas) {
      const run = await optimisationRun(lab, reward, beta);
      runs.push(run);
      rows.push(...runRows(context, run, sft));
    }
  }
  const frontiers = rewards.map(({ comparisons }, r): Frontier => ({
    comparisons,
    bestOf: curves[r]!,
    paths: runs
      .filter((run) => run.comparisons === comparisons)
      .map(({ beta, path }) => ({ beta, path })),
  }));
  const runAt = (comparisons: number, beta: number) =>
    runs.find((run) => run.comparisons === comparisons && run.beta === beta)!;
  const { few, many, cheap } = extremes(frontiers);
  const [most, least] = [runAt(many, cheap), runAt(few, cheap)];
  rows.push({
    ...PLAIN,
    id: 'more-data',
    label: `gold of PPO at beta ${cheap}: ${many} comparisons minus ${few}`,
    unit: 'points',
    neutral: 0,
    sample: sampleOf('difference', most.gold, least.gold),
    ...itemsBehind(context, [most.answered, least.answered], GOLD),
  });
  rows.push(...(await controlRows(lab)));
  const { draws, drawPrompts, optimisationEpisodes } = lab.counts;
  const curvesOfSeed: SeedCurves = {
    ...{ frontiers, draws, drawPrompts, episodes: optimisationEpisodes },
    usualEpisodes: lab.settings.ppo.episodes,
  };
  return { rows, data: JSON.parse(JSON.stringify(curvesOfSeed)) as JsonValue };
}

const OVER_SFT = { up: 'gains', down: 'loses', none: 'neither gains nor loses' };
const OWN_SCORE = { up: 'rises by', down: 'falls by', none: 'does not move' };
const HIGHER = { up: 'higher by', down: 'lower by', none: 'neither higher nor lower' };

function why(view: ClaimView): string {
  const seeds = seedCurves(view);
  const frontiers = frontiersOf(view);
  const { few, many, cheap } = extremes(frontiers);
  const sizes = [...new Set(frontiers.map(({ comparisons }) => comparisons))];
  const [{ draws, drawPrompts, episodes, usualEpisodes }] = seeds as [SeedCurves];
  return (
    `With a reward model of ${few} comparisons and beta ${cheap}, PPO ${moved(view, gainId(few, cheap), OVER_SFT)} of gold against ` +
    `SFT while the reward model's own score ${moved(view, proxyId(few, cheap), OWN_SCORE)}; with ${many} comparisons it ` +
    `${moved(view, gainId(many, cheap), OVER_SFT)}, so that gold ends ${moved(view, 'more-data', HIGHER)}. These runs have ` +
    `${episodes} episodes; the two controls are the usual policies with pre-training text and ${usualEpisodes} episodes: on noise ` +
    `gold ${moved(view, 'gain:ppo-noise', OWN_SCORE)}, on the gold judge it ${moved(view, 'gain:ppo-gold', OWN_SCORE)}. Best-of-n ` +
    `is the law of ${draws} draws of ${drawPrompts} training prompts of each seed. Fitted to all seeds, gold gained as a d - b d² ` +
    `(best-of-n) and a d - b d ln d (PPO) with d = sqrt(KL): ${sizes.map((size) => fitWords(seeds, size)).join('. ')}.`
  );
}

export const OVER_OPTIMISATION: ClaimSpec = {
  id: 'over-optimisation',
  title: 'Over-optimisation of the reward model',
  paper: {
    sentence:
      "Optimised further, the reward model's score goes on rising while the true reward rises, peaks and falls; with more " +
      'comparisons the peak is higher and later (Gao, Schulman and Hilton).',
    figure:
      'd(a - b d) for best-of-n, d(a - b ln d) for RL; little is learnt below some 2,000 comparisons',
    where: 'arXiv 2210.10760, figures 1 and 4',
  },
  how:
    'Reward models on the first so many comparisons of the same rankings. PPO without pre-training text at several KL prices: ' +
    'every iteration is a point (its rollouts, by both judges). Best-of-n of SFT by the exact law of its draws for training ' +
    'prompts. Gold of the final policies on held-out prompts at temperature 1. Of "higher and later" the height is tested, ' +
    "between the fewest and the most comparisons; where the peak lies is in the curves and fits only. The reward model's own score is one number " +
    'a run: a single run gives no interval.',
  here: {
    scenario: 'reward-hacking',
    settings: {},
    words: 'Watch gold and the reward model part while it happens.',
  },
  measure,
  conditions: (view) => {
    const { few, cheap } = extremes(frontiersOf(view));
    return [
      conditionOf(
        view,
        proxyId(few, cheap),
        `with ${few} comparisons the reward model's own score rises`,
        {
          side: 'above',
        },
      ),
      conditionOf(view, gainId(few, cheap), `and gold falls below SFT's`, { side: 'below' }),
      conditionOf(view, 'more-data', 'with the most comparisons gold ends higher', {
        side: 'above',
      }),
    ];
  },
  why,
  plots: plotsOf,
};
