/**
 * What the session asks of the machinery that computes: engine, models, loops, sampling, labels, judges.
 * The session drives loops and stores rows; everything with a tensor or with the world in it is behind this interface,
 * which is why the session is tested with a fake one. The real one is laboratory.ts.
 */
import type { Settings } from '../config/settings.ts';
import type { BlindOutputs, SimulatedAgreement } from '../records/human-evaluation.ts';
import type { Demonstration, Prompt } from '../records/prompt.ts';
import type { OwnText } from '../records/own-text.ts';
import type { Ranking } from '../records/ranking.ts';
import type { RolloutView } from '../records/run-view.ts';
import type { ModelFiles, ReadFile } from './shipped-models.ts';
import type { Loop, RolloutRow, Snapshot } from '../rlhf/loop.ts';
import type { LabelerTrial, RewardReport } from '../records/reward-report.ts';
import type {
  BackendName,
  CheckpointSummary,
  CommandMap,
  EngineInfo,
  TrainingStage,
} from './protocol.ts';

/** Told how far a long task is; `done` counts to `total`. */
export type ReportProgress = (task: string, done: number, total: number) => void;

/** A checkpoint that can be loaded when it is needed. `load` is never called for a shipped one. */
export interface ModelSource {
  readonly summary: CheckpointSummary;
  load(): Promise<Snapshot>;
}

/** A training loop with what has to happen once after its last step. */
export interface StageLoop extends Loop {
  /** Completes the model at a step boundary (the reward model's bias, say); called once, before the last snapshot. */
  finish(): Promise<void>;
}

/** Everything a training loop is made from. */
export interface StageRequest {
  readonly stage: TrainingStage;
  readonly settings: Settings;
  /** Where an unfinished run stopped; null starts a new one. */
  readonly snapshot: Snapshot | null;
  /** The person's own text, to train a base model from or to mix in; null where the shipped base is chosen. */
  readonly text: OwnText | null;
  /** The base model that SFT starts from; null for the shipped one. */
  readonly base: ModelSource | null;
  /** The finished model of the stage before: present whenever the stage needs it. */
  readonly sft: ModelSource | null;
  readonly reward: ModelSource | null;
  /** Rankings whose labels the settings ask for. */
  readonly rankings: readonly Ranking[];
  /** The person's own demonstrations, added to the world's or in the place of some. */
  readonly demonstrations: readonly Demonstration[];
  /** The person's own prompts to train on, added to the world's. */
  readonly prompts: readonly Prompt[];
}

export interface RankingRequest {
  readonly sft: ModelSource;
  readonly settings: Settings;
  readonly count: number;
  readonly k: number;
  /** Prompts that need no ranking by this labeler any more. */
  readonly ranked: ReadonlySet<string>;
  /** The person's own prompts, which come before the world's. */
  readonly prompts: readonly Prompt[];
}

export interface EngineStart {
  readonly prefer: BackendName | undefined;
  /** Backends that are not tried, each with the sentence that says why. */
  readonly avoid: ReadonlyMap<BackendName, string>;
  /** Told when the device is lost, in a sentence. Whatever was computing on it fails; loops on it must be dropped. */
  readonly lost: (sentence: string) => void;
}

export interface SuiteRequest {
  readonly models: readonly ModelSource[];
  readonly prompts: number;
  readonly settings: Settings;
  /** What the tax is measured from; null for the shipped one. */
  readonly base: ModelSource | null;
  /** The person's own text that `base` was trained from; null for the world's documents. */
  readonly text: OwnText | null;
  /** Asked between two chunks; true ends the judging, and what is judged whole is reported. */
  readonly stopped: () => boolean;
}

/** What a reward model is tested on. */
export interface ReportedRankings {
  /** Of the labelers it learned from; some of them were held out. */
  readonly chosen: readonly Ranking[];
  /** Of labelers it learned nothing from. */
  readonly others: readonly Ranking[];
}

