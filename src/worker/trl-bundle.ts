/**
 * One zip that goes on with a checkpoint at scale by TRL: models as folders that `transformers` opens, the data that the
 * run was trained on, its settings, and scripts. Loaded when it is first asked for; what goes in is found by trl-input.ts,
 * so that this loads nothing that the worker begins with.
 */
import type { Settings } from '../config/settings.ts';
import { writePreferences } from '../data/jsonl.ts';
import { trlReadme } from '../data/trl-readme.ts';
import { trlScripts, type ScriptModels } from '../data/trl-scripts.ts';
import { packFiles } from '../data/zip-archive.ts';
import { transformersFolder } from '../model/transformers-folder.ts';
import { withOwnVersions } from '../records/own-version.ts';
import type { Prompt } from '../records/prompt.ts';
import { SEPARATOR } from '../rlhf/pipeline.ts';
import type { CommandMap } from './protocol.ts';
import type { BundleInput } from './trl-input.ts';
import { WorldSupply } from './world-supply.ts';

const FOLDERS = { policy: 'models/policy', sft: 'models/sft', reward: 'models/reward' } as const;
const ROLES = ['policy', 'sft', 'reward'] as const;

const asked = ({ text }: Prompt): string => text + SEPARATOR;

function lines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** What the run is trained on, each with the number of its rows. */
function dataOf({ settings, rankings, own }: BundleInput) {
  const supply = new WorldSupply(settings.general.seed);
  const demonstrations = withOwnVersions(
    supply.seed,
    supply.demonstrations(settings.sft.demonstrations),
    own.demonstrations,
  ).map(({ prompt, response }) => ({ prompt: asked(prompt), completion: response }));
  const preferences = writePreferences(
    rankings.map((row) => ({ ...row, prompt: { ...row.prompt, text: asked(row.prompt) } })),
  );
  const prompts = supply
    .withOwn(own.prompts, supply.training)
    .map((prompt) => ({ prompt: asked(prompt) }));
  return {
    files: [
      ['data/demonstrations.jsonl', lines(demonstrations)],
      ['data/preferences.jsonl', preferences],
      ['data/prompts.jsonl', lines(prompts)],
    ] as const,
    demonstrations: demonstrations.length,
    preferences: preferences.split('\n').length - 1,
    prompts: prompts.length,
  };
}

/** Sentences about what some of the scripts will miss. */
function notesOf({ models, settingsAreOwn }: BundleInput, preferences: number): string[] {
  const notes: string[] = [];
  if (!settingsAreOwn) {
    notes.push(
      'The settings of this run can no longer be read: the scripts have the present ones.',
    );
  }
  if (models.sft === null) {
    notes.push('There is no model trained on demonstrations yet: run sft.py first.');
  }
  if (models.reward === null) {
    notes.push('There is no reward model yet: run reward.py before ppo.py.');
  }
  if (preferences === 0) {
    notes.push('There is no ranking that prefers an answer: reward.py and dpo.py need some.');
  }
  return notes;
}

/** Throws DamagedCheckpointError for one that cannot be read. */
export async function bundleForTrl(
  input: BundleInput,
): Promise<CommandMap['checkpoint.bundle']['reply']> {
  const { settings, run, checkpoint, turned, models, tokenizer } = input;
  const files = new Map<string, Uint8Array | string>();
  const folders: { -readonly [K in keyof ScriptModels]: string | null } = {
    ...{ policy: null, sft: null, reward: null },
  };
  for (const role of ROLES) {
    const load = models[role];
    if (load === null) continue;
    folders[role] = FOLDERS[role];
    const { tensors, head, config } = await load();
    for (const [name, content] of transformersFolder(tensors, head, config, tokenizer)) {
      files.set(`${FOLDERS[role]}/${name}`, content);
    }
  }
  const data = dataOf(input);
  for (const [name, content] of data.files) files.set(name, content);
  files.set('settings.json', toText(settings));
  for (const [name, content] of trlScripts(settings, run, folders)) files.set(name, content);
  const { demonstrations, preferences, prompts } = data;
  const facts = { run, checkpoint, models: folders, turned };
  files.set('README.md', trlReadme({ ...facts, demonstrations, preferences, prompts }));
  const file = new Blob([packFiles(files)], { type: 'application/zip' });
  return { file, notes: notesOf(input, preferences) };
}

function toText(settings: Settings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}
