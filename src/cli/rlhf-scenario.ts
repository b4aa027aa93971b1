/**
 * `npm run rlhf -- --scenario NAME`: a scenario as the page plays it, without a page: every arm from the same SFT model,
 * reward models measured on rankings held out, and the verdict of its goal. In *Your taste* a scripted person, who ranks
 * by cheer alone, sits in for the one at the keyboard.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArmRuns, Verdict } from '../config/scenarios/goals.ts';
import type { ScenarioId } from '../config/scenarios/menu.ts';
import { armSettings, verdictOf } from '../config/scenarios/play.ts';
import { SCENARIOS } from '../config/scenarios/table.ts';
import { diffSettings, type Settings } from '../config/settings.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { Model } from '../model/parameters.ts';
import type { Labeler } from '../world/labelers.ts';
import { UsageError } from './options.ts';
import type { StageReport } from './report.ts';
import { classOf, reinforceStage, rewardStage, sftStage, type Lab } from './rlhf-run.ts';
import type { RunFolder } from './stage-runner.ts';

export interface ArmReport {
  readonly arm: string;
  readonly settings: Settings;
  readonly stages: Readonly<Record<string, StageReport>>;
}

export interface ScenarioReport {
  readonly scenario: ScenarioId;
  readonly arms: readonly ArmReport[];
  /** Null when a run was too short for what the goal compares. */
  readonly verdict: Verdict | null;
}

/** Rankings of the scripted person in *Your taste*. */
const PERSON_PROMPTS = 15;

/** Someone to whom only cheer matters, and who makes no mistakes. */
function cheerLover([first]: readonly Labeler[]): Labeler[] {
  if (first === undefined) throw new RangeError('no labeler');
  return [
    {
      ...first,
      id: 'person',
      weights: { helpful: 0.01, truthful: 0.01, harmless: 0.01 },
      tastes: { length: 0, cheer: 3, bluntness: 0 },
      temperature: 0.02,
      chance: 0,
    },
  ];
}

function labOf(settings: Settings, tokenizer: Tokenizer): Lab {
  const byPerson = settings.labels.source === 'person';
  const labelers = classOf(settings);
  return {
    settings: byPerson
      ? { ...settings, labels: { ...settings.labels, prompts: PERSON_PROMPTS } }
      : settings,
    labelers: byPerson ? cheerLover(labelers) : labelers,
    ...{ tokenizer, folder: { path: null }, holdOut: true, stages: {}, records: {} },
  };
}

const REWARD_GROUPS = /^(labels|reward)\./;

/** A reward model with what made it, for arms that differ after it only. */
interface Rewarded {
  readonly lab: Lab;
  readonly model: Model;
}

export interface ScenarioStart {
  readonly base: Model;
  readonly tokenizer: Tokenizer;
  /** Keeps the SFT model, with which other scenarios of the same settings may begin. */
  readonly folder: RunFolder;
}

/** The SFT model, from the folder if it is there. Throws UsageError when the one there was made with other settings. */
async function startFromSft({ base, folder }: ScenarioStart, lab: Lab): Promise<Model> {
  const { path } = folder;
  if (path !== null) {
    const file = join(path, 'sft-settings.json');
    const { general, sft } = lab.settings;
    const own = JSON.stringify({ general, sft });
    if (existsSync(file) && readFileSync(file, 'utf8') !== own) {
      throw new UsageError(
        `${path} holds an SFT model of other settings. Choose another folder with --out.`,
      );
    }
    writeFileSync(file, own);
  }
  return sftStage({ ...lab, folder }, base);
}

/** Runs each arm of a scenario under `settings`, which are those of its first arm. */
export async function runScenario(
  id: ScenarioId,
  start: ScenarioStart,
  settings: Settings,
): Promise<ScenarioReport> {
  const { tokenizer } = start;
  const { arms, last } = SCENARIOS[id];
  const runs = new Map<string, ArmRuns>();
  const reports: ArmReport[] = [];
  const sftLab = labOf(settings, tokenizer);
  const sft = await startFromSft(start, sftLab);
  let rewarded: Rewarded | null = null;
  for (const arm of arms) {
    const lab = labOf(armSettings(arm, settings), tokenizer);
    rewarded = await rewardFor(lab, sft, rewarded);
    let policy: ArmRuns['policy'] = [];
    if (last === 'ppo') {
      const { open, outcome } = await reinforceStage(lab, sft, rewarded.model, null);
      open.dispose();
      policy = outcome.records;
    }
    runs.set(arm.id, { reward: rewarded.lab.records['reward'] ?? [], policy });
    const stages = { ...sftLab.stages, ...rewarded.lab.stages, ...lab.stages };
    reports.push({ arm: arm.id, settings: lab.settings, stages });
  }
  rewarded?.model.dispose();
  sft.dispose();
  return { scenario: id, arms: reports, verdict: verdictOf(id, runs) };
}

/** The reward model of the arm before where it would be the same, else a new one; the old one is disposed then. */
async function rewardFor(lab: Lab, sft: Model, before: Rewarded | null): Promise<Rewarded> {
  const differs =
    before === null ||
    diffSettings(before.lab.settings, lab.settings).some(({ key }) => REWARD_GROUPS.test(key));
  if (!differs) return before;
  before?.model.dispose();
  return { lab, model: await rewardStage(lab, sft) };
}
