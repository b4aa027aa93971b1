/**
 * The trained models that come with the page: they become the results of steps 1, 2 and 3 and training goes on from them;
 * what a person trained stays; files that are not what was shipped, a full disk, a second press; what a policy of PPO without
 * its loop copes with. At the end the shipped files themselves.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { presetSettings } from '../../../src/config/presets.ts';
import { parseSettings } from '../../../src/config/settings.ts';
import { Rng } from '../../../src/data/rng.ts';
import { readSafetensors, writeSafetensors } from '../../../src/data/safetensors.ts';
import { Tokenizer } from '../../../src/data/tokenizer.ts';
import { configFromJson, ModelFileError, type ModelConfig } from '../../../src/model/config.ts';
import { initialTensors } from '../../../src/model/parameters.ts';
import type { TensorMap } from '../../../src/records/tensor.ts';
import { parseTrainedModels } from '../../../src/records/trained-models.ts';
import { failWrites } from '../storage/failing-writes.ts';
import { FakeWorkbench } from './fake-workbench.ts';
import { freshName, testSession, train, type TestSession } from './session-world.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const FOLDER = 'models/trained';
const SETTINGS = parseSettings({ general: { seed: 7 } }, presetSettings('long'));
const { config, tokenizer } = new FakeWorkbench().language();

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const vocabularyOf = (words: Tokenizer) => sha256(`${JSON.stringify(words.toJson())}\n`);
const ROWS = [
  { stage: 'sft', name: 'Shipped SFT', file: 'sft.safetensors', step: 30 },
  { stage: 'reward', name: 'Shipped reward model', file: 'reward.safetensors', step: 20 },
  { stage: 'ppo', name: 'Shipped PPO-ptx', file: 'ppo-ptx.safetensors', step: 10 },
] as const;
const NAMES: readonly string[] = ROWS.map(({ name }) => name);

interface Made {
  readonly shape?: ModelConfig;
  readonly vocabulary?: string;
  readonly settings?: typeof SETTINGS;
}

const halves = (stage: string, shape: ModelConfig): Uint8Array => {
  const head = stage === 'reward' ? 'scalar' : 'language';
  return writeSafetensors(initialTensors(shape, head, Rng.named(1, stage)), 'F16');
};

/** Puts three models and their list where the page has them. */
function ship({ files }: FakeWorkbench, made: Made = {}): void {
  const { shape = config, vocabulary = vocabularyOf(tokenizer), settings = SETTINGS } = made;
  const models = ROWS.map((row) => {
    const bytes = halves(row.stage, shape);
    files.set(`${FOLDER}/${row.file}`, new Uint8Array(bytes));
    return { ...row, bytes: bytes.length, sha256: sha256(bytes) };
  });
  const list = {
    ...{ version: 1, command: 'npm run reproduce', settings, parameters: 5 },
    ...{ base: sha256('base'), vocabulary, models },
  };
  files.set(`${FOLDER}/models.json`, new TextEncoder().encode(JSON.stringify(list)));
}

async function shipped(made: Made = {}): Promise<TestSession> {
  const test = await testSession({ name: freshName() });
  ship(test.bench, made);
  return test;
}

const handlers = ({ session }: TestSession) => session.handlers;
const load = (test: TestSession) => handlers(test)['trained.load']({});
const opened = (test: TestSession) => handlers(test)['project.open']({ project: 'p' });
const runsOf = async (test: TestSession) => (await handlers(test)['runs.list']({})).runs;
const hashes = async (test: TestSession) =>
  (await handlers(test)['checkpoint.hashes']({})).checkpoints;
const kept = async (test: TestSession) => [await hashes(test), (await opened(test)).stages];
const idOf = async (test: TestSession, name: string) =>
  (await opened(test)).checkpoints.find((row) => row.name === name)?.id ?? 'none';

async function statuses(test: TestSession) {
  const { stages } = await opened(test);
  return [stages.sft.status, stages.reward.status, stages.ppo.status];
}

