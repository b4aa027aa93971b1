/**
 * The scenario that is played: which one the settings are, what its arms have shown so far, and playing it through, arm
 * after arm, with the verbs that the parts have too. Loaded late (scenarios.svelte.ts).
 */
import type { ArmRuns, Verdict } from '../config/scenarios/goals.ts';
import { isScenarioId, SCENARIO_MENU, type ScenarioId } from '../config/scenarios/menu.ts';
import {
  armSettings,
  playScenario,
  runsOfArms,
  scenarioOf,
  verdictOf,
  type FinishedRun,
  type Playing,
} from '../config/scenarios/play.ts';
import { SCENARIOS, type Arm, type Scenario } from '../config/scenarios/table.ts';
import { defaultSettings } from '../config/settings.ts';
import type { TrainingStage } from '../worker/protocol.ts';
import type { Laboratory } from './laboratory.svelte.ts';

const KEY = 'rlhf-playground/scenario';

/** Own rankings without which *Your taste* is not played: fewer show no taste. */
export const OWN_RANKINGS = 5;

const NO_RUNS: ReadonlyMap<string, ArmRuns> = runsOfArms('paper', defaultSettings(), []);

type PlayedStage = Exclude<TrainingStage, 'pretrain'> | 'labels';

export interface Shown {
  readonly id: ScenarioId;
  readonly label: string;
  readonly scenario: Scenario;
  /** The arm that the settings are. */
  readonly arm: Arm;
}

/** What is under way while a scenario plays. */
export interface Act {
  readonly arm: Arm;
  readonly stage: PlayedStage;
}

export class ScenarioDesk {
  readonly #laboratory: Laboratory;
  readonly #read: () => Promise<readonly FinishedRun[]>;
  readonly #store: Pick<Storage, 'getItem' | 'setItem'>;
  #wished: ScenarioId | null = $state.raw(null);
  #runs: readonly FinishedRun[] = $state.raw([]);
  #act: Act | null = $state.raw(null);
  #pausing = $state.raw(false);
  #note = $state.raw('');

