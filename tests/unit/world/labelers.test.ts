import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import type { Completion } from '../../../src/records/ranking.ts';
import { mixedResponse } from '../../../src/world/demonstrations.ts';
import {
  agreement,
  calibrateTemperature,
  noiseCeiling,
  type Pair,
} from '../../../src/world/labeler-noise.ts';
import {
  GROUP_TEMPERATURE,
  isSimulated,
  labelByClass,
  labelerPopulation,
  labelRanking,
  PAPER_AGREEMENT,
  preferProbability,
  rankCompletions,
  tied,
  utility,
  type Labeler,
} from '../../../src/world/labelers.ts';
import { validationPrompts } from '../../../src/world/prompt-sets.ts';
import { generatePrompts } from '../../../src/world/prompts.ts';

function fail(): never {
  throw new Error('nothing to test with');
}

const rng = Rng.named(9, 'pool');
const prompts = generatePrompts(1, { split: 'train', count: 150 });
const answer = (prompt: (typeof prompts)[number]): { text: string; ended: boolean } => ({
  text: mixedResponse(prompt.task, rng),
  ended: true,
});
const pairs: Pair[] = prompts.map((prompt) => ({ prompt, a: answer(prompt), b: answer(prompt) }));
/** Two answers such as people write to each of some prompts that no label and no test uses. */
function writtenPairs(seed: number): Pair[] {
  const stream = Rng.named(seed, 'pool');
  const write = (prompt: (typeof prompts)[number]) => ({
    text: mixedResponse(prompt.task, stream),
    ended: true,
  });
  return validationPrompts(seed, 200).map((prompt) => ({
    prompt,
    a: write(prompt),
    b: write(prompt),
  }));
}

const everyone = labelerPopulation(1);
const training = everyone.filter(({ group }) => group === 'training');
const heldout = everyone.filter(({ group }) => group === 'heldout');
const [first = fail()] = training;

describe('labelers', () => {
  it('are 20 and 10, with weights that sum to one, and put helpfulness first in training', () => {
    expect(training).toHaveLength(20);
    expect(heldout).toHaveLength(10);
    for (const { weights } of everyone) {
      expect(weights.helpful + weights.truthful + weights.harmless).toBeCloseTo(1, 12);
    }
    const mean = (group: readonly Labeler[]): number =>
      group.reduce((sum, { weights }) => sum + weights.helpful, 0) / group.length;
    expect(mean(training)).toBeGreaterThan(mean(heldout));
    expect(labelerPopulation(1)).toEqual(everyone);
    expect(labelerPopulation(2)).not.toEqual(everyone);
  });

  it('give competition ranks that depend on nothing but seed, labeler, prompt and texts', () => {
    for (const prompt of prompts.slice(0, 40)) {
      const answers = [answer(prompt), answer(prompt), answer(prompt), answer(prompt)];
      const ranks = rankCompletions(first, prompt, answers, 4);
      expect(rankCompletions(first, prompt, answers, 4)).toEqual(ranks);
      expect(rankCompletions(first, prompt, [...answers].reverse(), 4)).toEqual(
        [...ranks].reverse(),
      );
      expect(ranks.map((rank) => 1 + ranks.filter((other) => other < rank).length)).toEqual(ranks);
    }
  });

  it('tie equal texts, and never throw on odd ones', () => {
    const [prompt = fail()] = prompts;
    const text = answer(prompt).text;
    const same = [
      { text, ended: true },
      { text, ended: true },
    ];
    expect(rankCompletions(first, prompt, same, 1)).toEqual([1, 1]);
    expect(Number.isFinite(utility(first, prompt, { text: '\ud800 🦊', ended: false }))).toBe(true);
    const typed = { ...prompt, source: 'person' as const };
    expect(Number.isFinite(utility(first, typed, { text, ended: true }))).toBe(true);
  });

  it('prefer as often as they say: the share over seeds is the exact probability', () => {
    const clear = pairs.filter(({ prompt, a, b }) => !tied(first, prompt, a, b)).slice(0, 6);
    expect(clear.length).toBe(6);
    const runs = 250;
    for (const { prompt, a, b } of clear) {
      let won = 0;
      for (let seed = 0; seed < runs; seed++) {
        const [rankA = 0, rankB = 0] = rankCompletions(first, prompt, [a, b], seed);
        expect(rankA).not.toBe(rankB);
        if (rankA < rankB) won++;
      }
      const p = preferProbability(first, prompt, a, b);
      expect(Math.abs(won / runs - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / runs) + 1e-3);
    }
  });

  it('write rankings as a person does', () => {
    const [prompt = fail()] = prompts;
    const completions: Completion[] = [0, 1, 2, 3].map((k) => ({
      id: `c${k}`,
      policy: 'sft',
      ...answer(prompt),
    }));
    const ranking = labelRanking(first, prompt, completions, 1);
    expect([...ranking.shown].sort()).toEqual([0, 1, 2, 3]);
    expect(ranking.ranks).toEqual(rankCompletions(first, prompt, completions, 1));
    expect(ranking.at).toBe(0);
    expect(ranking.labeler).toBe(first.id);
  });
});