async function exported(test: TestSession, name: string): Promise<TensorMap> {
  const checkpoint = await idOf(test, name);
  const { file } = await handlers(test)['checkpoint.export']({ checkpoint });
  return readSafetensors(new Uint8Array(await file.arrayBuffer()));
}

describe('in an empty laboratory', () => {
  it('they are the results of their steps, none stale, with the settings that they were trained with', async () => {
    const test = await shipped();
    const { names, runs } = await load(test);
    expect(names).toEqual(NAMES);
    expect(runs.map(({ name, stage, step, total }) => [name, stage, step, total])).toEqual(
      ROWS.map(({ name, stage, step }) => [name, stage, step, step]),
    );
    for (const run of runs) {
      expect(run).toMatchObject({ status: 'finished', stale: false, seed: 7, settings: SETTINGS });
      expect(run.use).not.toBe('');
    }
    expect(await statuses(test)).toEqual(['done', 'done', 'done']);
    const { checkpoints } = await opened(test);
    // A policy of PPO without its running average is one model, and no second one that could not be read.
    expect(checkpoints.map(({ name, kind, average }) => [name, kind, average])).toEqual([
      ['Base', 'policy', false],
      ['Shipped SFT', 'policy', false],
      ['Shipped reward model', 'reward', false],
      ['Shipped PPO-ptx', 'policy', false],
    ]);
  });

  it('their weights are those of the files to the last bit', async () => {
    const test = await shipped();
    await load(test);
    for (const { name, stage } of ROWS) {
      expect(await exported(test, name), name).toEqual(readSafetensors(halves(stage, config)));
    }
  });

  it('they come back after a reload', async () => {
    const name = freshName();
    const test = await testSession({ name });
    ship(test.bench);
    await load(test);
    const again = await testSession({ name, since: 90_000 });
    expect(await kept(again)).toEqual(await kept(test));
    expect(await statuses(again)).toEqual(['done', 'done', 'done']);
  });

  it('training goes on from them: step 3 begins with this SFT and this reward model', async () => {
    const test = await shipped();
    await load(test);
    await train(test, 'ppo');
    const request = test.bench.requests.at(-1);
    expect([request?.sft?.summary.name, request?.reward?.summary.name]).toEqual(NAMES.slice(0, 2));
    // The policy that came with the page is still there, whole.
    expect(await exported(test, 'Shipped PPO-ptx')).toEqual(readSafetensors(halves('ppo', config)));
    expect(await statuses(test)).toEqual(['done', 'done', 'done']);
  });

  it('progress counts the four files and ends', async () => {
    const test = await shipped();
    await load(test);
    const told = test.events.flatMap((event) =>
      event.type === 'progress' && event.task === 'Loading the trained models'
        ? [[event.done, event.total]]
        : [],
    );
    expect(told).toEqual([...[0, 1, 2, 3].map((done) => [done, 4]), [4, 4]]);
  });
});

