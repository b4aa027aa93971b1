/** The bundle for TRL from stored checkpoints: folders in their roles, data with the model's own line break, notes on gaps. */
import { describe, expect, it } from 'vitest';
import { presetSettings } from '../../../src/config/presets.ts';
import { parseSettings } from '../../../src/config/settings.ts';
import { Rng } from '../../../src/data/rng.ts';
import { readSafetensors, writeSafetensors } from '../../../src/data/safetensors.ts';
import { unpackFiles } from '../../../src/data/zip-archive.ts';
import { initialTensors } from '../../../src/model/parameters.ts';
import { versionId } from '../../../src/records/own-version.ts';
import type { Stage } from '../../../src/records/run.ts';
import { prefixed } from '../../../src/rlhf/loop.ts';
import { saveCheckpoint } from '../../../src/storage/checkpoints.ts';
import { Connection } from '../../../src/storage/open.ts';
import { openProject } from '../../../src/storage/projects.ts';
import { WorldSupply } from '../../../src/worker/world-supply.ts';
import { checkpointWrite } from '../storage/rows.ts';
import { FakeWorkbench } from './fake-workbench.ts';
import { freshName, testSession } from './session-world.ts';

const SETTINGS = parseSettings(
  { sft: { learningRate: 0.004 }, labels: { source: 'person' } },
  presetSettings('micro'),
);
const LIMITS = { files: 40, fileBytes: 1e8, totalBytes: 1e8 };
const RANKED = JSON.stringify({
  prompt: 'is it?',
  completions: ['yes', 'no', 'oh'],
  ranks: [1, 2, 1],
});

/** A finished run of a stage whose weights are a model of the fake's shape, other ones for each stage. */
function finished(stage: Stage, at: number) {
  const { config } = new FakeWorkbench().language();
  const head = stage === 'reward' ? 'scalar' : 'language';
  const tensors = initialTensors(config, head, Rng.named(at, stage));
  const named = prefixed(tensors, stage === 'ppo' ? 'policy.' : 'model.');
  const base = checkpointWrite(10, writeSafetensors(new Map(named), 'F32'), `run-${stage}`);
  const run = { ...base.run.run, stage, name: `${stage} 1`, settings: SETTINGS, startedAt: at };
  const manifest = { ...base.manifest, stage, name: `${stage} 1`, finished: true, createdAt: at };
  return {
    ...base,
    manifest: { ...manifest, state: null },
    kind: stage === 'reward' ? ('reward' as const) : ('policy' as const),
    run: { ...base.run, run: { ...run, status: 'finished' as const } },
  };
}

async function bundle(stages: readonly Stage[], of: Stage, ranked = true, own = '') {
  const name = freshName();
  const db = await new Connection({ name }).db();
  await openProject(db, 'p', SETTINGS, 0);
  for (const [i, stage] of stages.entries()) await saveCheckpoint(db, finished(stage, i + 1));
  const { session } = await testSession({ name });
  if (ranked) {
    await session.handlers['labels.import']({
      ...{ kind: 'rankings', classmates: false },
      files: [{ name: 'mine', format: 'jsonl', text: RANKED }],
    });
  }
  if (own !== '') {
    await session.handlers['labels.import']({
      ...{ kind: 'demonstrations', classmates: false },
      files: [{ name: 'mine', format: 'jsonl', text: own }],
    });
  }
  const { file, notes } = await session.handlers['checkpoint.bundle']({
    checkpoint: `run-${of}-10`,
  });
  const files = unpackFiles(new Uint8Array(await file.arrayBuffer()), LIMITS);
  const text = (path: string) => new TextDecoder().decode(files.get(path));
  const rows = (path: string) =>
    text(path)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
  return { files, notes, text, rows };
}

