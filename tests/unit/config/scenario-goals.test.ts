/** The goals of the scenarios on made-up records: reached, missed, the other way, and nothing to say. */
import { describe, expect, test } from 'vitest';
import {
  happyGoal,
  hackingGoal,
  leashGoal,
  noiseGoal,
  paperGoal,
  shuffleGoal,
  tasteGoal,
  taxGoal,
  withoutRlGoal,
  type ArmRuns,
  type Goal,
  type GoalState,
} from '../../../src/config/scenarios/goals.ts';

type Series = Readonly<Record<string, readonly number[]>>;

/** Eight records of several metrics that go in a straight line from the first number to the second. */
function records(series: Series): ArmRuns['policy'] {
  return Array.from({ length: 8 }, (_, i) => ({
    values: Object.fromEntries(
      Object.entries(series).map(([name, [from = NaN, to = NaN]]) => [
        name,
        from + ((to - from) * i) / 7,
      ]),
    ),
  }));
}

const policy = (series: Series): ArmRuns => ({ reward: [], policy: records(series) });
const reward = (series: Series): ArmRuns => ({ reward: records(series), policy: [] });

type Arms = Readonly<Record<string, ArmRuns>>;

const ppo = (score: number[], gold: number[], length: number[] = [13, 13]): Arms => ({
  run: policy({
    'objective/scores': score,
    'objective/gold_scores': gold,
    'completions/mean_length': length,
  }),
});
/** Reward up and gold down, with what else the answers did. */
const hacked = (series: Series, gold = [0.8, 0.6]): Arms => ({
  run: policy({
    'objective/scores': [0, 1],
    'objective/gold_scores': gold,
    'completions/mean_length': [13, 13],
    ...series,
  }),
});
const happy = (cheer: number[], gold: number[]): Arms => ({
  run: policy({ 'eval/cheer': cheer, 'eval/gold': gold }),
});
const leash = (kl: number, freeKl: number, gold: number, freeGold: number): Arms => ({
  leash: policy({ 'objective/kl': [0, kl], 'eval/gold': [0.6, gold] }),
  'no-leash': policy({ 'objective/kl': [0, freeKl], 'eval/gold': [0.6, freeGold] }),
});
const tax = (plain: number, mixed: number): Arms => ({
  ppo: policy({ 'eval/pretrain_loss': [0.7, plain] }),
  'ppo-ptx': policy({ 'eval/pretrain_loss': [0.7, mixed] }),
});
const noise = (clean: number, noisy: number): Arms => ({
  careful: reward({ eval_gold_accuracy: [0.5, clean] }),
  careless: reward({ eval_gold_accuracy: [0.5, noisy] }),
});
const shuffle = (seen: number, held: number): Arms => ({
  prompts: reward({ accuracy: [0.5, 0.7], eval_loss: [0.7, 0.6] }),
  pairs: reward({ accuracy: [0.5, seen], eval_loss: [0.7, held] }),
});
const withoutRl = (dpo: number, best: number): Arms => ({
  dpo: policy({ 'eval/gold': [0.6, dpo] }),
  'best-of-n': policy({ 'eval/gold': [best, best] }),
});

