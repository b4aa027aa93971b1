/**
 * Makes the training loops from settings, finished models and labels: what the pipeline's stages need, plus the
 * samples of pinned prompts that the page shows. Each loop owns the models it trains.
 */
import { METHOD_LABELS, needsReward, type MethodBesidePpo } from '../config/method-table.ts';
import type { Settings } from '../config/settings.ts';
import {
  methodSettings,
  ppoSettings,
  ptxRowShape,
  sftMixShape,
  rewardSettings,
  sequenceShape,
  sftSettings,
} from '../config/stage-settings.ts';
import type { Model } from '../model/parameters.ts';
import { withOwnVersions } from '../records/own-version.ts';
import type { PinnedSample } from '../records/run.ts';
import { pairsFromRankings } from '../rlhf/dpo.ts';
import type { Loop, StepRecord } from '../rlhf/loop.ts';
import { isPhase, type PhaseEnd } from '../rlhf/phases.ts';
import { METHODS } from '../rlhf/methods.ts';
import {
  complete,
  demonstrationSequences,
  environmentPrompts,
  finishReward,
  fits,
  openPpo,
  openReward,
  openSft,
  rankedSequences,
  toSequence,
} from '../rlhf/pipeline.ts';
import { compileFirstStep } from '../rlhf/rehearsal.ts';
import { goldOfTokens } from '../rlhf/evaluate.ts';
import { splitRankings } from '../rlhf/held-out.ts';
import type { Scorer } from '../rlhf/rollout.ts';
import { scoreSequences } from '../rlhf/sequences.ts';
import { goldVerdict } from '../world/judges.ts';
import { InputError } from './failure.ts';
import type { ModelShelf } from './model-shelf.ts';
import { measuredPolicy, measuredReward } from './stage-measures.ts';
import type { ModelSource, StageLoop, StageRequest } from './stages.ts';
import type { WorldSupply } from './world-supply.ts';

/** Prompts whose answers are shown while training; of users that no training prompt comes from. */
const PINNED_PROMPTS = 4;
/** At most about this many times in a run. */
const SAMPLINGS = 12;
/** Training goes on for at least this many times as long as the last sampling took; slow devices sample less. */
const TRAINING_PER_SAMPLING = 4;
/** At most so many of the demonstrations trained on set the reward model's bias. */
const BIAS_DEMONSTRATIONS = 512;

type Sampler = () => Promise<readonly PinnedSample[]>;

/** Samples for the pinned prompts, always with the same random draws, so that only the policy makes the difference. */
function pinnedSampler(
  shelf: ModelShelf,
  supply: WorldSupply,
  settings: Settings,
  policy: Model,
  reward: Model | null,
): Sampler {
  const { tokenizer } = shelf.files;
  const shape = sequenceShape(settings);
  const prompts = supply
    .validation(40)
    .filter((prompt, i, all) => all.findIndex((row) => row.useCase === prompt.useCase) === i)
    .filter(({ text }) => fits(toSequence(tokenizer, text, '', true), shape))
    .slice(0, PINNED_PROMPTS);
  const texts = prompts.map((prompt) => prompt.text);
  const call = { shape, temperature: 1, seed: supply.seed, scope: 'pinned', policy: '' };
  return async () => {
    const completions = await complete(policy, tokenizer, texts, call);
    const sequences = completions.map(({ text, ended }, i) =>
      toSequence(tokenizer, texts[i] ?? '', text, ended),
    );
    const scores =
      reward === null || !sequences.every((sequence) => fits(sequence, shape))
        ? null
        : await scoreSequences(reward, sequences, shape);
    return completions.map(({ text, ended }, i) => {
      const sample = {
        promptId: prompts[i]?.id ?? '',
        prompt: texts[i] ?? '',
        response: text,
        ended,
      };
      const score = scores?.[i];
      return score === undefined ? sample : { ...sample, score };
    });
  };
}

/** Where loops are made: models, world, and a clock in milliseconds. */
export interface StageBench {
  readonly shelf: ModelShelf;
  readonly supply: WorldSupply;
  readonly now: () => number;
}

export interface StageParts {
  readonly loop: Loop;
  readonly sampler: Sampler | null;
  finish(): Promise<void>;
  dispose(): void;
}