  #playing: Playing | null = $derived.by(() => scenarioOf(this.#laboratory.settings, this.#wished));
  #shown: Shown | null = $derived.by(() => {
    const playing = this.#playing;
    return playing && { ...playing, scenario: SCENARIOS[playing.id], label: labelOf(playing.id) };
  });
  #arms: ReadonlyMap<string, ArmRuns> = $derived.by(() =>
    this.#playing === null
      ? NO_RUNS
      : runsOfArms(this.#playing.id, this.#laboratory.settings, this.#runs),
  );
  #verdict: Verdict | null = $derived(
    this.#playing === null ? null : verdictOf(this.#playing.id, this.#arms),
  );

  constructor(
    laboratory: Laboratory,
    read: () => Promise<readonly FinishedRun[]>,
    store: Pick<Storage, 'getItem' | 'setItem'>,
  ) {
    this.#laboratory = laboratory;
    this.#read = read;
    this.#store = store;
    const stored = store.getItem(KEY) ?? '';
    this.#wished = isScenarioId(stored) ? stored : null;
  }

  /** Null for settings of one's own. */
  get shown(): Shown | null {
    return this.#shown;
  }
  /** Arms with a finished run under the settings as they are. */
  get arms(): ReadonlyMap<string, ArmRuns> {
    return this.#arms;
  }
  /** Null while an arm has no finished run, or one that is too short for its goal. */
  get verdict(): Verdict | null {
    return this.#verdict;
  }
  /** Every arm has run, and yet nothing can be said. */
  get inconclusive(): boolean {
    const { shown } = this;
    return shown !== null && this.verdict === null && this.#allRan(shown.scenario);
  }
  /** Null while nothing plays. */
  get act(): Act | null {
    return this.#act;
  }
  get pausing(): boolean {
    return this.#pausing;
  }
  /** Why playing ended before its end; empty when it did not. */
  get note(): string {
    return this.#note;
  }

  /** Remembers which scenario is meant, where the settings alone do not tell. */
  wish(id: ScenarioId): void {
    this.#wished = id;
    this.#note = '';
    this.#store.setItem(KEY, id);
  }

  /** Takes the settings of a scenario. */
  async choose(id: ScenarioId): Promise<void> {
    const settings = playScenario(id, this.#laboratory.settings);
    if (await this.#laboratory.setSettings(settings)) this.wish(id);
  }

  /** Reads what has been trained so far. */
  async refresh(): Promise<void> {
    this.#runs = (await this.#laboratory.attempt(this.#read)) ?? this.#runs;
  }

  /** Plays what is left of the scenario to its verdict; what was paused goes on. */
  async play(): Promise<void> {
    const { shown } = this;
    if (shown === null || this.#act !== null) return;
    this.#note = '';
    this.#pausing = false;
    try {
      for (const arm of shown.scenario.arms) {
        await this.refresh();
        if (this.#arms.has(arm.id)) continue;
        if (!(await this.#playArm(shown.scenario, arm))) return;
      }
    } finally {
      await this.refresh();
      this.#act = null;
      this.#pausing = false;
    }
  }

  /** Ends playing after the step under way; nothing is lost. */
  async pause(): Promise<void> {
    if (this.#act === null) return;
    this.#pausing = true;
    const { stage } = this.#act;
    if (stage === 'labels') await this.#laboratory.ask('labels.stop', {});
    else await this.#laboratory.pause(stage);
  }

  async #playArm({ last }: Scenario, arm: Arm): Promise<boolean> {
    const laboratory = this.#laboratory;
    this.#act = { arm, stage: 'sft' };
    if (!(await laboratory.setSettings(armSettings(arm, laboratory.settings)))) return false;
    const stages: PlayedStage[] = ['sft', 'labels', ...stagesTo(last, laboratory)];
    for (const stage of stages) {
      this.#act = { arm, stage };
      const whole = stage === 'labels' ? await this.#label() : await this.#train(stage, last);
      if (!whole || this.#pausing) return false;
    }
    return true;
  }

  /** Lets the class rank what is missing; a person is asked to. */
  async #label(): Promise<boolean> {
    const laboratory = this.#laboratory;
    const { source, prompts, k } = laboratory.settings.labels;
    const ranked = laboratory.stage('labels')?.step ?? 0;
    if (source === 'person') {
      if (ranked >= OWN_RANKINGS) return true;
      this.#note = `${ranked} of at least ${OWN_RANKINGS} prompts are ranked by you: rank some in part 2 Rank, better 15, then play on.`;
      return false;
    }
    if (ranked >= prompts) return true;
    return (await laboratory.ask('labels.simulate', { count: prompts - ranked, k })) !== null;
  }

  /** Trains a stage until it is done with the settings as they are; a leftover of other settings is finished first. */
  async #train(stage: Exclude<PlayedStage, 'labels'>, last: Scenario['last']): Promise<boolean> {
    const laboratory = this.#laboratory;
    const isDone = (): boolean => laboratory.stage(stage)?.status === 'done';
    // Done, and yet without a run to show: it was made before what the goal asks for was measured.
    const again = stage === last && isDone();
    if (isDone() && !again) return true;
    await laboratory.start(stage, again);
    await laboratory.settled(stage);
    if (isDone() || this.#pausing) return isDone();
    if (laboratory.stage(stage)?.status === 'stale') {
      await laboratory.start(stage, true);
      await laboratory.settled(stage);
    }
    if (!isDone() && !this.#pausing) {
      const { status, message } = laboratory.stage(stage) ?? {};
      this.#note =
        status === 'stale' && message !== undefined
          ? message
          : 'It was stopped before its end. Play goes on from there.';
    }
    return isDone();
  }

  #allRan({ arms }: Scenario): boolean {
    return arms.every(({ id }) => this.#arms.has(id));
  }
}

/** The stages after the labels that an arm trains; DPO reads the rankings themselves. */
function stagesTo(
  last: Scenario['last'],
  { settings }: Laboratory,
): Exclude<PlayedStage, 'labels'>[] {
  if (last === 'reward') return ['reward'];
  return settings.method.name === 'dpo' ? ['ppo'] : ['reward', 'ppo'];
}

function labelOf(wanted: ScenarioId): string {
  return SCENARIO_MENU.find(({ id }) => id === wanted)?.label ?? wanted;
}
