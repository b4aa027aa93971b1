/**
 * Over-optimisation as Gao, Schulman and Hilton measure it (arXiv 2210.10760): how much of the true (gold) reward is
 * gained at a distance d = sqrt(KL) from the start, and the two functional forms that they fit to it, d(a - b d) for
 * best-of-n and d(a - b ln d) for reinforcement. Both are linear in a and b, so that the fit is a closed form. Also the
 * curve of best-of-n on draws by its exact law. Nothing is trained or judged here; coefficients are described, not gated on (O12).
 */
import { bestOfNProbabilities } from './best-of-n-law.ts';
import { at, expectLength, mean, type Numbers } from './masked.ts';

/** A reward gained over the start at a distance from it. */
export interface GainPoint {
  /** sqrt(KL), nats to the power 1/2, at least 0. */
  readonly distance: number;
  /** Reward minus that of the start. */
  readonly gain: number;
}

export type GainForm = 'best-of-n' | 'rl';

export interface GainFit {
  readonly form: GainForm;
  readonly alpha: number;
  readonly beta: number;
  /** Root of the mean squared difference between the points and the curve. */
  readonly error: number;
}

/** What multiplies -beta: d^2 for best-of-n, d ln d for reinforcement (0 at d = 0, its limit). */
function bend(form: GainForm, distance: number): number {
  if (form === 'best-of-n') return distance * distance;
  return distance > 0 ? distance * Math.log(distance) : 0;
}

/** The gain that a fitted form expects at a distance. */
export function expectedGain(
  { form, alpha, beta }: Omit<GainFit, 'error'>,
  distance: number,
): number {
  return alpha * distance - beta * bend(form, distance);
}

/**
 * Least squares of a form to measured points. Null where they do not decide both coefficients: fewer than two different
 * distances above 0.
 */
export function fitGain(form: GainForm, points: readonly GainPoint[]): GainFit | null {
  let [dd, db, bb, dg, bg] = [0, 0, 0, 0, 0];
  for (const { distance: d, gain } of points) {
    const b = -bend(form, d);
    dd += d * d;
    db += d * b;
    bb += b * b;
    dg += d * gain;
    bg += b * gain;
  }
  const determinant = dd * bb - db * db;
  if (!(determinant > 1e-9 * dd * bb)) return null;
  const alpha = (dg * bb - bg * db) / determinant;
  const beta = (bg * dd - dg * db) / determinant;
  const squares = points.map(
    ({ distance, gain }) => (gain - expectedGain({ form, alpha, beta }, distance)) ** 2,
  );
  return { form, alpha, beta, error: Math.sqrt(mean(squares)) };
}

/**
 * Where a fitted form is highest, and how high: a/2b and a^2/4b for best-of-n, exp(a/b - 1) and b exp(a/b - 1) for
 * reinforcement. Null for a curve that has no top at a distance above 0.
 */
export function peakOf({ form, alpha, beta }: Omit<GainFit, 'error'>): GainPoint | null {
  if (!(beta > 0)) return null;
  if (form === 'best-of-n') {
    if (!(alpha > 0)) return null;
    return { distance: alpha / (2 * beta), gain: (alpha * alpha) / (4 * beta) };
  }
  const distance = Math.exp(alpha / beta - 1);
  return { distance, gain: beta * distance };
}

/** Draws of the start for one prompt: what each is worth to the reward model and to the judge. */
export interface ScoredDraws {
  /** Equal texts are one outcome. */
  readonly texts: readonly string[];
  /** Reward of each draw by the reward model. */
  readonly proxy: Numbers;
  /** The judge's of the same draws. */
  readonly gold: Numbers;
}

export interface BestOfNPoint {
  readonly n: number;
  /** Mean over prompts of KL(best-of-n || start) on the outcomes drawn, nats. */
  readonly kl: number;
  /** Expected rewards, means over prompts. */
  readonly proxy: number;
  readonly gold: number;
}

/** Outcomes of a prompt with their shares among the draws, and the rewards of each. */
function outcomesOf({ texts, proxy, gold }: ScoredDraws) {
  expectLength('proxy', proxy, texts.length);
  expectLength('gold', gold, texts.length);
  const first = new Map<string, number>();
  texts.forEach((text, i) => {
    if (!first.has(text)) first.set(text, i);
  });
  const share = 1 / texts.length;
  const rows = [...first].map(([text, i]) => ({
    share: share * texts.filter((other) => other === text).length,
    proxy: at(proxy, i),
    gold: at(gold, i),
  }));
  return {
    shares: rows.map((row) => row.share),
    proxy: rows.map((row) => row.proxy),
    gold: rows.map((row) => row.gold),
  };
}

/**
 * Best-of-n by the reward model, by its exact law with the draws' own shares as the start: nothing is drawn again. It is
 * the law of what was drawn, so n should stay well below the number of draws. Throws RangeError without prompts or draws.
 */
export function bestOfNCurve(
  prompts: readonly ScoredDraws[],
  sizes: readonly number[],
): BestOfNPoint[] {
  if (prompts.length === 0 || prompts.some(({ texts }) => texts.length === 0)) {
    throw new RangeError('best-of-n needs draws for at least one prompt');
  }
  const outcomes = prompts.map(outcomesOf);
  return sizes.map((n) => {
    const each = outcomes.map(({ shares, proxy, gold }) => {
      const kept = bestOfNProbabilities(shares, proxy, n);
      let [kl, proxyReward, goldReward] = [0, 0, 0];
      kept.forEach((p, i) => {
        if (p === 0) return;
        kl += p * Math.log(p / at(shares, i));
        proxyReward += p * at(proxy, i);
        goldReward += p * at(gold, i);
      });
      return { kl, proxy: proxyReward, gold: goldReward };
    });
    return {
      n,
      kl: mean(each.map(({ kl }) => kl)),
      proxy: mean(each.map(({ proxy }) => proxy)),
      gold: mean(each.map(({ gold }) => gold)),
    };
  });
}
