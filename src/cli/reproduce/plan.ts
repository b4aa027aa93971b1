/**
 * How much of everything a reproduction runs, in its three forms: `full` is what the targets speak of, `fast` takes
 * about ten minutes on one core, `micro` shows in seconds that every part works and says nothing about quality.
 */
import { presetSettings, type PresetName } from '../../config/presets.ts';
import { parseSettings, type PartialSettings, type Settings } from '../../config/settings.ts';
import type { ResultForm } from '../../records/results.ts';
import { CLAIM_ITEMS, countsRarities, RARE_ITEMS } from '../../world/claim-sets.ts';

/** Counts that are no settings of a run. */
export interface Counts {
  /** Held-out test prompts of each seed. */
  readonly prompts: number;
  /**
   * Training prompts whose answers by a first policy are ranked too, beside those by SFT, for the reward model that every
   * claim uses (second-round.ts); 0 for a reward model of one round.
   */
  readonly policyPrompts: number;
  /** Validation prompts by which prefixes and epochs are chosen. */
  readonly validation: number;
  /** Few-shot prefixes tried of each form. */
  readonly prefixes: number;
  /** Passes of the long supervised run whose epochs are compared. */
  readonly epochs: number;
  /** Items of each suite. */
  readonly suiteItems: number;
  /** Items of a suite that counts something rare. */
  readonly rareItems: number;
  /** Examples of public tasks that the public-task model is tuned on. */
  readonly publicExamples: number;
  /** Batches of held-out pre-training rows. */
  readonly lossBatches: number;
  /** KL coefficients above the usual one, tried against the tax without pre-training text. */
  readonly taxBetas: readonly number[];
  /** Test prompts whose answers every labeler group ranks. */
  readonly groupPrompts: number;
  /** Comparisons that the reward models of the over-optimisation runs are trained on, ascending. */
  readonly comparisons: readonly number[];
  /** KL coefficients of those runs, and episodes of each. */
  readonly betas: readonly number[];
  readonly optimisationEpisodes: number;
  /** Draws of SFT for each of some prompts, and the sizes of best-of-n taken from them. */
  readonly draws: number;
  readonly drawPrompts: number;
  readonly bestOf: readonly number[];
  /** Single items kept for each row, of the first seed. */
  readonly items: number;
}

export interface Plan {
  readonly form: ResultForm;
  readonly preset: PresetName;
  /** With the seed of no run; see {@link settingsOf}. */
  readonly settings: Settings;
  readonly counts: Counts;
}

const FULL: Counts = {
  prompts: 1000,
  policyPrompts: 3000,
  validation: 200,
  prefixes: 4,
  epochs: 8,
  suiteItems: CLAIM_ITEMS,
  rareItems: RARE_ITEMS,
  publicExamples: 3000,
  lossBatches: 24,
  taxBetas: [0.3, 1],
  groupPrompts: 300,
  comparisons: [10, 100, 1000, 5000],
  betas: [0.02, 0.1, 0.3],
  optimisationEpisodes: 2048,
  draws: 64,
  drawPrompts: 200,
  bestOf: [1, 2, 4, 8, 16, 32],
  items: 4,
};

const FAST: Counts = {
  prompts: 200,
  policyPrompts: 200,
  validation: 60,
  prefixes: 3,
  epochs: 4,
  suiteItems: 60,
  rareItems: 60,
  publicExamples: 1000,
  lossBatches: 8,
  taxBetas: [0.5],
  groupPrompts: 60,
  comparisons: [100, 1000],
  betas: [0.02, 0.2],
  optimisationEpisodes: 768,
  draws: 32,
  drawPrompts: 60,
  bestOf: [1, 2, 4, 8, 16],
  items: 4,
};

const MICRO: Counts = {
  prompts: 24,
  policyPrompts: 8,
  validation: 8,
  prefixes: 1,
  epochs: 2,
  suiteItems: 6,
  rareItems: 6,
  publicExamples: 32,
  lossBatches: 2,
  taxBetas: [1],
  groupPrompts: 8,
  comparisons: [10, 40],
  betas: [0.02, 0.5],
  optimisationEpisodes: 32,
  draws: 8,
  drawPrompts: 6,
  bestOf: [1, 2, 4],
  items: 3,
};

interface Form {
  readonly preset: PresetName;
  readonly layer: PartialSettings;
  readonly counts: Counts;
  /** Seeds unless told. */
  readonly seeds: number;
}

const FORMS: Readonly<Record<ResultForm, Form>> = {
  full: { preset: 'long', layer: {}, counts: FULL, seeds: 3 },
  fast: { preset: 'quick', layer: { ppo: { episodes: 768 } }, counts: FAST, seeds: 1 },
  micro: {
    preset: 'micro',
    layer: {
      sft: { demonstrations: 32 },
      ppo: { episodes: 32, rolloutBatch: 16, minibatches: 2 },
      evaluate: { whileTraining: 0 },
    },
    counts: MICRO,
    seeds: 1,
  },
};

/** Items that the claims ask of a suite, by its name. */
export const itemsAsked = (
  { suiteItems, rareItems }: Pick<Counts, 'suiteItems' | 'rareItems'>,
  suite: string,
): number => (countsRarities(suite) ? rareItems : suiteItems);

export const seedsOfForm = (form: ResultForm): number => FORMS[form].seeds;

/** The plan of a form, on a preset of one's own where one is named, with settings changed on top. */
export function planOf(
  form: ResultForm,
  preset?: PresetName,
  change: (settings: Settings) => Settings = (settings) => settings,
): Plan {
  const { layer, counts, preset: usual } = FORMS[form];
  const chosen = preset ?? usual;
  const settings = change(parseSettings(layer, presetSettings(chosen)));
  return { form, preset: chosen, settings, counts };
}

/** The settings of one seed's runs, with some of them changed. */
export function settingsOf(
  { settings }: Plan,
  seed: number,
  layer: PartialSettings = {},
): Settings {
  return parseSettings({ general: { seed } }, parseSettings(layer, settings));
}
