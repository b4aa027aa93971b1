/** Rankings by the class come in chunks that a killed process finds again. The shipped model writes, on WASM. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { rankByClass } from '../../../src/cli/class-rankings.ts';
import { loadModel, loadTokenizer } from '../../../src/cli/model-files.ts';
import { startNodeEngine } from '../../../src/cli/node-engine.ts';
import { UsageError } from '../../../src/cli/options.ts';
import type { Model } from '../../../src/model/parameters.ts';
import type { Ranking } from '../../../src/records/ranking.ts';
import { rankedSequences } from '../../../src/rlhf/pipeline.ts';
import { labelerPopulation } from '../../../src/world/labelers.ts';
import { trainingPrompts } from '../../../src/world/prompt-sets.ts';

const folder = mkdtempSync(join(tmpdir(), 'rlhf-labels-'));
const shape = { promptLength: 32, responseLength: 6 };
const tokenizer = loadTokenizer('public/models/base');
const prompts = trainingPrompts(1).slice(0, 120);
const labelers = labelerPopulation(1);
let model: Model;

beforeAll(async () => {
  await startNodeEngine('wasm');
  model = loadModel('public/models/base', 'language');
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterAll(() => {
  vi.restoreAllMocks();
  model.dispose();
  rmSync(folder, { recursive: true });
});

const rank = (file: string | null, count = prompts.length) => {
  const call = { shape, K: 3, temperature: 1, seed: 1, scope: 'labels', policy: 'sft', file };
  return rankByClass(model, tokenizer, prompts.slice(0, count), labelers, call);
};

test('a killed labeling goes on after its last whole chunk, with the same rankings', async () => {
  const straight = await rank(null);
  expect(straight.map(({ prompt }) => prompt.id)).toEqual(prompts.map(({ id }) => id));
  const file = join(folder, 'killed.jsonl');
  await rank(file, 50);
  // A mark in a kept row shows that it is read and not made again.
  const kept = readFileSync(file, 'utf8').replace(/"labeler":"[^"]+"/, '"labeler":"marked"');
  writeFileSync(file, `${kept}{"prompt": "cut off while`);
  const resumed = await rank(file);
  expect(resumed[0]?.labeler).toBe('marked');
  const content = (rankings: readonly Ranking[]) =>
    rankings.slice(1).map(({ ranks, labeler, completions }) => ({ ranks, labeler, completions }));
  expect(content(resumed)).toEqual(content(straight));
  expect(rankedSequences(tokenizer, resumed, shape).slice(1)).toEqual(
    rankedSequences(tokenizer, straight, shape).slice(1),
  );
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(prompts.length);
});

test('a damaged file of labels is refused by name', async () => {
  const file = join(folder, 'damaged.jsonl');
  writeFileSync(file, 'not json\n');
  await expect(rank(file)).rejects.toThrow(UsageError);
  await expect(rank(file)).rejects.toThrow(/damaged\.jsonl is damaged/);
});
