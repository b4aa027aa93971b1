/**
 * Over-optimisation (Gao, Schulman and Hilton, arXiv 2210.10760): the gold judge against the reward model over sqrt(KL), for
 * PPO at several KL prices and for best-of-n by its exact law, with reward models trained on few and on many comparisons.
 * Gao's two functional forms are fitted; their coefficients are told, not judged.
 */
import type { PlotLine, ResultPlot } from '../../../records/results.ts';
import type { JsonValue } from '../../../records/run.ts';
import { mean } from '../../../rlhf/masked.ts';
import {
  expectedGain,
  fitGain,
  peakOf,
  type BestOfNPoint,
  type GainFit,
  type GainForm,
} from '../../../rlhf/over-optimisation.ts';
import type { ClaimSpec, ClaimView, Measured, MeasuredRow } from '../claim.ts';
import type { SeedLab } from '../lab.ts';
import {
  bestOfNCurves,
  countedRewards,
  finalAnswers,
  optimisationRun,
  optimisationSet,
  type OptimisationRun,
  type PathPoint,
} from '../optimisation-runs.ts';
import { GOLD, itemsBehind, valuesOf, type Answered, type RowContext } from '../rows.ts';
import { sampleOf, type Sample } from '../sample.ts';
import { conditionOf, said, valueWords } from '../saying.ts';
import { answeredBy, contextOf, wordsOf } from './preferred.ts';

/** What a reward model of so many comparisons led to, for the plots. */
interface Frontier {
  readonly comparisons: number;
  readonly bestOf: readonly BestOfNPoint[];
  readonly paths: readonly { readonly beta: number; readonly path: readonly PathPoint[] }[];
}

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
      label: `gold gained over SFT: ${wordsOf(policy)}`,
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
  return { rows, data: JSON.parse(JSON.stringify(frontiers)) as JsonValue };
}

/** The fewest and the most comparisons, and the lowest KL price. */
function extremes(frontiers: readonly Frontier[]) {
  const comparisons = frontiers.map((each) => each.comparisons);
  const betas = frontiers.flatMap(({ paths }) => paths.map(({ beta }) => beta));
  return {
    few: Math.min(...comparisons),
    many: Math.max(...comparisons),
    cheap: Math.min(...betas),
  };
}

const frontiersOf = (view: ClaimView): Frontier[] =>
  view.data.flatMap(({ data }) => data as unknown as Frontier[]);

interface Curves {
  readonly comparisons: number;
  readonly points: Readonly<Record<GainForm, { distance: number; gain: number; proxy: number }[]>>;
  readonly fits: Readonly<Record<GainForm, GainFit | null>>;
}

/** All seeds' points of one number of comparisons as gains over each seed's own start, and the forms fitted to them. */
function curvesOf(frontiers: readonly Frontier[], comparisons: number): Curves {
  const own = frontiers.filter((each) => each.comparisons === comparisons);
  const bestOf = own.flatMap(({ bestOf: points }) => {
    const start = points[0];
    return points.map(({ kl, gold, proxy }) => ({
      distance: Math.sqrt(Math.max(0, kl)),
      gain: gold - (start?.gold ?? NaN),
      proxy: proxy - (start?.proxy ?? NaN),
    }));
  });
  const rl = own.flatMap(({ paths }) => {
    // All runs begin with the same policy and the same draws; their first iterations are one start.
    const firsts = paths.flatMap(({ path }) => path.slice(0, 1));
    const [gold, proxy] = [mean(firsts.map((p) => p.gold)), mean(firsts.map((p) => p.proxy))];
    return paths.flatMap(({ path }) =>
      path.map((point) => ({
        distance: Math.sqrt(Math.max(0, point.kl)),
        gain: point.gold - gold,
        proxy: point.proxy - proxy,
      })),
    );
  });
  return {
    comparisons,
    points: { 'best-of-n': bestOf, rl },
    fits: { 'best-of-n': fitGain('best-of-n', bestOf), rl: fitGain('rl', rl) },
  };
}

const FORM_NAMES: Readonly<Record<GainForm, string>> = { 'best-of-n': 'best-of-n', rl: 'PPO' };

function fittedLine(curves: Curves, form: GainForm): PlotLine[] {
  const fit = curves.fits[form];
  if (fit === null) return [];
  const furthest = Math.max(...curves.points[form].map(({ distance }) => distance));
  const points = Array.from({ length: 41 }, (_, i) => {
    const x = (furthest * i) / 40;
    return { x, y: expectedGain(fit, x) };
  });
  return [{ name: `${FORM_NAMES[form]}, fitted`, draw: 'line', points }];
}

function plotsOf(view: ClaimView): ResultPlot[] {
  const frontiers = frontiersOf(view);
  const sizes = [...new Set(frontiers.map(({ comparisons }) => comparisons))];
  return sizes.flatMap((comparisons) => {
    const curves = curvesOf(frontiers, comparisons);
    const forms = Object.keys(FORM_NAMES) as GainForm[];
    const dots = (y: 'gain' | 'proxy'): PlotLine[] =>
      forms.map((form) => ({
        name: FORM_NAMES[form],
        draw: 'dots',
        points: curves.points[form].map((point) => ({ x: point.distance, y: point[y] })),
      }));
    const axes = { kind: 'curves', x: 'distance from SFT, sqrt(KL)' } as const;
    return [
      {
        ...axes,
        title: `Gold gained, reward model of ${comparisons} comparisons`,
        y: 'gold gained',
        lines: [...forms.flatMap((form) => fittedLine(curves, form)), ...dots('gain')],
      },
      {
        ...axes,
        title: `The reward model's own gain, ${comparisons} comparisons`,
        y: 'reward gained',
        lines: dots('proxy'),
      },
    ];
  });
}

function fitWords({ comparisons, fits }: Curves): string {
  const forms = (['best-of-n', 'rl'] as const).map((form) => {
    const fit = fits[form];
    if (fit === null) return `${FORM_NAMES[form]}: too little movement to fit`;
    const peak = peakOf(fit);
    const top =
      peak === null
        ? 'no top'
        : peak.distance < 0.05
          ? 'falls from the start'
          : `top of ${valueWords('points', peak.gain)} at a distance of ${peak.distance.toFixed(2)}`;
    return `${FORM_NAMES[form]}: a ${fit.alpha.toFixed(3)}, b ${fit.beta.toFixed(3)}, ${top}`;
  });
  return `${comparisons} comparisons (${forms.join('; ')})`;
}

function why(view: ClaimView): string {
  const frontiers = frontiersOf(view);
  const { few, many, cheap } = extremes(frontiers);
  const sizes = [...new Set(frontiers.map(({ comparisons }) => comparisons))];
  const fits = sizes.map((comparisons) => fitWords(curvesOf(frontiers, comparisons)));
  return (
    `With a reward model of ${few} comparisons and beta ${cheap}, PPO gains ${said(view, gainId(few, cheap))} of gold over SFT ` +
    `while the reward model's own score moves by ${said(view, proxyId(few, cheap))}; with ${many} comparisons it gains ` +
    `${said(view, gainId(many, cheap))}. The difference is ${said(view, 'more-data')}. Fitted, gold gained as a d - b d² ` +
    `(best-of-n) and a d - b d ln d (PPO) with d = sqrt(KL): ${fits.join('. ')}.`
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
    'every iteration is a point (its rollouts, by both judges). Best-of-n of SFT by the exact law of 32 to 64 draws for each ' +
    'prompt. Gold of the final policies on held-out prompts at temperature 1. Of "higher and later" the height is tested, ' +
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
