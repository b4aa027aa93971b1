/** What `npm run reproduce` is told to do. Every mistake is a usage error before any work begins. */
import { isPresetName, PRESET_NAMES } from '../../config/presets.ts';
import { parseSetting, parseSettings, type Settings } from '../../config/settings.ts';
import { BACKEND_ORDER, type Backend } from '../../kernels/engine.ts';
import type { ResultForm } from '../../records/results.ts';
import {
  choiceOption,
  readOptions,
  threadsOption,
  THREADS_OPTION,
  UsageError,
} from '../options.ts';
import type { ClaimSpec } from './claim.ts';
import { CLAIMS } from './claims.ts';
import { planOf, seedsOfForm, type Plan } from './plan.ts';

const OPTIONS = {
  claims: { help: 'all, or ids separated by commas', value: 'LIST' },
  seeds: { help: 'how many seeds from 1 on, or which: 2-2, 1,3', value: 'N' },
  fast: { help: 'fewer seeds and prompts: about ten minutes on one core' },
  micro: { help: 'seconds: every part once, no quality' },
  work: {
    help: 'folder of what is trained and measured; a second call goes on there',
    value: 'DIR',
  },
  out: { help: 'Markdown page to write; its pictures go beside it', value: 'FILE' },
  json: { help: 'results file to write, for the page', value: 'FILE' },
  answers: { help: 'folder for every answer of every seed, one file a seed and set', value: 'DIR' },
  models: { help: 'folder for SFT, reward model and PPO-ptx of the first seed', value: 'DIR' },
  large: { help: 'folder of a larger base model', value: 'DIR' },
  base: { help: 'folder of the base model', value: 'DIR' },
  preset: { help: `settings of the runs: one of ${PRESET_NAMES.join(', ')}`, value: 'NAME' },
  set: { help: 'settings as group.name=value, separated by commas', value: 'LIST' },
  threads: THREADS_OPTION,
  backend: { help: `one of ${BACKEND_ORDER.join(', ')}`, value: 'NAME' },
} as const;

type Given = Partial<Record<keyof typeof OPTIONS, string>>;

export interface ReproduceOptions {
  readonly plan: Plan;
  /** In the order of the report. */
  readonly claims: readonly ClaimSpec[];
  /** Ascending. */
  readonly seeds: readonly number[];
  readonly work: string;
  readonly out: string;
  readonly json: string;
  /** Null stores none. */
  readonly answers: string | null;
  /** Null writes none; else where, and what makes them again. */
  readonly models: { readonly folder: string; readonly command: string } | null;
  readonly large: string | null;
  readonly base: string;
  readonly backend: Backend;
  readonly threads: number;
  /** For the report: the options that decide the figures, and not where files lie. */
  readonly command: string;
}

/** `3`: 1, 2, 3. `2-4`: 2, 3, 4. `1,3`: 1, 3. */
export function seedList(text: string): number[] {
  const refuse = (): never => {
    throw new UsageError(
      `--seeds must be a number, a range like 2-3 or a list like 1,3, not "${text}".`,
    );
  };
  const whole = (word: string): number => {
    const value = Number(word);
    return /^\d+$/.test(word.trim()) && value >= 1 && value <= 1000 ? value : refuse();
  };
  const range = /^(\d+)-(\d+)$/.exec(text.trim());
  const [from, to] = range
    ? [whole(range[1] ?? ''), whole(range[2] ?? '')]
    : [1, text.includes(',') ? 0 : whole(text)];
  const seeds = text.includes(',')
    ? [...new Set(text.split(',').map(whole))].sort((a, b) => a - b)
    : Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  return seeds.length > 0 ? seeds : refuse();
}

