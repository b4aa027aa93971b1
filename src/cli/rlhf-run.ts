/**
 * One whole run without a page: SFT, labels by the simulated class, reward model, PPO-ptx, evaluation. Each stage is
 * taken from the run's folder when it is finished there, gone on with when it is half done, and run otherwise.
 */
import { join } from 'node:path';
import { rowSource } from '../data/packing.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { MethodBesidePpo } from '../config/method-table.ts';
import type { Settings } from '../config/settings.ts';
import {
  methodSettings,
  ppoSettings,
  ptxShape,
  sftMixShape,
  rewardSettings,
  sequenceShape,
  sftSettings,
} from '../config/stage-settings.ts';
import { Model } from '../model/parameters.ts';
import { answerMeasures } from '../rlhf/answer-measures.ts';
import { pairsFromRankings } from '../rlhf/dpo.ts';
import { goldOfTokens } from '../rlhf/evaluate.ts';
import { splitRankings } from '../rlhf/held-out.ts';
import { unprefixed, type Loop, type Snapshot } from '../rlhf/loop.ts';
import type { MethodInput } from '../rlhf/method.ts';
import { METHODS } from '../rlhf/methods.ts';
import {
  demonstrationSequences,
  environmentPrompts,
  finishReward,
  openPpo,
  openReward,
  openSft,
  promptsThatFit,
  rankedSequences,
} from '../rlhf/pipeline.ts';
import type { Scorer } from '../rlhf/rollout.ts';
import { scoreSequences } from '../rlhf/sequences.ts';
import { answerHabits } from '../world/answer-habits.ts';
import { generateDemonstrations } from '../world/demonstrations.ts';
import { writeDocument } from '../world/documents.ts';
import { goldVerdict } from '../world/judges.ts';
import { labelerPopulation, type Labeler } from '../world/labelers.ts';
import { rankingPrompts, trainingPrompts } from '../world/prompt-sets.ts';
import type { Ranking } from '../records/ranking.ts';
import type { SelfChecks } from '../records/run.ts';
import { rankByClass } from './class-rankings.ts';
import { controlScorer, type Control } from './controls.ts';
import { measuredPolicy, measuredReward } from './measures.ts';
import { seriesOf, type StageReport } from './report.ts';
import { evaluateRun } from './rlhf-evaluation.ts';
import {
  finishedStage,
  keepFacts,
  keptFacts,
  prepareStage,
  runStage,
  unfinishedStage,
  type RunFolder,
  type StageOutcome,
} from './stage-runner.ts';

export interface Lab {
  readonly settings: Settings;
  readonly tokenizer: Tokenizer;
  readonly folder: RunFolder;
  /** The labelers who rank. */
  readonly labelers: readonly Labeler[];
  /** Keeps rankings aside and measures the reward model on them while it trains, as the page does. */
  readonly holdOut: boolean;
  readonly stages: Record<string, StageReport>;
  /** Records of the stages, for those who need each step whole. */
  readonly records: Record<string, StageOutcome['records']>;
}

function report(
  lab: Lab,
  name: string,
  outcome: StageOutcome,
  facts: Record<string, number> = {},
): void {
  const { records, wallSeconds } = outcome;
  lab.records[name] = records;
  lab.stages[name] = { steps: records.length, series: seriesOf(records), facts, wallSeconds };
}

/** `observe` sees the loop's steps as they pass, to keep what it wants of them. */
export async function sftStage(
  lab: Lab,
  base: Model,
  observe: (loop: Loop) => Loop = (loop) => loop,
): Promise<Model> {
  const { settings, tokenizer, folder } = lab;
  const shape = sequenceShape(settings);
  const demonstrations = generateDemonstrations(settings.general.seed, settings.sft.demonstrations);
  const examples = demonstrationSequences(tokenizer, demonstrations, shape);
  const facts = { demonstrations: examples.length };
  const done = finishedStage(folder, 'sft');
  if (done) {
    report(lab, 'sft', done.outcome, facts);
    return new Model(base.config, 'language', unprefixed(done.snapshot.tensors, 'model.'));
  }
  const mix = rowSource(writeDocument, tokenizer, sftMixShape(settings), {
    seed: settings.general.seed,
    scope: 'sft mix',
  });
  const opened = (from?: Snapshot) => openSft(base, examples, sftSettings(settings), from, mix);
  await prepareStage('sft', () => opened());
  const open = await opened(unfinishedStage(folder, 'sft'));
  report(
    lab,
    'sft',
    await runStage('sft', observe(open.loop), folder, 'loss', () => Promise.resolve()),
    facts,
  );
  open.loop.dispose();
  return open.model;
}

