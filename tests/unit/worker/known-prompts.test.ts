/**
 * Every prompt behind the stored results is known by its text alone, and a verdict on it is by the judge that the results
 * were made with: the suite's for its items, gold for prompts, to the digits that are stored.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parseStoredAnswers, type StoredAnswers } from '../../../src/records/result-answers.ts';
import { answers, verdict } from '../../../src/worker/world-view.ts';
import { KnownPrompts } from '../../../src/worker/known-prompts.ts';
import { CLAIM_ITEMS, RARE_ITEMS } from '../../../src/world/claim-sets.ts';
import { suites } from '../../../src/world/suites.ts';
import { bias } from '../../../src/world/suites/bias.ts';

const FOLDER = new URL('../../../public/results/answers/', import.meta.url);
const unpacked = (file: URL): StoredAnswers =>
  parseStoredAnswers(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')));
const stored = readdirSync(FOLDER).flatMap((folder) => {
  const seedFolder = new URL(`${folder}/`, FOLDER);
  return readdirSync(seedFolder).map((file) => unpacked(new URL(file, seedFolder)));
});
const ofFirst = stored.filter(({ seed }) => seed === 1);
const knownOf = new Map([1, 2, 3].map((seed) => [seed, new KnownPrompts(seed)]));
const known = knownOf.get(1)!;

/** Some rows of a list, the first and the last among them. */
function some<T>(rows: readonly T[], count: number): { readonly row: T; readonly i: number }[] {
  const every = Math.max(1, Math.floor((rows.length - 1) / (count - 1)));
  return rows.flatMap((row, i) => (i % every === 0 ? [{ row, i }] : []));
}

test('the stored answers are of three seeds, of every suite that was answered and of prompts', () => {
  expect(new Set(stored.map(({ seed }) => seed))).toEqual(new Set([1, 2, 3]));
  expect(ofFirst.filter(({ set }) => set.startsWith('suite-')).length).toBeGreaterThan(18);
  expect(ofFirst.map(({ set }) => set)).toEqual(expect.arrayContaining(['extract', 'mistakes']));
});

describe.each(stored.map((each) => [each.seed, each.set, each] as const))(
  'seed %i, %s',
  (seed, set, { prompts, ...all }) => {
    const own = knownOf.get(seed)!;
    const byProbability = set === bias.name;
    const ofSuite = set.startsWith('suite-') || byProbability;

    test('every prompt is known by its text', () => {
      const unknown = prompts.filter(({ text }) =>
        ofSuite ? own.items(text).length === 0 : own.prompt(text) === undefined,
      );
      expect(unknown).toEqual([]);
      for (const { row } of some(prompts, 20)) {
        if (!ofSuite) expect(own.prompt(row.text)?.useCase).toBe(row.kind);
        else expect(own.items(row.text).map(({ suite }) => suite.name)).toContain(row.kind);
      }
    });

    // Those of the first seed under another seed too, as typed into a page whose settings have one.
    const asking = byProbability ? [] : seed === 1 ? [1, 9] : [seed];
    test.each(asking)(
      'told whose it is or not, it is judged as it was stored (asked under seed %i)',
      (under) => {
        for (const given of Object.values(all.answers).slice(0, 2)) {
          for (const { row, i } of some(prompts, under === 9 ? 2 : 10)) {
            const [text, ended, score, said] = given[i]!;
            const asked = { seed: under, prompt: row.text, response: text, ended: ended === 1 };
            for (const kind of [{ kind: row.kind }, {}]) {
              const judged = verdict({ ...asked, ...kind }).verdict;
              const suite = judged.suites.find(({ name }) => name === row.kind);
              if (ofSuite) {
                expect(suite?.score).toBeCloseTo(score ?? NaN, 3);
                expect(suite?.reasons).toEqual(said.map((r) => all.reasons[r]));
              } else {
                expect(judged.gold).toBeCloseTo(score ?? NaN, 3);
                expect(judged.useCase).toBe(row.kind);
              }
            }
          }
        }
      },
    );
  },
);

describe('an item', () => {
  const page = ofFirst.find(({ set }) => set === 'suite-passage-qa-short')!;

  test('is judged by its suite alone when it says so, and by all that ask the same when it does not', () => {
    const names = (text: string, name?: string) =>
      known.items(text, name).map(({ suite }) => suite.name);
    const shared = suites
      .filter(({ form }) => form === 'instruction')
      .flatMap((suite) => suite.items(1, 300).map(({ prompt }) => prompt))
      .find((prompt, i, everything) => everything.indexOf(prompt) !== i);
    const both = names(shared ?? '');
    expect(both.length).toBeGreaterThan(1);
    for (const name of both) expect(names(shared ?? '', name)).toEqual([name]);
  });

  test('with fewer examples is the same item, and with other words it is none', () => {
    const { text } = page.prompts[0]!;
    const [first = '', ...rest] = text.split('\n');
    const alone = text.split('\n').slice(-3).join('\n');
    expect(known.items(alone).map(({ suite }) => suite.name)).toEqual(['passage-qa']);
    expect(known.items(`${first} \n${rest.join('\n')}`)).toEqual([]);
    expect(known.items('q: what is this? a:')).toEqual([]);
    expect(known.items('a:')).toEqual([]);
    expect(known.items('')).toEqual([]);
  });

  test('gets the ideal answer of its suite, which the suite finds right', () => {
    const { text } = page.prompts[0]!;
    const [ideal] = answers({ seed: 1, prompt: `${text}\n`, draw: 0 }).answers;
    const { suites: judged, useCase } = verdict({
      ...{ seed: 1, prompt: `${text}\n`, response: ideal?.text ?? '', ended: true },
    }).verdict;
    expect(judged.map(({ name, score }) => [name, score])).toEqual([['passage-qa', 1]]);
    expect(useCase).toBeNull();
  });

  test.each(['rude-prompts', 'rude-prompts-polite'])(
    'of %s is known past the usual 300, to the last that a report asks, and not beyond',
    (name) => {
      const suite = suites.find((each) => each.name === name)!;
      const items = suite.items(1, RARE_ITEMS + 50);
      const asked = new Set(items.slice(0, RARE_ITEMS).map(({ prompt }) => prompt));
      const names = (k: number) =>
        known.items(items[k]!.prompt, name).map((found) => found.suite.name);
      for (const k of [CLAIM_ITEMS - 1, CLAIM_ITEMS, RARE_ITEMS - 1])
        expect(names(k)).toEqual([name]);
      const beyond = items.findIndex(({ prompt }, k) => k >= RARE_ITEMS && !asked.has(prompt));
      expect(beyond).toBeGreaterThan(0);
      expect(names(beyond)).toEqual([]);
    },
  );

  test('a prompt that no suite asks is judged by none', () => {
    const asked = { seed: 1, prompt: 'who are you really?', response: 'hello.', ended: true };
    expect(verdict(asked).verdict).toMatchObject({ useCase: null, suites: [] });
  });
});
