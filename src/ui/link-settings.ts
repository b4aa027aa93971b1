/**
 * What a link's query asks for, and the query that asks for a setup: version, preset, scenario, single settings, hidden
 * controls, starting checkpoint. Reading never throws: a bad link is a sentence to show, and changes nothing.
 */
import { isPresetName, presetSettings, PRESET_NAMES, type PresetName } from '../config/presets.ts';
import { isScenarioId, SCENARIO_MENU, type ScenarioId } from '../config/scenarios/menu.ts';
import { scenarioSettings } from '../config/scenarios/play.ts';
import {
  defaultSettings,
  diffSettings,
  settingsFromQuery,
  SettingsError,
  settingsToQuery,
  type Settings,
} from '../config/settings.ts';
import { HIDEABLE, type Hideable } from './hidden-controls.svelte.ts';

/** Links without a version are from before there were several, and are read as of this one. */
export const LINK_VERSION = 1;

/** No setup needs more: 20 settings are about 600. Characters. */
const LONGEST_LINK = 8000;

export interface Setup {
  /** Null for settings of one's own. */
  readonly scenario: ScenarioId | null;
  readonly settings: Settings;
  readonly hidden: readonly Hideable[];
  /** Hash of the checkpoint to start from (`checkpoint.hashes`); null to start as the browser stands. */
  readonly start: string | null;
}

export interface LinkSettings {
  /** Null when the link says nothing about settings, or nothing usable. */
  readonly settings: Settings | null;
  /** The scenario that it names. */
  readonly scenario: ScenarioId | null;
  /** Null when the link says nothing about what is hidden. */
  readonly hidden: readonly Hideable[] | null;
  readonly start: string | null;
  /** Null when all is well. */
  readonly error: string | null;
}

const NOTHING: LinkSettings = {
  settings: null,
  scenario: null,
  hidden: null,
  start: null,
  error: null,
};

/**
 * Reads `v=1&preset=micro&scenario=your-taste&ppo.beta=0.1&hide=judge.runs&start=0123456789abcdef`, everything of which
 * may be missing; single settings win over scenario over preset.
 */
export function settingsFromLink(query: string): LinkSettings {
  if (query === '') return NOTHING;
  try {
    if (query.length > LONGEST_LINK) {
      throw new SettingsError('', `It is longer than ${LONGEST_LINK} characters: copy it again.`);
    }
    const rest = new URLSearchParams(query);
    const versioned = takeVersion(rest);
    // One that was made by the page hides what it says and nothing else.
    const hidden = takeHidden(rest) ?? (versioned ? [] : null);
    const start = takeStart(rest);
    const others = [...rest].length > 0;
    const preset = takePreset(rest);
    const scenario = takeScenario(rest);
    const settings = others ? settingsFromQuery(rest.toString(), baseOf(preset, scenario)) : null;
    return { settings, scenario, hidden, start, error: null };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { ...NOTHING, error: `The link's settings were not used. ${error.message}` };
  }
}

/** The shortest query that {@link settingsFromLink} reads as this setup; the seed is always written out. */
export function linkToSetup({ scenario, settings, hidden, start }: Setup): string {
  const bases = PRESET_NAMES.map((preset) => ({ preset, base: baseOf(preset, scenario) }));
  const differing = (base: Settings): number => diffSettings(base, settings).length;
  const nearest = bases.reduce((best, row) =>
    differing(row.base) < differing(best.base) ? row : best,
  );
  const query = new URLSearchParams({ v: String(LINK_VERSION) });
  if (scenario !== null) query.set('scenario', scenario);
  if (nearest.preset !== 'quick') query.set('preset', nearest.preset);
  query.set('general.seed', String(settings.general.seed));
  for (const [key, text] of new URLSearchParams(settingsToQuery(settings, nearest.base))) {
    query.set(key, text);
  }
  if (hidden.length > 0) query.set('hide', hidden.join('.'));
  if (start !== null) query.set('start', start);
  return query.toString();
}

function baseOf(preset: PresetName | null, scenario: ScenarioId | null): Settings {
  if (scenario !== null) return scenarioSettings(scenario, preset ?? 'quick');
  return preset === null ? defaultSettings() : presetSettings(preset);
}

/** Takes a key out of the query; null when it is not there. Throws SettingsError when it comes twice. */
function taken(query: URLSearchParams, key: string): string | null {
  const [text = null, second] = query.getAll(key);
  if (second !== undefined) {
    throw new SettingsError(key, `"${key}" is given twice: keep one.`);
  }
  query.delete(key);
  return text;
}

/** Whether there is one. */
function takeVersion(query: URLSearchParams): boolean {
  const text = taken(query, 'v');
  if (text === null || text === String(LINK_VERSION)) return text !== null;
  throw new SettingsError(
    'v',
    /^[1-9]\d{0,5}$/.test(text)
      ? `It is of version ${text}, and this page reads version ${LINK_VERSION}: reload the page while online to update it, then open the link again.`
      : `Its version must be ${LINK_VERSION}: copy the link again.`,
  );
}

function takeHidden(query: URLSearchParams): readonly Hideable[] | null {
  const text = taken(query, 'hide');
  if (text === null) return null;
  const names = text.split('.').filter((name) => name !== '');
  const strange = names.find((name) => !HIDEABLE.some((known) => known === name));
  if (strange === undefined) return HIDEABLE.filter((name) => names.includes(name));
  throw new SettingsError(
    'hide',
    `There is nothing called "${strange}" to hide: use ${HIDEABLE.join(', ')}.`,
  );
}

function takeStart(query: URLSearchParams): string | null {
  const text = taken(query, 'start');
  if (text === null || /^[0-9a-f]{16}$/.test(text)) return text;
  throw new SettingsError(
    'start',
    'The checkpoint to start from is named by 16 digits and letters from a to f: copy the link again.',
  );
}

function takePreset(query: URLSearchParams): PresetName | null {
  const preset = taken(query, 'preset');
  if (preset === null || isPresetName(preset)) return preset;
  throw new SettingsError(
    'preset',
    `There is no preset "${preset}": use ${PRESET_NAMES.join(', ')}.`,
  );
}

function takeScenario(query: URLSearchParams): ScenarioId | null {
  const id = taken(query, 'scenario');
  if (id === null || isScenarioId(id)) return id;
  const known = SCENARIO_MENU.map((row) => row.id).join(', ');
  throw new SettingsError('scenario', `There is no scenario "${id}": use ${known}.`);
}
