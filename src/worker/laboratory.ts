/**
 * The real workbench: engine, models on the device, the world's prompts and labelers, sampling, scoring, judging.
 * It stores nothing and decides nothing: the session does. Requests that use models are done one after the other, so
 * that none of them loses a model under another's hands.
 */
import type { Settings } from '../config/settings.ts';
import { sequenceShape } from '../config/stage-settings.ts';
import { EngineError, startEngine, type Engine, type EngineOptions } from '../kernels/engine.ts';
import type { BlindOutputs, SimulatedAgreement } from '../records/human-evaluation.ts';
import type { Prompt } from '../records/prompt.ts';
import type { Ranking } from '../records/ranking.ts';
import type { RolloutView } from '../records/run-view.ts';
import type { Suite } from '../records/suite.ts';
import type { RolloutRow } from '../rlhf/loop.ts';
import {
  complete,
  completionsToRank,
  differentFirst,
  promptTokens,
  toSequence,
} from '../rlhf/pipeline.ts';
import { scoreSequences } from '../rlhf/sequences.ts';
import { WORD_TYPES } from '../world/grammar.ts';
import { InputError } from './failure.ts';
import {
  drawBlindOutputs,
  drawBlindPairs,
  judgeCheckpoints,
  type ChunkedBench,
} from './judging.ts';
import { BASE, ModelShelf } from './model-shelf.ts';
import { reportReward } from './reward-report.ts';
import { simulatedAgreement } from './simulated-agreement.ts';
import { silence, stageName } from './stage-names.ts';
import type { LabelerTrial } from '../records/reward-report.ts';
import type { CheckpointSummary, CommandMap } from './protocol.ts';
import { loadModelFolder, type ModelFiles, type ReadFile } from './shipped-models.ts';
import { openStageLoop } from './stage-loops.ts';
import type {
  EngineStart,
  HoldOutRequest,
  ModelSource,
  RankingRequest,
  ReportedRankings,
  ReportProgress,
  StageLoop,
  StageRequest,
  Stopped,
  SuiteRequest,
  Workbench,
} from './stages.ts';
import { plainCompletion, plainPrompt, WorldSupply } from './world-supply.ts';

export interface LaboratoryOptions {
  readonly readFile: ReadFile;
  readonly wasmPaths?: Record<string, string>;
  /** Threads for WASM beside this one; absent where memory cannot be shared. */
  readonly helpers?: EngineOptions['helpers'];
  readonly yieldToMessages: () => Promise<void>;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Folder of the shipped base model. */
const BASE_FOLDER = 'base';
/** Prompts that the class ranks between two reports. */
const LABEL_BATCH = 16;
/** Answers to rank that are written between two looks whether to go on. */
const ANSWERS_AT_ONCE = 32;

export class Laboratory implements Workbench {
  readonly #options: LaboratoryOptions;
  #shelf: ModelShelf | null = null;
  #supply: WorldSupply | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #endAll: (error: EngineError) => void = () => undefined;
  #loss = this.#untilLost();
  /** Prompts that were handed out for ranking since the page was opened; skipped ones do not come back at once. */
  readonly #offered = new Set<string>();
  /** The person's own prompts that the newest loop asks, beside the world's. */
  #own: readonly Prompt[] = [];

  constructor(options: LaboratoryOptions) {
    this.#options = options;
  }

