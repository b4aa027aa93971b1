/** What an own base model makes stale and what has to be done before; that the shipped one changes nothing of old runs. */
import { describe, expect, it, test } from 'vitest';
import { parseSettings, type PartialSettings } from '../../../src/config/settings.ts';
import { streamKey } from '../../../src/data/rng.ts';
import type { CheckpointRow } from '../../../src/storage/schema.ts';
import { inputsOf, missingFor, type ProjectRows } from '../../../src/worker/stage-graph.ts';

const TEXT = { name: 'a.txt', text: 'Once.', print: '0a', at: 1 };

function base(id: string): CheckpointRow {
  const manifest = {
    ...{ id, project: 'p', run: id, stage: 'pretrain' as const, name: id },
    ...{ step: 1, finished: true, state: null, createdAt: 1 },
  };
  return { id, project: 'p', manifest, kind: 'policy', parent: null, byteLength: 1, chunks: [] };
}

function rows(settings: PartialSettings, over: Partial<ProjectRows> = {}): ProjectRows {
  const none = { runs: [], checkpoints: [], rankings: [], demonstrations: [], prompts: [] };
  return { settings: parseSettings(settings), ...none, text: null, ...over };
}

const OWN = { base: { model: 'own' } } as const;

describe('the base model itself', () => {
  it('needs a text, and is made of it, of its settings and of the seed, not of the choice of the base', () => {
    const print = (of: ProjectRows) => inputsOf(of, 'pretrain');
    const from = (settings: PartialSettings, text = TEXT) => print(rows(settings, { text }));
    expect(missingFor(rows({}), 'pretrain')).toMatch(/choose a text of your own/);
    expect(missingFor(rows({}, { text: TEXT }), 'pretrain')).toBeNull();
    expect(from(OWN)).toBe(from({}));
    expect(from({ sft: { epochs: 9 } })).toBe(from({}));
    const prints = [
      ...[from({}), from({}, { ...TEXT, print: '0b' }), from({ base: { size: 'tiny' } })],
      ...[from({ base: { steps: 9 } }), from({ general: { seed: 9 } }), print(rows({}))],
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });
});

describe('step 1', () => {
  const print = (of: ProjectRows) => inputsOf(of, 'sft');

  it('is stale when the base is changed, another is trained, it is deleted, or its text is', () => {
    const own = (over: Partial<ProjectRows>) => print(rows(OWN, { text: TEXT, ...over }));
    const prints = [
      ...[print(rows({})), own({}), own({ checkpoints: [base('a')] })],
      ...[own({ checkpoints: [base('a'), base('b')] })],
      ...[own({ checkpoints: [base('a')], text: { ...TEXT, print: '0b' } })],
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });

  it('is not stale for a base that it does not start from', () => {
    const beside = { text: TEXT, checkpoints: [base('a')] };
    expect(print(rows({ base: { size: 'tiny', steps: 3 } }, beside))).toBe(print(rows({})));
  });

  it('keeps the fingerprint of runs from before there was a choice', () => {
    const { general, sft } = parseSettings({});
    const { seed, maxPromptTokens, maxResponseTokens } = general;
    const before = ['sft', { seed, maxPromptTokens, maxResponseTokens }, [sft, []]];
    const words = streamKey(0, JSON.stringify(before));
    expect(print(rows({}))).toBe(words.map((word) => word.toString(16).padStart(8, '0')).join(''));
  });

  it('cannot start from an own base before there is one; the sentence names both ways on', () => {
    expect(missingFor(rows({}), 'sft')).toBeNull();
    expect(missingFor(rows(OWN), 'sft')).toMatch(/train a base model .* or choose the shipped one/);
    expect(missingFor(rows(OWN, { checkpoints: [base('a')] }), 'sft')).toBeNull();
  });
});

test('step 3 mixes in the own text with an own base, so another text makes it another one', () => {
  const print = (settings: PartialSettings, text = TEXT) =>
    inputsOf(rows(settings, { text }), 'ppo');
  const other = { ...TEXT, print: '0b' };
  for (const name of ['ppo', 'dpo', 'grpo'] as const) {
    expect(print({ ...OWN, method: { name } }, other)).not.toBe(
      print({ ...OWN, method: { name } }),
    );
    expect(print({ method: { name } }, other)).toBe(print({ method: { name } }));
  }
});
