/**
 * What `npm run rlhf` is told to do: its options, the settings they come to, and where results go. Every mistake is a
 * usage error before any work begins. Starts no engine and runs nothing. Exact mode's own options: rlhf-exact.ts.
 */
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { METHOD_NAMES, type MethodName } from '../config/method-table.ts';
import { SCENARIO_MENU, type ScenarioId } from '../config/scenarios/menu.ts';
import { scenarioSettings } from '../config/scenarios/play.ts';
import { isPresetName, PRESET_NAMES, presetSettings, type PresetName } from '../config/presets.ts';
import { parseSetting, parseSettings, type Settings } from '../config/settings.ts';
import { parseStrictJson } from '../data/strict-json.ts';
import { BACKEND_ORDER, type Backend } from '../kernels/engine.ts';
import {
  choiceOption,
  readOptions,
  threadsOption,
  THREADS_OPTION,
  UsageError,
  wholeOption,
} from './options.ts';
import { exactOptions, type ExactOptions } from './rlhf-exact.ts';
import type { Control } from './rlhf-run.ts';

/** `exact` has nothing in common with the settings of a run, so it is a preset of this command only. */
const COMMAND_PRESETS = [...PRESET_NAMES, 'exact'] as const;

const SCENARIO_NAMES = SCENARIO_MENU.map(({ id }) => id);

const OPTIONS = {
  preset: { help: `one of ${COMMAND_PRESETS.join(', ')}`, value: 'NAME' },
  scenario: {
    help: `one of ${SCENARIO_NAMES.join(', ')}: every arm, then its goal`,
    value: 'NAME',
  },
  seed: { help: 'seed of everything', value: 'N' },
  backend: { help: `one of ${BACKEND_ORDER.join(', ')}`, value: 'NAME' },
  threads: THREADS_OPTION,
  base: { help: 'folder of the base model', value: 'DIR' },
  out: { help: 'folder for checkpoints and the report', value: 'DIR' },
  resume: { help: 'folder of a run to go on with', value: 'DIR' },
  json: { help: 'file for the report', value: 'FILE' },
  control: { help: 'noise: replaces the reward by noise', value: 'NAME' },
  method: {
    help: `one of ${METHOD_NAMES.join(', ')}; wins over method.name in --set`,
    value: 'NAME',
  },
  beta: { help: 'KL coefficient of exact mode', value: 'B' },
  rewards: {
    help: 'reward table of exact mode: numbers separated by commas, or random',
    value: 'LIST',
  },
  set: { help: 'settings as group.name=value, separated by commas', value: 'LIST' },
} as const;

const DEFAULT_BASE = 'public/models/base';

type Given = Partial<Record<keyof typeof OPTIONS, string>>;

/** What a run keeps of its options, in run.json. */
interface RunSettings {
  readonly preset: PresetName;
  readonly settings: Settings;
  readonly control: Control | null;
  readonly backend: Backend;
  /** Folder of the base model. */
  readonly base: string;
}

/** `--set` over the settings, and over both `--method`, which is short for `--set method.name=`. */
function withOverrides(
  settings: Settings,
  list: string | undefined,
  method: MethodName | undefined,
): Settings {
  const layers: Record<string, Record<string, unknown>> = {};
  for (const item of list?.split(',') ?? []) {
    const [key = '', value = ''] = item.split('=');
    const [group = '', name = ''] = key.trim().split('.');
    (layers[group] ??= {})[name] = parseSetting(key.trim(), value.trim());
  }
  if (method !== undefined) (layers['method'] ??= {})['name'] = method;
  return parseSettings(layers, settings);
}

function freshSettings(given: Given): RunSettings {
  const preset = given.preset ?? 'quick';
  if (!isPresetName(preset)) {
    throw new UsageError(`--preset must be one of ${COMMAND_PRESETS.join(', ')}, not "${preset}".`);
  }
  const seed = wholeOption('seed', given.seed, 1, 0, 2 ** 31 - 1);
  const scenario = choiceOption('scenario', given.scenario, SCENARIO_NAMES);
  const start =
    scenario === undefined ? presetSettings(preset) : scenarioSettings(scenario, preset);
  const plain = parseSettings({ general: { seed } }, start);
  const method = choiceOption('method', given.method, METHOD_NAMES);
  return {
    preset,
    settings: withOverrides(plain, given.set, method),
    control: choiceOption('control', given.control, ['noise'] as const) ?? null,
    backend: choiceOption('backend', given.backend, BACKEND_ORDER) ?? 'wasm',
    base: given.base ?? DEFAULT_BASE,
  };
}