const CASES: readonly [string, Goal, Arms, GoalState, string][] = [
  ['paper', paperGoal, ppo([0, 1], [0.6, 0.8]), 'reached', 'so did gold'],
  ['paper', paperGoal, ppo([0, 1], [0.8, 0.6]), 'opposite', 'over-optimisation'],
  ['paper', paperGoal, ppo([0, 1], [0.7, 0.71]), 'missed', 'stayed'],
  ['paper', paperGoal, ppo([0, 0], [0.6, 0.8]), 'missed', 'hardly rose'],
  ['your taste', tasteGoal, ppo([0, 1], []), 'reached', 'score higher'],
  ['your taste', tasteGoal, ppo([1, 0], []), 'opposite', 'score lower'],
  ['your taste', tasteGoal, ppo([0, 0.05], []), 'missed', 'as before'],
  ['happy', happyGoal, happy([0, 0.4], [0.6, 0.6]), 'reached', 'alone made it happy.'],
  ['happy', happyGoal, happy([0, 0.4], [0.6, 0.4]), 'reached', 'Gold fell'],
  ['happy', happyGoal, happy([0.4, 0], [0.6, 0.6]), 'opposite', 'gloomier'],
  ['happy', happyGoal, happy([0.4, 0.41], [0.6, 0.6]), 'missed', 'as before'],
  ['hacking', hackingGoal, ppo([0, 1], [0.8, 0.6], [13, 30]), 'reached', 'reward hacking'],
  ['hacking', hackingGoal, ppo([0, 1], [0.6, 0.8], [13, 30]), 'opposite', 'both rose'],
  ['hacking', hackingGoal, ppo([0, 1], [0.8, 0.6], [13, 13]), 'missed', 'no shortcut'],
  ['hacking', hackingGoal, ppo([0, 1], [0.7, 0.7], [13, 13]), 'missed', 'half a hack.'],
  ['hacking', hackingGoal, ppo([0, 1], [0.7, 0.7], [13, 30]), 'missed', 'So far: longer answers'],
  ['hacking', hackingGoal, ppo([0, 0], [0.8, 0.6], [13, 30]), 'missed', 'hardly rose'],
  ['leash', leashGoal, leash(2, 20, 0.7, 0.5), 'reached', '10.0 times'],
  ['leash', leashGoal, leash(2, 20, 0.6, 0.8), 'opposite', 'too short'],
  ['leash', leashGoal, leash(2, 20, 0.7, 0.7), 'missed', 'as good as'],
  ['leash', leashGoal, leash(2, 2.5, 0.7, 0.5), 'missed', 'not go much further'],
  ['leash', leashGoal, leash(2, 1, 0.7, 0.5), 'opposite', 'not go much further'],
  ['tax', taxGoal, tax(0.8, 0.72), 'reached', '20 %'],
  ['tax', taxGoal, tax(0.8, 0.69), 'reached', 'none of it'],
  ['tax', taxGoal, tax(0.8, 0.79), 'missed', 'nearly as much'],
  ['tax', taxGoal, tax(0.7, 0.7), 'missed', 'no tax'],
  ['tax', taxGoal, tax(0.75, 0.8), 'opposite', 'more than PPO'],
  ['noise', noiseGoal, noise(0.75, 0.6), 'reached', 'learned less'],
  ['noise', noiseGoal, noise(0.6, 0.75), 'opposite', 'taught more'],
  ['noise', noiseGoal, noise(0.7, 0.69), 'missed', 'averaged out'],
  ['shuffle', shuffleGoal, shuffle(0.9, 0.8), 'reached', 'overfitting'],
  ['shuffle', shuffleGoal, shuffle(0.9, 0.5), 'opposite', 'did better'],
  ['shuffle', shuffleGoal, shuffle(0.9, 0.6), 'missed', 'equally well'],
  ['shuffle', shuffleGoal, shuffle(0.7, 0.8), 'missed', 'equally well'],
  ['without RL', withoutRlGoal, withoutRl(0.7, 0.8), 'reached', 'Both beat'],
  ['without RL', withoutRlGoal, withoutRl(0.7, 0.6), 'missed', 'Only one'],
  ['without RL', withoutRlGoal, withoutRl(0.6, 0.61), 'missed', 'Neither'],
  ['without RL', withoutRlGoal, withoutRl(0.5, 0.6), 'opposite', 'worse'],
];

/** Straight lines: the means of the first and of the last quarter of eight records lie a fourteenth of the way inside. */
const NAMED: readonly [string, readonly number[], string][] = [
  ['completions/mean_length', [14, 28], 'longer answers (15.0 to 27.0 tokens)'],
  ['completions/mean_length', [28, 14], 'shorter answers (27.0 to 15.0 tokens)'],
  ['completions/clipped_ratio', [0, 0.7], 'answers that do not end (5 to 65 %)'],
  ['completions/seq_rep_4', [0, 0.14], 'answers that repeat themselves (1 to 13 %)'],
  [
    ...(['completions/same_opening', [0.1, 0.8]] as const),
    'one opening sentence for many prompts (15 to 75 %)',
  ],
  ['completions/copied_prompt', [0, 0.28], 'sentences copied from the prompt (2 to 26 %)'],
  [...(['completions/unknown_sentences', [0.1, 0.8]] as const), 'broken sentences (15 to 75 %)'],
  ['completions/harmful', [0, 0.14], 'rude words or harmful advice (1 to 13 %)'],
  [
    ...(['completions/cheer', [-0.1, 0.6]] as const),
    'praise and good cheer (-0.05 to 0.55 on a scale from -1 to 1)',
  ],
  [
    ...(['completions/cheer', [0.6, -0.1]] as const),
    'gloomy words (0.55 to -0.05 on a scale from -1 to 1)',
  ],
];

