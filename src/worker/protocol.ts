/**
 * Everything that the page and the worker can say to each other. Types only; no tensor crosses this wall.
 * The page sends commands with a `request` number; the worker answers each with exactly one `reply`,
 * and reports progress with events in between. Rankings, votes and demonstrations of a person are written by the
 * page itself (storage/labels.ts), then `labels.changed` is sent. A stage that trains is driven by start / pause / step / stop.
 * What needs no project is in protocol-benches.ts.
 */
import type { ExactProgress, ExactState } from '../records/exact.ts';
import type { HumanBoard } from '../records/human-board.ts';
import type { BlindOutputs } from '../records/human-evaluation.ts';
import type { OwnTextFacts } from '../records/own-text.ts';
import type { Completion } from '../records/ranking.ts';
import type { PhaseView } from '../records/phase.ts';
import type { LabelerTrial, RewardReport } from '../records/reward-report.ts';
import type { RolloutView, RunView } from '../records/run-view.ts';
import type { Suite } from '../records/suite.ts';
import type { BlindPair } from '../records/vote.ts';
import type { Demonstration, Prompt } from '../records/prompt.ts';
import type { MetricRecord, PinnedSample, Run, SelfChecks, Stage } from '../records/run.ts';
import type { Turn, Turnable } from '../records/turn.ts';
import type { Settings } from '../config/settings.ts';
import type { BenchCommands } from './protocol-benches.ts';