/** The loop with samples in its first record, its last, and some in between as time allows. */
export function stageLoop(parts: StageParts, now: () => number): StageLoop {
  const { loop, sampler } = parts;
  const every = Math.max(1, Math.round(loop.total / SAMPLINGS));
  let resumeAt = 0;
  const due = ({ step }: StepRecord): boolean =>
    step === 1 || step === loop.total || (step % every === 0 && now() >= resumeAt);
  async function withSamples(record: StepRecord): Promise<StepRecord> {
    if (sampler === null || !due(record)) return record;
    const started = now();
    const samples = await sampler();
    resumeAt = now() + TRAINING_PER_SAMPLING * (now() - started);
    return { ...record, samples };
  }
  async function* steps(): AsyncGenerator<StepRecord, void, void> {
    for await (const record of loop.steps()) yield await withSamples(record);
  }
  async function* phases(): AsyncGenerator<PhaseEnd | StepRecord, void, void> {
    for await (const record of loop.phases?.() ?? loop.steps()) {
      yield isPhase(record) ? record : await withSamples(record);
    }
  }
  return {
    total: loop.total,
    steps,
    phases,
    turn: (turns) => loop.turn?.(turns),
    snapshot: () => loop.snapshot(),
    finish: () => parts.finish(),
    dispose: () => {
      parts.dispose();
    },
  };
}

async function sftStage(
  { shelf, supply, now }: StageBench,
  { settings, demonstrations, base, snapshot }: StageRequest,
): Promise<StageLoop> {
  const shipped = supply.demonstrations(settings.sft.demonstrations);
  const all = withOwnVersions(supply.seed, shipped, demonstrations);
  const shape = sequenceShape(settings);
  const examples = demonstrationSequences(shelf.files.tokenizer, all, shape);
  if (examples.length === 0)
    throw new InputError('No demonstration is short enough to learn from.');
  const { model, loop } = await openSft(
    base === null ? shelf.base : await shelf.get(base),
    examples,
    sftSettings(settings),
    snapshot ?? undefined,
    supply.pretrainingRows(shelf.files.tokenizer, sftMixShape(settings), 'sft mix'),
  );
  const parts: StageParts = {
    loop,
    sampler: pinnedSampler(shelf, supply, settings, model, null),
    finish: () => Promise.resolve(),
    dispose: () => {
      loop.dispose();
      model.dispose();
    },
  };
  return stageLoop(parts, now);
}

function needed(source: ModelSource | null, what: string): ModelSource {
  if (source === null) throw new InputError(`There is no ${what} yet: train it first.`);
  return source;
}

/** The rankings to train on, those held out left out. Throws InputError when none of them teaches anything. */
function usableRankings({ shelf }: StageBench, { settings, rankings }: StageRequest) {
  const { training, heldOut } = splitRankings(rankings, settings.reward.heldOutShare);
  const usable = rankedSequences(shelf.files.tokenizer, training, sequenceShape(settings));
  if (usable.length > 0) return { usable, heldOut };
  throw new InputError(
    'None of the rankings to train on prefers one completion over another: rank some more.',
  );
}

async function rewardStage(bench: StageBench, request: StageRequest): Promise<StageLoop> {
  const { shelf, supply, now } = bench;
  const { settings, sft, snapshot } = request;
  const { tokenizer } = shelf.files;
  const shape = sequenceShape(settings);
  const { usable, heldOut } = usableRankings(bench, request);
  const start = await shelf.copy(needed(sft, 'model trained on demonstrations'));
  const { model, loop } = await openReward(
    start,
    usable,
    rewardSettings(settings),
    snapshot ?? undefined,
  );
  start.dispose();
  const demonstrations = supply.demonstrations(
    Math.min(BIAS_DEMONSTRATIONS, settings.sft.demonstrations),
  );
  const sequences = demonstrationSequences(tokenizer, demonstrations, shape);
  const parts: StageParts = {
    loop: measuredReward(bench, model, heldOut, settings, { loop, isNew: snapshot === null }),
    sampler: null,
    finish: async () => {
      await finishReward(model, sequences, shape);
    },
    dispose: () => {
      loop.dispose();
      model.dispose();
    },
  };
  return stageLoop(parts, now);
}

