/** Checkpoints out and in again: the same weights as the result of their step; files that do not fit, and what stays then. */
import { describe, expect, it, vi } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { writeSafetensors } from '../../../src/data/safetensors.ts';
import { packFiles } from '../../../src/data/zip-archive.ts';
import { initialTensors, type Head } from '../../../src/model/parameters.ts';
import { transformersFolder } from '../../../src/model/transformers-folder.ts';
import type { TensorMap } from '../../../src/records/tensor.ts';
import { failWrites } from '../storage/failing-writes.ts';
import type { TrainingStage } from '../../../src/worker/protocol.ts';
import { FakeWorkbench } from './fake-workbench.ts';
import { freshName, testSession, train, type TestSession } from './session-world.ts';

const { config, tokenizer } = new FakeWorkbench().language();
const model = (head: Head, seed = 1, shape = config): TensorMap =>
  initialTensors(shape, head, Rng.named(seed, 'imported'));
const weights = (tensors: TensorMap, metadata: Readonly<Record<string, string>> = {}) =>
  new Blob([new Uint8Array(writeSafetensors(tensors, 'F32', metadata))]);

const take = (test: TestSession, file: Blob, name = 'mine') =>
  test.session.handlers['checkpoint.import']({ name, file });
const opened = (test: TestSession) => test.session.handlers['project.open']({ project: 'p' });
const hashes = async (test: TestSession) =>
  (await test.session.handlers['checkpoint.hashes']({})).checkpoints;

/** Trains two steps of a stage. */
async function pauseIn(test: TestSession, stage: TrainingStage): Promise<void> {
  const paused = test.until(stage, 'paused');
  test.afterRecords(2, () => void test.session.handlers['stage.pause']({ stage }));
  await test.session.handlers['stage.start']({ stage, fresh: false });
  await paused;
}