  async start({ prefer, avoid, lost }: EngineStart, report: ReportProgress): Promise<Engine> {
    return this.#alone(async () => {
      report('Starting the engine', 0, 1);
      const files =
        this.#shelf?.files ?? (await loadModelFolder(BASE_FOLDER, this.#options.readFile, report));
      this.#shelf?.dispose();
      this.#shelf = null;
      const { wasmPaths, helpers } = this.#options;
      const engine = await startEngine({
        ...(prefer === undefined ? {} : { prefer }),
        ...(wasmPaths === undefined ? {} : { wasmPaths }),
        ...(helpers === undefined ? {} : { helpers }),
        avoid,
        lost: (sentence) => {
          this.#lose(new EngineError(`${sentence} Try again.`));
          lost(sentence);
        },
      });
      this.#shelf = new ModelShelf(files);
      report('Starting the engine', 1, 1);
      return engine;
    });
  }

  shipped(): readonly CheckpointSummary[] {
    return this.#shelf === null ? [] : [BASE];
  }

  forget(checkpoint: string): void {
    this.#shelf?.forget(checkpoint);
  }

  createLoop(request: StageRequest, report: ReportProgress): Promise<StageLoop> {
    this.#own = request.prompts;
    const name = stageName(request.stage, request.settings);
    const { stage, text, settings } = request;
    this.#world(settings).mixIn(stage === 'pretrain' ? null : text, settings.base.heldOutShare);
    return this.#told(`Getting ready for ${name}`, report, () =>
      openStageLoop(
        { shelf: this.#models(), supply: this.#world(request.settings), now: this.#options.now },
        request,
        (done, total) => {
          report('Preparing the GPU: programs ready', done, total);
        },
      ),
    );
  }

  rolloutView(row: RolloutRow): RolloutView {
    const { tokenizer } = this.#models().files;
    const at = (list: readonly number[], t: number) => list[t] ?? Number.NaN;
    const { promptId, score, penaltySum, shapedSum, rewardSum, beta, gamma, lambda, clip } = row;
    const { klPlace, klEstimator, whitenRewards, tokens } = row;
    return {
      ...{ promptId, score, penaltySum, shapedSum, rewardSum, beta, gamma, lambda, clip },
      ...{ klPlace, klEstimator, whitenRewards },
      prompt: this.#textOf(promptId),
      ...(row.group && { group: row.group }),
      tokens: row.rewards.map((reward, t) => ({
        token: t < tokens.length ? tokenizer.tokenText(at(tokens, t)) : null,
        logProbability: at(row.logProbabilities, t),
        referenceLogProbability: at(row.referenceLogProbabilities, t),
        klPenalty: at(row.penalties, t),
        score: at(row.tokenScores, t),
        reward,
        value: at(row.values, t),
        delta: at(row.deltas, t),
        carried: at(row.carried, t),
        advantage: at(row.advantages, t),
        return: at(row.returns, t),
        ratio: at(row.ratios, t),
        usedAdvantage: at(row.usedAdvantages, t),
        clipped: row.clipped[t] ?? false,
      })),
    };
  }

  language(): Pick<ModelFiles, 'config' | 'tokenizer'> {
    return this.#models().files;
  }

  get readFile(): ReadFile {
    return this.#options.readFile;
  }

  words(): readonly string[] {
    return [...WORD_TYPES];
  }

  examplePrompts(count: number, settings: Settings): Promise<readonly Prompt[]> {
    const supply = this.#world(settings);
    return Promise.resolve(supply.validation(Math.min(count, 500)).map(plainPrompt));
  }

  demonstrations(
    count: number,
    own: StageRequest['demonstrations'],
    settings: Settings,
  ): Promise<CommandMap['demonstrations.list']['reply']> {
    const total = settings.sft.demonstrations + own.length;
    const wanted = Math.min(count, total) - own.length;
    const world = wanted > 0 ? this.#world(settings).demonstrations(wanted) : [];
    return Promise.resolve({ demonstrations: [...own, ...world].slice(0, count), total });
  }

  sample(
    source: ModelSource,
    reward: ModelSource | null,
    args: CommandMap['model.sample']['args'],
    settings: Settings,
    report: ReportProgress,
  ): Promise<CommandMap['model.sample']['reply']> {
    if (source.summary.kind !== 'policy') throw new InputError(silence(source.summary));
    return this.#told('Answering', report, async () => {
      const shelf = this.#models();
      const { tokenizer } = shelf.files;
      const shape = this.#shapeFor(promptTokens(tokenizer, args.prompt).length, settings);
      const call = {
        shape,
        temperature: args.temperature === 0 ? ('greedy' as const) : args.temperature,
        ...(args.among && { among: args.among }),
        seed: args.seed,
        scope: 'sample',
        policy: source.summary.id,
      };
      const texts = Array.from({ length: args.count }, () => args.prompt);
      const completions = await complete(await shelf.get(source), tokenizer, texts, call);
      const sequences = completions.map(({ tokens }) => ({
        prompt: promptTokens(tokenizer, args.prompt),
        response: tokens,
      }));
      const scores =
        reward === null ? [] : await scoreSequences(await shelf.get(reward), sequences, shape);
      return {
        responses: completions.map(({ text, ended }, i) => ({
          text,
          ended,
          score: scores[i] ?? null,
        })),
      };
    });
  }

  async completionsToRank(
    request: RankingRequest,
    report: ReportProgress,
    stopped: Stopped,
  ): Promise<CommandMap['ranking.next']['reply']> {
    // Equal texts teach a person's reward model nothing: twice as many are drawn, so that there are K different ones.
    const k = 2 * request.k;
    const chunk = Math.max(1, Math.floor(ANSWERS_AT_ONCE / k));
    const prompts = this.#offer(request);
    const tell = (done: number): void => {
      report('Writing answers to rank', done, prompts.length);
    };
    const items: CommandMap['ranking.next']['reply']['items'][number][] = [];
    try {
      for (let from = 0; from < prompts.length && !stopped(); from += chunk) {
        tell(from);
        const some = prompts.slice(from, from + chunk);
        const drawn = await this.#alone(() => this.#answersToRank(some, { ...request, k }));
        const chosen = drawn.map((list) => differentFirst(list, request.k).map(plainCompletion));
        items.push(
          ...some.map((row, i) => ({ prompt: plainPrompt(row), completions: chosen[i] ?? [] })),
        );
        await this.#options.yieldToMessages();
      }
    } finally {
      tell(prompts.length);
    }
    if (!stopped()) return { items };
    for (const { id } of prompts) this.#offered.delete(id);
    return { items: [] };
  }

  /** The next prompts to rank, which do not come again soon. */
  #offer(request: RankingRequest): readonly Prompt[] {
    const fresh = this.#unranked(request).filter(({ id }) => !this.#offered.has(id));
    if (fresh.length < request.count) this.#offered.clear();
    const prompts = fresh.slice(0, request.count);
    for (const { id } of prompts) this.#offered.add(id);
    return prompts;
  }

  async *simulateLabels(request: RankingRequest): AsyncGenerator<readonly Ranking[], void, void> {
    const supply = this.#world(request.settings);
    const prompts = this.#unranked(request).slice(0, request.count);
    for (let from = 0; from < prompts.length; from += LABEL_BATCH) {
      const batch = prompts.slice(from, from + LABEL_BATCH);
      const completions = await this.#alone(() => this.#answersToRank(batch, request));
      yield batch.map((prompt, i) => supply.label(prompt, completions[i] ?? []));
    }
  }

  score(
    reward: ModelSource,
    { prompt, response }: CommandMap['reward.score']['args'],
    settings: Settings,
  ): Promise<number> {
    return this.#alone(async () => {
      const shelf = this.#models();
      const sequence = toSequence(shelf.files.tokenizer, prompt, response, true);
      const wide = this.#shapeFor(sequence.prompt.length, settings);
      const shape = {
        ...wide,
        responseLength: Math.max(wide.responseLength, sequence.response.length),
      };
      if (shape.promptLength + shape.responseLength > shelf.files.config.contextLength) {
        throw new InputError('Prompt and response are too long for this model: shorten them.');
      }
      const [score = Number.NaN] = await scoreSequences(await shelf.get(reward), [sequence], shape);
      return score;
    });
  }

  rewardReport(
    reward: ModelSource,
    rankings: ReportedRankings,
    settings: Settings,
    report: ReportProgress,
    stopped: Stopped,
  ): Promise<CommandMap['reward.report']['reply']> {
    const [bench, supply] = [this.#chunked(report), this.#world(settings)];
    return reportReward(bench, reward, supply, rankings, settings, stopped);
  }

  async holdOut(request: HoldOutRequest, report: ReportProgress): Promise<LabelerTrial | null> {
    const { holdOutLabeler } = await import('./labeler-trial.ts');
    return holdOutLabeler(this.#chunked(report), request);
  }

  async blindPairs(
    models: readonly [ModelSource, ModelSource],
    args: CommandMap['judge.pairs']['args'],
    settings: Settings,
    report: ReportProgress,
    stopped: Stopped,
  ): Promise<CommandMap['judge.pairs']['reply']> {
    const supply = this.#world(settings);
    const draw = { ...args, task: 'Writing answers to vote on', stopped };
    const pairs = await drawBlindPairs(models, this.#chunked(report), supply, draw, settings);
    return { pairs };
  }

  blindOutputs(
    models: readonly ModelSource[],
    args: { readonly count: number; readonly seed: number },
    settings: Settings,
    report: ReportProgress,
    stopped: Stopped,
  ): Promise<readonly BlindOutputs[]> {
    const draw = { ...args, task: 'Writing answers to score', stopped };
    const silent = models.find(({ summary }) => summary.kind !== 'policy');
    if (silent !== undefined) throw new InputError(silence(silent.summary));
    return drawBlindOutputs(models, this.#chunked(report), this.#world(settings), draw, settings);
  }

  simulatedAgreement(
    judgements: readonly Ranking[],
    settings: Settings,
  ): Promise<SimulatedAgreement> {
    const { prompts } = settings.evaluate;
    return Promise.resolve(simulatedAgreement(judgements, this.#world(settings), prompts));
  }

  judgeSuite(request: SuiteRequest, report: ReportProgress): Promise<Suite> {
    return judgeCheckpoints(this.#chunked(report), this.#world(request.settings), request);
  }

  #chunked(report: ReportProgress): ChunkedBench {
    return {
      shelf: () => this.#models(),
      alone: (action) => this.#alone(action),
      yieldToMessages: this.#options.yieldToMessages,
      report,
    };
  }

  /** Alone, and told as one piece of work: how long it takes is known from the time before. */
  #told<T>(task: string, report: ReportProgress, action: () => Promise<T>): Promise<T> {
    return this.#alone(async () => {
      report(task, 0, 1);
      try {
        return await action();
      } finally {
        report(task, 1, 1);
      }
    });
  }

  /** Prompts still to be ranked that fit the columns: the person's own, then the world's in its order. */
  #unranked({ settings, ranked, prompts }: RankingRequest): Prompt[] {
    const { tokenizer } = this.#models().files;
    const { promptLength } = sequenceShape(settings);
    return this.#world(settings)
      .withOwn(prompts, this.#world(settings).rankingOrder())
      .filter(
        ({ id, text }) => !ranked.has(id) && promptTokens(tokenizer, text).length <= promptLength,
      );
  }

  #textOf(promptId: string): string {
    const asked = [...this.#own, ...(this.#supply?.training ?? [])];
    return asked.find(({ id }) => id === promptId)?.text ?? '';
  }

  /** K completions by the SFT model for each prompt; the same prompts and model give the same ones. */
  async #answersToRank(prompts: readonly Prompt[], { sft, settings, k }: RankingRequest) {
    const shelf = this.#models();
    const first = prompts[0]?.id ?? '';
    const call = {
      shape: sequenceShape(settings),
      temperature: settings.labels.temperature,
      seed: settings.general.seed,
      scope: `rank-${first}`,
      policy: sft.summary.id,
    };
    return completionsToRank(await shelf.get(sft), shelf.files.tokenizer, prompts, k, call);
  }

  /** Columns for a prompt that a person typed, in steps, so that few shapes are compiled. */
  #shapeFor(promptLength: number, settings: Settings) {
    const shape = sequenceShape(settings);
    const most = this.#models().files.config.contextLength - shape.responseLength;
    if (promptLength > most) {
      throw new InputError(
        `The prompt has ${promptLength} tokens, and at most ${most} fit: shorten it.`,
      );
    }
    const columns = Math.max(shape.promptLength, Math.ceil(promptLength / 32) * 32);
    return { ...shape, promptLength: Math.min(most, columns) };
  }

  #models(): ModelShelf {
    if (this.#shelf === null) throw new InputError('The model has not been loaded yet.');
    return this.#shelf;
  }

  #world({ general, labels }: Settings): WorldSupply {
    const known =
      this.#supply?.seed === general.seed ? this.#supply : new WorldSupply(general.seed);
    known.choose(labels);
    this.#supply = known;
    return known;
  }

  #alone<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => Promise.race([action(), this.#loss]));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** What is computing on a lost device may never end: it fails now, and the next waits for nothing. */
  #lose(error: EngineError): void {
    this.#endAll(error);
    this.#loss = this.#untilLost();
    this.#queue = Promise.resolve();
  }

  #untilLost(): Promise<never> {
    const loss = new Promise<never>((_, reject) => {
      this.#endAll = reject;
    });
    // Nobody may be waiting when it comes.
    loss.catch(() => undefined);
    return loss;
  }
}
