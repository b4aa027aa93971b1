/** Settings as typed in the dialog: texts, each with its problem if it has one, until they are applied. */
import { presetSettings, type PresetName } from '../config/presets.ts';
import {
  parseSetting,
  parseSettings,
  settingsToQuery,
  settingValue,
  SETTING_ENTRIES,
  SettingsError,
  type Settings,
} from '../config/settings.ts';

function textsOf(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    SETTING_ENTRIES.map(({ key }) => [key, String(settingValue(settings, key))]),
  );
}

/** The message of a settings error; other errors are not ours to hide. */
function messageOf(error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  throw error;
}

export class SettingsDraft {
  #texts: Readonly<Record<string, string>> = $state.raw({});
  #problems = $derived(
    Object.fromEntries(
      Object.entries(this.#texts).flatMap(([key, text]) => {
        try {
          parseSetting(key, text);
          return [];
        } catch (error) {
          return [[key, messageOf(error)]];
        }
      }),
    ) as Readonly<Record<string, string>>,
  );
  #together = $derived.by(() => {
    if (Object.keys(this.#problems).length > 0) return { settings: null, problem: '' };
    try {
      return { settings: parseSettings(this.#nested()), problem: '' };
    } catch (error) {
      return { settings: null, problem: messageOf(error) };
    }
  });

  constructor(settings: Settings) {
    this.#texts = textsOf(settings);
  }

  text(key: string): string {
    return this.#texts[key] ?? '';
  }
  /** What is wrong with one setting; empty when nothing. */
  problem(key: string): string {
    return this.#problems[key] ?? '';
  }
  get problemCount(): number {
    return Object.keys(this.#problems).length;
  }
  /** What is wrong with the settings taken together. */
  get problemTogether(): string {
    return this.#together.problem;
  }
  /** The settings, when they can be applied. */
  get settings(): Settings | null {
    return this.#together.settings;
  }
  /** The query of a link to these settings. */
  get query(): string {
    return this.settings === null ? '' : settingsToQuery(this.settings);
  }

  type(key: string, text: string): void {
    this.#texts = { ...this.#texts, [key]: text };
  }

  /** Takes a preset's values; whose labels are used stays as it is. */
  preset(name: PresetName): void {
    const source = this.text('labels.source');
    this.#texts = { ...textsOf(presetSettings(name)), 'labels.source': source };
  }

  #nested(): Record<string, Record<string, unknown>> {
    const nested: Record<string, Record<string, unknown>> = {};
    for (const { key, group, name } of SETTING_ENTRIES) {
      nested[group] = { ...nested[group], [name]: parseSetting(key, this.text(key)) };
    }
    return nested;
  }
}
