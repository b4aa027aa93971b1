/**
 * `npm run reproduce -- --micro` with the shipped base model: every claim is trained for, measured and reported; a second
 * call finds everything done and writes the same; another plan in the same folder is refused.
 */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonlRows } from '../../../src/data/jsonl.ts';
import { readRankings } from '../../../src/data/label-rows.ts';
import type { Ranking } from '../../../src/records/ranking.ts';
import { startNodeEngine } from '../../../src/cli/node-engine.ts';
import { CLAIMS } from '../../../src/cli/reproduce/claims.ts';
import { fromHalf, toHalf } from '../../../src/data/half-precision.ts';
import { parseTrainedModels } from '../../../src/records/trained-models.ts';
import {
  parseResults,
  sourcesOf,
  type ResultRow,
  type Results,
} from '../../../src/records/results.ts';
import {
  answersTo,
  parseStoredAnswers,
  storedAnswersName,
  type StoredAnswers,
} from '../../../src/records/result-answers.ts';
import { itemList } from '../../../src/ui/paper-item-list.ts';
import { comparedAt } from '../../../src/ui/paper-pairs.ts';
import { lackingNames } from '../../../src/ui/paper-answers.ts';
import { startCommand } from './command.ts';
import { baseModel, largestDifference, ownModels, readByPage, saidBy } from './trained-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'rlhf-reproduce-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const work = join(folder, 'work');
const options = ['--micro', '--work', work];
const stored = join(folder, 'stored');
const models = join(folder, 'models');
const jsonFile = join(work, 'results.json');
const readResults = (): Results => parseResults(JSON.parse(readFileSync(jsonFile, 'utf8')));

function readStored(seed: number, set: string): StoredAnswers {
  const packed = readFileSync(join(stored, storedAnswersName(seed, set)));
  return parseStoredAnswers(JSON.parse(gunzipSync(packed).toString('utf8')));
}

const recordsIn = (...path: string[]): number => {
  const kept = readFileSync(join(work, 'seed-1', ...path), 'utf8');
  return (JSON.parse(kept) as { records: unknown[] }).records.length;
};
/** Steps of each run behind a shipped model. */
const stepsOfRun = {
  sft: () => recordsIn('main', 'sft.json'),
  reward: () => recordsIn('rewards', 'two-rounds', 'reward.json'),
  ppo: () => recordsIn('ppo-ptx', 'ppo-ptx.json'),
};

/** Without what the clock decides. */
const timeless = (results: Results): Results => ({ ...results, finishedAt: '' });