/** A reward model to be trained without one of the labelers. */
export interface HoldOutRequest {
  readonly labeler: string;
  readonly sft: ModelSource;
  /** Of all labelers whose labels the settings ask for. */
  readonly rankings: readonly Ranking[];
  readonly settings: Settings;
  /** Asked between two steps; true ends the training, and there is no trial. */
  readonly stopped: () => boolean;
}

/** Asked between two chunks of work; true ends it. */
export type Stopped = () => boolean;

export interface Workbench {
  /** Picks a backend and loads the shipped model. Called again to change the backend; models are dropped then. */
  start(options: EngineStart, report: ReportProgress): Promise<EngineInfo>;
  /** Models that came with the page, base first; empty before {@link start}. */
  shipped(): readonly CheckpointSummary[];
  /** The caller disposes the loop. */
  createLoop(request: StageRequest, report: ReportProgress): Promise<StageLoop>;
  rolloutView(row: RolloutRow): RolloutView;
  /** Forgets a model that was deleted or retrained. */
  forget(checkpoint: string): void;
  /** Shape and vocabulary of the shipped base, which every model here shares. Throws InputError before {@link start}. */
  language(): Pick<ModelFiles, 'config' | 'tokenizer'>;
  /** Reads a file that comes with the page. Throws ModelFileError when it cannot be had. */
  readonly readFile: ReadFile;
  /** Every word that a text of this world can hold, in lower case. */
  words(): readonly string[];
  examplePrompts(count: number, settings: Settings): Promise<readonly Prompt[]>;
  demonstrations(
    count: number,
    own: readonly Demonstration[],
    settings: Settings,
  ): Promise<CommandMap['demonstrations.list']['reply']>;
  sample(
    model: ModelSource,
    reward: ModelSource | null,
    args: CommandMap['model.sample']['args'],
    settings: Settings,
    report: ReportProgress,
  ): Promise<CommandMap['model.sample']['reply']>;
  /** Without an item when it was stopped; the same prompts come the next time. */
  completionsToRank(
    request: RankingRequest,
    report: ReportProgress,
    stopped: Stopped,
  ): Promise<CommandMap['ranking.next']['reply']>;
  /** Rankings by the simulated class in batches, each to be stored as it comes. */
  simulateLabels(request: RankingRequest): AsyncGenerator<readonly Ranking[], void, void>;
  score(
    reward: ModelSource,
    args: CommandMap['reward.score']['args'],
    settings: Settings,
  ): Promise<number>;
  /** Null when it was stopped. */
  rewardReport(
    reward: ModelSource,
    rankings: ReportedRankings,
    settings: Settings,
    report: ReportProgress,
    stopped: Stopped,
  ): Promise<RewardReport | null>;
  /** Between two steps others have their turn. Throws InputError when too little is left to train on. */
  holdOut(request: HoldOutRequest, report: ReportProgress): Promise<LabelerTrial | null>;
  /** As many as were whole when it was stopped. */
  blindPairs(
    models: readonly [ModelSource, ModelSource],
    args: CommandMap['judge.pairs']['args'],
    settings: Settings,
    report: ReportProgress,
    stopped: Stopped,
  ): Promise<CommandMap['judge.pairs']['reply']>;
  /** Answers of several checkpoints to the same held-out prompts, in an order drawn by lot for each; as for pairs. */
  blindOutputs(
    models: readonly ModelSource[],
    draw: { readonly count: number; readonly seed: number },
    settings: Settings,
    report: ReportProgress,
    stopped: Stopped,
  ): Promise<readonly BlindOutputs[]>;
  /** How often the simulated labelers rank the outputs of a person's judgements as the person did. */
  simulatedAgreement(
    judgements: readonly Ranking[],
    settings: Settings,
  ): Promise<SimulatedAgreement>;
  /** Between two chunks others have their turn, and `stopped` may end it early. */
  judgeSuite(
    request: SuiteRequest,
    report: ReportProgress,
  ): Promise<CommandMap['judge.suite']['reply']>;
}
