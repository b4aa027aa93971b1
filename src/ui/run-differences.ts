/** What tells runs apart: the settings in which they differ, written out. Plain values, no state. */
import { SETTING_ENTRIES, settingValue, type Settings } from '../config/settings.ts';
import type { SettingGroup, SettingValue } from '../config/spec.ts';
import type { Turn } from '../records/turn.ts';
import { formatNumber } from './format.ts';
import { GROUP_TITLES } from './setting-groups.ts';
import { turnSentence } from './turn-words.ts';

export interface RunSettings {
  /** As in the legend: `this run`. */
  readonly name: string;
  /** Null when they are of another version of the program and no longer pass. */
  readonly settings: Settings | null;
  /** Settings turned while it was under way. */
  readonly turns?: readonly Turn[];
}

export interface RunDifference {
  readonly key: string;
  readonly group: SettingGroup;
  readonly label: string;
  /** In the order of the runs; null where a run's settings are not known. */
  readonly values: readonly (SettingValue | null)[];
}

/** Settings that are not the same in all runs whose settings are known, in the order of the tables. */
export function runDifferences(runs: readonly RunSettings[]): RunDifference[] {
  return SETTING_ENTRIES.flatMap(({ key, group, spec }) => {
    const values = runs.map(({ settings }) => settings && settingValue(settings, key));
    const known = new Set(values.filter((value) => value !== null));
    return known.size > 1 ? [{ key, group, label: spec.label, values }] : [];
  });
}

/** A value as it is written in comparisons. */
export function valueWords(value: SettingValue | null): string {
  if (value === null) return 'unknown';
  if (typeof value === 'number') return formatNumber(value, 4);
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : value;
}

/**
 * A sentence per difference: `3 Reinforce, KL penalty (beta): 0.1 in this run, 0.2 in the run before.` And one for each
 * setting that was turned under way: `In this run: KL penalty (beta) turned from 0.1 to 0.2 at iteration 7.`
 */
export function differenceSentences(runs: readonly RunSettings[]): string[] {
  const begun = runDifferences(runs).map(({ group, label, values }) => {
    const told = values.map((value, i) => `${valueWords(value)} in ${runs[i]?.name ?? ''}`);
    return `${GROUP_TITLES[group]}, ${label}: ${told.join(', ')}.`;
  });
  const turned = runs.flatMap(({ name, turns = [] }) =>
    turns.map((turn) => `In ${name}: ${turnSentence(turn)}`),
  );
  return [...begun, ...turned];
}