describe('npm run reproduce -- --micro', () => {
  let results: Results;

  beforeAll(async () => {
    const words = [...options, '--answers', stored, '--models', models];
    const { status, stderr } = await startCommand('reproduce', words).finished;
    expect(status, stderr).toBe(0);
    results = readResults();
  }, 1_200_000);

  const claim = (id: string) => results.claims.find((each) => each.id === id)!;
  const row = (id: string, rowId: string): ResultRow =>
    claim(id).rows.find((each) => each.id === rowId)!;

  test('every claim is there, with a verdict, words and figures inside their intervals', () => {
    expect(results.form).toBe('micro');
    expect(results.claims.map(({ id }) => id)).toEqual(CLAIMS.map(({ id }) => id));
    for (const { id, rows, conditions, why } of results.claims) {
      expect(conditions.length, id).toBeGreaterThan(0);
      expect(why.length, id).toBeGreaterThan(40);
      for (const each of rows) {
        expect(each.pooled === null, `${id} ${each.id}`).toBe(each.missing !== null);
        if (each.pooled === null) continue;
        const { value, low, high, n } = each.pooled;
        expect(low, `${id} ${each.id}`).toBeLessThanOrEqual(value + 1e-9);
        expect(high, `${id} ${each.id}`).toBeGreaterThanOrEqual(value - 1e-9);
        expect(n, `${id} ${each.id}`).toBeGreaterThan(0);
        expect(each.judge.length * each.temperature.length).toBeGreaterThan(0);
      }
      for (const { rows: ids } of conditions) {
        for (const each of ids) expect(rows.map((given) => given.id)).toContain(each);
      }
    }
  });

  test('the reward model learns from answers by SFT and then by a first policy, whole prompts of both', () => {
    const ranked = (run: string): Ranking[] => {
      const text = readFileSync(join(work, 'seed-1', run, 'labels.jsonl'), 'utf8');
      return readRankings(jsonlRows(text), 0);
    };
    const policies = (rankings: readonly Ranking[]): string[] => [
      ...new Set(rankings.flatMap(({ completions }) => completions.map(({ policy }) => policy))),
    ];
    const [bySft, byPolicy] = [ranked('main'), ranked('first-policy')];
    expect([bySft.length, byPolicy.length]).toEqual([16, 8]);
    expect([policies(bySft), policies(byPolicy)]).toEqual([['sft'], ['first-policy']]);
    expect(results.ranked).toEqual({ sft: 16, policy: 8 });
    // A ranking without a strict comparison teaches nothing and is left out; four prompts make a step.
    const teaching = (rankings: readonly Ranking[]) =>
      rankings.filter(({ ranks }) => new Set(ranks).size > 1).length;
    expect(recordsIn('main', 'reward.json')).toBe(Math.ceil(teaching(bySft) / 4));
    expect(stepsOfRun.reward()).toBe(Math.ceil((teaching(bySft) + teaching(byPolicy)) / 4));
  });

  test('both controls stand in the tables of preference, and the larger base is missing by name', () => {
    for (const id of [
      'preferred-to-base',
      'preferred-to-prompted',
      'preferred-to-public',
      'preferred-to-sft',
    ]) {
      const controls = claim(id).rows.filter(({ control }) => control);
      expect(new Set(controls.map((each) => each.id.split('>')[0])), id).toEqual(
        new Set(['ppo-noise', 'ppo-gold']),
      );
    }
    const large = claim('small-against-large');
    expect(large.verdict).toBe('not measured');
    expect(large.rows[0]?.missing).toBe('not measured: no larger base model');
  });

  test('two controls stand in every table that was measured: nothing to learn from, and the gold judge', () => {
    for (const { id, rows } of results.claims.filter(({ verdict }) => verdict !== 'not measured')) {
      const controls = rows.filter(({ control }) => control).map((each) => each.id);
      expect(
        controls.some((name) => /noise|chance/.test(name)),
        id,
      ).toBe(true);
      expect(
        controls.some((name) => /gold:|-gold/.test(name)),
        id,
      ).toBe(true);
    }
  });

  test('chance and ceiling stand beside every suite, computed from the items that the models were given', () => {
    const suites = (rows: readonly ResultRow[], of: boolean): string[] => {
      const judged = rows.filter(
        ({ judge, reference, pooled }) =>
          judge.includes('suite') && pooled !== null && (reference !== undefined) === of,
      );
      return [...new Set(judged.map(({ judge }) => judge))].sort();
    };
    const ids: string[] = [];
    for (const { id, rows } of results.claims) {
      if (suites(rows, false).length === 0) continue;
      ids.push(id);
      for (const reference of ['chance', 'ceiling'] as const) {
        const own = rows.filter((each) => each.reference === reference || !each.reference);
        expect(suites(own, true), `${id} ${reference}`).toEqual(suites(rows, false));
      }
    }
    expect(ids).toEqual([
      ...['truthful', 'hallucination', 'harmless', 'alignment-tax', 'generalisation'],
      'simple-mistakes',
    ]);
    const bias = claim('bias').rows.filter(({ reference }) => reference !== undefined);
    expect(bias.map(({ id }) => id)).toEqual([
      'stereotype:chance',
      'stereotype:ceiling',
      'evenness:ceiling',
    ]);
    for (const { rows } of results.claims) {
      for (const { reference, control, temperature } of rows) {
        if (reference !== undefined) expect([control, temperature]).toEqual([false, '-']);
      }
    }
    expect(row('truthful', 'truthful-qa/score:ceiling').pooled).toMatchObject({ value: 1, n: 6 });
  });

  test('of those that answered, as many invent as of all, over fewer', () => {
    const all = row('hallucination', 'hallucination/invented:base@1').pooled!;
    const answered = row('hallucination', 'hallucination/invented of attempted:base@1').pooled!;
    expect(answered.n).toBeLessThanOrEqual(all.n);
    const inventions = Math.round(answered.value * answered.n);
    expect(inventions).toBeLessThanOrEqual(Math.round(all.value * all.n));
  });

  test('the epoch that SFT is stands in the report, with the very scores by which it was chosen', () => {
    const kept = join(work, 'seed-1', 'main', 'epochs.json');
    const scores = JSON.parse(readFileSync(kept, 'utf8')) as number[];
    const usual = claim('sft-epoch').rows.filter(({ id }) => id.startsWith('reward:usual-'));
    expect(usual).toHaveLength(scores.length);
    expect(scores.length).toBeGreaterThan(0);
    scores.forEach((score, k) => {
      expect(row('sft-epoch', `reward:usual-${k + 1}`).pooled!.value).toBeCloseTo(score, 4);
    });
    const best = scores.indexOf(Math.max(...scores)) + 1;
    expect(row('sft-epoch', 'chosen').pooled).toMatchObject({ value: best, n: 1 });
    expect(claim('sft-epoch').why).toContain(`the usual run after epoch ${best} in seed 1.`);
  });

  test('accuracy on held-out labelers stands beside their ceiling and is no target', () => {
    const ids = claim('reward-groups').rows.map((each) => each.id);
    for (const name of ['unseen', 'ceiling-unseen', 'agree-within', 'agree-between']) {
      expect(ids).toContain(name);
    }
    const targets = claim('reward-groups').conditions.flatMap(({ rows }) => rows);
    expect(targets).toContain('held-out');
    expect(targets).not.toContain('unseen');
    // Five folds, each on the comparisons of one group; held-out labelers are predicted by all five.
    expect(row('reward-groups', 'unseen').pooled!.n % 5).toBe(0);
  });

  test('a single item behind a figure has the prompt, both texts and what the judge says', () => {
    const [item] = row('preferred-to-base', 'ppo-ptx>base@1').items ?? [];
    expect(item?.prompt.length).toBeGreaterThan(3);
    expect(item?.outputs.map(({ policy }) => policy)).toEqual(['ppo-ptx', 'base']);
    for (const { score } of item?.outputs ?? []) expect(score! >= 0 && score! <= 1).toBe(true);
  });

  test('behind every figure there are single items with texts and reasons, or it is said why there are none', () => {
    const without = new Set<string>();
    for (const { id, rows } of results.claims) {
      for (const each of rows.filter(({ pooled }) => pooled !== null)) {
        const { items = [] } = rows.find((other) => other.id === each.itemsOf) ?? each;
        if (each.noTexts !== undefined) without.add(`${id} ${each.id.split(':')[0]}`);
        else expect(items.length, `${id} ${each.id}`).toBeGreaterThan(0);
        for (const { prompt, outputs } of items) {
          expect(prompt.length, `${id} ${each.id}`).toBeGreaterThan(0);
          expect(outputs.length, `${id} ${each.id}`).toBeGreaterThan(0);
        }
      }
    }
    expect([...without].sort()).toEqual([
      'alignment-tax loss',
      'alignment-tax repaired',
      'alignment-tax rise',
      'labeler-agreement temperature',
      'over-optimisation proxy',
      'shuffled-pairs chance',
      'shuffled-pairs gap',
      'shuffled-pairs gold',
      'shuffled-pairs training',
    ]);
  });

  test('all answers behind a row are stored of each seed, and say what the row says', () => {
    const preferred = row('preferred-to-base', 'ppo-ptx>base@1');
    const [{ set, keys }] = sourcesOf(preferred) as [{ set: string; keys: string[] }];
    const [seed] = results.seeds;
    const all = readStored(seed!, set);
    expect(all.prompts).toHaveLength(preferred.pooled!.n);
    const points = all.prompts.map((_, i) => {
      const [first, second] = answersTo(all, i, keys).map(({ answer }) => answer.score!);
      return first! > second! ? 1 : first === second ? 0.5 : 0;
    });
    const rate = points.reduce<number>((sum, point) => sum + point, 0) / points.length;
    expect(rate).toBeCloseTo(preferred.pooled!.value, 4);
  });

  /** What is stored of each of a row's places, by the seed of a figure. */
  const behind = (each: ResultRow, seed: number) =>
    sourcesOf(each).map(({ set }) => {
      const stored = readStored(seed, set);
      expect([stored.seed, stored.set]).toEqual([seed, set]);
      return stored;
    });

  test('every single item of every figure is stored of each seed, or it is said why not', () => {
    for (const { id, rows } of results.claims) {
      for (const each of rows.filter(({ pooled }) => pooled !== null)) {
        if (sourcesOf(each).length === 0) expect(each.noTexts, `${id} ${each.id}`).toBeDefined();
        expect(each.seeds.length).toBeGreaterThan(0);
        for (const { seed } of each.seeds) {
          const all = behind(each, seed);
          expect(lackingNames(each, all), `${id} ${each.id}`).toEqual([]);
          const { count, at } = itemList(each, all);
          if (all.length === 0) continue;
          expect(count, `${id} ${each.id}`).toBeGreaterThan(0);
          for (const i of [0, count - 1]) {
            const item = at(i)!;
            expect(item.prompt.length, `${id} ${each.id}`).toBeGreaterThan(0);
            expect(item.outputs.length, `${id} ${each.id}`).toBeGreaterThan(0);
          }
        }
      }
    }
  });

  test('comparisons of labels: as many as the figure counts, and their mean is the figure', () => {
    const checked: string[] = [];
    for (const { id, rows } of results.claims) {
      for (const each of rows.filter(({ unit, pooled }) => unit === 'share' && pooled !== null)) {
        const [source] = sourcesOf(each);
        const { pairs } = source ?? {};
        if (pairs === undefined) continue;
        const [figure] = each.seeds;
        const [stored] = behind(each, figure!.seed);
        const all = stored!.prompts.flatMap((_, i) => comparedAt(stored!, pairs, i));
        const weight = all.reduce((sum, compared) => sum + compared.weight, 0);
        const counted = all.reduce((sum, { outcome, weight: w }) => sum + outcome * w, 0);
        expect(weight, `${id} ${each.id}`).toBe(figure!.n);
        expect(Math.abs(counted / weight - figure!.value), `${id} ${each.id}`).toBeLessThan(6e-4);
        checked.push(id);
      }
    }
    expect(new Set(checked)).toEqual(
      new Set(['labeler-agreement', 'reward-groups', 'shuffled-pairs']),
    );
    expect(checked.length).toBe(6 + 20 + 4);
  });

  test.each([
    ['held-out-labelers', /^(training|heldout):/, 12],
    ['sft-epoch', /^(loss|reward|gold):(?!change)/, 17],
    ['bias', /^stereotype:(?!ceiling)/, 6],
    ['alignment-tax', /^score(-long)?:/, 13],
  ])('%s: the mean over all items is the figure', (id, pattern, expected) => {
    const rows = claim(id).rows.filter((each) => pattern.test(each.id));
    expect(rows).toHaveLength(expected);
    for (const each of rows) {
      const [figure] = each.seeds;
      const { count, at } = itemList(each, behind(each, figure!.seed));
      const values = Array.from({ length: count }, (_, i) => {
        const { score, reasons } = at(i)!.outputs[0]!;
        if (id !== 'held-out-labelers') return score!;
        const [group] = each.id.split(':');
        const said = reasons.find((words) => words.startsWith(group!))!;
        return said.endsWith('a tie') ? 0.5 : said.includes('this one first') ? 1 : 0;
      });
      expect(count, each.id).toBe(figure!.n);
      const mean = values.reduce((sum, value) => sum + value, 0) / count;
      expect(Math.abs(mean - figure!.value), each.id).toBeLessThan(6e-4);
    }
  });

  test('the models behind the figures are written as the page reads them, and say what those of the run say', async () => {
    await startNodeEngine('wasm');
    const base = baseModel();
    const { config } = base;
    const read = await readByPage(models, config);
    const own = ownModels(join(work, 'seed-1'));
    const json: unknown = JSON.parse(readFileSync(join(models, 'models.json'), 'utf8'));
    const listed = parseTrainedModels(json);
    expect(listed.command).toBe(
      'npm run reproduce -- --micro --seeds 1-1 --models DIR --out DIR/results.md --json DIR/results.json',
    );
    for (const { stage, step } of listed.models) {
      const kept = own.get(stage)!;
      const halves = [...kept].map(
        ([name, { shape, data }]) => [name, { shape, data: fromHalf(toHalf(data)) }] as const,
      );
      expect(read.get(stage), stage).toEqual(new Map(halves));
      const difference = largestDifference(
        await saidBy(stage, read.get(stage)!, config),
        await saidBy(stage, kept, config),
      );
      // In half precision: near, and not the same.
      expect(difference, stage).toBeLessThan(0.02);
      expect(difference, stage).toBeGreaterThan(0);
      expect(step, stage).toBe(stepsOfRun[stage]());
    }
    base.dispose();
  });

  test('the page has a section, and every picture it names exists', () => {
    const page = readFileSync(join(work, 'results.md'), 'utf8');
    for (const { title, verdict } of results.claims)
      expect(page).toContain(`## ${title}: ${verdict}`);
    const pictures = [...page.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, file]) => file!);
    expect(pictures.length).toBeGreaterThan(results.claims.length);
    for (const file of pictures) {
      expect(readFileSync(join(work, file), 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\s*$/);
    }
    expect(page).toContain('says nothing about quality');
  });

  test('a second call trains and measures nothing, and one claim measured anew gives the same figures', async () => {
    const again = join(work, 'claims', 'ladder-seed-1.json');
    expect(existsSync(again)).toBe(true);
    rmSync(again);
    const sameModels = join(folder, 'models-again');
    const words = [...options, '--answers', stored, '--models', sameModels];
    const { status, stderr } = await startCommand('reproduce', words).finished;
    expect(status, stderr).toBe(0);
    expect(stderr).not.toMatch(/^(sft|reward|ppo-ptx) \d+\/\d+/m);
    expect(timeless(readResults())).toEqual(timeless(results));
    for (const file of readdirSync(models)) {
      expect(
        readFileSync(join(sameModels, file)).equals(readFileSync(join(models, file))),
        file,
      ).toBe(true);
    }
  }, 600_000);

  test('a larger base that comes later is measured, and another one in its place is refused', async () => {
    const words = [...options, '--claims', 'small-against-large', '--large', 'public/models/base'];
    const { status, stderr } = await startCommand('reproduce', words).finished;
    expect(status, stderr).toBe(0);
    // Without --answers no row promises any.
    const without = readResults().claims.flatMap(({ rows }) => rows);
    expect(without.filter(({ source }) => source !== undefined)).toEqual([]);
    const now = readResults().claims.find(({ id }) => id === 'small-against-large')!;
    expect(now.verdict).not.toBe('not measured');
    // The larger one is the small one here.
    expect(now.how).toMatch(/It has 1\.0 times the parameters: ([\d,]+) against \1\./);
    const file = readFileSync('public/models/base/model.safetensors');
    const digits = createHash('sha256').update(file).digest('hex').slice(0, 16);
    expect(readResults().large?.fingerprint).toBe(digits);
    expect(results.large).toBeUndefined();
    expect(now.rows.find(({ id }) => id === 'ppo-ptx>large@1')?.pooled?.n).toBe(
      row('preferred-to-base', 'ppo-ptx>base@1').pooled?.n,
    );
    const fake = join(folder, 'fake');
    cpSync('public/models/base', fake, { recursive: true });
    appendFileSync(join(fake, 'model.safetensors'), 'x');
    const other = await startCommand('reproduce', [...options, '--large', fake]).finished;
    expect(other.status).toBe(2);
    expect(other.stderr).toContain('large.json');
  }, 600_000);

  test('another plan, and a damaged file, are refused with what to do', async () => {
    const other = await startCommand('reproduce', [...options, '--set', 'ppo.beta=0.3']).finished;
    expect(other.status).toBe(2);
    expect(other.stderr).toMatch(/another plan.*--work/);
    writeFileSync(join(work, 'claims', 'ladder-seed-1.json'), '{"rows":');
    const damaged = await startCommand('reproduce', [...options, '--claims', 'ladder']).finished;
    expect(damaged.status).toBe(2);
    expect(damaged.stderr).toMatch(/ladder-seed-1\.json is damaged\. Delete it/);
  }, 600_000);
});