describe('beside what a person has', () => {
  it('everything stays, and is the result again when the loaded runs are deleted', async () => {
    const test = await shipped();
    await train(test, 'sft');
    await handlers(test)['labels.simulate']({ count: 3, k: 4 });
    await train(test, 'reward');
    const before = await kept(test);
    const models = await hashes(test);
    const { runs } = await load(test);
    expect(await statuses(test)).toEqual(['done', 'done', 'done']);
    expect((await hashes(test)).slice(0, models.length)).toEqual(models);
    // What the person had is of the SFT before.
    expect(runs.find(({ name }) => name === 'Reward model 1')?.stale).toBe(true);
    for (const { id, name } of runs.toReversed()) {
      if (NAMES.includes(name)) await handlers(test)['run.delete']({ run: id });
    }
    expect(await kept(test)).toEqual(before);
  });

  it('with another method chosen they wait for PPO, and another base than the shipped one is not theirs', async () => {
    const test = await shipped();
    await handlers(test)['settings.set']({
      settings: parseSettings({ method: { name: 'dpo' }, base: { model: 'own' } }),
    });
    await load(test);
    expect((await runsOf(test)).map(({ name }) => name)).toEqual(NAMES);
    expect((await opened(test)).stages.sft.status).toBe('stale');
    await handlers(test)['settings.set']({ settings: parseSettings({ method: { name: 'dpo' } }) });
    const { stages } = await opened(test);
    expect([stages.sft.status, stages.ppo.run]).toEqual(['done', null]);
    await handlers(test)['settings.set']({ settings: parseSettings({}) });
    expect(await statuses(test)).toEqual(['done', 'done', 'done']);
  });

  it('an unfinished run that would be left behind is named first, and nothing is stored', async () => {
    const test = await shipped();
    const paused = test.until('sft', 'paused');
    test.afterRecords(2, () => void handlers(test)['stage.pause']({ stage: 'sft' }));
    await handlers(test)['stage.start']({ stage: 'sft', fresh: false });
    await paused;
    const before = await kept(test);
    await expect(load(test)).rejects.toThrow(/^SFT 1 is not finished: .*stop it first/);
    expect(await kept(test)).toEqual(before);
    await handlers(test)['stage.stop']({ stage: 'sft' });
    expect((await load(test)).names).toEqual(NAMES);
  });
});

describe('stopped while they are fetched', () => {
  it('nothing is stored, no failure is told, and they can be loaded afterwards', async () => {
    const test = await shipped();
    await train(test, 'sft');
    const before = await kept(test);
    const last = `${FOLDER}/ppo-ptx.safetensors`;
    const answered = test.bench.readFile;
    const read = vi.spyOn(test.bench, 'readFile').mockImplementation(async (path, signal) => {
      if (path !== last) return answered(path);
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      throw new ModelFileError('aborted');
    });
    const loading = load(test);
    await vi.waitFor(() => {
      expect(read.mock.lastCall?.[0]).toBe(last);
    });
    expect(await handlers(test)['work.stop']({ work: 'trained' })).toEqual({ kept: 0 });
    expect((await loading).names).toBeNull();
    expect(await kept(test)).toEqual(before);
    expect(await handlers(test)['work.stop']({ work: 'trained' })).toEqual({ kept: null });
    read.mockRestore();
    const again = load(test);
    expect(await handlers(test)['work.stop']({ work: 'trained' })).toEqual({ kept: 0 });
    expect((await again).names).toBeNull();
    expect(await kept(test)).toEqual(before);
    expect((await load(test)).names).toEqual(NAMES);
  });
});

describe('stopped when they are being stored', () => {
  it('is too late: they are stored, and it is told that they are', async () => {
    const test = await shipped();
    const stops: Promise<unknown>[] = [];
    // At the first of them, before it is written; no write fails.
    failWrites(() => {
      if (stops.length === 0) stops.push(handlers(test)['work.stop']({ work: 'trained' }));
      return false;
    });
    expect((await load(test)).names).toEqual(NAMES);
    expect(await Promise.all(stops)).toEqual([{ kept: 1 }]);
    expect(await statuses(test)).toEqual(['done', 'done', 'done']);
  });
});

describe('asked for again', () => {
  it('nothing is added while they are the results', async () => {
    const test = await shipped();
    await load(test);
    const before = await kept(test);
    const { names, runs } = await load(test);
    expect([names, runs.length]).toEqual([[], 3]);
    expect(await kept(test)).toEqual(before);
  });

  it('they become the results again after something newer, under names of their own', async () => {
    const test = await shipped();
    await load(test);
    await train(test, 'sft');
    expect((await statuses(test)).slice(1)).toEqual(['stale', 'stale']);
    expect((await load(test)).names).toEqual(NAMES.map((name) => `${name} (2)`));
    expect(await statuses(test)).toEqual(['done', 'done', 'done']);
  });

  it('what is gone of them comes back, and what rests on it', async () => {
    const test = await shipped();
    const { runs } = await load(test);
    await handlers(test)['run.delete']({ run: runs[1]?.id ?? '' });
    expect((await load(test)).names).toEqual(['Shipped reward model', 'Shipped PPO-ptx (2)']);
    expect(await statuses(test)).toEqual(['done', 'done', 'done']);
  });
});

