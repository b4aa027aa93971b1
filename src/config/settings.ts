/**
 * All settings as one typed value, derived from the declaration tables: defaults, validation, differences
 * and the URL form. Nothing is declared here; presets are in presets.ts.
 */
import { BASE } from './base-table.ts';
import { groupSizeOf, METHOD, METHOD_LABELS } from './method-table.ts';
import { EVALUATE, PPO } from './reinforce-table.ts';
import {
  SETTING_GROUPS,
  type SettingGroup,
  type SettingSpec,
  type SettingTable,
  type SettingValue,
} from './spec.ts';
import { GENERAL, LABELS, REWARD, SFT } from './supervised-table.ts';

export const SETTINGS = {
  general: GENERAL,
  base: BASE,
  sft: SFT,
  labels: LABELS,
  reward: REWARD,
  method: METHOD,
  ppo: PPO,
  evaluate: EVALUATE,
} as const satisfies Record<SettingGroup, SettingTable>;

type Table = typeof SETTINGS;
type ValueOf<S> = S extends { kind: 'boolean' }
  ? boolean
  : S extends { kind: 'choice'; choices: readonly (infer C)[] }
    ? C
    : number;

/** Every setting, nested by group: `settings.ppo.beta`. */
export type Settings = {
  readonly [G in keyof Table]: { readonly [K in keyof Table[G]]: ValueOf<Table[G][K]> };
};
/** Some of the settings, the rest to come from elsewhere. */
export type PartialSettings = { readonly [G in keyof Settings]?: Partial<Settings[G]> };

/** A setting that cannot be used: one line with its name, what is allowed and what to do. */
export class SettingsError extends Error {
  /** `ppo.beta`, or the unknown key. */
  readonly key: string;
  constructor(key: string, message: string) {
    super(message);
    this.name = 'SettingsError';
    this.key = key;
  }
}

/** One declared setting with its dotted key. */
export interface SettingEntry {
  readonly key: string;
  readonly group: SettingGroup;
  readonly name: string;
  readonly spec: SettingSpec;
}

/** All declarations in the order of the tables; what forms and documentation iterate over. */
export const SETTING_ENTRIES: readonly SettingEntry[] = SETTING_GROUPS.flatMap((group) =>
  Object.entries<SettingSpec>(SETTINGS[group]).map(([name, spec]) => ({
    key: `${group}.${name}`,
    group,
    name,
    spec,
  })),
);

const ENTRY_BY_KEY = new Map(SETTING_ENTRIES.map((entry) => [entry.key, entry]));

type Values = Map<string, SettingValue>;

function entryOf(key: string): SettingEntry {
  const entry = ENTRY_BY_KEY.get(key);
  if (entry !== undefined) return entry;
  throw new SettingsError(key, `There is no setting "${key}": remove it or correct its name.`);
}

function assemble(values: Values): Settings {
  const groups = SETTING_GROUPS.map((group) => {
    const own = SETTING_ENTRIES.filter((entry) => entry.group === group);
    return [
      group,
      Object.fromEntries(own.map((e) => [e.name, values.get(e.key) ?? e.spec.default])),
    ];
  });
  // Sound because every value was checked against the declaration that the type is derived from.
  return Object.fromEntries(groups) as Settings;
}

/** The value of one setting by dotted key. Throws {@link SettingsError} for an unknown key. */
export function settingValue(settings: Settings, key: string): SettingValue {
  const { group, name } = entryOf(key);
  const value = (settings[group] as Readonly<Record<string, SettingValue>>)[name];
  if (value === undefined) throw new SettingsError(key, `Setting "${key}" has no value.`);
  return value;
}

/** The `quick` preset, which is what the tables declare. */
export function defaultSettings(): Settings {
  return assemble(new Map());
}

/** What is allowed, in words: `a whole number from 1 to 64`. */
export function allowedRange(spec: SettingSpec): string {
  switch (spec.kind) {
    case 'integer':
      return `a whole number from ${spec.min} to ${spec.max}`;
    case 'number':
      return `a number from ${spec.min} to ${spec.max}`;
    case 'choice':
      return `one of ${spec.choices.join(', ')}`;
    case 'boolean':
      return 'true or false';
  }
  return spec satisfies never;
}

function isAllowed(spec: SettingSpec, value: unknown): value is SettingValue {
  switch (spec.kind) {
    case 'integer':
      return Number.isInteger(value) && Number(value) >= spec.min && Number(value) <= spec.max;
    case 'number':
      return Number.isFinite(value) && Number(value) >= spec.min && Number(value) <= spec.max;
    case 'choice':
      return typeof value === 'string' && spec.choices.includes(value);
    case 'boolean':
      return typeof value === 'boolean';
  }
  return spec satisfies never;
}

function checkValue(entry: SettingEntry, value: unknown): SettingValue {
  if (isAllowed(entry.spec, value)) return value;
  const shown = typeof value === 'string' ? `"${value}"` : String(value);
  throw new SettingsError(
    entry.key,
    `${entry.key} (${entry.spec.label}) must be ${allowedRange(entry.spec)}, got ${shown}: ` +
      `change it, or leave it out for ${String(entry.spec.default)}.`,
  );
}