async function ppoStage(
  bench: StageBench,
  { settings, sft, reward, prompts, snapshot }: StageRequest,
): Promise<StageLoop> {
  const { shelf, supply, now } = bench;
  const { tokenizer } = shelf.files;
  // Even where nothing is mixed in: it may be turned on while the run is under way.
  const shape = ptxRowShape(settings);
  const reference = await shelf.copy(needed(sft, 'model trained on demonstrations'));
  const scorer = await shelf.copy(needed(reward, 'reward model'));
  // Training goes on without these figures where they cannot be fetched: their charts and words are left out then.
  const habits = await import('./answer-habits.ts').catch(() => null);
  const open = await openPpo(
    {
      sft: reference,
      reward: scorer,
      prompts: environmentPrompts(
        tokenizer,
        supply.withOwn(prompts, supply.training),
        sequenceShape(settings),
      ),
      ptx: shape && supply.pretrainingRows(tokenizer, shape, 'ptx'),
      gold: goldOfTokens(tokenizer, supply.training, goldVerdict),
      ...(habits && { measure: habits.measuredHabits(tokenizer) }),
    },
    ppoSettings(settings),
    snapshot ?? undefined,
  );
  const { policy } = open.models;
  const of = { loop: open.loop, isNew: snapshot === null };
  const parts: StageParts = {
    loop: measuredPolicy(bench, policy, null, settings, of),
    sampler: pinnedSampler(shelf, supply, settings, policy, scorer),
    finish: () => Promise.resolve(),
    dispose: () => {
      open.dispose();
      reference.dispose();
      scorer.dispose();
    },
  };
  return stageLoop(parts, now);
}

/** Step 3 by a method beside PPO. */
async function methodStage(
  bench: StageBench,
  request: StageRequest,
  name: MethodBesidePpo,
): Promise<StageLoop> {
  const { shelf, supply, now } = bench;
  const { settings, sft, prompts, snapshot } = request;
  const shape = sequenceShape(settings);
  const rewarded = needsReward(name);
  const pairs = rewarded ? [] : pairsFromRankings(usableRankings(bench, request).usable);
  const source = rewarded ? needed(request.reward, 'reward model') : request.reward;
  const reference = await shelf.copy(needed(sft, 'model trained on demonstrations'));
  const scorer = source === null ? null : await shelf.copy(source);
  const score: Scorer = (sequences) =>
    scorer === null
      ? Promise.reject(new InputError(`${METHOD_LABELS[name]} has no reward model.`))
      : scoreSequences(scorer, sequences, shape);
  const how = methodSettings(settings);
  const asked = supply.withOwn(prompts, supply.training);
  const open = await METHODS[name].open(
    { reference, prompts: environmentPrompts(shelf.files.tokenizer, asked, shape), score, pairs },
    how,
    snapshot ?? undefined,
  );
  const best = name === 'best-of-n' ? { ...how, score } : null;
  const of = { loop: open.loop, isNew: snapshot === null };
  const parts: StageParts = {
    loop: measuredPolicy(bench, open.policy, best, settings, of),
    // A policy that never changes gives the same samples at every step.
    sampler:
      name === 'best-of-n' ? null : pinnedSampler(shelf, supply, settings, open.policy, scorer),
    finish: () => Promise.resolve(),
    dispose: () => {
      open.dispose();
      reference.dispose();
      scorer?.dispose();
    },
  };
  return stageLoop(parts, now);
}

function reinforceStage(bench: StageBench, request: StageRequest): Promise<StageLoop> {
  const { name } = request.settings.method;
  return name === 'ppo' ? ppoStage(bench, request) : methodStage(bench, request, name);
}

async function openStage(bench: StageBench, request: StageRequest): Promise<StageLoop> {
  switch (request.stage) {
    case 'pretrain': {
      const { pretrainStage } = await import('./base-stage.ts');
      return pretrainStage(bench, request);
    }
    case 'sft':
      return sftStage(bench, request);
    case 'reward':
      return rewardStage(bench, request);
    case 'ppo':
      return reinforceStage(bench, request);
  }
  return request.stage satisfies never;
}

/**
 * The loop of a stage, new or going on from a snapshot, with its GPU programs compiled, which `report` hears of. The
 * caller disposes it. Throws InputError.
 */
export async function openStageLoop(
  bench: StageBench,
  request: StageRequest,
  report: (done: number, total: number) => void,
): Promise<StageLoop> {
  // The first record has samples too, so their programs are among those compiled.
  const anew = () => openStage(bench, { ...request, snapshot: null });
  await compileFirstStep(anew, report);
  return openStage(bench, request);
}