describe('a model that writes', () => {
  it('is the result of step 1, with its steps and its name, and what SFT is left as it was', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    const before = await hashes(test);
    const file = weights(model('language'), { step: '40' });
    const { names, runs } = await take(test, file, 'SFT 1');
    expect(names).toEqual(['SFT 1 (2)']);
    expect(runs.at(-1)).toMatchObject({
      ...{ name: 'SFT 1 (2)', stage: 'sft', status: 'finished', step: 40, total: 40, stale: false },
      use: expect.stringMatching(/start from it/) as string,
    });
    const { stages, checkpoints } = await opened(test);
    expect(stages.sft).toMatchObject({ status: 'done', run: runs.at(-1)?.id });
    expect(checkpoints.at(-1)).toMatchObject({ name: 'SFT 1 (2)', kind: 'policy' });
    expect((await hashes(test)).slice(0, before.length)).toEqual(before);
    // Without it the one before is the result again.
    await test.session.handlers['run.delete']({ run: runs.at(-1)?.id ?? '' });
    expect((await opened(test)).stages.sft).toMatchObject({ status: 'done', run: runs[0]?.id });
    expect(await hashes(test)).toEqual(before);
  });

  it('does not push aside a run that waits to go on: it is named first, and nothing is stored', async () => {
    const test = await testSession({ name: freshName() });
    await pauseIn(test, 'sft');
    const before = await hashes(test);
    const refused = take(test, weights(model('language')));
    await expect(refused).rejects.toThrow(/^SFT 1 is not finished: .*stop it first/);
    expect(await hashes(test)).toEqual(before);
    expect((await take(test, weights(model('scalar')), 'judge')).names).toEqual(['judge']);
    await test.session.handlers['stage.stop']({ stage: 'sft' });
    expect((await take(test, weights(model('language')))).names).toEqual(['mine']);
  });

  it('stands before a run that failed, which is kept', async () => {
    const bench = new FakeWorkbench();
    bench.lossAt = (step) => (step === 5 ? Number.NaN : 1);
    const test = await testSession({ name: freshName(), bench });
    const failed = test.until('sft', 'failed');
    await test.session.handlers['stage.start']({ stage: 'sft', fresh: false });
    expect(await failed).toMatchObject({ resumeAt: 3 });
    const before = await hashes(test);
    const { names, runs } = await take(test, weights(model('language')));
    expect([names, runs.map(({ status }) => status)]).toEqual([['mine'], ['failed', 'finished']]);
    expect((await hashes(test)).slice(0, before.length)).toEqual(before);
    expect((await opened(test)).stages.sft).toMatchObject({ status: 'done', run: runs[1]?.id });
  });

  it('as a base model waits for one that is being trained', async () => {
    const test = await testSession({ name: freshName() });
    const { handlers } = test.session;
    await handlers['base.take']({
      name: 'a.txt',
      file: new Blob(['the cow eats grass. '.repeat(400)]),
    });
    await pauseIn(test, 'pretrain');
    const folder = new Map(transformersFolder(model('language'), 'language', config, tokenizer));
    // An exported base model has its weights under GPT-2's own names.
    folder.set('model.safetensors', writeSafetensors(model('language'), 'F32'));
    const importBase = () =>
      handlers['base.import']({ name: 'other', file: new Blob([packFiles(folder)]) });
    const before = await hashes(test);
    await expect(importBase()).rejects.toThrow(/ is not finished: .*stop it first/);
    expect(await hashes(test)).toEqual(before);
    await handlers['stage.stop']({ stage: 'pretrain' });
    await importBase();
    expect((await opened(test)).checkpoints.at(-1)).toMatchObject({ name: 'other' });
  });

  it('comes back into an empty laboratory with the same hash, and out again with the same bytes', async () => {
    const from = await testSession({ name: freshName() });
    await take(from, weights(model('language'), { step: '7' }));
    const own = (await opened(from)).checkpoints.at(-1)?.id ?? '';
    const { file } = await from.session.handlers['checkpoint.export']({ checkpoint: own });
    const to = await testSession({ name: freshName() });
    await take(to, file);
    expect((await hashes(to)).map(({ hash }) => hash)).toEqual(
      (await hashes(from)).map(({ hash }) => hash),
    );
    const back = (await opened(to)).checkpoints.at(-1)?.id ?? '';
    const again = await to.session.handlers['checkpoint.export']({ checkpoint: back });
    expect(await again.file.bytes()).toEqual(await file.bytes());
  });
});

describe('a model that scores', () => {
  it('is the reward model', async () => {
    const test = await testSession({ name: freshName() });
    const { names } = await take(test, weights(model('scalar')));
    expect(names).toEqual(['mine']);
    const { stages, checkpoints } = await opened(test);
    expect(stages.reward.status).toBe('done');
    expect(checkpoints.at(-1)).toMatchObject({ name: 'mine', kind: 'reward', stage: 'reward' });
  });
});