/** Rules that tie settings to each other; batch arithmetic never leaves a remainder. */
function checkTogether(settings: Settings): Settings {
  const { general, ppo } = settings;
  const refuse = (key: string, message: string): never => {
    throw new SettingsError(key, `${key}: ${message}`);
  };
  if (general.maxPromptTokens + general.maxResponseTokens > 256) {
    refuse(
      'general.maxPromptTokens',
      'longest prompt and response together must fit in 256 tokens.',
    );
  }
  if (ppo.episodes % ppo.rolloutBatch !== 0) {
    refuse('ppo.episodes', `must be a multiple of ppo.rolloutBatch (${ppo.rolloutBatch}).`);
  }
  if (ppo.rolloutBatch % ppo.minibatches !== 0) {
    refuse('ppo.minibatches', `must divide ppo.rolloutBatch (${ppo.rolloutBatch}).`);
  }
  const together = ppo.whitenScope === 'minibatch' ? ppo.rolloutBatch / ppo.minibatches : Infinity;
  if (ppo.whitenAdvantages && together < 8) {
    refuse(
      'ppo.minibatches',
      'whitening needs at least 8 responses in a minibatch: use fewer minibatches or turn it off.',
    );
  }
  if (ppo.klTarget > 0 && ppo.beta === 0) {
    refuse('ppo.klTarget', 'an adaptive beta changes by shares of itself: start it above 0.');
  }
  if (ppo.ptxTargetRatio > 0 && ppo.ptxExamplesPerEpisode === 0) {
    refuse('ppo.ptxTargetRatio', 'needs pre-training text: set ppo.ptxExamplesPerEpisode above 0.');
  }
  checkMethod(settings, refuse);
  return settings;
}

/** What the method chosen asks of the settings that it shares with PPO. */
function checkMethod(
  { method, ppo }: Settings,
  refuse: (key: string, message: string) => never,
): void {
  const group = groupSizeOf(method.name, method.groupSize);
  if (ppo.rolloutBatch % group !== 0) {
    refuse('ppo.rolloutBatch', `must be a multiple of ${group}, the size of a group.`);
  }
  if ((method.name === 'dpo' || method.name === 'online-dpo') && ppo.beta === 0) {
    refuse('ppo.beta', `must be above 0 for ${METHOD_LABELS[method.name]}, which divides by it.`);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function flatten(input: unknown): Map<string, unknown> {
  if (!isRecord(input)) throw new SettingsError('', 'Settings must be an object of groups.');
  const flat = new Map<string, unknown>();
  for (const [group, values] of Object.entries(input)) {
    if (!SETTING_GROUPS.some((known) => known === group)) {
      throw new SettingsError(
        group,
        `There is no group of settings "${group}": use ${SETTING_GROUPS.join(', ')}.`,
      );
    }
    if (!isRecord(values))
      throw new SettingsError(group, `Settings of "${group}" must be an object.`);
    for (const [name, value] of Object.entries(values)) flat.set(`${group}.${name}`, value);
  }
  return flat;
}

function checkAll(input: ReadonlyMap<string, unknown>, base: Settings): Settings {
  const values: Values = new Map(
    SETTING_ENTRIES.map((entry) => [entry.key, settingValue(base, entry.key)]),
  );
  for (const [key, value] of input) values.set(key, checkValue(entryOf(key), value));
  return checkTogether(assemble(values));
}

/**
 * Checks anything (a stored row, a message, a file) and fills what is missing from `base`, by default the
 * `quick` preset. Throws {@link SettingsError} on unknown keys, values out of range and combinations that do not work.
 */
export function parseSettings(input: unknown, base: Settings = defaultSettings()): Settings {
  return checkAll(flatten(input), base);
}

export interface SettingDifference {
  readonly key: string;
  readonly label: string;
  readonly from: SettingValue;
  readonly to: SettingValue;
}

/** Settings in which `b` differs from `a`, in the order of the tables. */
export function diffSettings(a: Settings, b: Settings): SettingDifference[] {
  return SETTING_ENTRIES.flatMap(({ key, spec }) => {
    const from = settingValue(a, key);
    const to = settingValue(b, key);
    return from === to ? [] : [{ key, label: spec.label, from, to }];
  });
}

/** `sft.epochs=2&ppo.beta=0.1`: only what differs from `base`. */
export function settingsToQuery(settings: Settings, base: Settings = defaultSettings()): string {
  const query = new URLSearchParams();
  for (const { key, to } of diffSettings(base, settings)) query.set(key, String(to));
  return query.toString();
}

/** The value that a text stands for; text that is none is returned as it is and refused by the range check. */
export function valueFromText(spec: SettingSpec, text: string): unknown {
  if (spec.kind === 'choice') return text;
  if (spec.kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text;
}

/** Checks one setting typed as text, e.g. in a form. Throws {@link SettingsError}. */
export function parseSetting(key: string, text: string): SettingValue {
  const entry = entryOf(key);
  return checkValue(entry, valueFromText(entry.spec, text));
}

/**
 * Reads {@link settingsToQuery}'s form over `base`. Throws {@link SettingsError}, also when a key comes twice.
 */
export function settingsFromQuery(query: string, base: Settings = defaultSettings()): Settings {
  const flat = new Map<string, unknown>();
  for (const [key, text] of new URLSearchParams(query)) {
    if (flat.has(key)) throw new SettingsError(key, `Setting "${key}" is given twice: keep one.`);
    flat.set(key, valueFromText(entryOf(key).spec, text));
  }
  return checkAll(flat, base);
}
