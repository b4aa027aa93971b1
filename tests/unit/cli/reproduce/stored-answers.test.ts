/** The files of stored answers: one for each seed and set, packed alike every time, judged and named; and what is not there. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeJson, writePackedJson } from '../../../../src/cli/reproduce/json-file.ts';
import { SeedLab, type Shared } from '../../../../src/cli/reproduce/lab.ts';
import { planOf } from '../../../../src/cli/reproduce/plan.ts';
import {
  claimsWithoutAnswers,
  writeStoredAnswers,
  type StoredKeys,
} from '../../../../src/cli/reproduce/stored-answers.ts';
import { loadTokenizer } from '../../../../src/cli/model-files.ts';
import { answersTo, parseStoredAnswers } from '../../../../src/records/result-answers.ts';
import { EXAMPLE_RESULTS } from '../../ui/stored-results.ts';
import { start, tinyModel } from '../../model/tiny-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'rlhf-stored-answers-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const unpacked = (file: string): unknown =>
  JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'));

describe('the answers of two seeds', () => {
  const out = join(folder, 'out');
  const labs = new Map<number, SeedLab>();
  const keys = new Map<number, StoredKeys>();

  beforeAll(async () => {
    // Nothing is asked of the model.
    await start('cpu');
    const base = { model: tinyModel(), tokenizer: loadTokenizer('public/models/base') };
    const shared: Shared = { plan: planOf('micro'), work: join(folder, 'work'), base, large: null };
    for (const seed of [1, 2]) {
      const lab = new SeedLab(shared, seed);
      const said = (text: string) => lab.prompts.map(() => ({ text, ended: text !== '' }));
      writeJson(lab.path('answers', 'test', 'sft@1.json'), said(`seed ${seed} says hello.`));
      if (seed === 2) writeJson(lab.path('answers', 'test', 'base@greedy.json'), said(''));
      labs.set(seed, lab);
      keys.set(seed, await writeStoredAnswers(lab, out));
    }
    base.model.dispose();
  });

  test('lie in a folder for each, one file for each set that was asked', () => {
    expect(readdirSync(out).sort()).toEqual(['seed-1', 'seed-2']);
    for (const seed of [1, 2])
      expect(readdirSync(join(out, `seed-${seed}`))).toEqual(['test.json.gz']);
    const said = [1, 2].map((seed) => [...keys.get(seed)!].map(([set, of]) => [set, [...of]]));
    const given = ['ceiling@-', 'demonstrators@-'];
    expect(said).toEqual([
      [['test', ['sft@1', ...given]]],
      [['test', ['base@greedy', 'sft@1', ...given]]],
    ]);
  });

  test('hold each seed’s own prompts, texts and reasons', () => {
    for (const seed of [1, 2]) {
      const stored = parseStoredAnswers(unpacked(join(out, `seed-${seed}`, 'test.json.gz')));
      expect([stored.seed, stored.set]).toEqual([seed, 'test']);
      expect(stored.prompts.map(({ text }) => text)).toEqual(
        labs.get(seed)!.prompts.map(({ text }) => text),
      );
      const [sft, base] = answersTo(stored, 0, ['sft@1', 'base@greedy']);
      expect(sft?.answer.text).toBe(`seed ${seed} says hello.`);
      expect(base?.answer.reasons ?? null).toEqual(
        seed === 1 ? null : expect.arrayContaining(['did not end']),
      );
    }
  });

  test('are the same bytes when they are written again, without a time and without a system', async () => {
    const file = join(out, 'seed-2', 'test.json.gz');
    const before = readFileSync(file);
    await writeStoredAnswers(labs.get(2)!, out);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect([...before.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
  });
});

test('a packed file is written whole in place of an older one, and leaves nothing else behind', () => {
  const file = join(folder, 'packed', 'a.json.gz');
  for (const value of [{ a: [1, 'ü'] }, { b: 2 }]) {
    writePackedJson(file, value);
    expect(unpacked(file)).toEqual(value);
  }
  expect(readdirSync(join(folder, 'packed'))).toEqual(['a.json.gz']);
});

test('a claim is named whose answers are not all there, of the seeds it was measured on', () => {
  const missing = (seed: number, stored: Record<string, string[]>): string[] =>
    claimsWithoutAnswers(
      EXAMPLE_RESULTS.claims,
      seed,
      new Map(Object.entries(stored).map(([set, of]) => [set, new Set(of)])),
    );
  expect(missing(1, { 'made-up': ['sft@1', 'ppo-ptx@1'] })).toEqual([]);
  expect(missing(2, { 'made-up': ['sft@1'] })).toEqual(['preferred-to-sft']);
  expect(missing(2, { other: ['sft@1', 'ppo-ptx@1'] })).toEqual(['preferred-to-sft']);
  expect(missing(3, {})).toEqual([]);
});
