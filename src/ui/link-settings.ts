/**
 * What a link's query asks for: a preset, a scenario and single settings. Never throws: a bad link is a
 * sentence to show, and changes nothing.
 */
import { isPresetName, presetSettings, PRESET_NAMES, type PresetName } from '../config/presets.ts';
import { isScenarioId, SCENARIO_MENU, type ScenarioId } from '../config/scenarios/menu.ts';
import { scenarioSettings } from '../config/scenarios/play.ts';
import {
  defaultSettings,
  settingsFromQuery,
  SettingsError,
  type Settings,
} from '../config/settings.ts';

export interface LinkSettings {
  /** Null when the link says nothing about settings, or nothing usable. */
  readonly settings: Settings | null;
  /** The scenario that it names. */
  readonly scenario: ScenarioId | null;
  /** Null when all is well. */
  readonly error: string | null;
}

/** Reads `preset=micro&scenario=your-taste&ppo.beta=0.1`; single settings win over scenario over preset. */
export function settingsFromLink(query: string): LinkSettings {
  if (query === '') return { settings: null, scenario: null, error: null };
  try {
    const rest = new URLSearchParams(query);
    const preset = takePreset(rest);
    const scenario = takeScenario(rest);
    const base = baseOf(preset, scenario);
    return { settings: settingsFromQuery(rest.toString(), base), scenario, error: null };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const words = `The link's settings were not used. ${error.message}`;
    return { settings: null, scenario: null, error: words };
  }
}

function baseOf(preset: PresetName | null, scenario: ScenarioId | null): Settings {
  if (scenario !== null) return scenarioSettings(scenario, preset ?? 'quick');
  return preset === null ? defaultSettings() : presetSettings(preset);
}

function takePreset(query: URLSearchParams): PresetName | null {
  const preset = query.get('preset');
  query.delete('preset');
  if (preset === null || isPresetName(preset)) return preset;
  throw new SettingsError(
    'preset',
    `There is no preset "${preset}": use ${PRESET_NAMES.join(', ')}.`,
  );
}

function takeScenario(query: URLSearchParams): ScenarioId | null {
  const id = query.get('scenario');
  query.delete('scenario');
  if (id === null || isScenarioId(id)) return id;
  const known = SCENARIO_MENU.map((row) => row.id).join(', ');
  throw new SettingsError('scenario', `There is no scenario "${id}": use ${known}.`);
}
