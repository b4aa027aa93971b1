/**
 * One zip that goes on with a checkpoint at scale by TRL: models as folders that `transformers` opens, the data that the
 * run was trained on, its settings, and scripts. Loaded when it is first asked for; nothing is stored or changed.
 */
import type { Settings } from '../config/settings.ts';
import { writePreferences } from '../data/jsonl.ts';
import { trlReadme } from '../data/trl-readme.ts';
import { trlScripts, type ScriptModels } from '../data/trl-scripts.ts';
import { packFiles } from '../data/zip-archive.ts';
import { transformersFolder } from '../model/transformers-folder.ts';
import type { Prompt } from '../records/prompt.ts';
import { unprefixed } from '../rlhf/loop.ts';
import { SEPARATOR } from '../rlhf/pipeline.ts';
import { InputError } from './failure.ts';
import { configOf, prefixOf } from './model-shelf.ts';
import { settingsOfRun, type Project } from './project.ts';
import type { CommandMap } from './protocol.ts';
import type { RunsSession } from './run-handlers.ts';
import { chosenRankings, trainingPromptsOf } from './stage-graph.ts';
import type { ModelSource } from './stages.ts';
import { WorldSupply } from './world-supply.ts';

type Files = Map<string, Uint8Array | string>;
type Models = { readonly [K in keyof ScriptModels]: ModelSource | null };

const FOLDERS = { policy: 'models/policy', sft: 'models/sft', reward: 'models/reward' } as const;
const ROLES = ['policy', 'sft', 'reward'] as const;

/** The checkpoint in its role, and the present results of the steps before and beside it. */
function modelsOf(project: Project, source: ModelSource): Models {
  const { stage, kind, name } = source.summary;
  if (kind === 'sampling') throw new InputError(`${name} trained nothing: bundle another one.`);
  return {
    policy: stage === 'ppo' || stage === 'pretrain' ? source : null,
    sft: stage === 'sft' ? source : project.finished('sft'),
    reward: stage === 'reward' ? source : project.finished('reward'),
  };
}

async function addModel(
  files: Files,
  folder: string,
  source: ModelSource,
  { workbench }: Pick<RunsSession, 'workbench'>,
): Promise<void> {
  const { config, tokenizer } = workbench.language();
  const tensors = unprefixed((await source.load()).tensors, prefixOf(source.summary));
  const head = source.summary.kind === 'reward' ? 'scalar' : 'language';
  const contents = transformersFolder(tensors, head, configOf(tensors, config), tokenizer);
  for (const [name, content] of contents) files.set(`${folder}/${name}`, content);
}

const asked = ({ text }: Prompt): string => text + SEPARATOR;

function lines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** What the run is trained on, each with the number of its rows. */
function dataOf({ rows }: Project, settings: Settings) {
  const supply = new WorldSupply(settings.general.seed);
  const demonstrations = [
    ...supply.demonstrations(settings.sft.demonstrations),
    ...rows.demonstrations,
  ].map(({ prompt, response }) => ({ prompt: asked(prompt), completion: response }));
  const rankings = chosenRankings({ ...rows, settings });
  const preferences = writePreferences(
    rankings.map((row) => ({ ...row, prompt: { ...row.prompt, text: asked(row.prompt) } })),
  );
  const prompts = supply
    .withOwn(trainingPromptsOf(rows), supply.training)
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
function notesOf({ sft, reward }: Models, preferences: number): string[] {
  const notes: string[] = [];
  if (sft === null)
    notes.push('There is no model trained on demonstrations yet: run sft.py first.');
  if (reward === null) notes.push('There is no reward model yet: run reward.py before ppo.py.');
  if (preferences === 0) {
    notes.push('There is no ranking that prefers an answer: reward.py and dpo.py need some.');
  }
  return notes;
}

/** Throws InputError for a checkpoint without a model, DamagedCheckpointError for one that cannot be read. */
export async function bundleForTrl(
  session: RunsSession,
  checkpoint: string,
): Promise<CommandMap['checkpoint.bundle']['reply']> {
  const project = session.project();
  const source = project.source(checkpoint);
  const models = modelsOf(project, source);
  const row = project.rows.runs.find(({ id }) => id === source.summary.run);
  const own = row === undefined ? null : settingsOfRun(row);
  const settings = own ?? project.rows.settings;
  const run = row?.run.name ?? source.summary.name;
  const turned = (row?.run.turns ?? []).map(
    ({ name, from, to, iteration }) =>
      `ppo.${name}: ${from} to ${to}, from iteration ${iteration} on`,
  );
  const files: Files = new Map();
  const folders: { -readonly [K in keyof ScriptModels]: string | null } = {
    ...{ policy: null, sft: null, reward: null },
  };
  for (const role of ROLES) {
    const model = models[role];
    if (model === null) continue;
    folders[role] = FOLDERS[role];
    await addModel(files, FOLDERS[role], model, session);
  }
  const data = dataOf(project, settings);
  for (const [name, content] of data.files) files.set(name, content);
  files.set('settings.json', `${JSON.stringify(settings, null, 2)}\n`);
  for (const [name, content] of trlScripts(settings, run, folders)) files.set(name, content);
  const { demonstrations, preferences, prompts } = data;
  const facts = { run, checkpoint: source.summary.name, models: folders, turned };
  files.set('README.md', trlReadme({ ...facts, demonstrations, preferences, prompts }));
  const notes = notesOf(models, preferences);
  if (own === null) {
    notes.unshift(
      'The settings of this run can no longer be read: the scripts have the present ones.',
    );
  }
  return { file: new Blob([packFiles(files)], { type: 'application/zip' }), notes };
}
