/** Stored results on the page: what can be read is read, what cannot is said with what to do; numbers, links and places. */
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parseHash } from '../../../src/ui/hash-route.ts';
import { settingsFromLink } from '../../../src/ui/link-settings.ts';
import {
  answersFile,
  areSame,
  fetchAll,
  fetchAnswers,
  itemsOfSeed,
  lackingNames,
  seedsOf,
  wantedFor,
  withSharedItems,
} from '../../../src/ui/paper-answers.ts';
import { itemList } from '../../../src/ui/paper-item-list.ts';
import {
  distinctLabel,
  fetchResults,
  figureWords,
  hereLink,
  intervalWords,
  readResults,
  readResultsFile,
  rowLabel,
  rowWords,
} from '../../../src/ui/paper-results.ts';
import { axisOf, curveAxes, intervalGroups, shareOf } from '../../../src/ui/result-plots.ts';
import { EXAMPLE_ANSWERS, EXAMPLE_RESULTS } from './stored-results.ts';

const TEXT = JSON.stringify(EXAMPLE_RESULTS);
const json = { 'content-type': 'application/json' };
const html = { 'content-type': 'text/html; charset=utf-8' };
const answer = (text: string, init: ResponseInit = { headers: json }) =>
  fetchResults(() => Promise.resolve(new Response(text, init)));

describe('reading', () => {
  test('what the command writes comes back as it is', async () => {
    expect(await answer(TEXT)).toEqual({ results: EXAMPLE_RESULTS, problem: null });
    expect(readResults(TEXT).results).toEqual(EXAMPLE_RESULTS);
    expect(await readResultsFile(new Blob([TEXT]))).toEqual({
      results: EXAMPLE_RESULTS,
      problem: null,
    });
  });

  test('a file that is gone by now is said to be that', async () => {
    const gone = new Blob();
    gone.text = () => Promise.reject(new DOMException('gone', 'NotFoundError'));
    expect((await readResultsFile(gone)).problem).toMatch(/moved or changed.*Open it again/);
  });

  test.each([
    ['there is none', '', { status: 404 }],
    ['the host answers with its own page', '<html>', { headers: html }],
  ])('%s: the sentence says so and how to make them', async (_name, text, init) => {
    const { results, problem } = await answer(text, init);
    expect(results).toBeNull();
    expect(problem).toMatch(/without stored results.*npm run reproduce/);
  });

  test('cut off, or of another form: the sentence names what is wrong and what to do', async () => {
    expect((await answer(TEXT.slice(0, -9))).problem).toMatch(/damaged.*npm run reproduce/);
    const other = JSON.stringify({ ...EXAMPLE_RESULTS, prompts: 'many' });
    expect((await answer(other)).problem).toMatch(/prompts.*npm run reproduce/);
  });

  test('without a network: to reload, not to train for hours', async () => {
    const { problem } = await fetchResults(() => Promise.reject(new TypeError('offline')));
    expect(problem).toMatch(/reload/);
    expect(problem).not.toMatch(/npm run/);
  });
});

describe('in words', () => {
  test.each([
    [0.734, 'share', '73.4 %'],
    [0.031, 'points', '+3.1 points'],
    [-0.031, 'points', '−3.1 points'],
    [1.5249, 'ratio', '1.52 times'],
    [0.45, 'nats', '0.450 nats'],
    [0.6834, 'score', '0.683'],
    [2, 'count', '2'],
    [5 / 3, 'count', '1.67'],
  ] as const)('%s as %s is %s', (value, unit, words) => {
    expect(figureWords(value, unit)).toBe(words);
  });

  test('a row is its figure with interval and count, or why there is none', () => {
    const figure = { value: 0.7, low: 0.65, high: 0.755, n: 3000 };
    expect(intervalWords(figure, 'share')).toBe('70.0 % (95 %: 65.0 to 75.5, n = 3,000)');
    expect(intervalWords({ ...figure, n: 1 }, 'share')).toBe('70.0 %');
    const [first, , third] = EXAMPLE_RESULTS.claims[0]?.rows ?? [];
    expect(first && rowWords(first)).toContain('70.0 %');
    expect(third && rowWords(third)).toBe('the run was stopped');
  });
});

