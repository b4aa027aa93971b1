/** A real model through the file and back, in real laboratories on WASM: the same weights, and the same answers. */
import 'fake-indexeddb/auto';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { presetSettings } from '../../../src/config/presets.ts';
import { Connection } from '../../../src/storage/open.ts';
import { Laboratory } from '../../../src/worker/laboratory.ts';
import { Session } from '../../../src/worker/session.ts';

const file = async (path: string) =>
  new Uint8Array(await readFile(new URL(`../../../public/${path}`, import.meta.url)));
const yieldToMessages = () => new Promise<void>((resolve) => setImmediate(resolve));

async function laboratory(name: string) {
  const { handlers } = new Session({
    workbench: new Laboratory({ readFile: file, yieldToMessages, now: () => performance.now() }),
    connection: new Connection({ name }),
    locks: undefined,
    emit: () => undefined,
    now: () => Math.round(performance.now()),
    yieldToMessages,
    pace: { steps: 1, milliseconds: Number.POSITIVE_INFINITY },
  });
  await handlers['engine.start']({ settings: presetSettings('micro'), backend: 'wasm' });
  await handlers['project.open']({ project: 'p' });
  const answers = (checkpoint: string) =>
    handlers['model.sample']({
      ...{ checkpoint, prompt: 'tell me about the cat.', count: 2, temperature: 1, seed: 5 },
    });
  /** Takes a file in; gives the checkpoint's id and hash, and what it answers. */
  const take = async (bytes: Blob) => {
    await handlers['checkpoint.import']({ name: 'back', file: bytes });
    const [row] = (await handlers['checkpoint.hashes']({})).checkpoints;
    const id = row?.id ?? '';
    return { id, hash: row?.hash, said: await answers(id) };
  };
  return { handlers, answers, take };
}

it('a checkpoint that was exported and imported has the same hash and answers the same', async () => {
  const first = await laboratory('round-trip-first');
  const shipped = new Blob([await file('models/base/model.safetensors')]);
  const out = await first.take(shipped);
  // It is the shipped model under another name, so it says what that says.
  expect(out.said).toEqual(await first.answers('base'));
  const exported = await first.handlers['checkpoint.export']({ checkpoint: out.id });
  const second = await laboratory('round-trip-second');
  const back = await second.take(exported.file);
  expect(back.hash).toMatch(/^[0-9a-f]{16}$/);
  expect(back.hash).toBe(out.hash);
  expect(back.said).toEqual(out.said);
});