/** As it may be on disk: an older version kept the method beside the settings. */
type SavedRun = Partial<RunSettings> & { readonly method?: MethodName };

function readRun(file: string): RunSettings {
  let run: SavedRun | null = null;
  try {
    run = parseStrictJson(readFileSync(file, 'utf8')) as SavedRun | null;
  } catch {
    // Told below, as for a file that is JSON of something else.
  }
  const preset = run?.preset ?? '';
  if (!run?.settings || !isPresetName(preset)) {
    throw new UsageError(`${file} does not describe a run. Start one with --out.`);
  }
  const { control = null, backend = 'wasm', base = DEFAULT_BASE, method } = run;
  const saved = parseSettings(run.settings);
  const settings = method ? parseSettings({ method: { name: method } }, saved) : saved;
  return { preset, settings, control, backend, base };
}

/** Creates the folders that results go to, so that a mistake shows before the work and not after it. */
function prepareOutputs(given: Given): void {
  const { out, json } = given;
  if (out !== undefined && existsSync(join(out, 'run.json'))) {
    throw new UsageError(
      `${out} already holds a run. Go on with --resume, or choose another folder.`,
    );
  }
  for (const [name, path] of [
    ['out', out],
    ['json', json === undefined ? undefined : dirname(json)],
  ] as const) {
    if (path === undefined) continue;
    try {
      mkdirSync(path, { recursive: true });
      accessSync(path, constants.W_OK);
    } catch {
      throw new UsageError(`--${name}: cannot write in ${path}. Choose another place.`);
    }
  }
}

function resumedSettings(folder: string, given: Given): RunSettings {
  const file = join(folder, 'run.json');
  if (!existsSync(file))
    throw new UsageError(`${folder} holds no run (run.json is missing). Start one with --out.`);
  for (const name of ['preset', 'seed', 'set', 'out', 'base', 'method'] as const) {
    if (given[name] !== undefined) {
      throw new UsageError(
        `--${name} cannot be changed when a run is resumed. Leave it out, or start anew.`,
      );
    }
  }
  const saved = readRun(file);
  const control = choiceOption('control', given.control, ['noise'] as const) ?? saved.control;
  const backend = choiceOption('backend', given.backend, BACKEND_ORDER) ?? saved.backend;
  return { ...saved, control, backend };
}

interface RunOptions {
  readonly kind: 'run';
  /** Null for a run of its own. */
  readonly scenario: ScenarioId | null;
  readonly run: RunSettings;
  /** Threads that WASM may use. */
  readonly threads: number;
  /** Folder for checkpoints, or null to keep none. */
  readonly path: string | null;
  /** File for the report, or null for stdout. */
  readonly report: string | null;
}

function refuseAll(given: Given, names: readonly (keyof Given)[], why: string): void {
  for (const name of names) {
    if (given[name] !== undefined) throw new UsageError(`--${name} ${why}`);
  }
}

/** Reads the words after the command and creates the folders for results. Throws UsageError or SettingsError. */
export function readRunOptions(words: readonly string[]): RunOptions | ExactOptions {
  const given = readOptions('rlhf', OPTIONS, words);
  if (given.preset === 'exact') {
    const others = [
      'backend',
      'threads',
      'base',
      'out',
      'resume',
      'control',
      'set',
      'method',
      'scenario',
    ] as const;
    refuseAll(given, others, 'has no meaning for the exact preset. Leave it out.');
    const options = exactOptions(given);
    prepareOutputs(given);
    return options;
  }
  refuseAll(
    given,
    ['beta', 'rewards'],
    'belongs to --preset exact. Elsewhere use --set ppo.beta=B.',
  );
  if (given.scenario !== undefined) {
    const others = ['resume', 'control', 'method'] as const;
    refuseAll(given, others, 'does not go together with --scenario. Leave it out.');
  }
  const scenario = choiceOption('scenario', given.scenario, SCENARIO_NAMES) ?? null;
  const run =
    given.resume === undefined ? freshSettings(given) : resumedSettings(given.resume, given);
  const threads = threadsOption(given.threads);
  prepareOutputs(given);
  const path = given.resume ?? given.out ?? null;
  const name = run.control === null ? 'report.json' : `report-${run.control}.json`;
  const report = given.json ?? (path === null ? null : join(path, name));
  return { kind: 'run', scenario, run, threads, path, report };
}
