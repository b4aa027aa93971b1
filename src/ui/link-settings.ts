/**
 * What a link's query asks for: a preset, a scenario and single settings. Never throws: a bad link is a
 * sentence to show, and changes nothing.
 */
import { isPresetName, presetSettings, PRESET_NAMES } from '../config/presets.ts';
import {
  defaultSettings,
  parseSettings,
  settingsFromQuery,
  SettingsError,
  type Settings,
} from '../config/settings.ts';
import { SCENARIOS, scenarioById } from './scenarios.ts';

export interface LinkSettings {
  /** Null when the link says nothing about settings, or nothing usable. */
  readonly settings: Settings | null;
  /** Null when all is well. */
  readonly error: string | null;
}

/** Reads `preset=micro&scenario=your-taste&ppo.beta=0.1`; single settings win over scenario over preset. */
export function settingsFromLink(query: string): LinkSettings {
  if (query === '') return { settings: null, error: null };
  try {
    const rest = new URLSearchParams(query);
    const base = withScenario(takePreset(rest), rest);
    return { settings: settingsFromQuery(rest.toString(), base), error: null };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { settings: null, error: `The link's settings were not used. ${error.message}` };
  }
}

function takePreset(query: URLSearchParams): Settings {
  const preset = query.get('preset');
  query.delete('preset');
  if (preset === null) return defaultSettings();
  if (isPresetName(preset)) return presetSettings(preset);
  throw new SettingsError(
    'preset',
    `There is no preset "${preset}": use ${PRESET_NAMES.join(', ')}.`,
  );
}

function withScenario(base: Settings, query: URLSearchParams): Settings {
  const id = query.get('scenario');
  query.delete('scenario');
  if (id === null) return base;
  const scenario = scenarioById(id);
  if (scenario !== undefined) return parseSettings(scenario.layer, base);
  const known = SCENARIOS.map((known) => known.id).join(', ');
  throw new SettingsError('scenario', `There is no scenario "${id}": use ${known}.`);
}
