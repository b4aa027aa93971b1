/**
 * All models of one seed by name, trained when they are first asked for and kept in the seed's folder, one folder for
 * each run, so that a second call goes on where the first one was. What is asked of them is answers.ts and claims/.
 */
import { join } from 'node:path';
import type { PartialSettings, Settings } from '../../config/settings.ts';
import { sequenceShape } from '../../config/stage-settings.ts';
import type { Tokenizer } from '../../data/tokenizer.ts';
import type { Model } from '../../model/parameters.ts';
import { promptsThatFit } from '../../rlhf/pipeline.ts';
import type { Labeler } from '../../world/labelers.ts';
import { testPrompts, validationPrompts } from '../../world/prompt-sets.ts';
import { HELD_OUT_USE_CASE } from '../../world/use-cases.ts';
import type { WorldPrompt } from '../../world/tasks.ts';
import type { Control } from '../controls.ts';
import { classOf, policyThatCounts, reinforceStage, type Lab } from '../rlhf-run.ts';
import type { StageOutcome } from '../stage-runner.ts';
import { keptOr, readJson, writeJson } from './json-file.ts';
import { sftEpochs } from './kept-epochs.ts';
import type { Speaker } from './pages.ts';
import { settingsOf, type Plan } from './plan.ts';
import { rewardOfAnswers } from './reward-scores.ts';
import { rewardOfRounds } from './second-round.ts';

export interface Shared {
  readonly plan: Plan;
  readonly base: Speaker;
  /** A base model several times as large, which nobody trains further; null when none was given. */
  readonly large: Speaker | null;
  readonly work: string;
}

/** Reinforcement without pre-training text. */
export const NO_PTX: PartialSettings = { ppo: { ptxCoefficient: 0, ptxTargetRatio: 0 } };

interface Reinforced {
  readonly layer: PartialSettings;
  readonly control: Control | null;
}

/** The runs of step 3 that start from the seed's SFT and reward model. */
function reinforcedBy(name: string): Reinforced {
  const beta = /^ppo-beta-([\d.]+)$/.exec(name)?.[1];
  if (beta !== undefined) {
    return { layer: { ppo: { ...NO_PTX.ppo, beta: Number(beta) } }, control: null };
  }
  switch (name) {
    case 'ppo-ptx':
      return { layer: {}, control: null };
    case 'ppo':
      return { layer: NO_PTX, control: null };
    case 'ppo-noise':
      return { layer: {}, control: 'noise' };
    case 'ppo-gold':
      return { layer: {}, control: 'gold' };
    default:
      throw new RangeError(`no policy is called ${name}`);
  }
}

/** A trained policy and the records of its training. */
export interface TrainedPolicy {
  readonly policy: Model;
  readonly records: StageOutcome['records'];
}

export class SeedLab {
  readonly seed: number;
  readonly shared: Shared;
  readonly settings: Settings;
  /** Test prompts that fit; every policy is judged on the same. */
  readonly prompts: readonly WorldPrompt[];
  /** Those that prefixes and epochs are chosen by: none of the use case that is held out. */
  readonly validation: readonly WorldPrompt[];
  readonly labelers: readonly Labeler[];
  readonly #models = new Map<string, Promise<Model>>();
  #epochModels: Promise<readonly Model[]> | null = null;
  /** Mean reward-model score of each epoch. */
  #scores: Promise<readonly number[]> | null = null;

  constructor(shared: Shared, seed: number) {
    const { plan, base } = shared;
    this.seed = seed;
    this.shared = shared;
    this.settings = settingsOf(plan, seed);
    const fitting = (prompts: readonly WorldPrompt[]) =>
      promptsThatFit(base.tokenizer, prompts, sequenceShape(this.settings));
    this.prompts = fitting(testPrompts(seed, plan.counts.prompts));
    this.validation = fitting(
      validationPrompts(seed, plan.counts.validation).filter(
        ({ useCase }) => useCase !== HELD_OUT_USE_CASE,
      ),
    );
    this.labelers = classOf(this.settings);
  }

  get tokenizer(): Tokenizer {
    return this.shared.base.tokenizer;
  }

  get counts() {
    return this.shared.plan.counts;
  }

  get shape() {
    return sequenceShape(this.settings);
  }

  path(...names: readonly string[]): string {
    return join(this.shared.work, `seed-${this.seed}`, ...names);
  }

  /** A run of its own folder, with some settings changed. */
  lab(name: string, layer: PartialSettings = {}): Lab {
    return {
      settings: settingsOf(this.shared.plan, this.seed, layer),
      tokenizer: this.tokenizer,
      folder: { path: this.path(name) },
      labelers: this.labelers,
      holdOut: false,
      stages: {},
      records: {},
    };
  }

  /** A model by name, made once; this lab disposes it. */
  model(name: string, make: () => Promise<Model>): Promise<Model> {
    const made = this.#models.get(name) ?? make();
    this.#models.set(name, made);
    return made;
  }

  /** SFT after each of its epochs; of the last one the reward model is made. This lab disposes them. */
  epochs(): Promise<readonly Model[]> {
    this.#epochModels ??= sftEpochs(this.lab('main'), this.shared.base.model);
    return this.#epochModels;
  }

  reward(): Promise<Model> {
    return this.model('reward', async () => rewardOfRounds(this, (await this.epochs()).at(-1)!));
  }

  /** Index of the epoch whose answers to validation prompts the reward model likes best. */
  async chosenEpoch(): Promise<number> {
    const models = await this.epochs();
    const reward = await this.reward();
    this.#scores ??= keptOr(this.path('main', 'epochs.json'), async () => {
      const scores: number[] = [];
      for (const model of models) scores.push(await rewardOfAnswers(this, model, reward));
      return scores;
    });
    const scores = await this.#scores;
    return scores.indexOf(Math.max(...scores));
  }

  /** The supervised model: the chosen one of its epochs. */
  async sft(): Promise<Model> {
    return (await this.epochs())[await this.chosenEpoch()]!;
  }

  /** A policy of step 3 by name: ppo-ptx, ppo, ppo-noise, ppo-gold, ppo-beta-B. */
  reinforced(name: string): Promise<Model> {
    return this.model(name, async () => {
      const { layer, control } = reinforcedBy(name);
      const lab = this.lab(name, layer);
      return (await this.reinforce(lab, await this.reward(), control)).policy;
    });
  }

  /** Step 3 of any run against any reward model; the caller disposes the policy. */
  async reinforce(lab: Lab, reward: Model, control: Control | null): Promise<TrainedPolicy> {
    const step3 = await reinforceStage(lab, await this.sft(), reward, control);
    try {
      const policy = await policyThatCounts(step3, lab.settings).copy();
      return { policy, records: step3.outcome.records };
    } finally {
      step3.open.dispose();
    }
  }

  async dispose(): Promise<void> {
    for (const model of this.#models.values()) (await model).dispose();
    for (const model of (await this.#epochModels) ?? []) model.dispose();
    this.#models.clear();
  }
}

/** Notes in a new file of the work folder what it is for; gives the file's path when another purpose is there. */
export function claimWork(
  work: string,
  name: string,
  described: Readonly<Record<string, unknown>>,
): string | null {
  const file = join(work, name);
  const kept = readJson(file);
  if (kept === null) {
    writeJson(file, described);
    return null;
  }
  return JSON.stringify(kept) === JSON.stringify(described) ? null : file;
}