function claimList(text: string): ClaimSpec[] {
  if (text === 'all') return [...CLAIMS];
  const wanted = text.split(',').map((word) => word.trim());
  const unknown = wanted.filter((id) => !CLAIMS.some((claim) => claim.id === id));
  if (unknown.length > 0) {
    const known = CLAIMS.map(({ id }) => id).join(', ');
    throw new UsageError(`--claims: there is no ${unknown.join(', ')}. Claims: all, ${known}.`);
  }
  return CLAIMS.filter(({ id }) => wanted.includes(id));
}

function overrides(list: string | undefined): (settings: Settings) => Settings {
  const layers: Record<string, Record<string, unknown>> = {};
  for (const item of list?.split(',') ?? []) {
    const [key = '', value = ''] = item.split('=');
    const [group = '', name = ''] = key.trim().split('.');
    (layers[group] ??= {})[name] = parseSetting(key.trim(), value.trim());
  }
  return (settings) => parseSettings(layers, settings);
}

function formOf(fast: boolean, micro: boolean): ResultForm {
  if (fast && micro) throw new UsageError('--fast and --micro do not go together. Leave one out.');
  return micro ? 'micro' : fast ? 'fast' : 'full';
}

/** Of the options named those that were given, as they are written. */
function written(given: Given, names: readonly (keyof Given)[]): string[] {
  return names.flatMap((name) => {
    const value = given[name];
    if (value === undefined) return [];
    return name === 'fast' || name === 'micro' ? [`--${name}`] : [`--${name}`, value];
  });
}

/** The command with those of the options that decide the models of one seed. */
function modelsCommand(given: Given, seed: number): string {
  const words = written(given, ['fast', 'micro', 'preset', 'set', 'backend']);
  // Elsewhere than usual: a report of one seed must not take the place of the stored one.
  const folders = '--models DIR --out DIR/results.md --json DIR/results.json';
  return ['npm run reproduce --', ...words, `--seeds ${seed}-${seed} ${folders}`].join(' ');
}

/** The command with those of the options that decide the figures. */
function commandOf(given: Given): string {
  const names = ['fast', 'micro', 'claims', 'seeds', 'preset', 'set', 'backend'] as const;
  const words = written(given, names);
  // Where it lies is nobody's business; that there was one decides a claim.
  if (given.large !== undefined) words.push('--large', 'DIR');
  return ['npm run reproduce', ...(words.length > 0 ? ['--', ...words] : [])].join(' ');
}

/** Reads the words after the command. Throws UsageError or SettingsError. */
export function readReproduceOptions(words: readonly string[]): ReproduceOptions {
  const given = readOptions('reproduce', OPTIONS, words);
  const form = formOf(given.fast !== undefined, given.micro !== undefined);
  const { preset } = given;
  if (preset !== undefined && !isPresetName(preset)) {
    throw new UsageError(`--preset must be one of ${PRESET_NAMES.join(', ')}, not "${preset}".`);
  }
  const work = given.work ?? `runs/reproduce-${form}`;
  const seeds = seedList(given.seeds ?? String(seedsOfForm(form)));
  const plan = planOf(form, preset, overrides(given.set));
  if (given.models !== undefined && plan.settings.method.name !== 'ppo') {
    throw new UsageError('--models writes a policy of PPO-ptx: leave method.name at ppo.');
  }
  return {
    plan,
    claims: claimList(given.claims ?? 'all'),
    seeds,
    work,
    // Only a full run may replace the page that the repository shows.
    out: given.out ?? (form === 'full' ? 'docs/results.md' : `${work}/results.md`),
    json: given.json ?? (form === 'full' ? 'public/results/paper.json' : `${work}/results.json`),
    answers: given.answers ?? null,
    models:
      given.models === undefined
        ? null
        : { folder: given.models, command: modelsCommand(given, seeds[0]!) },
    large: given.large ?? null,
    base: given.base ?? 'public/models/base',
    backend: choiceOption('backend', given.backend, BACKEND_ORDER) ?? 'wasm',
    threads: threadsOption(given.threads),
    command: commandOf(given),
  };
}
