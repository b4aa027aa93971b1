/**
 * A base model from a person's own text behind the protocol, for real on WASM with the smallest size: text in, training
 * that can be left and repeated, SFT on top of it, the model out and in again. It shows that the parts fit.
 */
import 'fake-indexeddb/auto';
import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { BASE_SIZES } from '../../../src/config/base-sizes.ts';
import { presetSettings } from '../../../src/config/presets.ts';
import { readSafetensors } from '../../../src/data/safetensors.ts';
import { packFiles, unpackFiles } from '../../../src/data/zip-archive.ts';
import { PERSON } from '../../../src/records/ranking.ts';
import { addRankings, listRankings } from '../../../src/storage/labels.ts';
import { Connection } from '../../../src/storage/open.ts';
import { Laboratory } from '../../../src/worker/laboratory.ts';
import type { StageStatus, TrainingStage, WorkerEvent } from '../../../src/worker/protocol.ts';
import { Session } from '../../../src/worker/session.ts';

const micro = presetSettings('micro');
const settings = {
  ...micro,
  base: {
    ...micro.base,
    ...({ size: 'tiny', steps: 4, batchSize: 2, passageTokens: 32 } as const),
  },
};
const events: WorkerEvent[] = [];
let listener: (event: WorkerEvent) => void = () => undefined;
const yieldToMessages = () => new Promise<void>((resolve) => setImmediate(resolve));

function newSession(name: string): Session {
  return new Session({
    workbench: new Laboratory({
      readFile: async (path) =>
        new Uint8Array(await readFile(new URL(`../../../public/${path}`, import.meta.url))),
      yieldToMessages,
      now: () => performance.now(),
    }),
    connection: new Connection({ name }),
    locks: undefined,
    emit: (event) => {
      events.push(event);
      listener(event);
    },
    now: () => Math.round(performance.now()),
    yieldToMessages,
    pace: { steps: 1, milliseconds: Number.POSITIVE_INFINITY },
  });
}

async function opened(name: string): Promise<Session> {
  const session = newSession(name);
  await session.handlers['engine.start']({ settings, backend: 'wasm' });
  await session.handlers['project.open']({ project: 'p' });
  return session;
}

function settled(stage: TrainingStage, status: StageStatus): Promise<void> {
  return new Promise((resolve, reject) => {
    listener = (event) => {
      if (event.type === 'failure') reject(new Error(event.failure.message));
      if (event.type === 'stage' && event.stage === stage && event.state.status === status) {
        resolve();
      }
    };
  });
}

async function train({ handlers }: Session, stage: TrainingStage, fresh = false): Promise<string> {
  const done = settled(stage, 'done');
  const { state } = await handlers['stage.start']({ stage, fresh });
  await done;
  return state.run ?? '';
}

const valuesOf = (run: string) =>
  events.flatMap((event) =>
    event.type === 'metrics' && event.run === run ? [event.record.values] : [],
  );

const PARAGRAPHS = 27;

/** A tale, over and over: a short text, whose end kept aside is shorter than a row that SFT mixes in. */
const TALE = Array.from(
  { length: PARAGRAPHS },
  (_, i) => `Ågot the otter had ${i} stones.\nShe hid one.`,
).join('\n\n');
const fileOf = (text: BlobPart) => new Blob([text]);

let session: Session;
beforeAll(async () => {
  session = await opened('own-base');
});

describe('the text', () => {
  it('is refused with line and column, or for its size, and nothing is stored then', async () => {
    const { handlers } = session;
    const take = (content: BlobPart) => handlers['base.take']({ name: 'a', file: fileOf(content) });
    const broken = Uint8Array.from([...new TextEncoder().encode('one\ntwo '), 0xff]);
    await expect(take(broken)).rejects.toThrow(/^Line 2, column 5: .*UTF-8/);
    await expect(take('short')).rejects.toThrow(/5 characters; at least 1,000/);
    expect(await handlers['base.text']({})).toEqual({ text: null });
    const start = handlers['stage.start']({ stage: 'pretrain', fresh: false });
    await expect(start).rejects.toThrow(/First choose a text of your own/);
  });

  it('is refused when its end is too short to be kept aside', async () => {
    const long = { ...settings, base: { ...settings.base, passageTokens: 256 } };
    await session.handlers['settings.set']({ settings: long });
    const take = session.handlers['base.take']({ name: 'a', file: fileOf(TALE.slice(0, 1100)) });
    await expect(take).rejects.toThrow(/too few for passages of 256.*longer text/);
    await session.handlers['settings.set']({ settings });
  });

  it('is stored with what is known of it, and makes training ready', async () => {
    const { text } = await session.handlers['base.take']({ name: 'tale.txt', file: fileOf(TALE) });
    expect(text).toMatchObject({
      ...{
        name: 'tale.txt',
        characters: TALE.length,
        documents: PARAGRAPHS,
        lines: 3 * PARAGRAPHS - 1,
      },
    });
    expect(text.tokens).toBeGreaterThan(TALE.length / 4);
    expect(0.1 * text.tokens).toBeLessThan(settings.ppo.ptxTokens);
    expect((await session.handlers['labels.changed']({})).stages.pretrain.status).toBe('ready');
    const again = await opened('own-base');
    expect(await again.handlers['base.text']({})).toEqual({ text });
    session = again;
  });
});

