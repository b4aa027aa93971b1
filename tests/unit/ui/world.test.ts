/** The part *World*: pages, what is looked for, findings in words, and a desk whose verdict is always on the last text. */
import { describe, expect, test } from 'vitest';
import { GATE_FACTORS, SENTENCE_FAULTS, type Verdict } from '../../../src/records/verdict.ts';
import type { FactView, WorldAnswer } from '../../../src/records/world-view.ts';
import { Laboratory } from '../../../src/ui/laboratory.svelte.ts';
import { pageOf } from '../../../src/ui/paging.ts';
import { PromptBrowser } from '../../../src/ui/prompt-browser.svelte.ts';
import { VerdictDesk } from '../../../src/ui/verdict-desk.svelte.ts';
import {
  claimWords,
  FACTOR_WORDS,
  FAULT_WORDS,
  harmWords,
  metWords,
  suiteSentence,
  verdictSentence,
} from '../../../src/ui/verdict-words.ts';
import { WorldBrowser } from '../../../src/ui/world-browser.svelte.ts';
import { filterFacts, relationsOf } from '../../../src/ui/world-facts.ts';
import { defaultSettings } from '../../../src/config/settings.ts';
import { BESIDE_THE_POINT, CUT_OFF, LONGEST } from '../../../src/world/judges.ts';
import { FakeClient, prompt } from './fake-client.ts';

describe('pages', () => {
  test.each([
    [0, 20, 0, [0, 1, 0, 0]],
    [20, 20, 0, [0, 1, 0, 20]],
    [21, 20, 1, [1, 2, 20, 21]],
    [41, 20, 9, [2, 3, 40, 41]],
    [41, 20, -1, [0, 3, 0, 20]],
  ])('of %i rows, %i to a page, page %i', (total, size, wanted, expected) => {
    const { page, pages, from, to } = pageOf(total, size, wanted);
    expect([page, pages, from, to]).toEqual(expected);
  });
});

const FACTS: readonly FactView[] = [
  { relation: 'colour', subject: 'frogs', value: 'green', true: true, sentence: '' },
  { relation: 'colour', subject: 'frogs', value: 'red', true: false, sentence: '' },
  { relation: 'eats', subject: 'snakes', value: 'frogs', true: true, sentence: '' },
];

describe('facts', () => {
  const found = (filter: Partial<Parameters<typeof filterFacts>[1]>) =>
    filterFacts(FACTS, { relation: '', words: '', truth: '', ...filter }).map((fact) =>
      FACTS.indexOf(fact),
    );

  test('pass by relation, by truth, and by a word in subject or value', () => {
    expect(found({})).toEqual([0, 1, 2]);
    expect(found({ relation: 'eats' })).toEqual([2]);
    expect(found({ truth: 'false' })).toEqual([1]);
    expect(found({ truth: 'true' })).toEqual([0, 2]);
    expect(found({ words: ' FROG ' })).toEqual([0, 1, 2]);
    expect(found({ words: 'snake' })).toEqual([2]);
    expect(found({ words: 'colour' })).toEqual([]);
    expect(found({ words: 'frogs', relation: 'colour', truth: 'false' })).toEqual([1]);
  });

  test('name their relations once, in order', () => {
    expect(relationsOf(FACTS)).toEqual(['colour', 'eats']);
  });
});

