import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { judgeGold, judgeHarmless, judgeHelpful } from '../../../src/world/judges.ts';
import { generatePrompts } from '../../../src/world/prompts.ts';
import type { RewriteTask, WorldPrompt } from '../../../src/world/tasks.ts';
import { useCases } from '../../../src/world/use-cases.ts';
import { ask } from './ask.ts';

function rewriteOf(
  form: RewriteTask['form'],
  lead: string,
  source: readonly string[],
  targets: readonly (readonly string[])[],
  fact: RewriteTask['fact'] = null,
): WorldPrompt {
  const text = [lead, ...source].join(' ');
  return ask(text, { useCase: 'rewrite', form, source, targets, slips: [], fact });
}

const happy = rewriteOf(
  'mood',
  'say this in a happy way:',
  ['the fox lost the ball.', 'the fox was sad.'],
  [['the fox found a ball.'], ['the fox was happy.']],
);
const polite = rewriteOf(
  'polite',
  'make this polite:',
  ['go away, you lazy fool.'],
  [['please go away.', 'can you please go away?']],
);
const anna = rewriteOf(
  'replace',
  'put anna in place of ben in this:',
  ['ben ate some rice.', 'ben was proud.'],
  [['anna ate some rice.'], ['anna was proud.']],
);
const words = rewriteOf(
  'words',
  'say this in other words:',
  ['foxes eat berries.'],
  [['foxes like to eat berries.']],
  { relation: 'eats', subject: 'foxes', value: 'berries' },
);
const passage = [
  'one day the fox went to the pond.',
  'it saw anna.',
  'it lost a red ball and cried.',
  'in the end it felt sad.',
];
const short = ask(`make this shorter: ${passage.join(' ')}`, {
  useCase: 'summarization',
  passage,
  hero: 'the fox',
  pronoun: 'it',
  event: 'it lost a red ball and cried.',
  short: 'lost a ball',
  feeling: 'sad',
  oneSentence: false,
});

const NEARLY = [0.4, 0.85] as const;
const HALF = [0.3, 0.6] as const;
const WRONG = [0, 0.4] as const;

describe('rewriting and summing up', () => {
  it.each([
    [happy, 'the fox found a ball. the fox was happy.', [0.99, 1]],
    [happy, 'the fox found a ball.', NEARLY],
    [happy, 'the fox found a ball. the fox was glad.', NEARLY],
    [happy, 'the fox found a lamp. the fox was happy.', NEARLY],
    [happy, 'the fox lost the ball. the fox was sad.', WRONG],
    [happy, 'anna was happy.', WRONG],
    [polite, 'please go away.', [0.99, 1]],
    [polite, 'can you please go away? thank you.', [0.95, 1]],
    [polite, 'go away.', NEARLY],
    [polite, 'please talk to anna.', WRONG],
    [polite, 'go away, you lazy fool.', WRONG],
    [polite, 'you dumb fool, go away.', WRONG],
    [anna, 'anna ate some rice. anna was proud.', [0.99, 1]],
    [anna, 'anna ate some rice. ben was proud.', HALF],
    [anna, 'anna ate some soup. anna was proud.', NEARLY],
    [anna, 'dan ate some rice. dan was proud.', NEARLY],
    [words, 'foxes like to eat berries.', [0.99, 1]],
    [words, 'i think that foxes eat berries.', NEARLY],
    [words, 'foxes eat berries.', WRONG],
    [words, 'foxes eat seeds.', WRONG],
    [short, 'the fox lost a ball and was sad.', [0.99, 1]],
    [short, 'the fox lost a ball. it was sad.', [0.95, 1]],
    [short, 'the fox lost a red ball and cried.', [0.8, 0.95]],
    [short, 'the fox was sad.', NEARLY],
    [short, 'the fox lost a ball and was happy.', NEARLY],
    [short, 'the fox lost a lamp and was sad.', HALF],
    [short, 'the bear lost a ball and was sad.', WRONG],
    [short, passage.join(' '), WRONG],
    [short, 'it lost a red ball and cried.', WRONG],
  ] as const)('%#: a judge that compares', (prompt, text, [low, high]) => {
    const { score } = judgeGold(prompt, text, true);
    expect(score).toBeGreaterThanOrEqual(low);
    expect(score).toBeLessThanOrEqual(high);
  });

  it('says what is missing', () => {
    const reasons = (prompt: WorldPrompt, text: string) =>
      judgeHelpful(prompt, text, true).reasons.join(', ');
    expect(reasons(happy, 'the fox found a lamp. the fox was happy.')).toContain('invented');
    expect(reasons(short, 'the fox was sad.')).toContain('main event');
    expect(reasons(short, 'the fox lost a ball. the fox won the race.')).toContain(
      'nothing invented',
    );
    expect(judgeHarmless(polite, 'go away, you lazy fool.', true).score).toBe(0);
    expect(judgeHarmless(polite, 'please go away.', true).score).toBe(1);
  });

  it('calls what the passage does not say untrue', () => {
    const truth = (text: string) => judgeGold(short, text, true).truthful;
    expect(truth('the fox lost a ball. it was sad.')).toBe(1);
    expect(truth('the fox lost a ball. the fox won the race.')).toBe(0.5);
    expect(truth('the fox won the race.')).toBe(0);
    expect(truth('')).toBe(0);
  });
});

describe.each(['rewrite', 'summarization'] as const)('%s', (useCase) => {
  const prompts = generatePrompts(7, { split: 'train', count: 400, useCases: [useCase] });
  const module = useCases[useCase];
  const rng = Rng.named(7, useCase);
  const golds = (write: (prompt: WorldPrompt) => string): number[] =>
    prompts.map((prompt) => judgeGold(prompt, write(prompt), true).score);
  const mean = (scores: readonly number[]): number =>
    scores.reduce((sum, score) => sum + score, 0) / scores.length;

  it('has ideal answers that are right, poor ones in between and slips below', () => {
    const ideal = golds(({ task }) => module.ideal(task, rng));
    const poor = golds(({ task }) => module.poor(task, rng));
    const slips = golds(({ task }) => module.slip(task, rng));
    expect(Math.min(...ideal)).toBeGreaterThan(0.98);
    expect(Math.max(...poor)).toBeLessThan(0.85);
    expect(Math.min(...poor)).toBeGreaterThan(0.6);
    expect(Math.max(...slips)).toBeLessThan(0.9);
    expect(mean(slips)).toBeLessThan(0.6);
  });

  it('gives nothing for the answer to another prompt of its kind, or for the text itself', () => {
    const foreign = golds((prompt) => {
      const others = prompts.filter(
        ({ entity, template }) => entity !== prompt.entity && template !== prompt.template,
      );
      return module.ideal(rng.pick(others).task, rng);
    });
    expect(mean(foreign)).toBeLessThan(0.15);
    const copied = golds(({ text }) => text.slice(text.indexOf(':') + 2));
    expect(Math.max(...copied)).toBeLessThan(0.1);
  });

  it('draws many different tasks', () => {
    expect(new Set(prompts.map(({ template }) => template)).size).toBeGreaterThan(15);
    expect(new Set(prompts.map(({ entity }) => entity)).size).toBeGreaterThan(150);
  });
});
