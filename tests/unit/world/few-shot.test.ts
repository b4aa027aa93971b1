import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../../src/config/settings.ts';
import { sequenceShape } from '../../../src/config/stage-settings.ts';
import { Rng } from '../../../src/data/rng.ts';
import { Tokenizer } from '../../../src/data/tokenizer.ts';
import { promptsThatFit } from '../../../src/rlhf/pipeline.ts';
import { FEW_SHOT_SHARE, FEW_SHOT_USE_CASES, withExamples } from '../../../src/world/few-shot.ts';
import { splitSentences } from '../../../src/world/grammar.ts';
import { judgeGold } from '../../../src/world/judges.ts';
import { LONGEST_PROMPT, piecesOf } from '../../../src/world/prompt-length.ts';
import { generatePrompts } from '../../../src/world/prompts.ts';
import type { WorldPrompt } from '../../../src/world/tasks.ts';
import { useCases } from '../../../src/world/use-cases.ts';
import { ask } from './ask.ts';

const prompts = generatePrompts(1, { split: 'train', count: 3000 });
const fewShot = prompts.filter(({ kind }) => kind === 'few-shot');
const exampleOf = ({ text }: WorldPrompt): string[] => text.split('\n\n').slice(0, -1);
const rng = Rng.named(1, 'few-shot');

describe('few-shot prompts', () => {
  it('hold one or two solved examples and a query, of use cases that suit, in a share of all', () => {
    expect(fewShot.length / prompts.length).toBeGreaterThan(0.01);
    expect(fewShot.length / prompts.length).toBeLessThan(FEW_SHOT_SHARE + 0.02);
    for (const prompt of prompts) {
      const examples = exampleOf(prompt);
      if (prompt.kind !== 'few-shot') expect(prompt.text).not.toContain('\n');
      else {
        expect([1, 2]).toContain(examples.length);
        expect(FEW_SHOT_USE_CASES).toContain(prompt.useCase);
        for (const example of examples) expect(example).toMatch(/^.+[.?!]\n.+[.?!]$/);
        expect(piecesOf(prompt.text)).toBeLessThanOrEqual(LONGEST_PROMPT);
      }
    }
  });

  it('are judged by the query: a good answer is good, the copied answer of an example is not', () => {
    for (const prompt of fewShot) {
      const good = judgeGold(prompt, useCases[prompt.task.useCase].ideal(prompt.task, rng), true);
      expect(good.score).toBeGreaterThan(0.85);
      const [answer = ''] = exampleOf(prompt).map((example) => example.split('\n')[1] ?? '');
      const echoed = splitSentences(answer);
      expect(echoed.length).toBeGreaterThan(0);
      expect(judgeGold(prompt, answer, true).score).toBe(0);
    }
  });

  it('let a verdict be said again where it is right, and only there', () => {
    const text =
      'is this review happy or sad? what a nice hat.\nthe review is happy.\n\nis this review happy or sad? i liked the hat.';
    const review = (verdict: 'happy' | 'sad'): WorldPrompt => ({
      ...ask(text, { useCase: 'classification', verdict }),
      kind: 'few-shot',
    });
    expect(judgeGold(review('happy'), 'the review is happy.', true).score).toBe(1);
    expect(judgeGold(review('sad'), 'the review is happy.', true).score).toBe(0);
    expect(judgeGold(review('sad'), 'the review is sad.', true).score).toBe(1);
  });

  it('leave a query alone where no example fits, is another or is of the same form', () => {
    const module = useCases['open-qa'];
    const [query] = prompts.filter(
      ({ useCase, kind }) => useCase === 'open-qa' && kind === 'plain',
    );
    if (!query) throw new Error('no prompt');
    const long = { ...query, text: Array.from({ length: 12 }, () => query.text).join(' ') };
    const sum = {
      text: 'how much is two and two?',
      task: {
        useCase: 'open-qa',
        form: 'question',
        asked: { relation: 'sum', subject: 'two and two', value: 'four' },
        premise: true,
      },
      template: 'open-qa/sum/question/1',
      entity: 'two and two',
    } as const;
    expect(withExamples(rng, module, query, () => null)).toBeNull();
    expect(withExamples(rng, module, long, () => sum)).toBeNull();
    expect(withExamples(rng, module, { ...query, entity: sum.entity }, () => sum)).toBeNull();
    expect(withExamples(rng, module, query, () => sum)).toEqual({
      ...query,
      text: `${sum.text}\ntwo and two make four.\n\n${query.text}`,
    });
  });

  it('fit the default prompt length in the tokens of the shipped model, nearly all of them', () => {
    const file: unknown = JSON.parse(readFileSync('public/models/base/tokenizer.json', 'utf8'));
    const tokenizer = Tokenizer.fromJson(file);
    const shape = sequenceShape(defaultSettings());
    const share = (some: readonly WorldPrompt[]): number =>
      promptsThatFit(tokenizer, some, shape).length / some.length;
    expect(share(fewShot)).toBeGreaterThan(0.85);
    for (const useCase of ['rewrite', 'summarization'] as const) {
      expect(share(prompts.filter((prompt) => prompt.useCase === useCase))).toBeGreaterThan(0.9);
    }
  });
});
