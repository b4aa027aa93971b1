/**
 * DPO and IPO with a table for the policy, full batches and Adam: from exact Bradley-Terry preference probabilities
 * (pairs from the reference, O10), or from comparisons drawn one by one and collected in rounds, each on the policy
 * fitted to the rounds before, as the paper collects comparisons on its current best policy (section 3.1).
 */
import { Rng } from '../../data/rng.ts';
import { exactDivide } from '../../data/batches.ts';
import { dpoPairLoss, type DpoLossKind } from '../dpo-loss.ts';
import { referenceProbabilities, type EnumerableTask } from '../exact-optimum.ts';
import { at, type Numbers } from '../masked.ts';
import { linearToZero } from '../schedules.ts';
import { Adam } from './adam.ts';
import { TabularPolicy, type Experience } from './tabular-policy.ts';

export interface SampledComparisons {
  /** In all rounds together; an even number in each. */
  readonly comparisons: number;
  readonly rounds: number;
  /**
   * Judges each drawn pair by u and 1 - u. Independent judgements leave an error that no fit can undo: by their Fisher
   * information 100,000 of them miss pi* by more than 0.03 on about one table in ten at beta 0.1.
   */
  readonly antithetic: boolean;
}

export interface TabularDpoSettings {
  readonly loss: DpoLossKind;
  readonly seed: number;
  readonly beta: number;
  /** Optimizer steps on each round's data; the learning rate falls to 0 over them. */
  readonly steps: number;
  readonly rate: number;
  /** Null takes the exact probabilities. */
  readonly sampled: SampledComparisons | null;
}

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-12 };

/** Share of a round's responses that is drawn uniformly, so that nothing likely is ever left uncompared. */
const UNIFORM_SHARE = 0.1;

/** Bradley-Terry: probability that the first is preferred. */
function preference(first: number, second: number): number {
  return 1 / (1 + Math.exp(second - first));
}

/** wins[i n + j]: mass of the event that i and j are compared and i is preferred, pairs drawn from `law` twice. */
function exactWins(law: Numbers, rewards: Numbers): Float64Array {
  const n = law.length;
  const wins = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (i !== j) {
        wins[i * n + j] = at(law, i) * at(law, j) * preference(at(rewards, i), at(rewards, j));
      }
    }
  }
  return wins;
}

/**
 * Adds `count` comparisons of different responses drawn from `law`. Each pair is judged twice, by u and by 1 - u
 * (antithetic) or by two independent draws; either way each judgement alone is a Bradley-Terry draw.
 */
function drawWins(
  wins: Float64Array,
  law: number[],
  rewards: Numbers,
  { count, antithetic }: { readonly count: number; readonly antithetic: boolean },
  rng: Rng,
): void {
  const n = law.length;
  for (let drawn = 0; drawn < count;) {
    const [i, j] = [rng.weighted(law), rng.weighted(law)];
    if (i === j) continue;
    const u = rng.uniform();
    const p = preference(at(rewards, i), at(rewards, j));
    for (const draw of [u, antithetic ? 1 - u : rng.uniform()]) {
      const cell = draw < p ? i * n + j : j * n + i;
      wins[cell] = at(wins, cell) + 1;
      drawn++;
    }
  }
}

class PairFit {
  readonly policy: TabularPolicy;
  readonly #settings: TabularDpoSettings;
  readonly #all: Experience;
  readonly #rows: number[];

  constructor(policy: TabularPolicy, settings: TabularDpoSettings) {
    this.policy = policy;
    this.#settings = settings;
    this.#all = policy.enumerate();
    this.#rows = Array.from({ length: this.#all.B }, (_, b) => b);
  }

  /** Gradient by the logits of the mean loss over the compared pairs. */
  #gradient(wins: Float64Array): Float64Array {
    const { loss, beta } = this.#settings;
    const { B: n, L, referenceLogProbabilities } = this.#all;
    const taken = this.policy.takenLogProbabilities(this.#all, this.#rows);
    const ratios = new Float64Array(n);
    taken.forEach((logProbability, i) => {
      const y = Math.floor(i / L);
      ratios[y] = at(ratios, y) + logProbability - at(referenceLogProbabilities, i);
    });
    const total = wins.reduce((sum, w) => sum + w, 0);
    const slopes = new Float64Array(n * L);
    const add = (y: number, slope: number): void => {
      for (let i = y * L; i < (y + 1) * L; i++) slopes[i] = at(slopes, i) + slope;
    };
    wins.forEach((mass, cell) => {
      if (mass === 0) return;
      const [winner, loser] = [Math.floor(cell / n), cell % n];
      const { gradient } = dpoPairLoss(loss, at(ratios, winner) - at(ratios, loser), beta);
      add(winner, (mass / total) * gradient);
      add(loser, (-mass / total) * gradient);
    });
    return this.policy.gradient(this.#all, this.#rows, slopes);
  }

  *run(wins: Float64Array): Generator<TabularPolicy, void, void> {
    const { steps, rate } = this.#settings;
    const adam = new Adam(this.policy.logits.length, ADAM);
    for (let step = 0; step < steps; step++) {
      adam.step(this.policy.logits, this.#gradient(wins), rate * linearToZero(step, steps));
      yield this.policy;
    }
  }
}

/** Trains from the reference policy; yields the same policy after each step, rounds times steps in all. */
export function* tabularDpo(
  task: EnumerableTask,
  settings: TabularDpoSettings,
): Generator<TabularPolicy, void, void> {
  const { sampled, seed } = settings;
  const fit = new PairFit(new TabularPolicy(task), settings);
  if (sampled === null) {
    yield* fit.run(exactWins(referenceProbabilities(task), task.rewards));
    return;
  }
  const rng = Rng.named(seed, 'tabular-dpo');
  const wins = new Float64Array(task.rewards.length ** 2);
  const each = exactDivide(sampled.comparisons, sampled.rounds, 'comparisons per round');
  exactDivide(each, 2, 'comparisons per pair');
  for (let round = 0; round < sampled.rounds; round++) {
    const policy = fit.policy.responseProbabilities();
    const law = policy.map((p) => (1 - UNIFORM_SHARE) * p + UNIFORM_SHARE / policy.length);
    drawWins(wins, law, task.rewards, { ...sampled, count: each }, rng);
    yield* fit.run(wins);
  }
}