test('a label says what is a control, and what is of no model at all', () => {
  const [ours, control, , ceiling] = EXAMPLE_RESULTS.claims[0]?.rows ?? [];
  if (!ours || !control || !ceiling) throw new Error('the example lacks a row');
  const labels = [ours, control, ceiling].map(({ label, control: is, reference }) =>
    rowLabel({ label, control: is, reference }),
  );
  expect(labels).toEqual([ours.label, `${control.label} (control)`, 'right answers (no model)']);
  expect(rowLabel({ ...control, label: 'control: noise', reference: undefined })).toBe(
    'control: noise',
  );
});

test('rows of one name are told apart by how their texts were drawn, others are left alone', () => {
  const [row] = EXAMPLE_RESULTS.claims[0]?.rows ?? [];
  if (row === undefined) throw new Error('the example has no row');
  const greedy = { ...row, id: 'greedy', temperature: 'greedy' };
  const other = { ...row, id: 'other', label: 'SFT preferred to the base' };
  const rows = [row, greedy, other];
  expect(rows.map((each) => distinctLabel(each, rows))).toEqual([
    `${row.label}, temperature 1`,
    `${row.label}, greedy`,
    other.label,
  ]);
});

describe('run it here', () => {
  test('leads to an address that the page reads as that scenario with those settings', () => {
    const here = EXAMPLE_RESULTS.claims[0]?.here;
    if (!here) throw new Error('the example has none');
    const { part, query } = parseHash(hereLink(here));
    const { settings, scenario, error } = settingsFromLink(query);
    expect([part, scenario, error]).toEqual(['model', 'paper', null]);
    expect(settings?.ppo.beta).toBe(0.1);
  });

  test('without a scenario only the settings, without either the first part', () => {
    const settings = { 'method.name': 'dpo' };
    expect(hereLink({ scenario: null, settings, words: '' })).toBe('#/model?method.name=dpo');
    expect(hereLink({ scenario: null, settings: {}, words: '' })).toBe('#/model');
    expect(parseHash(hereLink({ scenario: 'exact', settings: {}, words: '' })).part).toBe('exact');
  });
});

describe('drawings', () => {
  test('an axis holds all values with room, and its numbers are round', () => {
    const axis = axisOf([0.55, 0.73, 0.61]);
    expect(shareOf(axis, 0.55)).toBeGreaterThan(0.02);
    expect(shareOf(axis, 0.73)).toBeLessThan(0.98);
    expect(shareOf(axis, 0.73)).toBeGreaterThan(shareOf(axis, 0.61));
    expect(axis.ticks).toEqual([0.55, 0.6, 0.65, 0.7]);
    for (const values of [[], [0], [0.5, 0.5]]) {
      const { min, max, ticks } = axisOf(values);
      expect(max).toBeGreaterThan(min);
      expect(ticks.length).toBeGreaterThan(0);
    }
  });

  test('rows of one unit share an axis that reaches the paper’s figure, seeds, whiskers and no difference', () => {
    const rows = EXAMPLE_RESULTS.claims.flatMap((claim) => claim.rows);
    const groups = intervalGroups(rows, ['noise', 'sharpened', 'fall', 'ppo-ptx>sft', 'gone']);
    expect(groups.map(({ unit, neutral }) => [unit, neutral])).toEqual([
      ['share', 0.5],
      ['points', 0],
    ]);
    expect(groups[0]?.rows.map(({ id }) => id)).toEqual(['noise', 'ppo-ptx>sft']);
    const [first] = groups;
    expect([first && first.axis.min < 0.5, first && first.axis.max > 0.76]).toEqual([true, true]);
    const above = rows.map((row) => ({ ...row, paper: 0.95 }));
    expect(intervalGroups(above, ['noise'])[0]?.axis.max).toBeGreaterThan(0.95);
    const [seed] = rows[0]?.seeds ?? [];
    if (seed === undefined) throw new Error('the example has no seed');
    const apart = rows.map((row) => ({ ...row, seeds: [{ ...seed, value: 0.2 }] }));
    expect(intervalGroups(apart, ['noise'])[0]?.axis.min).toBeLessThan(0.2);
  });

  test('curves stand on axes that hold their whiskers', () => {
    const plot = EXAMPLE_RESULTS.claims[1]?.plots[0];
    if (plot?.kind !== 'curves') throw new Error('the example has no curves');
    const { x, y } = curveAxes(plot.lines);
    expect([x.min < 0, x.max > 3, y.min < 0.55, y.max > 0.8]).toEqual([true, true, true, true]);
  });
});

