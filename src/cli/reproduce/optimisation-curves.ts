/**
 * The curves of over-optimisation: gold gained over the distance from SFT, of single seeds and of all together, Gao's forms
 * fitted to them, and what is drawn and said of both. Pure; what is run is optimisation-runs.ts.
 */
import type { PlotLine, ResultPlot } from '../../records/results.ts';
import { mean } from '../../rlhf/masked.ts';
import {
  expectedGain,
  fitGain,
  peakOf,
  type BestOfNPoint,
  type GainFit,
  type GainForm,
} from '../../rlhf/over-optimisation.ts';
import type { ClaimView } from './claim.ts';
import type { PathPoint } from './optimisation-runs.ts';
import { valueWords } from './saying.ts';

/** What a reward model of so many comparisons led to, for the plots. */
export interface Frontier {
  readonly comparisons: number;
  readonly bestOf: readonly BestOfNPoint[];
  readonly paths: readonly { readonly beta: number; readonly path: readonly PathPoint[] }[];
}

/** What a seed keeps beside its rows. */
export interface SeedCurves {
  readonly frontiers: readonly Frontier[];
  /** Draws of SFT for each of so many training prompts. */
  readonly draws: number;
  readonly drawPrompts: number;
  /** Of each of these runs, and of the usual ones, from which the controls come. */
  readonly episodes: number;
  readonly usualEpisodes: number;
}

/** The fewest and the most comparisons, and the lowest KL price. */
export function extremes(frontiers: readonly Frontier[]) {
  const comparisons = frontiers.map((each) => each.comparisons);
  const betas = frontiers.flatMap(({ paths }) => paths.map(({ beta }) => beta));
  return {
    few: Math.min(...comparisons),
    many: Math.max(...comparisons),
    cheap: Math.min(...betas),
  };
}

export const seedCurves = (view: ClaimView): SeedCurves[] =>
  view.data.map(({ data }) => data as unknown as SeedCurves);

export const frontiersOf = (view: ClaimView): Frontier[] =>
  seedCurves(view).flatMap(({ frontiers }) => frontiers);

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
  const furthest = Math.max(...distancesOf(curves, form));
  const points = Array.from({ length: 41 }, (_, i) => {
    const x = (furthest * i) / 40;
    return { x, y: expectedGain(fit, x) };
  });
  return [{ name: `${FORM_NAMES[form]}, fitted`, draw: 'line', points }];
}

export function plotsOf(view: ClaimView): ResultPlot[] {
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

const distancesOf = (curves: Curves, form: GainForm): number[] =>
  curves.points[form].map(({ distance }) => distance);

const sizeWords = (value: number): string => valueWords('points', value).replace('+', '');

/** `1.2 to 3.4`, or the one number that both ends are written as. */
function rangeWords(values: readonly number[], write: (value: number) => string): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map(write);
  return low === high ? `${low}` : `${low} to ${high}`;
}

/** Where the tops of single seeds' fits lie: empty for a single seed. */
function spreadWords(single: readonly Curves[], form: GainForm): string {
  if (single.length < 2) return '';
  const tops = single.flatMap(({ fits }) => (fits[form] && peakOf(fits[form])) ?? []);
  const without = single.length - tops.length;
  const none = without === 0 ? '' : `no top in ${without} of ${single.length}`;
  if (tops.length === 0) return ` (single seeds: ${none})`;
  const height = rangeWords(
    tops.map(({ gain }) => gain),
    (gain) => (100 * gain).toFixed(1),
  );
  const place = rangeWords(
    tops.map(({ distance }) => distance),
    (distance) => distance.toFixed(2),
  );
  return ` (single seeds: ${[`${height} points at ${place}`, none].filter((part) => part !== '').join(', ')})`;
}

function topWords(curves: Curves, form: GainForm, fit: GainFit): string {
  const peak = peakOf(fit);
  if (peak === null) return 'no top';
  if (peak.distance < 0.05) return 'falls from the start';
  const furthest = Math.max(...distancesOf(curves, form));
  const beyond =
    peak.distance > furthest
      ? `, beyond the farthest that was measured, ${furthest.toFixed(2)}: extrapolated`
      : '';
  return `top of ${sizeWords(peak.gain)} at a distance of ${peak.distance.toFixed(2)}${beyond}`;
}

/** The fits to all seeds' points together, with the tops of each seed's own beside. */
export function fitWords(seeds: readonly SeedCurves[], comparisons: number): string {
  const curves = curvesOf(
    seeds.flatMap(({ frontiers }) => frontiers),
    comparisons,
  );
  const single = seeds.map(({ frontiers }) => curvesOf(frontiers, comparisons));
  const forms = (['best-of-n', 'rl'] as const).map((form) => {
    const fit = curves.fits[form];
    if (fit === null) return `${FORM_NAMES[form]}: too little movement to fit`;
    const top = `${topWords(curves, form, fit)}${spreadWords(single, form)}`;
    return `${FORM_NAMES[form]}: a ${fit.alpha.toFixed(3)}, b ${fit.beta.toFixed(3)}, ${top}`;
  });
  return `${comparisons} comparisons: ${forms.join('; ')}`;
}