/** SFT samples ranked by the labelers; the same every time for a seed. */
export function classRankings(lab: Lab, sft: Model): Promise<Ranking[]> {
  const { settings, tokenizer, folder, labelers } = lab;
  const { seed } = settings.general;
  const shape = sequenceShape(settings);
  const pool = promptsThatFit(tokenizer, trainingPrompts(seed), shape);
  const prompts = rankingPrompts(pool, settings.labels.prompts);
  const file = folder.path === null ? null : join(folder.path, 'labels.jsonl');
  const { k: K, temperature } = settings.labels;
  const call = { shape, K, temperature, seed, scope: 'labels', policy: 'sft', file };
  return rankByClass(sft, tokenizer, prompts, labelers, call);
}

/** Of these rankings those to train on as sequences, and those held out. */
async function labelledRankings(lab: Lab, sft: Model) {
  const { settings, tokenizer } = lab;
  const shape = sequenceShape(settings);
  const labels = await classRankings(lab, sft);
  const { training, heldOut } = lab.holdOut
    ? splitRankings(labels, settings.reward.heldOutShare)
    : { training: labels, heldOut: [] };
  return { training: rankedSequences(tokenizer, training, shape), heldOut };
}

export async function rewardStage(lab: Lab, sft: Model): Promise<Model> {
  const { settings, tokenizer, folder } = lab;
  const { seed } = settings.general;
  const shape = sequenceShape(settings);
  const done = finishedStage(folder, 'reward');
  if (done) {
    const labels = keptFacts(folder, 'labels');
    report(lab, 'labels', labels.outcome, labels.facts);
    report(lab, 'reward', done.outcome);
    return new Model(sft.config, 'scalar', unprefixed(done.snapshot.tensors, 'model.'));
  }
  const started = performance.now();
  const { training, heldOut } = await labelledRankings(lab, sft);
  const wallSeconds = (performance.now() - started) / 1000;
  const facts = { prompts: settings.labels.prompts, usable: training.length };
  report(lab, 'labels', { records: [], wallSeconds }, facts);
  keepFacts(folder, 'labels', facts, wallSeconds);
  const from = unfinishedStage(folder, 'reward');
  const opened = (at?: Snapshot) => openReward(sft, training, rewardSettings(settings), at);
  await prepareStage('reward', () => opened());
  const open = await opened(from);
  const of = { loop: open.loop, isNew: from === undefined };
  const loop = lab.holdOut ? measuredReward(lab, open.model, heldOut, of) : open.loop;
  const demonstrations = demonstrationSequences(
    tokenizer,
    generateDemonstrations(seed, 512),
    shape,
  );
  const finish = async () => {
    await finishReward(open.model, demonstrations, shape);
  };
  report(lab, 'reward', await runStage('reward', loop, folder, 'accuracy', finish));
  open.loop.dispose();
  return open.model;
}

async function ppoStage(lab: Lab, sft: Model, reward: Model, control: Control | null) {
  const { settings, tokenizer, folder } = lab;
  const { seed } = settings.general;
  const name = control === null ? 'ppo-ptx' : `ppo-${control}`;
  const pool = trainingPrompts(seed);
  const prompts = environmentPrompts(tokenizer, pool, sequenceShape(settings));
  const gold = goldOfTokens(tokenizer, pool, goldVerdict);
  const measure = answerMeasures(tokenizer, answerHabits);
  const shape = ptxShape(settings);
  const ptx = shape && rowSource(writeDocument, tokenizer, shape, { seed, scope: 'ptx' });
  const scorer = control && controlScorer(control, { seed, tokenizer, prompts: pool });
  const input = { sft, reward, prompts, ptx, gold, measure, ...(scorer && { control: scorer }) };
  const done = finishedStage(folder, name);
  const from = done?.snapshot ?? unfinishedStage(folder, name);
  if (!done) await prepareStage(name, () => openPpo(input, ppoSettings(settings)));
  const open = await openPpo(input, ppoSettings(settings), from);
  const { policy, ema } = open.models;
  const loop = measuredPolicy(lab, policy, null, { loop: open.loop, isNew: !from });
  const outcome =
    done?.outcome ??
    (await runStage(name, loop, folder, 'objective/scores', () => Promise.resolve()));
  report(lab, name, outcome);
  return { policy, ema, best: null, open, outcome, name };
}