describe('findings in words', () => {
  const claim = {
    sentence: 'frogs are red.',
    relation: 'colour',
    subject: 'frogs',
    value: 'red',
    negated: false,
    true: false,
    myth: true,
    truths: ['green'],
  };

  test.each([
    [{}, 'false, a myth: true is green'],
    [{ myth: false }, 'false: true is green'],
    [{ myth: false, truths: [] }, 'false: the world holds nothing of the kind'],
    [{ true: true, myth: false }, 'true'],
    [{ true: true, negated: true }, 'true: it denies a myth'],
    [{ true: true, negated: true, myth: false }, 'true'],
    [{ negated: true, myth: false, value: 'green' }, 'false: it denies what is true'],
  ])('a claim with %j', (change, words) => {
    expect(claimWords({ ...claim, ...change })).toBe(words);
  });

  test('demands are met, partly or not', () => {
    const met = (value: number) =>
      metWords({ name: 'feeling', weight: 1, met: value, essential: false });
    expect([1, 0.996, 0.5, 0.01, 0].map(met)).toEqual([
      'met',
      'met',
      'partly met',
      'partly met',
      'not met',
    ]);
  });

  test('harm is told with its word; every fault and factor has words of its own', () => {
    expect(harmWords({ kind: 'rude word', what: 'stupid' })).toBe('rude word: stupid');
    expect(harmWords({ kind: 'task', what: 'advises it' })).toBe('harmful here: advises it');
    expect(new Set(SENTENCE_FAULTS.map((name) => FAULT_WORDS[name])).size).toBe(5);
    expect(new Set(GATE_FACTORS.map((name) => FACTOR_WORDS[name])).size).toBe(5);
  });

  test('the numbers in the words of the gate are those that the judges use', () => {
    const numbers = (words: string) => (words.match(/\d+(?:\.\d+)?/g) ?? []).map(Number);
    expect(numbers(FACTOR_WORDS.end)).toEqual([1, CUT_OFF]);
    expect(numbers(FACTOR_WORDS.length)).toEqual([LONGEST, 1]);
    expect(numbers(FACTOR_WORDS.point)).toEqual([1, BESIDE_THE_POINT]);
  });

  test('one sentence says the number, its aims and the gate', () => {
    const verdict: Verdict = {
      ...EMPTY,
      gate: 0.35,
      gold: 0.3333,
      aims: [
        { aim: 'helpful', score: 0.9, weight: 0.67, gives: 0.2 },
        { aim: 'truthful', score: null, weight: 0, gives: 0 },
        { aim: 'harmless', score: 1, weight: 0.33, gives: 0.12 },
      ],
    };
    expect(verdictSentence(verdict)).toBe(
      'Gold 0.33: helpful 0.90, truthful not asked, harmless 1.00; gate 0.35.',
    );
  });
});

test('a suite is told by its title, its score, and whatever else it counts', () => {
  const suite = { name: 'hedging', title: 'A clear answer', score: 0.5, reasons: [] };
  expect(suiteSentence({ ...suite, counts: {} })).toBe('Suite “A clear answer”: 0.50.');
  expect(suiteSentence({ ...suite, counts: { hedges: 1, true: 0 } })).toBe(
    'Suite “A clear answer”: 0.50, hedges 1.00, true 0.00.',
  );
});

const EMPTY: Verdict = {
  useCase: null,
  sentences: [],
  constraints: [],
  claims: [],
  harms: [],
  factors: [],
  gate: 0,
  aims: [],
  gold: 0,
  suites: [],
};

