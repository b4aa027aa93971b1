/**
 * From scenarios to settings and back: what playing one sets, which one some settings are, and what its runs showed.
 * Playing sets everything but seed and lengths, so nothing of the scenario before stays. Pure.
 */
import type { MetricRecord } from '../../records/run.ts';
import { PRESET_NAMES, presetSettings, type PresetName } from '../presets.ts';
import {
  diffSettings,
  parseSettings,
  type PartialSettings,
  type SettingDifference,
  type Settings,
} from '../settings.ts';
import type { ArmRuns, Verdict } from './goals.ts';
import { SCENARIO_MENU, type ScenarioId } from './menu.ts';
import { SCENARIOS, type Arm } from './table.ts';

function keysOf(layer: PartialSettings): string[] {
  return Object.entries(layer).flatMap(([group, values]) =>
    Object.keys(values).map((name) => `${group}.${name}`),
  );
}

/** Keys that some scenario sets: what tells scenarios apart, and says nothing about the preset below them. */
const SCENARIO_KEYS: ReadonlySet<string> = new Set(
  Object.values(SCENARIOS).flatMap(({ layer, quick, arms }) =>
    [layer, quick, ...arms.map((arm) => arm.layer)].flatMap(keysOf),
  ),
);

/** The micro form of any scenario: no more episodes than the preset has. */
const MICRO_SHORT: PartialSettings = { ppo: { episodes: presetSettings('micro').ppo.episodes } };
/** The same of one that measures the policy. */
const MICRO_MEASURED: PartialSettings = { ...MICRO_SHORT, evaluate: { whileTraining: 16 } };

/** The settings of an arm over a preset; of the first arm unless another is named. Throws SettingsError. */
export function scenarioSettings(
  id: ScenarioId,
  preset: PresetName,
  arm: Arm = SCENARIOS[id].arms[0],
): Settings {
  const { layer, quick } = SCENARIOS[id];
  const measured = (layer.evaluate?.whileTraining ?? 0) > 0;
  const micro = measured ? MICRO_MEASURED : MICRO_SHORT;
  const sized = { micro, quick, long: {}, paper: {} }[preset];
  return [layer, sized, arm.layer].reduce<Settings>(
    (settings, each) => parseSettings(each, settings),
    presetSettings(preset),
  );
}

export interface Playing {
  readonly id: ScenarioId;
  readonly arm: Arm;
}

interface Combination extends Playing {
  readonly preset: PresetName;
  readonly settings: Settings;
}

/** Every arm over every preset; made once, since making settings takes long beside comparing them. */
let combinations: readonly Combination[] | null = null;

function allCombinations(): readonly Combination[] {
  combinations ??= SCENARIO_MENU.flatMap(({ id }) =>
    SCENARIOS[id].arms.flatMap((arm) =>
      PRESET_NAMES.map((preset): Combination => {
        return { id, arm, preset, settings: scenarioSettings(id, preset, arm) };
      }),
    ),
  );
  return combinations;
}

interface Candidate extends Combination {
  /** In which the settings asked about differ. */
  readonly differences: readonly SettingDifference[];
}

function candidates(current: Settings): Candidate[] {
  return allCombinations().map((row) => {
    const own = { ...row.settings, general: current.general };
    return { ...row, differences: diffSettings(own, current) };
  });
}

function nearest(rows: readonly Candidate[]): Candidate | undefined {
  return rows.reduce<Candidate | undefined>(
    (best, row) =>
      best === undefined || row.differences.length < best.differences.length ? row : best,
    undefined,
  );
}

/**
 * The settings of a scenario over the preset that `current` is nearest to, whatever scenario lies over it: settings do
 * not name theirs. Seed and lengths (group `general`) stay as they are.
 */
export function playScenario(id: ScenarioId, current: Settings): Settings {
  const preset = nearest(candidates(current))?.preset ?? 'quick';
  return { ...scenarioSettings(id, preset), general: current.general };
}

/** The settings of an arm, with all else as it is now. */
export function armSettings(arm: Arm, current: Settings): Settings {
  return parseSettings(arm.layer, current);
}

/**
 * The scenario and arm that these settings play in all that any scenario sets, its own controls left aside; null for
 * settings of one's own. Arms of two scenarios may be the same settings: `wished` is taken where it fits.
 */
export function scenarioOf(settings: Settings, wished: ScenarioId | null = null): Playing | null {
  const fitting = candidates(settings).filter(({ id, arm, differences }) => {
    const turned = new Set(SCENARIOS[id].controls);
    const fixed = new Set(keysOf(arm.layer));
    return differences.every(
      ({ key }) => !SCENARIO_KEYS.has(key) || (turned.has(key) && !fixed.has(key)),
    );
  });
  const found = nearest(fitting.filter(({ id }) => id === wished)) ?? nearest(fitting);
  return found === undefined ? null : { id: found.id, arm: found.arm };
}

/** A finished run with the settings that it was begun with. */
export interface FinishedRun {
  readonly stage: 'reward' | 'ppo';
  readonly settings: Settings;
  readonly records: readonly MetricRecord[];
}

const REWARD_GROUPS: ReadonlySet<string> = new Set(['general', 'sft', 'labels', 'reward']);

/** Whether two runs of a stage were made alike, as far as the stage and those before it can tell. */
function alike(stage: FinishedRun['stage'], a: Settings, b: Settings): boolean {
  return diffSettings(a, b).every(({ key }) => {
    const [group = ''] = key.split('.');
    if (stage === 'reward') return !REWARD_GROUPS.has(group);
    return group === 'evaluate' && key !== 'evaluate.whileTraining';
  });
}

/** The newest finished runs of each arm under the settings as they are, as far as there are any. `runs` has the oldest first. */
export function runsOfArms(
  id: ScenarioId,
  current: Settings,
  runs: readonly FinishedRun[],
): ReadonlyMap<string, ArmRuns> {
  // A model that came without its curve, imported or shipped, shows nothing: it must not hide a run that does.
  const shown = runs.filter(({ records }) => records.length > 0);
  const found = SCENARIOS[id].arms.flatMap((arm): [string, ArmRuns][] => {
    const wanted = armSettings(arm, current);
    const newest = (stage: FinishedRun['stage']) =>
      shown.findLast((run) => run.stage === stage && alike(stage, run.settings, wanted))?.records;
    const [reward = [], policy = []] = [newest('reward'), newest('ppo')];
    const last = SCENARIOS[id].last === 'ppo' ? policy : reward;
    return last.length === 0 ? [] : [[arm.id, { reward, policy }]];
  });
  return new Map(found);
}

/** What a scenario's runs showed; null while an arm has no finished run, or one that lacks what the goal asks for. */
export function verdictOf(id: ScenarioId, runs: ReadonlyMap<string, ArmRuns>): Verdict | null {
  const { arms, goal } = SCENARIOS[id];
  return arms.every((arm) => runs.has(arm.id)) ? goal(Object.fromEntries(runs)) : null;
}
