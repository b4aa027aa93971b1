/** The form of demonstrations against a fake worker and store: what is stored, in whose place, and what a cancel leaves. */
import { describe, expect, test } from 'vitest';
import { defaultSettings } from '../../../src/config/settings.ts';
import { versionId } from '../../../src/records/own-version.ts';
import { DemonstrationDraft } from '../../../src/ui/demonstration-draft.svelte.ts';
import { Demonstrations } from '../../../src/ui/demonstrations.svelte.ts';
import { Laboratory } from '../../../src/ui/laboratory.svelte.ts';
import { FakeClient, FakeStore, prompt } from './fake-client.ts';

const SEED = 3;
const shipped = { id: 'train-1', prompt: prompt('p'), response: 'no.', author: 'demonstrator-1' };

async function desk() {
  const store = new FakeStore();
  const client = new FakeClient({
    'demonstrations.list': () => ({
      demonstrations: [...store.kept.demonstrations, shipped],
      total: store.kept.demonstrations.length + 1,
    }),
  });
  const laboratory = new Laboratory(client, defaultSettings());
  await laboratory.open(null);
  const demonstrations = new Demonstrations(laboratory, store);
  await demonstrations.load();
  let ids = 0;
  const draft = new DemonstrationDraft(
    demonstrations,
    () => SEED,
    () => `id-${++ids}`,
  );
  const write = async (asked: string, wanted: string) => {
    draft.prompt = asked;
    draft.response = wanted;
    return draft.save();
  };
  return { store, client, demonstrations, draft, write };
}

describe('a new demonstration', () => {
  test('is stored before it is listed, and the form is empty again', async () => {
    const { store, demonstrations, draft, write } = await desk();
    expect(await write(' Say hello. ', ' Hello! ')).toBe(true);
    const [kept] = store.kept.demonstrations;
    expect(kept).toMatchObject({ id: 'id-1', response: 'Hello!', author: 'person' });
    expect(kept?.prompt).toEqual({
      ...{ id: 'id-1-prompt', text: 'Say hello.', useCase: 'other', kind: 'plain' },
      ...{ userId: 'person', split: 'train', source: 'person' },
    });
    expect([draft.prompt, draft.response]).toEqual(['', '']);
    store.full = true;
    expect(await write('x', 'y')).toBe(false);
    expect(demonstrations.own).toHaveLength(1);
    expect([draft.prompt, draft.response]).toEqual(['x', 'y']);
  });

  test('needs a prompt and an answer, as an edited one does', async () => {
    const { store, demonstrations, draft, write } = await desk();
    expect(await write('ask', '  ')).toBe(false);
    await write('ask', 'say');
    draft.edit(demonstrations.own[0]!);
    expect(await write(' ', 'say')).toBe(false);
    expect(draft.complete).toBe(false);
    expect(store.kept.demonstrations).toMatchObject([{ response: 'say' }]);
  });
});

describe('an edited one of the person’s own', () => {
  test('is replaced in its row, and the stages hear of it', async () => {
    const { store, client, demonstrations, draft, write } = await desk();
    await write('first', 'one');
    await write('second', 'two');
    const told = client.argsOf('labels.changed').length;
    draft.edit(demonstrations.own[0]!);
    expect([draft.prompt, draft.response]).toEqual(['first', 'one']);
    expect(await write('first', 'better')).toBe(true);
    expect(demonstrations.own.map(({ id, response }) => [id, response])).toEqual([
      ['id-1', 'better'],
      ['id-2', 'two'],
    ]);
    expect(store.kept.demonstrations).toHaveLength(2);
    expect(draft.editing).toBeNull();
    expect(client.argsOf('labels.changed')).toHaveLength(told + 1);
  });

  test('stays whole when it cannot be written, with the edit still in the form', async () => {
    const { store, demonstrations, draft, write } = await desk();
    await write('first', 'one');
    draft.edit(demonstrations.own[0]!);
    store.full = true;
    expect(await write('first', 'better')).toBe(false);
    expect(demonstrations.own).toMatchObject([{ response: 'one' }]);
    expect(store.kept.demonstrations).toMatchObject([{ response: 'one' }]);
    expect([draft.editing?.id, draft.response]).toEqual(['id-1', 'better']);
  });

  test('leaves everything as it was when it is cancelled, what was being written too', async () => {
    const { store, client, demonstrations, draft, write } = await desk();
    await write('first', 'one');
    await write('second', 'two');
    const before = structuredClone(store.kept.demonstrations);
    const told = client.argsOf('labels.changed').length;
    draft.prompt = 'half';
    draft.response = 'written';
    draft.edit(demonstrations.own[0]!);
    draft.response = 'changed';
    draft.edit(demonstrations.own[1]!);
    draft.response = 'changed too';
    draft.cancel();
    expect([draft.prompt, draft.response, draft.editing]).toEqual(['half', 'written', null]);
    expect(store.kept.demonstrations).toEqual(before);
    expect(client.argsOf('labels.changed')).toHaveLength(told);
  });

  test('ends when it is removed', async () => {
    const { demonstrations, draft, write } = await desk();
    await write('first', 'one');
    await write('second', 'two');
    draft.edit(demonstrations.own[0]!);
    expect(await draft.remove('id-2')).toBe(true);
    expect(draft.editing?.id).toBe('id-1');
    expect(await draft.remove('id-1')).toBe(true);
    expect(draft.editing).toBeNull();
    expect(demonstrations.own).toEqual([]);
  });
});

describe('an edited one of the world', () => {
  test('becomes the person’s version, one however often it is edited, and the original stays', async () => {
    const { store, demonstrations, draft, write } = await desk();
    draft.edit(demonstrations.shipped[0]!);
    expect(draft.response).toBe('no.');
    expect(await write('ask', 'yes.')).toBe(true);
    const id = versionId(SEED, shipped.id);
    expect(store.kept.demonstrations).toEqual([
      {
        id,
        prompt: {
          ...{ ...shipped.prompt, id: `${id}-prompt`, text: 'ask' },
          ...{ userId: 'person', source: 'person' },
        },
        response: 'yes.',
        author: 'person',
      },
    ]);
    expect(draft.versionOf(shipped)?.response).toBe('yes.');
    draft.edit(demonstrations.shipped[0]!);
    expect(draft.response).toBe('yes.');
    await write('ask', 'surely.');
    draft.edit(demonstrations.own[0]!);
    await write('ask', 'of course.');
    expect(store.kept.demonstrations).toMatchObject([{ id, response: 'of course.' }]);
    await demonstrations.load();
    expect(demonstrations.shipped).toEqual([shipped]);
    expect(demonstrations.total).toBe(1);
    expect(await draft.remove(id)).toBe(true);
    expect(draft.versionOf(shipped)).toBeUndefined();
  });

  test('stops being edited when the version is removed', async () => {
    const { demonstrations, draft, write } = await desk();
    draft.edit(demonstrations.shipped[0]!);
    await write('ask', 'yes.');
    draft.edit(demonstrations.shipped[0]!);
    await draft.remove(versionId(SEED, shipped.id));
    expect(draft.editing).toBeNull();
  });
});