describe('files that are not what was shipped', () => {
  const path = (file: string) => `${FOLDER}/${file}`;
  /** A file of the folder with its text changed, as bytes one for one. */
  const changed = (file: string, change: (text: string) => string) => (bench: FakeWorkbench) => {
    const text = Buffer.from(bench.files.get(path(file)) ?? []).toString('latin1');
    bench.files.set(path(file), new Uint8Array(Buffer.from(change(text), 'latin1')));
  };
  const gone = (file: string) => (bench: FakeWorkbench) => void bench.files.delete(path(file));
  const list = (change: (text: string) => string) => changed('models.json', change);
  const { vocabularySize: V, width } = config;
  const reshaped = (shape: Partial<ModelConfig>) => (bench: FakeWorkbench) => {
    ship(bench, { shape: { ...config, ...shape } });
  };

  it.each([
    [
      'a changed byte',
      changed('reward.safetensors', (text) => `${text.slice(0, -1)}\x01`),
      /in reward.safetensors: its content is not what was shipped/,
    ],
    [
      'a half',
      changed('ppo-ptx.safetensors', (text) => text.slice(0, 900)),
      /has 900 bytes instead of/,
    ],
    ['no file', gone('ppo-ptx.safetensors'), /ppo-ptx.safetensors could not be fetched/],
    ['no list', gone('models.json'), /models.json could not be fetched.*without a network/],
    ['a list that is none', list(() => '<html>'), /in models.json: /],
    [
      'a list with a stranger',
      list((text) => text.replace('"stage":"ppo"', '"stage":"dpo"')),
      /models.2.stage/,
    ],
    [
      'a file elsewhere',
      list((text) => text.replace('sft.saf', '../sft.saf')),
      /no name of a weights file/,
    ],
    [
      'settings of no run',
      list((text) => text.replace('"dropout":0.1', '"dropout":7')),
      /dropout/i,
    ],
    ['another method', list((text) => text.replace('"name":"ppo"', '"name":"dpo"')), /not PPO/],
    [
      'another vocabulary',
      (bench: FakeWorkbench) => {
        ship(bench, { vocabulary: sha256('x') });
      },
      /vocabulary is not that of the page/,
    ],
    [
      'more tokens',
      reshaped({ vocabularySize: V + 1 }),
      new RegExp(`in sft.safetensors: Weight "wte.weight" is missing or not \\[${V}, ${width}\\]`),
    ],
    ['another context', reshaped({ contextLength: 99 }), /"wpe.weight" is missing or not/],
    ['one layer more', reshaped({ layers: 2 }), /Unknown weight "h.1/],
  ])(
    '%s: it is said, nothing is stored, and nothing is advised that a visitor cannot do',
    async (_, damage, reason) => {
      const test = await shipped();
      await train(test, 'sft');
      const before = await kept(test);
      damage(test.bench);
      const error: unknown = await load(test).catch((thrown: unknown) => thrown);
      expect(String(error)).toMatch(reason);
      expect(String(error)).toContain('Nothing was loaded');
      expect(String(error)).not.toMatch(/choose|export/i);
      expect(await kept(test)).toEqual(before);
      const last = test.events.findLast(({ type }) => type === 'progress');
      expect(last).toMatchObject({ done: 4, total: 4 });
    },
  );

  it('a disk that is full for the second keeps no first one', async () => {
    const test = await shipped();
    await train(test, 'sft');
    const before = await kept(test);
    let models = 0;
    failWrites((store) => store === 'checkpoints' && ++models === 2);
    await expect(load(test)).rejects.toThrow(/no space left/);
    vi.restoreAllMocks();
    expect(models).toBe(2);
    expect(await kept(test)).toEqual(before);
    expect(await runsOf(test)).toHaveLength(1);
  });
});

describe('a policy of PPO without its loop', () => {
  it('is no checkpoint to go back to or to resume, and can be taken as the result again', async () => {
    const test = await shipped();
    const { runs } = await load(test);
    const [own] = runs[2]?.checkpoints ?? [];
    expect(own?.ended).toMatch(/only the model is kept/);
    expect((await handlers(test)['run.checkpoints']({})).checkpoints).toEqual([]);
    const checkpoint = own?.id ?? '';
    await expect(handlers(test)['run.back']({ checkpoint })).rejects.toThrow(/only the model/);
    expect((await opened(test)).stages.ppo.resumeAt).toBeNull();
    const fork = await handlers(test)['run.fork']({ checkpoint, settings: 'own' });
    const forked = (await opened(test)).checkpoints.filter(({ run }) => run === fork.run);
    expect(forked.map(({ average }) => average)).toEqual([false]);
    expect(await statuses(test)).toEqual(['done', 'done', 'done']);
    const of = { run: runs[2]?.id ?? '', step: 10, answer: 0 };
    expect(await handlers(test)['run.answer'](of)).toEqual({ view: null });
  });

  it('goes into a laboratory file and comes back as it was', async () => {
    const from = await shipped();
    await load(from);
    const { file } = await handlers(from)['lab.export']({});
    const to = await testSession({ name: freshName() });
    await handlers(to)['lab.import']({ file, settings: false });
    expect(await hashes(to)).toEqual(await hashes(from));
    expect(await statuses(to)).toEqual(['done', 'done', 'done']);
    expect((await opened(to)).checkpoints).toEqual((await opened(from)).checkpoints);
    ship(to.bench);
    expect((await load(to)).names).toEqual([]);
  });

  it('goes into a bundle for TRL with the models that it was trained from and its own settings', async () => {
    const test = await shipped({
      settings: parseSettings({ sft: { demonstrations: 9 } }, SETTINGS),
    });
    await load(test);
    const checkpoint = await idOf(test, 'Shipped PPO-ptx');
    const { file, notes } = await handlers(test)['checkpoint.bundle']({ checkpoint });
    const to = await testSession({ name: freshName() });
    const { names } = await handlers(to)['checkpoint.import']({ name: 'b', file });
    expect(names).toEqual(['b, policy', 'b, sft', 'b, reward']);
    expect(await exported(to, 'b, policy')).toEqual(readSafetensors(halves('ppo', config)));
    expect(notes.join(' ')).not.toMatch(/settings|no reward model|no model trained/i);
  });
});

describe('the files of this repository', () => {
  const read = (path: string) => new Uint8Array(readFileSync(`public/${path}`));
  const json = (path: string): unknown => JSON.parse(readFileSync(`public/${path}`, 'utf8'));

  it('are read by the page and were trained from the base that lies beside them', async () => {
    const bench = new FakeWorkbench();
    const own = {
      config: configFromJson(json('models/base/config.json')),
      tokenizer: Tokenizer.fromJson(json('models/base/tokenizer.json')),
    };
    vi.spyOn(bench, 'language').mockReturnValue(own);
    for (const file of readdirSync(`public/${FOLDER}`)) {
      bench.files.set(`${FOLDER}/${file}`, read(`${FOLDER}/${file}`));
    }
    const test = await testSession({ name: freshName(), bench });
    const { names, runs } = await load(test);
    expect(names).toEqual(NAMES);
    expect(runs.every(({ settings }) => settings?.general.seed === 1)).toBe(true);
    const listed = parseTrainedModels(json(`${FOLDER}/models.json`));
    expect(listed.base).toBe(sha256(read('models/base/model.safetensors')));
    expect(listed.vocabulary).toBe(sha256(read('models/base/tokenizer.json')));
  });

  it('are these four and less than 12 MB with the base', () => {
    const files = readdirSync(`public/${FOLDER}`).sort();
    expect(files).toEqual(['models.json', ...ROWS.map(({ file }) => file)].sort());
    const all = readdirSync('public/models', { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(`${entry.parentPath}/${entry.name}`).size, 0);
    expect(all).toBeLessThan(12e6);
  });
});