describe('every answer behind a row', () => {
  const [row] = EXAMPLE_RESULTS.claims[0]?.rows ?? [];
  if (row === undefined) throw new Error('the example has no row');
  const wanted = { seed: 2, set: 'made-up' };
  const whole = JSON.stringify(EXAMPLE_ANSWERS);
  const packed = (text: string) => new Uint8Array(gzipSync(text));
  const read = (body: string | Uint8Array<ArrayBuffer>, init: ResponseInit = {}) =>
    fetchAnswers(wanted, () => Promise.resolve(new Response(body, init)));
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test('is read whole, and told in the order of the row with its reasons in words', async () => {
    const { answers } = await read(packed(whole));
    expect(answers).toEqual(EXAMPLE_ANSWERS);
    expect(await read(whole, { headers: json })).toEqual({ answers, problem: null });
    const { count, at } = itemList(row, answers === null ? [] : [answers]);
    expect(count).toBe(12);
    expect(at(6)).toEqual({
      seed: 2,
      prompt: 'prompt 7',
      kind: 'chat',
      outputs: [
        { policy: 'ppo-ptx@1', text: 'answer 7', ended: true, score: null, reasons: [] },
        { policy: 'sft@1', text: '', ended: false, score: 0, reasons: ['did not end', 'empty'] },
      ],
    });
    expect(at(12)).toBeUndefined();
  });

  test('a row that shares its items with an earlier one shows them, one of another claim shows none', () => {
    const { items = [], ...rest } = row;
    const shared = { ...rest, id: 'shared', itemsOf: row.id };
    const lost = { ...rest, id: 'lost', itemsOf: 'elsewhere' };
    const counts = withSharedItems([row, shared, lost]).map((each) => itemList(each, null).count);
    expect(counts).toEqual([items.length, items.length, 0]);
    expect(withSharedItems([row, shared])[1]).toMatchObject({ id: 'shared', items });
  });

  test('without them there are the few that the results hold', () => {
    const few = itemList(row, null);
    expect(few.count).toBe(2);
    expect(few.at(1)).toBe(row.items?.[1]);
  });

  test('a reader may choose each seed that a row with stored answers was measured on', () => {
    expect(seedsOf(row)).toEqual([1, 2]);
    const { source, ...without } = row;
    expect(source).toBeDefined();
    expect(seedsOf(without)).toEqual([]);
    const [first, second] = row.items ?? [];
    if (first === undefined || second === undefined) throw new Error('the example has no items');
    const mixed = { ...row, items: [first, { ...second, seed: 2 }] };
    expect(itemsOfSeed(mixed, 2).items).toEqual([{ ...second, seed: 2 }]);
    expect(itemsOfSeed(mixed, 3).items).toEqual([]);
    expect(itemsOfSeed(mixed, null).items).toEqual(mixed.items);
    expect(itemsOfSeed(without, 1)).toMatchObject({ id: row.id, items: row.items });
  });

  test('a row wants the sets of all its places, of one seed; nothing where none can be chosen', () => {
    const pooled = { ...row, source: ['a', 'b'].map((set) => ({ set, keys: [] })) };
    expect(wantedFor(row, 2)).toEqual({ seed: 2, sets: ['made-up'] });
    expect(wantedFor(pooled, 1)).toEqual({ seed: 1, sets: ['a', 'b'] });
    const { source, ...without } = row;
    expect(source).toBeDefined();
    expect([wantedFor(without, 1), wantedFor(row, null), wantedFor(undefined, 1)]).toEqual(
      Array(3).fill(null),
    );
  });

  test('what was fetched is of a seed and its sets, not of one of the two', () => {
    const both = { seed: 2, sets: ['a', 'b'] };
    expect(areSame(both, { seed: 2, sets: ['a', 'b'] })).toBe(true);
    expect(areSame(both, { ...both, seed: 1 })).toBe(false);
    expect(areSame(both, { ...both, sets: ['a'] })).toBe(false);
    expect([areSame(null, both), areSame(both, null), areSame(null, null)]).toEqual(
      Array(3).fill(false),
    );
  });

  test('several sets are read in order, and one that is missing is said', async () => {
    const asked: string[] = [];
    const from = (file: string) => {
      asked.push(file);
      const set = file.includes('first') ? 'first' : 'second';
      return Promise.resolve(new Response(packed(JSON.stringify({ ...EXAMPLE_ANSWERS, set }))));
    };
    const sets = ['first', 'second'];
    const { answers } = await fetchAll({ seed: 2, sets }, from);
    expect(answers?.map(({ set }) => set)).toEqual(sets);
    expect(asked).toEqual(sets.map((set) => `results/answers/seed-2/${set}.json.gz`));
    const gone = (file: string) =>
      file.includes('first') ? from(file) : Promise.resolve(new Response('', { status: 404 }));
    const lost = await fetchAll({ seed: 2, sets }, gone);
    expect([lost.answers, lost.problem]).toEqual([null, expect.stringMatching(none)]);
  });

  test('answers of another version than the results: what they lack is known', () => {
    expect(lackingNames(row, [EXAMPLE_ANSWERS])).toEqual([]);
    const pairs = [{ how: 'predict', of: ['usual'], by: ['prompts'] }] as const;
    const source = { set: 'made-up', keys: ['sft@1', 'new@1'], scores: ['reward'], pairs };
    expect(lackingNames({ ...row, source }, [EXAMPLE_ANSWERS])).toEqual([
      'new@1',
      'reward',
      'usual',
      'prompts',
    ]);
    expect(lackingNames({ ...row, source: [source] }, [])).toContain('sft@1');
  });

  const none = /without the answers of seed 2.*--answers/;
  const damaged = /damaged.*Reload.*--answers/;
  test.each([
    ['missing', '', { status: 404 }, none],
    ['a page of the host', '<html>', { headers: html }, none],
    ['cut off', packed(whole).slice(0, -9), {}, damaged],
    ['cut off before it was packed', packed(whole.slice(0, -9)), {}, damaged],
    ['cut off and not packed', whole.slice(0, -9), {}, damaged],
    ['too large', packed(' '.repeat(32_000_001)), {}, /more than 32 MB.*--answers/],
    ['of another form', packed('{"version": 2}'), {}, /version.*--answers/],
    [
      'of another seed',
      packed(JSON.stringify({ ...EXAMPLE_ANSWERS, seed: 3 })),
      {},
      /seed 2 and made-up holds the answers of seed 3 to made-up.*--answers/,
    ],
    [
      'of another set',
      packed(JSON.stringify({ ...EXAMPLE_ANSWERS, set: 'test' })),
      {},
      /seed 2 and made-up holds the answers of seed 2 to test.*--answers/,
    ],
  ])('%s: said with what to do', async (_name, body, init, words) => {
    const { answers, problem } = await read(body, init);
    expect(answers).toBeNull();
    expect(problem).toMatch(words);
  });

  test('without a network, or cut off on the way: to reload', async () => {
    const offline = await fetchAnswers(wanted, () => Promise.reject(new TypeError('offline')));
    expect(offline.problem).toMatch(/could not be fetched.*reload/);
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(packed(whole).slice(0, 9));
        controller.error(new TypeError('network error'));
      },
    });
    const cut = await fetchAnswers(wanted, () => Promise.resolve(new Response(broken)));
    expect(cut.problem).toMatch(/could not be fetched.*reload/);
  });

  test('a browser that cannot unpack them: which can', async () => {
    vi.stubGlobal('DecompressionStream', undefined);
    expect((await read(packed(whole))).problem).toMatch(/cannot unpack.*newer.*Firefox/);
    expect((await read(whole)).answers).toEqual(EXAMPLE_ANSWERS);
  });

  test('the file of a seed and a set is beside the results, whatever the set’s name', () => {
    expect(answersFile({ seed: 2, set: 'test' })).toBe('results/answers/seed-2/test.json.gz');
    expect(answersFile({ seed: 10, set: '../a b' })).toBe(
      'results/answers/seed-10/..%2Fa%20b.json.gz',
    );
  });
});
