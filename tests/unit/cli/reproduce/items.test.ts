/** Single items behind figures about labels and several suites: they show what was compared and say what the figure counts. */
import { describe, expect, test } from 'vitest';
import {
  agreementItems,
  ceilingItems,
  goldItems,
  joinedItems,
  predictionItems,
  rankedByGold,
  rankedByLabeler,
  type Predictions,
} from '../../../../src/cli/reproduce/label-items.ts';
import {
  labelersByGroup,
  rankedBy,
  type WorldRanking,
} from '../../../../src/cli/reproduce/label-measures.ts';
import { correctValues, type Candidates } from '../../../../src/cli/reproduce/reward-runs.ts';
import { GOLD, itemsBehind, type Answered } from '../../../../src/cli/reproduce/rows.ts';
import {
  pooledItems,
  suiteItems,
  type SuiteRun,
} from '../../../../src/cli/reproduce/suite-rows.ts';
import { presetSettings } from '../../../../src/config/presets.ts';
import { Rng } from '../../../../src/data/rng.ts';
import { mixedResponse } from '../../../../src/world/demonstrations.ts';
import { judgeGold } from '../../../../src/world/judges.ts';
import { utility } from '../../../../src/world/labelers.ts';
import { validationPrompts } from '../../../../src/world/prompt-sets.ts';
import { taxSuites } from '../../../../src/world/suites.ts';

const context = { seed: 1, counts: { items: 4 } };
const stream = Rng.named(5, 'items');
const candidates: Candidates[] = validationPrompts(1, 30).map((prompt) => ({
  prompt,
  completions: [0, 1, 2, 3].map((k) => ({
    id: `c${k}`,
    policy: 'sft',
    text: mixedResponse(prompt.task, stream),
    ended: true,
  })),
}));
const { training } = labelersByGroup({ seed: 1, settings: presetSettings('quick') });
const rankings = rankedBy({ name: 'all', labelers: training }, candidates, 1);

/** A reward model that scores by `score`. */
function predictions(
  name: string,
  score: (ranking: WorldRanking, completion: number) => number,
): Predictions {
  const scored = rankings.map((ranking) => ({
    ...ranking,
    scores: ranking.completions.map((_, k) => score(ranking, k)),
  }));
  return { name, scored: { scored, users: rankings.map(({ prompt }) => prompt.userId), rankings } };
}
const knowing = predictions('knowing', ({ ranks }, k) => -ranks[k]!);
const contrary = predictions('contrary', ({ ranks }, k) => ranks[k]!);

describe('two labelers', () => {
  const [one, other] = [training[0]!, training[1]!];
  const items = agreementItems(
    context,
    candidates.map((each) => ({
      ...each,
      by: [rankedByLabeler(one, each, 1), rankedByLabeler(other, each, 1)] as const,
    })),
  );

  test('agree in some items and not in others, and each says which answer comes first', () => {
    expect(items).toHaveLength(4);
    const firsts = items.map(({ outputs }) =>
      [one, other].map(({ id }) =>
        outputs.findIndex(({ reasons }) =>
          reasons.some((words) => words.startsWith(`${id}: puts this one first`)),
        ),
      ),
    );
    expect(firsts.flat().every((place) => place >= 0)).toBe(true);
    expect(new Set(firsts.map(([a, b]) => a === b))).toEqual(new Set([true, false]));
  });

  test('an answer has both utilities and what the gold judge says of it', () => {
    const [item] = items;
    const { prompt } = candidates.find((each) => each.prompt.text === item!.prompt)!;
    for (const { text, score, reasons } of item!.outputs) {
      const answer = { text, ended: true };
      const worths = [one, other].map((labeler) => utility(labeler, prompt, answer));
      expect(score).toBeCloseTo((worths[0]! + worths[1]!) / 2, 9);
      const gold = judgeGold(prompt, text, true);
      expect(reasons).toContain(`gold composite ${gold.score.toFixed(2)}`);
      expect(reasons).toEqual(expect.arrayContaining([...gold.reasons]));
    }
  });

  test('the gold judge in place of the second puts first what it scores higher', () => {
    const [item] = agreementItems(
      context,
      candidates.map((each) => ({
        ...each,
        by: [rankedByLabeler(one, each, 1), rankedByGold(each)] as const,
      })),
    );
    const gold = item!.outputs.map(({ text }) => {
      const each = candidates.find(({ prompt }) => prompt.text === item!.prompt)!;
      return judgeGold(each.prompt, text, true).score;
    });
    const better = gold[0]! > gold[1]! ? 0 : 1;
    expect(item!.outputs[better]!.reasons.join()).toContain('gold judge: puts this one first');
    expect(item!.outputs[1 - better]!.reasons.join()).toContain(
      'gold judge: puts the other one first',
    );
  });
});