describe('a bundle for TRL', () => {
  const folder = (role: string, head: Head, seed: number) =>
    [...transformersFolder(model(head, seed), head, config, tokenizer)].map(
      ([name, content]) => [`models/${role}/${name}`, content] as const,
    );
  const zip = (files: Iterable<readonly [string, Uint8Array | string]>) =>
    new Blob([packFiles(new Map(files))]);

  it('brings all its models; the one of step 1 is what goes on', async () => {
    const test = await testSession({ name: freshName() });
    const files = [
      ...folder('policy', 'language', 3),
      ...folder('sft', 'language', 1),
      ...folder('reward', 'scalar', 2),
    ];
    const { names, runs } = await take(test, zip([...files, ['ppo.py', 'pass']]), 'lab');
    expect(names).toEqual(['lab, policy', 'lab, sft', 'lab, reward']);
    expect(runs.find(({ stage, use }) => stage === 'sft' && use !== '')?.name).toBe('lab, sft');
    const alone = await testSession({ name: freshName() });
    await take(alone, weights(model('language', 1)));
    const [{ hash } = { hash: '' }] = await hashes(alone);
    expect((await hashes(test)).find(({ name }) => name === 'lab, sft')?.hash).toBe(hash);
  });

  it('comes whole or not at all: a disk that is full for its second model keeps no first one', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    const before = [await hashes(test), (await opened(test)).stages];
    let models = 0;
    failWrites((store) => store === 'checkpoints' && ++models === 2);
    const file = zip([...folder('sft', 'language', 1), ...folder('reward', 'scalar', 2)]);
    await expect(take(test, file)).rejects.toThrow(/no space left/);
    vi.restoreAllMocks();
    expect(models).toBe(2);
    expect([await hashes(test), (await opened(test)).stages]).toEqual(before);
    expect((await test.session.handlers['runs.list']({})).runs).toHaveLength(1);
  });

  it('is refused whole when one of its models does not fit', async () => {
    const test = await testSession({ name: freshName() });
    const files = new Map([...folder('sft', 'language', 1), ...folder('reward', 'scalar', 2)]);
    const wrong = (name: string, content: string) => zip(new Map([...files, [name, content]]));
    const text = String(files.get('models/reward/config.json'));
    const heads = text.replace('"n_head": 2', '"n_head": 4');
    await expect(take(test, wrong('models/reward/config.json', heads))).rejects.toThrow(
      /heads is 4; models of this page have 2\. .*nothing was imported/,
    );
    await expect(take(test, wrong('models/reward/tokenizer.json', '{'))).rejects.toThrow(
      /models\/reward\/tokenizer.json is not valid JSON/,
    );
    await expect(take(test, wrong('models/reward/model.safetensors', 'x'))).rejects.toThrow(
      /weights file cannot be read/,
    );
    await expect(take(test, zip([['a.txt', 'x']]))).rejects.toThrow(/holds no model/);
    await expect(take(test, zip([['model.safetensors', 'x']]))).rejects.toThrow(
      /zip of a base model.*Import it under Model/,
    );
    expect(await hashes(test)).toEqual([]);
  });
});

describe('a file that is none', () => {
  const changed = (name: string, shape: readonly number[] | null) => {
    const tensors = new Map(model('language'));
    tensors.delete(name);
    const size = shape?.reduce((product, n) => product * n, 1) ?? 0;
    if (shape !== null) tensors.set(name, { shape, data: new Float32Array(size) });
    return weights(tensors);
  };
  const V = config.vocabularySize;

  it.each([
    ['is empty', new Blob([]), /weights file cannot be read.*shorter than 8 bytes/],
    ['is text', new Blob(['not a model at all']), /weights file cannot be read/],
    ['is half', weights(model('language')).slice(0, 2000), /cannot be read.*(larger|longer)/],
    ['has no table', changed('wte.weight', null), /no table of tokens/],
    ['has another vocabulary', changed('wte.weight', [50, 8]), new RegExp(`has 50 .*have ${V}`)],
    ['has another context', changed('wpe.weight', [99, 8]), /"wpe.weight" is missing or not/],
    ['lacks a weight', changed('ln_f.bias', null), /"ln_f.bias" is missing or not \[8\]/],
    ['has one too many', changed('extra', [2]), /Unknown weight "extra"/],
    ['has no layer', weights(model('language', 1, { ...config, layers: 0 })), /0 layers/],
    ['has an odd width', weights(model('language', 1, { ...config, width: 9 })), /of width 9/],
  ])(
    '%s: it is refused with the reason, and nothing of what is here is touched',
    async (_, file, reason) => {
      const test = await testSession({ name: freshName() });
      await train(test, 'sft');
      const before = [await hashes(test), (await opened(test)).stages];
      await expect(take(test, file)).rejects.toThrow(reason);
      expect([await hashes(test), (await opened(test)).stages]).toEqual(before);
    },
  );
});