describe('of a reinforced model', () => {
  it('holds policy, reference and reward model, each a folder, and scripts that begin with them', async () => {
    const { files, notes, text } = await bundle(['sft', 'reward', 'ppo'], 'ppo');
    expect(notes).toEqual([]);
    for (const folder of ['policy', 'sft', 'reward']) {
      for (const name of [
        'config.json',
        'model.safetensors',
        'tokenizer.json',
        'tokenizer_config.json',
      ]) {
        expect(files.has(`models/${folder}/${name}`), `${folder}/${name}`).toBe(true);
      }
    }
    const embedding = (folder: string) =>
      readSafetensors(files.get(`models/${folder}/model.safetensors`)!).get(
        'transformer.wte.weight',
      )?.data;
    const { config } = new FakeWorkbench().language();
    expect(embedding('policy')).toEqual(
      initialTensors(config, 'language', Rng.named(3, 'ppo')).get('wte.weight')?.data,
    );
    expect(embedding('sft')).not.toEqual(embedding('policy'));
    expect(JSON.parse(text('models/policy/config.json'))).toMatchObject({ n_embd: 8, n_layer: 1 });
    expect(text('ppo.py')).toContain('default="models/policy"');
    expect(text('ppo.py')).toContain('the run "ppo 1"');
    expect(text('sft.py')).toContain('learning_rate=0.004,');
    expect(JSON.parse(text('settings.json'))).toEqual(SETTINGS);
    expect(text('README.md')).toContain('# ppo 1, to go on with TRL');
  });

  it('holds the data of the run; prompts end with the line break behind which the model answers', async () => {
    const { rows, text } = await bundle(['sft', 'reward', 'ppo'], 'ppo');
    // Of three answers two are tied: the two comparisons with the middle one are left.
    expect(rows('data/preferences.jsonl')).toEqual([
      { prompt: 'is it?\n', chosen: 'yes', rejected: 'no' },
      { prompt: 'is it?\n', chosen: 'oh', rejected: 'no' },
    ]);
    const demonstrations = rows('data/demonstrations.jsonl');
    expect(demonstrations).toHaveLength(SETTINGS.sft.demonstrations);
    for (const row of demonstrations) {
      expect(Object.keys(row)).toEqual(['prompt', 'completion']);
      expect(row['prompt']).toMatch(/[^\n]\n$/);
    }
    const prompts = rows('data/prompts.jsonl');
    expect(prompts.length).toBeGreaterThan(100);
    expect(new Set(prompts.map(({ prompt }) => prompt)).size).toBe(prompts.length);
    expect(text('README.md')).toContain(`${prompts.length} prompts for PPO`);
    expect(text('README.md')).toContain('`data/preferences.jsonl`: 2 rows');
  });
});

it('holds the person’s version of a demonstration in the place of the world’s', async () => {
  const { seed } = SETTINGS.general;
  const shipped = new WorldSupply(seed).demonstrations(SETTINGS.sft.demonstrations);
  const version = versionId(seed, shipped[1]?.id ?? '');
  const own = JSON.stringify({ id: version, prompt: 'is it?', completion: 'mine' });
  const { rows } = await bundle(['sft'], 'sft', false, own);
  expect(rows('data/demonstrations.jsonl').map(({ completion }) => completion)).toEqual(
    shipped.map(({ response }, i) => (i === 1 ? 'mine' : response)),
  );
});

it('of an earlier model says what is missing, and the scripts begin with what there is', async () => {
  const { files, notes, text } = await bundle(['sft'], 'sft', false);
  expect(notes).toEqual([
    'There is no reward model yet: run reward.py before ppo.py.',
    'There is no ranking that prefers an answer: reward.py and dpo.py need some.',
  ]);
  expect(
    [...files.keys()]
      .filter((name) => name.startsWith('models/'))
      .map((name) => name.split('/')[1]),
  ).toEqual(Array.from({ length: 4 }, () => 'sft'));
  expect(text('ppo.py')).toContain('"--model", default="models/sft"');
  expect(text('ppo.py')).toContain('"--reward", default="out/reward"');
  expect(text('data/preferences.jsonl')).toBe('');
});

it('of a reward model holds that one', async () => {
  const { files, notes } = await bundle(['sft', 'reward'], 'reward');
  expect(notes).toEqual([]);
  expect(files.has('models/policy/config.json')).toBe(false);
  const names = [...readSafetensors(files.get('models/reward/model.safetensors')!).keys()];
  expect(names).toContain('score.weight');
});