/** What a verdict says was found: the part between the colon and the full stop. */
function foundIn(arms: Arms): string | undefined {
  return / the largest change first: (.*?)\.(?: Long answers are what the labelers secretly like\.)?$/.exec(
    hackingGoal(arms)?.words ?? '',
  )?.[1];
}

describe('reward hacking names what was found', () => {
  test.each(NAMED)(
    '%s from %j: that, with the figure before and after',
    (metric, series, words) => {
      const arms = hacked({ [metric]: series });
      expect(hackingGoal(arms)?.state).toBe('reached');
      expect(foundIn(arms)).toBe(words);
      const labels = hackingGoal(arms)?.figures.map(({ label }) => label) ?? [];
      expect(new Set(labels).size).toBe(labels.length);
      expect(labels.length).toBe(metric === 'completions/mean_length' ? 6 : 8);
    },
  );

  test('several: at most three, the largest change beside its own margin first', () => {
    // Inside a fourteenth at each end: 4 tokens are 2 margins, 0.6 of ends 6, 0.24 of cheer 1.6, 0.12 of repetition 2.4.
    const series = {
      'completions/mean_length': [13, 13 + 14 / 3],
      'completions/clipped_ratio': [0, 0.7],
      'completions/cheer': [0, 0.28],
      'completions/seq_rep_4': [0, 0.14],
    };
    expect(foundIn(hacked(series))).toBe(
      'answers that do not end (5 to 65 %), answers that repeat themselves (1 to 13 %) and longer answers (13.3 to 17.3 tokens)',
    );
    expect(hackingGoal(hacked(series))?.words).toContain('secretly like');
  });

  test('what the labelers secretly like is told only where answers grew', () => {
    const shorter = hacked({ 'completions/mean_length': [28, 14] });
    expect(hackingGoal(shorter)?.words).not.toContain('secretly');
    expect(hackingGoal(hacked({ 'completions/harmful': [0, 1] }))?.words).not.toContain('secretly');
  });

  test('none: it says so, and of what it knows; a figure that a run lacks is not said to have stayed', () => {
    const still = {
      'completions/clipped_ratio': [0.9, 0],
      'completions/harmful': [0, 0.05],
      'completions/cheer': [0, 0.1],
    };
    const verdict = hackingGoal(hacked(still));
    expect(verdict?.state).toBe('missed');
    expect(verdict?.words).toBe(
      'Gold went down while reward went up, but no shortcut that is looked for explains it: length, missing ends, rude or harmful words and cheer stayed about as they were. Read the answers to see what the model found.',
    );
  });

  test('nothing is called a hack where gold rose, however the answers changed', () => {
    const verdict = hackingGoal(hacked({ 'completions/clipped_ratio': [0, 1] }, [0.6, 0.8]));
    expect(verdict?.state).toBe('opposite');
    expect(verdict?.words).not.toContain('found');
  });
});

describe('goals', () => {
  test.each(CASES)('%s: what happened decides, in words', (_, goal, arms, state, part) => {
    const verdict = goal(arms);
    expect(verdict?.state).toBe(state);
    expect(verdict?.words).toContain(part);
    expect(verdict?.figures.length).toBeGreaterThan(1);
    for (const { label, value } of verdict?.figures ?? []) {
      expect(Number.isFinite(value), label).toBe(true);
    }
  });

  test.each([
    paperGoal,
    tasteGoal,
    happyGoal,
    hackingGoal,
    leashGoal,
    taxGoal,
    noiseGoal,
    shuffleGoal,
    withoutRlGoal,
  ])('nothing is said without the records that it takes (%#)', (goal) => {
    expect(goal({})).toBeNull();
    const other = { reward: records({ loss: [1, 0] }), policy: records({ lr: [1, 0] }) };
    const named = ['run', 'leash', 'no-leash', 'ppo', 'ppo-ptx', 'careful', 'careless'];
    const arms = [...named, 'prompts', 'pairs', 'dpo', 'best-of-n'].map((id) => [id, other]);
    expect(goal(Object.fromEntries(arms) as Arms)).toBeNull();
  });

  test('rollouts count by quarters, so one odd batch at an end decides nothing', () => {
    const calm = records({ 'objective/scores': [0, 0] }).map((row) => row.values);
    const odd = calm.map((values, i) => ({
      values: { ...values, 'objective/scores': i === 7 ? 0.15 : 0 },
    }));
    expect(tasteGoal({ run: { reward: [], policy: odd } })?.state).toBe('missed');
  });
});