export const BACKENDS = ['webgpu', 'wasm', 'webgl', 'cpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

/** As shown to people. */
export const BACKEND_NAMES: Readonly<Record<BackendName, string>> = {
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
  webgl: 'WebGL',
  cpu: 'JavaScript',
};

/** What the engine is running on, in words fit to show. */
export interface EngineInfo {
  readonly backend: BackendName;
  readonly device: string;
  /** Why the backends before it in the list were not taken, a sentence each. */
  readonly notes: readonly string[];
  readonly available: readonly BackendName[];
}

export interface CheckpointSummary {
  readonly id: string;
  readonly name: string;
  readonly run: string | null;
  readonly stage: Stage;
  readonly step: number;
  /** `sampling`: records of a run that trained nothing (best of n); there is no model of its own to pick. */
  readonly kind: 'policy' | 'reward' | 'sampling';
  readonly createdAt: number;
  /** Shipped with the page rather than trained here. */
  readonly shipped: boolean;
  /** The running average of the weights (EMA) instead of the last ones; stored in the same checkpoint. */
  readonly average: boolean;
  /** Size in this browser's storage; 0 for a shipped one. */
  readonly bytes: number;
}

/** Stages that train and can be paused, stepped and stopped. */
export type TrainingStage = 'pretrain' | 'sft' | 'reward' | 'ppo';
export type StageStatus = 'empty' | 'ready' | 'running' | 'paused' | 'done' | 'stale' | 'failed';

/** What a person waits for and may stop: answers to vote on, to score and to rank, the reward model's report, models on their way. */
export type StoppableWork = 'pairs' | 'outputs' | 'ranking' | 'report' | 'trained';

export interface StageState {
  readonly status: StageStatus;
  readonly step: number;
  readonly total: number;
  /** Estimated seconds left at the speed of the last steps; null when unknown. */
  readonly secondsLeft: number | null;
  readonly run: string | null;
  /** Step from which a run that failed or was stopped can go on; null when it cannot, or waits to go on anyway. */
  readonly resumeAt: number | null;
  /** One plain sentence: what happened or what is missing. */
  readonly message: string;
}
export type StageStates = Readonly<Record<TrainingStage | 'labels', StageState>>;

/** What the newest run of each stage, of step 3 by the method chosen, has left to show. */
export interface ShownRuns {
  /** Metric records, so that charts come back after a reload. */
  readonly metrics: readonly {
    run: string;
    stage: TrainingStage;
    /** What the run was begun with; null when it is of another version and no longer passes. */
    settings: Settings | null;
    /** Settings turned while it was under way; absent when none was. */
    turns?: readonly Turn[];
    records: readonly MetricRecord[];
  }[];
  /** Checks, samples and rollouts of the same runs, as far as they had any. */
  readonly views: readonly { run: string; stage: TrainingStage; view: RunView }[];
}

/** A checkpoint in the middle of a run or at its end, from which a run can go on. */
export interface KeptCheckpoint {
  readonly id: string;
  readonly run: string;
  /** Of the run. */
  readonly name: string;
  readonly step: number;
  readonly createdAt: number;
  readonly bytes: number;
}

/** A checkpoint of a run, with what can be done with it. */
export interface RunCheckpoint {
  readonly id: string;
  readonly name: string;
  readonly step: number;
  readonly finished: boolean;
  readonly createdAt: number;
  readonly bytes: number;
  /** Why no training can go on from it, in a sentence; null when one can. */
  readonly ended: string | null;
  /** What needs it now, in a sentence; empty when nothing does. */
  readonly use: string;
}

/** A stored run as the list of runs shows it. */
export interface RunSummary {
  readonly id: string;
  readonly name: string;
  readonly stage: TrainingStage;
  readonly seed: number;
  readonly backend: string;
  /** What it was trained on, in words; empty when it was not written down. */
  readonly device: string;
  /** Null when they are of another version and no longer pass. */
  readonly settings: Settings | null;
  /** Settings that were turned while it was under way, oldest first. */
  readonly turns: readonly Turn[];
  readonly startedAt: number;
  readonly status: Run['status'];
  readonly step: number;
  readonly total: number;
  /** Trained from something that has changed since. */
  readonly stale: boolean;
  /** What needs it now, in a sentence; empty when nothing does. */
  readonly use: string;
  /** Oldest first. */
  readonly checkpoints: readonly RunCheckpoint[];
}

/** A stored checkpoint by the hash of its models, under which every browser that has it knows it. */
export interface HashedCheckpoint {
  readonly id: string;
  readonly name: string;
  /** 16 hexadecimal digits. */
  readonly hash: string;
}

/** What a run has left to show. */
export interface ShownRun {
  readonly run: string;
  readonly records: readonly MetricRecord[];
  readonly view: RunView | null;
}

/** What a laboratory file has brought, by kind; rows that were here already are not counted. */
export interface LabAdditions {
  readonly runs: number;
  readonly checkpoints: number;
  readonly rankings: number;
  /** Judgements of several outputs at once count as one each. */
  readonly votes: number;
  readonly demonstrations: number;
  readonly prompts: number;
}

export interface CommandMap extends BenchCommands {
  /** Picks a backend, loads the shipped model, restores the project. First command of all. */
  'engine.start': { args: { backend?: BackendName; settings: Settings }; reply: EngineInfo };
  'project.open': {
    args: { project: string };
    reply: {
      stages: StageStates;
      checkpoints: readonly CheckpointSummary[];
      settings: Settings;
      /** Null when this tab may write; else why it may not (another tab has the project) and what to do. */
      readOnly: string | null;
      /** The last judgement of the gold judges. */
      suite: Suite | null;
      /** Sentences about what was found on opening, e.g. a damaged checkpoint that was passed over. */
      notes: readonly string[];
    } & ShownRuns;
  };
  /** With the method the runs of step 3 that are shown may change; those of the other methods wait. */
  'settings.set': { args: { settings: Settings }; reply: { stages: StageStates } & ShownRuns };
  /** Completes a prompt with one checkpoint. */
  'model.sample': {
    args: {
      checkpoint: string;
      prompt: string;
      count: number;
      temperature: number;
      /** Only the likeliest tokens are drawn from: by number, and by the mass that they have together. */
      among?: { topK: number; topP: number };
      seed: number;
    };
    reply: {
      responses: readonly { text: string; ended: boolean; score: number | null }[];
    };
  };
  'prompts.examples': { args: { count: number }; reply: { prompts: readonly Prompt[] } };
  'demonstrations.list': {
    args: { count: number };
    reply: { demonstrations: readonly Demonstration[]; total: number };
  };
  /** Next prompts with K completions to rank, from the SFT checkpoint. */
  'ranking.next': {
    args: { count: number; k: number };
    reply: { items: readonly { prompt: Prompt; completions: readonly Completion[] }[] };
  };
  /** Lets the simulated class rank `count` prompts and stores the rankings; progress by events. */
  'labels.simulate': { args: { count: number; k: number }; reply: { added: number } };
  /** Ends a simulation under way after its current batch; what it has added stays. */
  'labels.stop': { args: Record<string, never>; reply: { stages: StageStates } };
  /**
   * Stores the rows of files, all or none; a bad line is named in the failure. `classmates` says that each file is
   * another person's, who becomes a labeler under the file's name.
   */
  'labels.import': {
    args: {
      kind: 'prompts' | 'demonstrations' | 'rankings';
      files: readonly { name: string; format: 'jsonl' | 'csv'; text: string }[];
      classmates: boolean;
    };
    reply: { added: number; stages: StageStates };
  };
  /** What is stored as JSONL; `preferences` has the columns prompt, chosen, rejected. */
  'labels.export': {
    args: { kind: 'prompts' | 'demonstrations' | 'rankings' | 'preferences' };
    reply: { text: string };
  };
  /** What is stored of the person's own text; null when there is none. */
  'base.text': { args: Record<string, never>; reply: { text: OwnTextFacts | null } };
  /**
   * Stores a text of the person's own, in UTF-8, in the place of the one before; what is wrong with a bad one is named
   * in the failure. `labels.changed` is sent afterwards.
   */
  'base.take': { args: { name: string; file: Blob }; reply: { text: OwnTextFacts } };
  /** A base model trained from own text with its tokenizer, as a zip in the Hugging Face layout. */
  'base.export': { args: { checkpoint: string }; reply: { file: Blob } };
  /** Adds what such a file holds, as a finished base model. The project has to be opened again afterwards. */
  'base.import': { args: { name: string; file: Blob }; reply: Record<string, never> };
  /** The page wrote rankings or demonstrations. */
  'labels.changed': { args: Record<string, never>; reply: { stages: StageStates } };
  /** Trains until done, paused or stopped; goes on with an unfinished run of this stage unless `fresh`. */
  'stage.start': { args: { stage: TrainingStage; fresh: boolean }; reply: { state: StageState } };
  'stage.pause': { args: { stage: TrainingStage }; reply: { state: StageState } };
  'stage.step': { args: { stage: TrainingStage }; reply: { state: StageState } };
  'stage.stop': { args: { stage: TrainingStage }; reply: { state: StageState } };
  /** Trains one phase of an iteration of PPO, then rests inside it; a whole step of a stage without phases. */
  'stage.phase': { args: { stage: TrainingStage }; reply: { state: StageState } };
  /** Turns a setting of the run of PPO under way, from its next iteration on. */
  'run.turn': { args: { name: Turnable; value: number }; reply: { turns: readonly Turn[] } };
  /** Checkpoints of step 3, by the method chosen, that a run can go on from; newest first. */
  'run.checkpoints': {
    args: Record<string, never>;
    reply: { checkpoints: readonly KeptCheckpoint[] };
  };
  /** Goes on from one of them, as a run of its own that waits, paused; the run under way is stopped before. */
  'run.back': { args: { checkpoint: string }; reply: { stages: StageStates } & ShownRuns };
  /**
   * An answer, from 0, of the batch that a run of step 3 wrote in a step; null when that is not the newest batch of this
   * worker, or has no such answer. The first answers come with the `rollout` event and are stored.
   */
  'run.answer': {
    args: { run: string; step: number; answer: number };
    reply: { view: RolloutView | null };
  };
  'reward.score': { args: { prompt: string; response: string }; reply: { score: number } };
  /** Null when it was stopped. */
  'reward.report': { args: Record<string, never>; reply: RewardReport | null };
  /**
   * Ends such work after its current chunk. Pairs and outputs that are whole by then are the reply of the command that
   * asked for them, `kept` in number; of the others nothing is kept. Null when no such work was under way.
   */
  'work.stop': { args: { work: StoppableWork }; reply: { kept: number | null } };
  /** Trains a reward model on the other labelers, tests it on this one, and throws it away; null when stopped before its end. */
  'labeler.holdOut': { args: { labeler: string }; reply: { trial: LabelerTrial | null } };
  /** Ends a trial under way after its current step. */
  'labeler.stop': { args: Record<string, never>; reply: Record<string, never> };
  'judge.pairs': {
    args: { left: string; right: string; count: number; seed: number };
    reply: { pairs: readonly BlindPair[] };
  };
  /** Answers of 2 to 5 checkpoints to the same held-out prompts, in an order drawn by lot for each. */
  'judge.outputs': {
    args: { checkpoints: readonly string[]; count: number; seed: number };
    reply: { items: readonly BlindOutputs[] };
  };
  /** Counts everything that the page has stored of a person's judgements until now. */
  'judge.board': { args: Record<string, never>; reply: HumanBoard };
  /** Gold judges over held-out prompts for the checkpoints named, at temperature 1 and greedily. */
  'judge.suite': {
    args: { checkpoints: readonly string[]; prompts: number };
    reply: Suite;
  };
  /** Ends a judgement under way after its current chunk; checkpoints judged whole are in its reply. */
  'judge.stop': { args: Record<string, never>; reply: { stages: StageStates } };
  /** Deletes a checkpoint; with the model of an ended run those in its middle. */
  'checkpoint.delete': {
    args: { checkpoint: string };
    reply: { checkpoints: readonly CheckpointSummary[] };
  };
  /** All runs of the project, oldest first. */
  'runs.list': { args: Record<string, never>; reply: { runs: readonly RunSummary[] } };
  /** Series and views of the runs named, in their order; one that is gone is left out. */
  'runs.show': { args: { runs: readonly string[] }; reply: { shown: readonly ShownRun[] } };
  /** Gives a run, and the checkpoints called after it, another name; as the next two, only while nothing computes. */
  'run.rename': { args: { run: string; name: string }; reply: { runs: readonly RunSummary[] } };
  /** Deletes a run with its series, view and checkpoints. */
  'run.delete': { args: { run: string }; reply: { runs: readonly RunSummary[] } };
  /**
   * Begins a run that goes on from a checkpoint, with its run's settings or with the present ones as far as a run can
   * change them (config/fork-settings.ts); a model alone becomes the result of its step again. The old run stays.
   */
  'run.fork': {
    args: { checkpoint: string; settings: 'own' | 'present' };
    reply: { run: string; runs: readonly RunSummary[] };
  };
  /** Every sound checkpoint of the project by its hash, oldest first; reads them all. */
  'checkpoint.hashes': {
    args: Record<string, never>;
    reply: { checkpoints: readonly HashedCheckpoint[] };
  };
  /** The model of a checkpoint as a safetensors file. */
  'checkpoint.export': { args: { checkpoint: string }; reply: { file: Blob } };
  /**
   * Adds the models of a file that `checkpoint.export` or `checkpoint.bundle` made, as results of runs called after it. The
   * project has to be opened again afterwards.
   */
  'checkpoint.import': {
    args: { name: string; file: Blob };
    reply: { names: readonly string[]; runs: readonly RunSummary[] };
  };
  /**
   * Fetches the trained models that come with the page and adds them as the results of steps 1, 2 and 3; no names when they
   * are that already. The project has to be opened again afterwards. Null names when it was stopped: nothing has changed.
   */
  'trained.load': {
    args: Record<string, never>;
    reply: { names: readonly string[] | null; runs: readonly RunSummary[] };
  };
  /**
   * What goes on with a checkpoint at scale by TRL, in one zip: models that `transformers` opens, data, settings and
   * Python scripts. `notes` are sentences about what is missing for some of them.
   */
  'checkpoint.bundle': {
    args: { checkpoint: string };
    reply: { file: Blob; notes: readonly string[] };
  };
  /** Labels, runs, checkpoints and settings in one zip; `notes` are sentences about what had to be left out. */
  'lab.export': {
    args: Record<string, never>;
    reply: { file: Blob; notes: readonly string[] };
  };
  /**
   * Adds what such a file holds, all or nothing; nothing that is here is replaced but, when asked for, the settings.
   * The project has to be opened again afterwards.
   */
  'lab.import': {
    args: { file: Blob; settings: boolean };
    reply: { added: LabAdditions };
  };
}
export type CommandName = keyof CommandMap;
export type Command = {
  [N in CommandName]: {
    readonly type: N;
    readonly request: number;
    readonly args: CommandMap[N]['args'];
  };
}[CommandName];

/** Failures are sentences for people: what is wrong and what to do next. */
export interface Failure {
  readonly message: string;
  readonly kind: 'input' | 'storage' | 'engine' | 'internal';
}

export type WorkerEvent =
  | {
      readonly type: 'progress';
      readonly task: string;
      readonly done: number;
      readonly total: number;
      readonly secondsLeft: number | null;
    }
  | { readonly type: 'stage'; readonly stage: TrainingStage | 'labels'; readonly state: StageState }
  | { readonly type: 'metrics'; readonly run: string; readonly record: MetricRecord }
  | {
      readonly type: 'samples';
      readonly run: string;
      readonly stage: Stage;
      readonly step: number;
      readonly samples: readonly PinnedSample[];
    }
  | {
      readonly type: 'rollout';
      readonly run: string;
      readonly step: number;
      /** In the whole batch; the views are the first ones. */
      readonly answers: number;
      readonly views: readonly RolloutView[];
    }
  | { readonly type: 'checks'; readonly run: string; readonly checks: SelfChecks }
  /** What a phase made, when training rests after it; null when a half-done iteration is given up. */
  | { readonly type: 'phase'; readonly run: string; readonly view: PhaseView | null }
  | { readonly type: 'turns'; readonly run: string; readonly turns: readonly Turn[] }
  | { readonly type: 'checkpoints'; readonly checkpoints: readonly CheckpointSummary[] }
  | {
      readonly type: 'exact';
      readonly run: number;
      readonly state: ExactState;
      readonly progress: readonly ExactProgress[];
    }
  /** The engine was started again by itself, because its device was lost; `message` says so to a person. */
  | { readonly type: 'engine'; readonly info: EngineInfo; readonly message: string }
  | { readonly type: 'failure'; readonly failure: Failure };

interface ReplyTo<N extends CommandName> {
  readonly type: 'reply';
  readonly command: N;
  readonly request: number;
}
export type Reply =
  | {
      [N in CommandName]: ReplyTo<N> & {
        readonly ok: true;
        readonly value: CommandMap[N]['reply'];
      };
    }[CommandName]
  | (ReplyTo<CommandName> & { readonly ok: false; readonly failure: Failure });
export type WorkerMessage = Reply | WorkerEvent;