describe('reward models', () => {
  test('the first output is the one that the labeler puts first, with the score of the model', () => {
    expect(correctValues(knowing.scored).every(({ value }) => value === 1)).toBe(true);
    const items = predictionItems(context, [knowing]);
    expect(items).toHaveLength(4);
    expect(new Set(items.map(({ prompt }) => prompt)).size).toBe(4);
    for (const { outputs } of items) {
      expect(outputs[0]!.score!).toBeGreaterThan(outputs[1]!.score!);
      expect(outputs[0]!.reasons.join()).toMatch(
        /training-\d+: puts this one first.*knowing: .*, right/,
      );
      expect(outputs[1]!.reasons.join()).toMatch(/puts the other one first.*knowing: .*, right/);
    }
  });

  test('of two models each says its own of the same two answers', () => {
    for (const { outputs } of predictionItems(context, [contrary, knowing])) {
      for (const { reasons } of outputs) {
        expect(reasons.join()).toMatch(/contrary: [^,]*, wrong.*knowing: [^,]*, right/);
      }
    }
  });

  test('the gold judge as predictor is right, wrong or undecided as its numbers are', () => {
    const items = goldItems(context, rankings);
    const said = items.map(({ outputs: [winner, loser] }) => {
      const [a, b] = [winner!.score!, loser!.score!];
      const outcome = a > b ? 'right' : a < b ? 'wrong' : 'undecided';
      expect(winner!.reasons).toContain(`gold judge: ${outcome} about the two`);
      return outcome;
    });
    expect(new Set(said).size).toBeGreaterThan(1);
  });

  test('items of several rows come in turn', () => {
    const [mine, yours] = [
      predictionItems(context, [knowing]),
      predictionItems(context, [contrary]),
    ];
    expect(joinedItems(context, mine, yours)).toEqual([mine[0], yours[0], mine[1], yours[1]]);
  });
});

test('the ceiling of two answers: what is expected to be put first adds up, over labelers who see a difference', () => {
  const items = ceilingItems(context, training, candidates);
  expect(items).toHaveLength(4);
  for (const { outputs } of items) {
    const shares = outputs.map(({ reasons }) => Number(/by (\d+) %/.exec(reasons[0]!)![1]));
    expect(Math.abs(shares[0]! + shares[1]! - 100)).toBeLessThanOrEqual(1);
    expect(outputs[0]!.reasons[0]).toMatch(/of the \d+ of 20 labelers/);
  }
});

test('what is said of an answer stands before the judge’s reasons, and of no other', () => {
  const prompts = candidates.map(({ prompt }) => prompt);
  const answered = (policy: string, own: number): Answered => ({
    policy,
    drawing: '1',
    answers: candidates.map(({ prompt, completions }) => {
      const { text, ended } = completions[own]!;
      return { text, ended, gold: judgeGold(prompt, text, ended) };
    }),
  });
  const of = [answered('a', 0), answered('b', 1)];
  const { items, source } = itemsBehind({ seed: 1, set: 'test', prompts, items: 5 }, of, GOLD, {
    say: (i, a) => [`${prompts[i]!.id} of ${a}`],
  });
  expect(source).toEqual({ set: 'test', keys: ['a@1', 'b@1'] });
  expect(items).toHaveLength(5);
  for (const { prompt, outputs } of items) {
    const at = prompts.findIndex(({ text }) => text === prompt);
    outputs.forEach(({ reasons }, a) => {
      const { gold } = of[a]!.answers[at]!;
      expect(reasons).toEqual([`${prompts[at]!.id} of ${a}`, ...gold.reasons]);
    });
  }
});

describe('suites', () => {
  const runOf = (policy: string, suite: (typeof taxSuites)[number], right: boolean): SuiteRun => {
    const { name } = suite;
    const answers = suite.items(1, 6).map((item) => {
      const text = right ? suite.ideal(item) : 'no idea.';
      return { item, text, ended: true, judgement: suite.judge(item, text, true) };
    });
    return {
      ...{ suite: name, set: name, policy, seed: 1, answers },
      temperature: 'greedy',
      items: 4,
    };
  };
  const all = (policy: string, right: boolean) =>
    taxSuites.map((suite) => runOf(policy, suite, right));

  test('an item of two runs has what both answered to the same prompt', () => {
    const [suite] = taxSuites;
    const [item] = suiteItems([runOf('good', suite!, true), runOf('bad', suite!, false)], 'score');
    expect(item!.outputs.map(({ policy, score }) => [policy, score])).toEqual([
      ['good', 1],
      ['bad', 0],
    ]);
    expect(item!.outputs[1]!.text).toBe('no idea.');
  });

  test('items of all suites at once come from different suites, with every policy’s answer', () => {
    const items = pooledItems(all('sft', true), all('ppo', false), all('ppo-ptx', true));
    expect(items).toHaveLength(4);
    expect(new Set(items.map(({ kind }) => kind)).size).toBe(4);
    for (const { outputs } of items) {
      expect(outputs.map(({ policy }) => policy)).toEqual(['sft', 'ppo', 'ppo-ptx']);
      expect(outputs.map(({ score }) => score)).toEqual([1, 0, 1]);
    }
  });
});