let straight = '';

describe('training', () => {
  it('reports loss, loss on what is kept aside and samples, leaks nothing, and gives a model to pick', async () => {
    const before = tf.memory().numTensors;
    straight = await train(session, 'pretrain');
    expect(tf.memory().numTensors).toBe(before);
    const values = valuesOf(straight);
    expect(values).toHaveLength(4);
    // A model that knows nothing is as surprised as by a draw of 1,024.
    expect(values[0]?.['eval_loss']).toBeCloseTo(Math.log(1024), 0);
    expect(values[3]?.['eval_loss']).toBeLessThan(values[0]?.['eval_loss'] ?? 0);
    const samples = events.flatMap((event) =>
      event.type === 'samples' && event.run === straight ? [event.samples] : [],
    );
    expect(samples[0]?.[0]?.prompt).toBe('Ågot the otter had');
    const { checkpoints } = await session.handlers['project.open']({ project: 'p' });
    const own = checkpoints.at(-1);
    expect(own).toMatchObject({ name: 'Base model 1', stage: 'pretrain', kind: 'policy', step: 4 });
    const ask = { prompt: 'Ågot the', count: 1, temperature: 1, seed: 2 };
    const speak = session.handlers['model.sample']({ checkpoint: own?.id ?? '', ...ask });
    expect((await speak).responses).toHaveLength(1);
  });

  it('left after a step and taken up in a new session it ends as if it had never stopped', async () => {
    const paused = settled('pretrain', 'paused');
    const { state } = await session.handlers['stage.start']({ stage: 'pretrain', fresh: true });
    await session.handlers['stage.pause']({ stage: 'pretrain' });
    await paused;
    const stepped = settled('pretrain', 'paused');
    await session.handlers['stage.step']({ stage: 'pretrain' });
    await stepped;
    session = await opened('own-base');
    const { stages } = await session.handlers['project.open']({ project: 'p' });
    expect(stages.pretrain).toMatchObject({ status: 'paused', total: 4 });
    expect(stages.pretrain.step).toBeGreaterThan(0);
    const run = await train(session, 'pretrain');
    expect(run).toBe(state.run);
    expect(run).not.toBe(straight);
    expect(valuesOf(run)).toEqual(valuesOf(straight));
  });

  it('another text makes it stale, and the first one fresh again', async () => {
    const { handlers } = session;
    const statusWith = async (text: string) => {
      await handlers['base.take']({ name: 'tale.txt', file: fileOf(text) });
      return (await handlers['labels.changed']({})).stages.pretrain.status;
    };
    expect(await statusWith(TALE.replaceAll('otter', 'heron'))).toBe('stale');
    expect(await statusWith(TALE)).toBe('done');
  });
});

const OWN = { ...settings, base: { ...settings.base, model: 'own' as const } };

describe('step 1', () => {
  it('starts from the own model in its own size, and is stale when the shipped one is chosen again', async () => {
    const { handlers } = session;
    await handlers['settings.set']({ settings: OWN });
    const tensors = tf.memory().numTensors;
    await train(session, 'sft');
    // The base stays on the device for the next run.
    expect(tf.memory().numTensors - tensors).toBeLessThan(20);
    const { checkpoints } = await handlers['project.open']({ project: 'p' });
    const sft = checkpoints.findLast(({ stage }) => stage === 'sft')?.id ?? '';
    const { file } = await handlers['checkpoint.export']({ checkpoint: sft });
    const weights = readSafetensors(new Uint8Array(await file.arrayBuffer()));
    expect(weights.get('wte.weight')?.shape).toEqual([1024, BASE_SIZES.tiny.width]);
    expect(weights.has('h.1.ln_1.weight')).toBe(false);
    const shipped = await handlers['settings.set']({ settings });
    expect(shipped.stages.sft.status).toBe('stale');
    const own = await handlers['settings.set']({ settings: OWN });
    expect(own.stages.sft.status).toBe('done');
  });

  it('carries the size on through ranking, reward model and PPO', async () => {
    const { handlers } = session;
    await handlers['labels.simulate']({ count: 8, k: 4 });
    // Its answers are noise, which the class finds equally bad: a person prefers the first.
    const db = await new Connection({ name: 'own-base' }).db();
    const own = (await listRankings(db, 'p')).rows.map((row) => ({
      ...{ ...row, id: `own-${row.id}`, labeler: PERSON, ranks: [1, 2, 3, 4] },
      completions: row.completions.map((each, i) => ({ ...each, text: `answer ${i}.` })),
    }));
    await addRankings(db, 'p', own);
    await handlers['labels.changed']({});
    const labels = { ...OWN.labels, source: 'person' as const };
    await handlers['settings.set']({ settings: { ...OWN, labels } });
    await train(session, 'reward');
    const run = await train(session, 'ppo');
    expect(valuesOf(run).length).toBeGreaterThan(0);
  });

  it('is stale, and cannot start, when its base was deleted', async () => {
    const { handlers } = session;
    const { checkpoints } = await handlers['project.open']({ project: 'p' });
    for (const { id, stage, shipped } of checkpoints) {
      if (stage === 'pretrain' && !shipped) await handlers['checkpoint.delete']({ checkpoint: id });
    }
    const { stages } = await handlers['project.open']({ project: 'p' });
    expect(stages.sft.status).toBe('stale');
    const start = handlers['stage.start']({ stage: 'sft', fresh: true });
    await expect(start).rejects.toThrow(/or choose the shipped one/);
  });
});