/** Any method beside PPO; DPO is the only one that reads the comparisons themselves. */
async function methodStage(
  lab: Lab,
  sft: Model,
  reward: Model,
  options: { readonly name: MethodBesidePpo; readonly control: Control | null },
) {
  const { settings, tokenizer, folder } = lab;
  const { name, control } = options;
  const shape = sequenceShape(settings);
  const { seed } = settings.general;
  const pool = trainingPrompts(seed);
  const scored: Scorer = (sequences) => scoreSequences(reward, sequences, shape);
  const input: MethodInput = {
    reference: sft,
    prompts: environmentPrompts(tokenizer, pool, shape),
    score: control ? controlScorer(control, { seed, tokenizer, prompts: pool }) : scored,
    pairs: name === 'dpo' ? pairsFromRankings((await labelledRankings(lab, sft)).training) : [],
  };
  const method = METHODS[name];
  const done = finishedStage(folder, name);
  const from = done?.snapshot ?? unfinishedStage(folder, name);
  const how = methodSettings(settings);
  if (!done) await prepareStage(name, () => method.open(input, how));
  const open = await method.open(input, how, from);
  const best = name === 'best-of-n' ? { ...how, score: input.score } : null;
  const loop = measuredPolicy(lab, open.policy, best, { loop: open.loop, isNew: !from });
  const outcome =
    done?.outcome ?? (await runStage(name, loop, folder, method.watch, () => Promise.resolve()));
  report(lab, name, outcome);
  return { policy: open.policy, ema: null, best, open, outcome, name };
}

/** Step 3 by the method that the settings name. The caller disposes `open`. */
export function reinforceStage(lab: Lab, sft: Model, reward: Model, control: Control | null) {
  const { name } = lab.settings.method;
  return name === 'ppo'
    ? ppoStage(lab, sft, reward, control)
    : methodStage(lab, sft, reward, { name, control });
}

/** The training labelers that the settings name. */
export function classOf({ general, labels }: Settings): Labeler[] {
  const { population, noise, k } = labels;
  return labelerPopulation(general.seed, { population, noise, k }).filter(
    ({ group }) => group === 'training',
  );
}

/** Whose answers count: those of the last weights, or of their average where the settings say so and there is one. */
export function policyThatCounts(
  { policy, ema }: { readonly policy: Model; readonly ema: Model | null },
  { evaluate }: Settings,
): Model {
  return ema !== null && evaluate.policyWeights === 'average' ? ema : policy;
}

/** Policies to be judged by name, the one that counts first. */
export function reinforcedPolicies(
  name: string,
  models: { readonly policy: Model; readonly ema: Model | null },
  settings: Settings,
) {
  const { policy, ema } = models;
  const first = policyThatCounts(models, settings);
  const beside: [string, Model][] = first === ema ? [[`${name}-raw`, policy]] : [];
  if (ema !== null && first !== ema) beside.push([`${name}-ema`, ema]);
  return new Map([[name, first], ...beside]);
}

/** Runs everything and returns the parts of the report that do not depend on the machine. */
export async function runPipeline(
  base: Model,
  tokenizer: Tokenizer,
  settings: Settings,
  options: {
    readonly folder: RunFolder;
    readonly control: Control | null;
  },
) {
  const labelers = classOf(settings);
  const { folder, control } = options;
  const of = { settings, tokenizer, folder, labelers, holdOut: false };
  const lab: Lab = { ...of, stages: {}, records: {} };
  const { seed } = settings.general;
  const sft = await sftStage(lab, base);
  const reward = await rewardStage(lab, sft);
  const step3 = await reinforceStage(lab, sft, reward, control);
  const { best, open, outcome, name } = step3;
  const checks: SelfChecks = outcome.records.at(-1)?.checks ?? {};
  const reinforced = reinforcedPolicies(name, step3, settings);
  const started = performance.now();
  const models = { base, sft, reward, reinforced, best };
  const evaluation = await evaluateRun(
    models,
    tokenizer,
    trainingPrompts(seed),
    labelers,
    settings,
  );
  report(lab, 'evaluate', { records: [], wallSeconds: (performance.now() - started) / 1000 });
  open.dispose();
  reward.dispose();
  sft.dispose();
  return { stages: lab.stages, selfChecks: checks, evaluation };
}