describe('noise', () => {
  it('lets two labelers of each group agree as often as the paper says, by a temperature of its own', () => {
    // Section 3.4: 72.6 ± 1.5 % of training labelers, 77.3 ± 1.3 % of held-out ones.
    expect(PAPER_AGREEMENT).toEqual({ training: 0.726, heldout: 0.773 });
    const margin = { training: 0.015, heldout: 0.013 };
    const other = { training: 'heldout', heldout: 'training' } as const;
    const found = { training: 0, heldout: 0 };
    const seeds = [1, 2, 3];
    for (const seed of seeds) {
      const written = writtenPairs(seed);
      for (const name of ['training', 'heldout'] as const) {
        const group = labelerPopulation(seed).filter((labeler) => labeler.group === name);
        expect(new Set(group.map(({ temperature }) => temperature))).toEqual(
          new Set([GROUP_TEMPERATURE[name]]),
        );
        const off = (set: readonly Labeler[]): number =>
          Math.abs(agreement(set, written) - PAPER_AGREEMENT[name]);
        expect(off(group), `${name}, seed ${seed}`).toBeLessThan(margin[name]);
        const temperature = GROUP_TEMPERATURE[other[name]];
        const swapped = group.map((labeler) => ({ ...labeler, temperature }));
        expect(off(swapped), `${name}, seed ${seed}`).toBeGreaterThan(margin[name]);
        found[name] += calibrateTemperature(group, written, PAPER_AGREEMENT[name]) / seeds.length;
      }
    }
    expect(found.training).toBeCloseTo(GROUP_TEMPERATURE.training, 2);
    expect(found.heldout).toBeCloseTo(GROUP_TEMPERATURE.heldout, 2);
  });

  it('leaves room between the agreement of two labelers and the best predictor', () => {
    const share = agreement(training, pairs);
    const ceiling = noiseCeiling(training, pairs);
    expect(ceiling).toBeGreaterThan(share);
    expect(ceiling).toBeLessThan(0.9);
  });

  it('of training labelers is what stored reward models learnt from: the same labels, one by one', () => {
    const stream = Rng.named(9, 'pinned');
    const asked = generatePrompts(1, { split: 'train', count: 12 });
    const labels = asked.map((prompt) => {
      const completions = [0, 1, 2, 3].map((k) => ({
        id: `c${k}`,
        policy: 'sft',
        text: mixedResponse(prompt.task, stream),
        ended: true,
      }));
      const { labeler, ranks } = labelByClass(training, prompt, completions, 1);
      return `${labeler} ${ranks.join('')}`;
    });
    expect(labels).toEqual([
      'training-18 1134',
      'training-20 1323',
      'training-14 1332',
      'training-11 1411',
      'training-9 1133',
      'training-9 1224',
      'training-7 1133',
      'training-14 2413',
      'training-19 3113',
      'training-18 1222',
      'training-20 2212',
      'training-4 3124',
    ]);
  });

  it('is calibrated by temperature', () => {
    const few = pairs.slice(0, 60);
    const temperature = calibrateTemperature(training, few, 0.7);
    const set = training.map((labeler) => ({ ...labeler, temperature }));
    expect(agreement(set, few)).toBeCloseTo(0.7, 4);
    expect(() => calibrateTemperature(training, few, 1.1)).toThrow(/without noise/);
    expect(() => calibrateTemperature(training, [], 0.7)).toThrow(RangeError);
  });

  it('grows in the noisy population, and camps disagree', () => {
    const few = pairs.slice(0, 80);
    const of = (population: 'default' | 'noisy' | 'camps'): number =>
      agreement(labelerPopulation(1, { population, heldout: 0 }), few);
    expect(of('noisy')).toBeLessThan(of('default') - 0.05);
    expect(of('camps')).toBeLessThan(of('default') - 0.02);
  });

  it('lovers of length and of cheer prefer long and cheerful texts', () => {
    const [prompt] = generatePrompts(1, { split: 'train', count: 1, useCases: ['generation'] });
    if (prompt?.task.useCase !== 'generation') throw new Error('no prompt');
    const { hero } = prompt.task;
    const short = { text: `one day ${hero} went to the pond.`, ended: true };
    const long = {
      text: `${short.text} ${hero} saw the hen. ${hero} ate some rice. ${hero} had a red ball.`,
      ended: true,
    };
    const gay = {
      text: `${short.text} ${hero} laughed and danced. ${hero} won the race.`,
      ended: true,
    };
    const drab = {
      text: `${short.text} ${hero} was alone in the cave. the rain did not stop.`,
      ended: true,
    };
    const [byLength = fail()] = labelerPopulation(1, { population: 'length' });
    const [byCheer = fail()] = labelerPopulation(1, { population: 'cheer' });
    expect(preferProbability(byLength, prompt, long, short)).toBeGreaterThan(0.8);
    expect(preferProbability(byCheer, prompt, gay, drab)).toBeGreaterThan(0.8);
  });

  it('who rank by chance keep their ties, and prefer as often as they say', () => {
    const [blind = fail()] = labelerPopulation(1, { noise: 1 });
    const [half = fail()] = labelerPopulation(1, { noise: 0.5 });
    expect(half.weights).toEqual(first.weights);
    const clear = pairs.filter(({ prompt, a, b }) => preferProbability(first, prompt, a, b) > 0.9);
    expect(clear.length).toBeGreaterThan(5);
    const runs = 300;
    for (const { prompt, a, b } of clear.slice(0, 4)) {
      const sure = preferProbability(first, prompt, a, b);
      expect(preferProbability(blind, prompt, a, b)).toBe(0.5);
      expect(preferProbability(half, prompt, a, b)).toBeCloseTo((sure + 0.5) / 2, 9);
      let wins = 0;
      for (let seed = 0; seed < runs; seed++) {
        const [rankA = 0, rankB = 0] = rankCompletions(half, prompt, [a, b], seed);
        if (rankA < rankB) wins++;
      }
      expect(Math.abs(wins / runs - (sure + 0.5) / 2)).toBeLessThan(0.1);
      expect(rankCompletions(blind, prompt, [a, a], 3)).toEqual([1, 1]);
    }
    const few = pairs.slice(0, 60);
    const agreed = (noise: number) => agreement(labelerPopulation(1, { noise, heldout: 0 }), few);
    expect(agreed(1)).toBeCloseTo(0.5, 9);
    expect(agreed(0.5)).toBeLessThan(agreed(0));
  });

  it('bear the mark of their class in their ids, which are known as simulated', () => {
    const idOf = (options: Parameters<typeof labelerPopulation>[1]) =>
      labelerPopulation(1, options)[0]?.id ?? '';
    const ids = [
      idOf({}),
      idOf({ population: 'length' }),
      idOf({ noise: 0.5 }),
      idOf({ k: 9 }),
      idOf({ population: 'cheer', noise: 0.25, k: 2 }),
    ];
    expect(ids).toEqual([
      'training-1',
      'training-1@length',
      'training-1@default~0.5',
      'training-1@default~0x9',
      'training-1@cheer~0.25x2',
    ]);
    expect(ids.every(isSimulated)).toBe(true);
    for (const other of ['anna', 'training-1@home', 'imported:training-1', 'training-1@length~']) {
      expect(isSimulated(other), other).toBe(false);
    }
  });
});
