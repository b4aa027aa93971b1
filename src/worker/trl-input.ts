/**
 * What of a project goes into a bundle for TRL: which models, whose labels, which settings. Nothing is read or packed here;
 * that is trl-bundle.ts, which is loaded when it is asked for.
 */
import type { Settings } from '../config/settings.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { ModelConfig } from '../model/config.ts';
import type { Head } from '../model/parameters.ts';
import type { Demonstration, Prompt } from '../records/prompt.ts';
import type { Ranking } from '../records/ranking.ts';
import type { TensorMap } from '../records/tensor.ts';
import { unprefixed } from '../rlhf/loop.ts';
import { InputError } from './failure.ts';
import { configOf, prefixOf } from './model-shelf.ts';
import { settingsOfRun, type Project } from './project.ts';
import { chosenRankings, trainingPromptsOf } from './stage-graph.ts';
import type { ModelSource, Workbench } from './stages.ts';

type Load = () => Promise<{
  readonly tensors: TensorMap;
  readonly head: Head;
  readonly config: ModelConfig;
}>;

export interface BundleInput {
  readonly run: string;
  readonly checkpoint: string;
  readonly settings: Settings;
  /** False when those of the run can no longer be read, and the present ones stand in. */
  readonly settingsAreOwn: boolean;
  /** Settings that were turned while the run was under way, a line each. */
  readonly turned: readonly string[];
  /** Null where there is none. */
  readonly models: Readonly<Record<'policy' | 'sft' | 'reward', Load | null>>;
  readonly tokenizer: Tokenizer;
  readonly rankings: readonly Ranking[];
  /** The person's, beside the world's. */
  readonly own: {
    readonly demonstrations: readonly Demonstration[];
    readonly prompts: readonly Prompt[];
  };
}

/** The checkpoint in its role, and the present results of the steps before and beside it. Throws InputError for one without a model. */
export function bundleInput(
  project: Project,
  workbench: Pick<Workbench, 'language'>,
  checkpoint: string,
): BundleInput {
  const source = project.source(checkpoint);
  const { stage, kind, name, run } = source.summary;
  if (kind === 'sampling') throw new InputError(`${name} trained nothing: bundle another one.`);
  const { rows } = project;
  const row = rows.runs.find(({ id }) => id === run);
  const own = row === undefined ? null : settingsOfRun(row);
  const settings = own ?? rows.settings;
  const { config, tokenizer } = workbench.language();
  const load = (model: ModelSource | null): Load | null =>
    model &&
    (async () => {
      const tensors = unprefixed((await model.load()).tensors, prefixOf(model.summary));
      const head = model.summary.kind === 'reward' ? 'scalar' : 'language';
      return { tensors, head, config: configOf(tensors, config) };
    });
  return {
    run: row?.run.name ?? name,
    checkpoint: name,
    settings,
    settingsAreOwn: own !== null,
    turned: (row?.run.turns ?? []).map(
      (turn) => `ppo.${turn.name}: ${turn.from} to ${turn.to}, from iteration ${turn.iteration} on`,
    ),
    models: {
      policy: load(stage === 'ppo' || stage === 'pretrain' ? source : null),
      sft: load(stage === 'sft' ? source : project.finished('sft')),
      reward: load(stage === 'reward' ? source : project.finished('reward')),
    },
    tokenizer,
    rankings: chosenRankings({ ...rows, settings }),
    own: { demonstrations: rows.demonstrations, prompts: trainingPromptsOf(rows) },
  };
}
