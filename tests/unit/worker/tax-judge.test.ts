/** What the judges read: rows that nothing trains on, the base they start from, chunks that can be stopped. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultSettings } from '../../../src/config/settings.ts';
import { tokenStream } from '../../../src/data/text-rows.ts';
import { Tokenizer } from '../../../src/data/tokenizer.ts';
import { heldOutLoss, type TokenRows } from '../../../src/rlhf/pretrain.ts';
import { BASE, ModelShelf } from '../../../src/worker/model-shelf.ts';
import { heldOutRows, measureTax } from '../../../src/worker/tax-judge.ts';
import { WorldSupply } from '../../../src/worker/world-supply.ts';
import { start, TINY, tinyModel, tinyTensors } from '../model/tiny-model.ts';

beforeAll(() => start('cpu'));

const ROWS: readonly TokenRows[] = [3, 4, 5].map((k) => ({
  batch: 2,
  time: 5,
  tokens: Int32Array.from({ length: 12 }, (_, i) => (i * k) % 27),
}));

const source = (id: string, seed: number) => ({
  summary: { ...BASE, id, stage: 'sft' as const, shipped: false },
  load: () =>
    Promise.resolve({
      tensors: new Map(
        [...tinyTensors('language', seed)].map(([name, tensor]) => [`model.${name}`, tensor]),
      ),
      state: null,
    }),
});

function bench() {
  const tokenizer = Object.create(Tokenizer.prototype) as Tokenizer;
  const shelf = new ModelShelf({ config: TINY, tokenizer, tensors: tinyTensors('language', 1) });
  const reports: [number, number][] = [];
  return {
    reports,
    shelf: () => shelf,
    alone: <T>(action: () => Promise<T>) => action(),
    yieldToMessages: () => Promise.resolve(),
    report: (_task: string, done: number, total: number) => reports.push([done, total]),
  };
}

const BASE_SOURCE = { summary: BASE, load: () => Promise.reject(new Error('not stored')) };
const never = () => false;

describe('the tax of checkpoints', () => {
  it('is their loss above that of the shipped base model on the same rows', async () => {
    const models = [BASE_SOURCE, source('a', 2)];
    const request = { base: null, models, rows: ROWS, seed: 1, stopped: never };
    const taxes = await measureTax(bench(), request);
    const losses = [];
    for (const seed of [1, 2]) {
      const model = tinyModel('language', seed);
      losses.push(await heldOutLoss(model, ROWS));
      model.dispose();
    }
    const [base = NaN, own = NaN] = losses;
    expect(taxes.get('base')?.loss).toBeCloseTo(base, 5);
    expect(taxes.get('base')?.rise.mean).toBe(0);
    expect(taxes.get('a')?.loss).toBeCloseTo(own, 5);
    expect(taxes.get('a')?.rise.mean).toBeCloseTo(own - base, 5);
    expect(Math.abs(own - base)).toBeGreaterThan(0.01);
  });

  it('is measured from the person’s own base model where that is the start', async () => {
    const [base, other] = [source('own', 2), source('b', 3)];
    const request = { base, models: [base, other], rows: ROWS, seed: 1, stopped: never };
    const taxes = await measureTax(bench(), request);
    expect(taxes.get('own')?.rise.mean).toBe(0);
    const difference = (taxes.get('b')?.loss ?? NaN) - (taxes.get('own')?.loss ?? NaN);
    expect(taxes.get('b')?.rise.mean).toBeCloseTo(difference, 6);
  });

  it('stops between two batches, keeps what was read whole, and ends its progress', async () => {
    const at = bench();
    // Three batches by the base, three by the first, one by the second.
    const stopped = () => at.reports.length >= 7;
    const models = [source('a', 2), source('b', 3)];
    const taxes = await measureTax(at, { base: null, models, rows: ROWS, seed: 1, stopped });
    expect([...taxes.keys()]).toEqual(['base', 'a']);
    expect(at.reports.at(-1)).toEqual([9, 9]);
    expect(at.reports).toHaveLength(8);
  });
});

describe('the rows that are read', () => {
  const settings = defaultSettings();
  const file: unknown = JSON.parse(readFileSync('public/models/base/tokenizer.json', 'utf8'));
  const tokenizer = Tokenizer.fromJson(file);

  it('are documents of the world, about as many as prompts, and none that is trained on', () => {
    const request = { settings, text: null };
    const rows = heldOutRows(tokenizer, { ...request, prompts: 10 });
    expect(rows.map(({ batch, time }) => [batch, time])).toEqual(Array(3).fill([4, 64]));
    expect(heldOutRows(tokenizer, { ...request, prompts: 5000 })).toHaveLength(48);
    const texts = new Set(rows.map(({ tokens }) => tokens.join()));
    expect(texts.size).toBe(3);
    const supply = new WorldSupply(settings.general.seed);
    for (const scope of ['ptx', 'sft mix', 'eval']) {
      const trained = supply.pretrainingRows(tokenizer, { batch: 4, length: 65 }, scope);
      expect([0, 1, 2].filter((i) => texts.has(trained(i).tokens.join()))).toEqual([]);
    }
  });

  it('are the end of the person’s own text where the base is trained from it, or none where it is too short', () => {
    const text = Array.from({ length: 900 }, (_, i) => `line ${i} tells of frogs.`).join('\n\n');
    const own = { name: 'a.txt', text, print: 'x', at: 1 };
    const rows = heldOutRows(tokenizer, { prompts: 10, settings, text: own });
    expect(rows.length).toBeGreaterThan(1);
    const stream = tokenStream(text, tokenizer);
    const kept = Math.round(stream.length * settings.base.heldOutShare);
    const first = rows[0]?.tokens.subarray(0, settings.base.passageTokens + 1);
    expect(first).toEqual(
      stream.subarray(stream.length - kept).subarray(0, settings.base.passageTokens + 1),
    );
    expect(
      heldOutRows(tokenizer, { prompts: 10, settings, text: { ...own, text: 'short' } }),
    ).toEqual([]);
  });
});