describe('as a file', () => {
  async function exported(): Promise<Uint8Array> {
    const { handlers } = session;
    await train(session, 'pretrain', true);
    const { checkpoints } = await handlers['project.open']({ project: 'p' });
    const own = checkpoints.findLast(({ stage }) => stage === 'pretrain')?.id ?? '';
    const { file } = await handlers['base.export']({ checkpoint: own });
    return new Uint8Array(await file.arrayBuffer());
  }
  const LIMITS = { files: 9, fileBytes: 1e8, totalBytes: 1e8 };

  it('a model comes back into an empty laboratory with the same weights, as a base to start from', async () => {
    const zip = await exported();
    const other = await opened('own-base-imported');
    const file = new Blob([new Uint8Array(zip)]);
    await other.handlers['base.import']({ name: 'otters', file });
    const reply = await other.handlers['project.open']({ project: 'p' });
    const own = reply.checkpoints.at(-1);
    expect(own).toMatchObject({ name: 'otters', stage: 'pretrain', step: 4, shipped: false });
    expect(reply.stages.pretrain.status).toBe('done');
    const back = await other.handlers['base.export']({ checkpoint: own?.id ?? '' });
    const [before, after] = [zip, new Uint8Array(await back.file.arrayBuffer())].map((bytes) =>
      readSafetensors(unpackFiles(bytes, LIMITS).get('model.safetensors') ?? new Uint8Array()),
    );
    expect(after).toEqual(before);
    await other.handlers['settings.set']({ settings: OWN });
    await train(other, 'sft');
    session = other;
  });

  it('one that does not fit is refused with what is wrong, and nothing is stored', async () => {
    const { handlers } = session;
    const { checkpoints } = await handlers['project.open']({ project: 'p' });
    const own = checkpoints.find(({ stage, shipped }) => stage === 'pretrain' && !shipped);
    const { file } = await handlers['base.export']({ checkpoint: own?.id ?? '' });
    const files = unpackFiles(new Uint8Array(await file.arrayBuffer()), LIMITS);
    const read = (name: string) => new TextDecoder().decode(files.get(name));
    const take = (name: string, text: string | null) => {
      const changed = new Map<string, string | Uint8Array>(files);
      if (text === null) changed.delete(name);
      else changed.set(name, text);
      return handlers['base.import']({ name: 'x', file: new Blob([packFiles(changed)]) });
    };
    const config = read('config.json');
    await expect(take('tokenizer.json', null)).rejects.toThrow(/tokenizer.json is missing/);
    await expect(take('config.json', '{')).rejects.toThrow(/config.json is not valid JSON/);
    const heads = config.replace('"n_head": 4', '"n_head": 2');
    await expect(take('config.json', heads)).rejects.toThrow(/heads is 2; .* have 4/);
    const wide = config.replace('"n_embd": 32', '"n_embd": 64');
    await expect(take('config.json', wide)).rejects.toThrow(
      /Weight "wte.weight" is missing or not/,
    );
    const merges = JSON.parse(read('tokenizer.json')) as { model: { merges: unknown[] } };
    merges.model.merges.pop();
    const vocabulary = take('tokenizer.json', JSON.stringify(merges));
    await expect(vocabulary).rejects.toThrow(/vocabulary|token/i);
    expect((await handlers['project.open']({ project: 'p' })).checkpoints).toEqual(checkpoints);
    const sft = checkpoints.findLast(({ stage }) => stage === 'sft')?.id ?? '';
    await expect(handlers['base.export']({ checkpoint: sft })).rejects.toThrow(/no base model/);
  });
});
