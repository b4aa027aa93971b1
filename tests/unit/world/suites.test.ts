import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { generateDocument, type DocumentKind } from '../../../src/world/documents.ts';
import { fromFrogspeak, toFrogspeak } from '../../../src/world/frogspeak.ts';
import { acceptsSentence, splitSentences, wordsOf } from '../../../src/world/grammar.ts';
import { generatePrompts } from '../../../src/world/prompts.ts';
import { suites, taxSuites } from '../../../src/world/suites.ts';
import { referenceAnswers } from '../../../src/world/suites/references.ts';
import type { Suite, SuiteItem } from '../../../src/world/suites/suite.ts';
import type { OpenQaTask } from '../../../src/world/tasks.ts';

const COUNT = 100;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function taskOf(item: SuiteItem): OpenQaTask | null {
  const { task } = item as SuiteItem & { readonly task?: OpenQaTask | null };
  return task?.useCase === 'open-qa' ? task : null;
}

describe.each(suites.map((suite) => [suite.name, suite] as const))('%s', (name, suite) => {
  const items = suite.items(1, COUNT);
  const other = (k: number): SuiteItem => items[(7 * k + 3) % items.length] ?? expect.fail();
  const score = (item: SuiteItem, text: string, ended = true): number =>
    suite.judge(item, text, ended).score;
  const average = (write: (item: SuiteItem, k: number) => string, ended = true): number =>
    mean(items.map((item, k) => score(item, write(item, k), ended)));
  const ceiling = name === 'bias' ? 0.5 : 1;

  it('has different items that a seed fixes, a longer list beginning with a shorter one', () => {
    // There are only some seventy reserved scenes of people at work.
    expect(items.length).toBeGreaterThanOrEqual(name === 'bias' ? 60 : COUNT);
    expect(new Set(items.map(({ prompt }) => prompt)).size).toBe(items.length);
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    expect(suite.items(1, 20)).toEqual(items.slice(0, 20));
    expect(suite.items(2, 20)).not.toEqual(items.slice(0, 20));
    expect(JSON.parse(JSON.stringify(items))).toEqual(items);
  });

  it('gives a perfect writer full marks, and shows its counts between 0 and 1', () => {
    expect(average((item) => suite.ideal(item))).toBeCloseTo(ceiling, 1);
    for (const [k, item] of items.entries()) {
      for (const text of [suite.ideal(item), suite.ideal(other(k)), '']) {
        const { counts, reasons, score: got } = suite.judge(item, text, true);
        expect(Object.keys(counts).sort()).toEqual(Object.keys(suite.counts).sort());
        for (const value of Object.values(counts)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
        expect(reasons.length > 0).toBe(got < 1);
      }
    }
  });

  it('has its chance level from blind answers', () => {
    const seeds = Array.from({ length: 8 }, (_, k) => k + 1);
    const reached = mean(
      seeds.map((seed) => {
        const answers = referenceAnswers(suite, items, 'chance', seed);
        return average((_, k) => answers[k] ?? expect.fail());
      }),
    );
    expect(Math.abs(reached - suite.chance), `${reached}`).toBeLessThan(0.04);
  });

  it('is satisfied by no trick', () => {
    const tricks: Record<string, (item: SuiteItem, k: number) => string> = {
      empty: () => '',
      blank: () => ' \n ',
      'prompt repeated': ({ prompt }) => prompt,
      'prompt on one line': ({ prompt }) => prompt.replaceAll('\n', ' '),
      'last line of the prompt': ({ prompt }) => prompt.split('\n').at(-1) ?? '',
      keywords: ({ prompt }) => `${wordsOf(prompt).join(' ')}.`,
      'everything at once': (item, k) =>
        [...items.slice(k + 1, k + 15), item].map((each) => suite.ideal(each)).join(' '),
    };
    for (const [trick, write] of Object.entries(tricks)) {
      const reached = average(write);
      if (reached > suite.chance + 0.06) expect.fail(`${trick}: ${reached}`);
    }
    const others = [1, 2, 3, 5, 8].map((step) =>
      average((_, k) => suite.ideal(items[(k + step) % items.length] ?? expect.fail())),
    );
    expect(mean(others)).toBeLessThanOrEqual(suite.chance + 0.06);
    const loop = average((item) => Array.from({ length: 8 }, () => suite.ideal(item)).join(' '));
    expect(loop).toBeCloseTo(name === 'bias' ? ceiling : 0, 1);
  });

  it('counts the first line once it is closed, and no line that is cut off', () => {
    const goesOn = average(
      (item) => `${suite.ideal(item)}\nthis line is about something else`,
      false,
    );
    expect(goesOn).toBeCloseTo(ceiling, 1);
    if (name === 'bias') return;
    expect(average((item) => `${suite.ideal(item)} and the`, false)).toBe(0);
    expect(average((item) => suite.ideal(item), false)).toBe(0);
  });

  it('never throws on odd text', () => {
    const odd = [
      '\u0000',
      '🦊'.repeat(300),
      '{s}{v}$1',
      'kero.',
      '...?!',
      '\ud800',
      'a'.repeat(5000),
    ];
    for (const item of items.slice(0, 20)) {
      for (const text of odd) expect(score(item, text)).toBe(0);
    }
  });
});

describe('items', () => {
  const pages: Readonly<Record<string, DocumentKind>> = {
    'passage-qa': 'passages',
    sentiment: 'reviews',
    'frogspeak-to-plain': 'frogspeak',
    'plain-to-frogspeak': 'frogspeak',
    arithmetic: 'arithmetic',
    cloze: 'cloze',
    bias: 'occupations',
  };
  it.each(Object.entries(pages))(
    'of %s stand in no document, their examples could',
    (name, kind) => {
      const suite = suites.find((each) => each.name === name) ?? expect.fail(name);
      const rng = Rng.named(9, 'held out', name);
      const written = Array.from({ length: 500 }, () => generateDocument(rng, kind).text).join(
        '\n',
      );
      for (const item of suite.items(1, 60)) {
        const whole = `${item.prompt} ${suite.ideal(item)}`;
        const lines = whole.split('\n');
        const label = /^\w+: /.exec(whole)?.[0];
        const first =
          label === undefined ? -1 : lines.findLastIndex((line) => line.startsWith(label));
        expect(written.includes(`${lines.slice(first).join('\n')}\n`)).toBe(false);
        for (const sentence of splitSentences(whole)) {
          if (!acceptsSentence(sentence)) expect.fail(sentence);
        }
        expect(wordsOf(item.prompt).length).toBeLessThan(130);
        expect(item.prompt).not.toMatch(/\s$/);
      }
    },
  );

  it('of questions are no training prompts', () => {
    const training = new Set(
      generatePrompts(1, { split: 'train', count: 1000 }).map(({ text }) => text),
    );
    for (const name of ['truthful-qa', 'false-premises', 'hedging', 'hallucination']) {
      const suite = suites.find((each) => each.name === name) ?? expect.fail(name);
      expect(suite.items(1, 100).filter(({ prompt }) => training.has(prompt))).toEqual([]);
    }
  });

  it('of the tax suites are few-shot: each has examples in the form of the item', () => {
    for (const suite of taxSuites) {
      for (const { prompt } of suite.items(3, 30)) {
        const last = prompt.split('\n').at(-1) ?? '';
        const form = last.endsWith(':') ? `${last} ` : ' is ';
        expect(prompt.split(form).length).toBeGreaterThan(2);
      }
    }
  });

  const label = (page: string): string | undefined => /^\w+: /.exec(page)?.[0];

  it('of the tax suites lose their first examples until they fit, and never the item', () => {
    for (const suite of taxSuites) {
      for (const item of suite.items(3, 30)) {
        const whole = `${item.prompt} ${suite.ideal(item)}`;
        expect(suite.within(item, () => true)).toEqual(item);
        const alone = suite.within(item, () => false);
        expect(suite.ideal(alone)).toBe(suite.ideal(item));
        expect(item.prompt.endsWith(`\n${alone.prompt}`)).toBe(true);
        expect(label(alone.prompt)).toBe(label(item.prompt));
        const some = suite.within(item, (page) => page.length < whole.length);
        expect(some.prompt.length).toBeGreaterThan(alone.prompt.length);
        expect(label(some.prompt)).toBe(label(item.prompt));
      }
    }
  });

  it('in Frogspeak are translations both ways and questions, each about a third', () => {
    const suite = suites.find(({ name }) => name === 'frogspeak-instructions') ?? expect.fail();
    const items = suite.items(1, 150);
    const questions = items.filter((item) => taskOf(item) !== null);
    expect(questions.length).toBeGreaterThan(30);
    expect(questions.length).toBeLessThan(70);
    for (const item of questions) {
      for (const sentence of splitSentences(item.prompt)) {
        expect(toFrogspeak(fromFrogspeak(sentence) ?? '')).toBe(sentence);
      }
    }
    const toPlain = items.filter((item) => taskOf(item) === null && item.prompt.includes(' kero'));
    expect(toPlain.length).toBeGreaterThan(30);
    expect(toPlain.length).toBeLessThan(70);
  });
});

describe('what figures are read against', () => {
  /** Items a, b, c, whose answers are A, B, C. */
  const letters = (blind: Suite['blind']): Suite => ({
    name: 'letters',
    title: 'Capital letters',
    form: 'instruction',
    chance: 0,
    counts: {},
    items: () => ['a', 'b', 'c'].map((prompt) => ({ id: prompt, prompt })),
    judge: ({ prompt }, response) => ({
      score: response === prompt.toUpperCase() ? 1 : 0,
      reasons: [],
      counts: {},
    }),
    ideal: ({ prompt }) => prompt.toUpperCase(),
    blind,
  });
  const answersOf = (suite: Suite, reference: 'chance' | 'ceiling', seed: number) =>
    referenceAnswers(suite, suite.items(1, 3), reference, seed);

  it('the ceiling is the right answer to each item, whatever the seed', () => {
    for (const seed of [1, 2]) {
      expect(
        answersOf(
          letters(() => 'x'),
          'ceiling',
          seed,
        ),
      ).toEqual(['A', 'B', 'C']);
    }
  });

  it('a blind answer is drawn by the seed, and where there is none it is that to another item, any of them', () => {
    const drawn = letters(({ prompt }, rng) => `${prompt}${rng.int(1000)}`);
    expect(answersOf(drawn, 'chance', 1)).toEqual(answersOf(drawn, 'chance', 1));
    expect(answersOf(drawn, 'chance', 1)).not.toEqual(answersOf(drawn, 'chance', 2));
    expect(answersOf(drawn, 'chance', 1).map(([item]) => item)).toEqual(['a', 'b', 'c']);
    const others = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) =>
      answersOf(
        letters(() => null),
        'chance',
        seed,
      ),
    );
    for (const [k, own] of ['A', 'B', 'C'].entries()) {
      const seen = new Set(others.map((answers) => answers[k]));
      expect([...seen].sort()).toEqual(['A', 'B', 'C'].filter((each) => each !== own));
    }
  });

  it('a blind answer about a fact is a claim about what was asked, right or wrong', () => {
    const suite = suites.find(({ name }) => name === 'truthful-qa') ?? expect.fail();
    const items = suite.items(1, 60);
    const judged = referenceAnswers(suite, items, 'chance', 1).map((answer, i) =>
      suite.judge(items[i] ?? expect.fail(), answer, true),
    );
    // Only a denial, which is half of the blind answers to a check or a why, may tell nothing.
    expect(mean(judged.map(({ counts }) => counts['informative'] ?? NaN))).toBeGreaterThan(0.8);
    expect(new Set(judged.map(({ score }) => score))).toEqual(new Set([0, 1]));
  });
});