describe('the desk of verdicts', () => {
  function open(answers: readonly WorldAnswer[] = []) {
    const client = new FakeClient({
      'world.answers': () => ({ answers }),
      // The number of characters stands for what is judged.
      'world.verdict': ({ response }) => ({ verdict: { ...EMPTY, gold: response.length } }),
      'model.sample': () => ({ responses: [{ text: 'sampled', ended: false, score: null }] }),
    });
    const laboratory = new Laboratory(client, defaultSettings());
    return { client, laboratory, desk: new VerdictDesk(laboratory) };
  }

  test('judges what was typed last, and not every letter of it', async () => {
    const { client, desk } = open();
    await desk.ask('what do frogs eat?');
    const before = client.argsOf('world.verdict').length;
    const typed = 'frogs eat seeds.';
    await Promise.all(Array.from(typed, (_, i) => desk.answer(typed.slice(0, i + 1), true)));
    expect(desk.verdict?.gold).toBe(typed.length);
    const asked = client.argsOf('world.verdict').slice(before);
    expect(asked.length).toBeLessThan(typed.length / 2);
    expect(asked.at(-1)).toMatchObject({
      prompt: 'what do frogs eat?',
      response: typed,
      ended: true,
    });
  });

  test('takes an answer of the world, and asks for another of its manner', async () => {
    const { client, desk } = open([{ manner: 'slip', text: 'foxes eat cake.' }]);
    await desk.ask('what do foxes eat?');
    await desk.answer('cut', false);
    await desk.take('slip');
    expect([desk.response, desk.ended, desk.verdict?.gold]).toEqual(['foxes eat cake.', true, 15]);
    await desk.take('ideal');
    expect(desk.response).toBe('foxes eat cake.');
    const draws = client.argsOf('world.answers').map(({ draw }) => draw);
    expect(draws).toEqual([0, 1]);
  });

  test('takes what the model wrote, with how it ended; another prompt clears the answer', async () => {
    const { client, laboratory, desk } = open();
    await laboratory.open(null);
    await desk.ask('hello.');
    await desk.askModel();
    expect([desk.response, desk.ended]).toEqual(['sampled', false]);
    await desk.askModel();
    const seeds = client.argsOf('model.sample').map(({ seed }) => seed);
    expect(new Set(seeds).size).toBe(2);
    await desk.ask('good morning.');
    expect([desk.response, desk.ended, desk.verdict?.gold]).toEqual(['', true, 0]);
    await desk.type('good evening.');
    expect(client.argsOf('world.verdict').at(-1)?.prompt).toBe('good evening.');
  });

  test('shows no verdict of before when judging fails', async () => {
    const client = new FakeClient({
      'world.answers': () => ({ answers: [] }),
      'world.verdict': ({ response }) => {
        if (response === 'bad') throw new Error('no');
        return { verdict: EMPTY };
      },
    });
    const laboratory = new Laboratory(client, defaultSettings());
    const desk = new VerdictDesk(laboratory);
    await desk.ask('hello.');
    expect(desk.verdict).not.toBeNull();
    await desk.answer('bad', true);
    expect(desk.verdict).toBeNull();
    expect(laboratory.failure?.message).toBe('no');
    await desk.answer('good', true);
    expect(desk.verdict).not.toBeNull();
  });
});

describe('prompts', () => {
  test('a page that another question has overtaken is dropped', async () => {
    const waiting: (() => void)[] = [];
    const client = new FakeClient();
    client.call = ((_name: string, { from }: { from: number }) =>
      new Promise((resolve) => {
        waiting.push(() => {
          resolve({ prompts: [prompt(`p${from}`)], total: 45 });
        });
      })) as never;
    const browser = new PromptBrowser(new Laboratory(client, defaultSettings()));
    const [first, second] = [browser.load(1), browser.load(2)];
    waiting[1]?.();
    await second;
    waiting[0]?.();
    await first;
    expect(browser.prompts.map(({ id }) => id)).toEqual(['p40']);
    expect(browser.page).toMatchObject({ page: 2, pages: 3, from: 40, to: 45 });
  });

  test('another split has other people: the choice of one is dropped, that of a use case is kept', async () => {
    const client = new FakeClient({ 'world.prompts': () => ({ prompts: [], total: 0 }) });
    const browser = new PromptBrowser(new Laboratory(client, defaultSettings()));
    browser.user = 'user-003';
    browser.useCase = 'chat';
    await browser.chooseSplit('train');
    expect(client.argsOf('world.prompts')).toEqual([
      expect.objectContaining({
        filter: { split: 'train', useCase: 'chat', kind: null, user: null },
        from: 0,
      }),
    ]);
  });
});

test('documents: each press asks for the next number of the kind chosen', async () => {
  const client = new FakeClient({
    'world.overview': () => ({
      facts: FACTS,
      documents: [],
      useCases: [],
      heldOutUseCase: 'extract',
      users: [],
      labelers: [],
      prompts: { train: 0, validation: 0, test: 0 },
    }),
    'world.document': ({ kind, draw }) => ({ kind: kind ?? 'story', parts: [String(draw)] }),
  });
  const world = new WorldBrowser(new Laboratory(client, defaultSettings()));
  await world.load();
  await world.drawAnother();
  await world.choose('poem');
  await world.drawAnother();
  expect(client.argsOf('world.document').map(({ kind, draw }) => [kind, draw])).toEqual([
    [null, 0],
    [null, 1],
    ['poem', 1],
    ['poem', 2],
  ]);
  expect(world.document).toEqual({ kind: 'poem', parts: ['2'] });
  world.truth = 'false';
  expect(world.facts).toEqual([FACTS[1]]);
});
