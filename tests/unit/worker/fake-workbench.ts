/**
 * A workbench whose "training" adds up numbers: it shows order, resuming and failures without any tensor.
 * The sum after n steps depends on every step, so a resumed run that repeats or skips one ends elsewhere.
 */
import { Tokenizer } from '../../../src/data/tokenizer.ts';
import { trainTokenizer } from '../../../src/data/tokenizer-training.ts';
import { ModelFileError } from '../../../src/model/config.ts';
import type { Prompt } from '../../../src/records/prompt.ts';
import type { Ranking } from '../../../src/records/ranking.ts';
import { PHASES } from '../../../src/records/phase.ts';
import type { Turn } from '../../../src/records/turn.ts';
import type { RolloutRow, Snapshot, StepRecord } from '../../../src/rlhf/loop.ts';
import type { PhaseEnd } from '../../../src/rlhf/phases.ts';
import type { BackendName, CheckpointSummary, EngineInfo } from '../../../src/worker/protocol.ts';
import type { ReadFile } from '../../../src/worker/shipped-models.ts';
import type {
  EngineStart,
  HoldOutRequest,
  ModelSource,
  RankingRequest,
  StageLoop,
  StageRequest,
  SuiteRequest,
  Workbench,
} from '../../../src/worker/stages.ts';

export const BASE: CheckpointSummary = {
  id: 'base',
  name: 'Base',
  run: null,
  stage: 'pretrain',
  step: 0,
  kind: 'policy',
  createdAt: 0,
  shipped: true,
  average: false,
  bytes: 0,
};

const ENGINE: EngineInfo = { backend: 'cpu', device: 'fake', notes: [], available: ['cpu'] };

const PROMPT: Prompt = {
  id: 'prompt-0',
  text: 'Say something.',
  useCase: 'generation',
  kind: 'plain',
  userId: 'u1',
  split: 'train',
  source: 'world',
};

export function ranking(id: string, labeler: string): Ranking {
  const completions = [0, 1].map((k) => ({
    id: `${id}-${k}`,
    text: `answer ${k}`,
    policy: 'sft',
    ended: true,
  }));
  return {
    id,
    prompt: { ...PROMPT, id: `prompt-${id}` },
    completions,
    ranks: [1, 2],
    labeler,
    shown: [0, 1],
    at: 0,
  };
}

/** What a record carries beside its values: checks and a rollout always, samples at the first and the last step. */
function shownAt(step: number, total: number, answers: number): Partial<StepRecord> {
  const sample = { promptId: 'p', prompt: 'hi', response: `at ${step}`, ended: true };
  const none: readonly number[] = [];
  const rollout = Array.from({ length: answers }, (_, b) => ({
    promptId: 'p',
    tokens: [],
    ...{ beta: 0.1, gamma: 1, lambda: 0.95, clip: 0.2 },
    ...({ klPlace: 'reward', klEstimator: 'k1', whitenRewards: false } as const),
    ...{ logProbabilities: none, referenceLogProbabilities: none, values: none },
    ...{ penalties: none, tokenScores: none, rewards: none, deltas: none, carried: none },
    ...{ advantages: none, returns: none, ratios: none, usedAdvantages: none, clipped: [] },
    ...{ score: step + b / 100, penaltySum: 0, shapedSum: step, rewardSum: step },
  }));
  const checks = { adds: { ok: true, value: step, tolerance: 0 } };
  return step === 1 || step === total
    ? { checks, rollout, samples: [sample] }
    : { checks, rollout };
}

/** What the tests decide about steps. */
interface StepConditions {
  /** Whether steps have phases: one rollout, reward and advantage pass, and two minibatches. */
  readonly phased: boolean;
  /** Written in each step. */
  readonly answers: number;
  /** After each phase of a step. */
  afterPhase(iteration: number, phase: string, minibatch: number): void;
  lossAt(step: number): number;
  beforeStep(step: number): Promise<void>;
}

const PHASE_ORDER = [
  ...PHASES.slice(0, 3).map((phase) => [phase, 0] as const),
  ...[1, 2].map((minibatch) => ['minibatch', minibatch] as const),
] as const;

/** next = sum * 2 + step, which no other order of steps gives. */
export class AddingLoop implements StageLoop {
  readonly total: number;
  readonly #bench: StepConditions;
  #step: number;
  #sum: number;
  #halfDone = false;
  #touched = false;
  turns: readonly Turn[] = [];
  finished = 0;
  disposed = false;

  constructor(total: number, snapshot: Snapshot | null, bench: StepConditions) {
    this.total = total;
    this.#bench = bench;
    const state = snapshot?.state as { step: number } | undefined;
    this.#step = state?.step ?? 0;
    this.#sum = snapshot?.tensors.get('model.sum')?.data[0] ?? 0;
  }

  async *steps(): AsyncGenerator<StepRecord, void, void> {
    for await (const record of this.phases()) if (!('phase' in record)) yield record;
  }

  /** The weights, here the sum, change with the minibatches. */
  async *phases(): AsyncGenerator<PhaseEnd | StepRecord, void, void> {
    if (this.#halfDone) throw new Error('half done');
    while (this.#step < this.total) {
      await this.#bench.beforeStep(this.#step + 1);
      if (this.#bench.phased) {
        this.#halfDone = true;
        const of = { iteration: this.#step + 1, minibatches: 2 };
        const made = () => Promise.resolve({ answers: 4, values: {}, rollout: [] });
        for (const [phase, minibatch] of PHASE_ORDER) {
          if (phase === 'minibatch') this.#touched = true;
          this.#bench.afterPhase(of.iteration, phase, minibatch);
          yield { ...of, phase, minibatch, made };
        }
      }
      this.#halfDone = false;
      this.#touched = false;
      this.#step += 1;
      this.#sum = (this.#sum * 2 + this.#step) % 65521;
      const values = { loss: this.#bench.lossAt(this.#step), sum: this.#sum, never: Number.NaN };
      yield {
        step: this.#step,
        total: this.total,
        values,
        ...shownAt(this.#step, this.total, this.#bench.answers),
      };
    }
  }

  turn(turns: readonly Turn[]): void {
    this.turns = turns;
  }

  snapshot(): Promise<Snapshot> {
    if (this.#touched) return Promise.reject(new Error('half done'));
    const tensors = new Map([
      ['model.sum', { shape: [1], data: Float32Array.of(this.#sum) }],
      ['first.sum', { shape: [4], data: new Float32Array(4) }],
      ['model.finished', { shape: [1], data: Float32Array.of(this.finished) }],
    ]);
    return Promise.resolve({ tensors, state: { step: this.#step } });
  }

  finish(): Promise<void> {
    this.finished += 1;
    return Promise.resolve();
  }

  dispose(): void {
    this.disposed = true;
  }
}

export class FakeWorkbench implements Workbench {
  readonly total: number;
  readonly requests: StageRequest[] = [];
  readonly rankingRequests: RankingRequest[] = [];
  readonly loops: AddingLoop[] = [];
  readonly forgotten: string[] = [];
  /** That come with the page, by their path. */
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  lossAt: (step: number) => number = (step) => 1 / step;
  /** In the order in which they are taken. */
  backends: readonly BackendName[] = ['cpu'];
  /** Takes the device away from under what was started last. */
  lose: (sentence: string) => void = () => undefined;
  /** What a step waits for; a device that is gone may never answer. */
  beforeStep: (step: number) => Promise<void> = () => Promise.resolve();
  phased = false;
  answers = 1;
  afterPhase: (iteration: number, phase: string, minibatch: number) => void = () => undefined;
  /** True makes the judges, and whoever holds a labeler out, work until they are stopped. */
  judgingWaits = false;
  #started = false;

  constructor(total = 8) {
    this.total = total;
  }

  start({ avoid, lost }: EngineStart): Promise<EngineInfo> {
    this.#started = true;
    this.lose = lost;
    const [backend = 'cpu'] = this.backends.filter((name) => !avoid.has(name));
    return Promise.resolve({ ...ENGINE, backend, notes: [...avoid.values()] });
  }
  shipped(): readonly CheckpointSummary[] {
    return this.#started ? [BASE] : [];
  }
  createLoop(request: StageRequest): Promise<StageLoop> {
    this.requests.push(request);
    const loop = new AddingLoop(this.total, request.snapshot, this);
    this.loops.push(loop);
    return Promise.resolve(loop);
  }
  rolloutView({ score, penaltySum, shapedSum, rewardSum, ...row }: RolloutRow) {
    const { beta, gamma, lambda, clip, klPlace, klEstimator, whitenRewards } = row;
    return {
      ...{ promptId: 'p', prompt: '', tokens: [] },
      ...{ score, penaltySum, shapedSum, rewardSum },
      ...{ beta, gamma, lambda, clip, klPlace, klEstimator, whitenRewards },
    };
  }
  /** Its vocabulary is the bytes. */
  language() {
    const tokenizer = new Tokenizer(trainTokenizer([], 258));
    const { vocabularySize, padId, eosId } = tokenizer;
    const shape = { contextLength: 16, width: 8, layers: 1, heads: 2, layerNormEpsilon: 1e-5 };
    return { tokenizer, config: { vocabularySize, padId, eosId, ...shape } };
  }
  /** What {@link files} has under the path. */
  readonly readFile: ReadFile = (path) => {
    const bytes = this.files.get(path);
    return bytes === undefined
      ? Promise.reject(new ModelFileError(`The model file ${path} could not be fetched.`))
      : Promise.resolve(bytes);
  };
  forget(checkpoint: string): void {
    this.forgotten.push(checkpoint);
  }
  words() {
    return ['say', 'something'];
  }
  examplePrompts(count: number) {
    return Promise.resolve([PROMPT].slice(0, count));
  }
  demonstrations() {
    return Promise.resolve({ demonstrations: [], total: 0 });
  }
  sample(model: ModelSource) {
    const responses = [{ text: model.summary.name, ended: true, score: null }];
    return Promise.resolve({ responses });
  }
  completionsToRank(request: RankingRequest) {
    const { sft } = request;
    this.rankingRequests.push(request);
    const { completions } = ranking('x', 'person');
    const items = [
      {
        prompt: PROMPT,
        completions: completions.map((row) => ({ ...row, policy: sft.summary.id })),
      },
    ];
    return Promise.resolve({ items });
  }
  async *simulateLabels({ count }: RankingRequest) {
    for (let i = 0; i < count; i++) {
      await Promise.resolve();
      yield [ranking(`class-${i}`, 'class-1')];
    }
  }
  score() {
    return Promise.resolve(0.5);
  }
  rewardReport() {
    return Promise.resolve({
      trainedComparisons: 1,
      heldOut: { accuracy: 1, n: 1 },
      byLabeler: [],
      heldOutLabelers: { accuracy: null, n: 0, byLabeler: [] },
      calibration: null,
      demonstrationMean: 0,
      ceiling: null,
    });
  }
  async holdOut({ labeler, rankings, stopped }: HoldOutRequest) {
    while (this.judgingWaits && !stopped()) await new Promise((resolve) => setImmediate(resolve));
    if (stopped()) return null;
    const none = { accuracy: null, n: 0 };
    const trained = rankings.filter((row) => row.labeler !== labeler).length;
    const theirs = { accuracy: 1, n: rankings.length - trained };
    return { labeler, trainedComparisons: trained, theirs, unseen: none, others: none };
  }
  blindPairs() {
    return Promise.resolve({ pairs: [] });
  }
  blindOutputs(models: readonly ModelSource[]) {
    const outputs = models.map(({ summary }, i) => ({
      ...{ id: `${i}`, text: `by ${summary.name}`, policy: summary.id, ended: true },
    }));
    return Promise.resolve([{ id: 'item', prompt: PROMPT, outputs }]);
  }
  simulatedAgreement(judgements: readonly Ranking[]) {
    const none = { agreed: 0, total: 0 };
    return Promise.resolve({ training: none, heldOut: none, judgements: judgements.length });
  }
  async judgeSuite({ models, stopped }: SuiteRequest) {
    while (this.judgingWaits && !stopped()) await new Promise((resolve) => setImmediate(resolve));
    if (stopped()) return { reports: [], pairs: [] };
    // Truth is not asked of every prompt, so its mean may be no number.
    const none = { mean: Number.NaN, low: Number.NaN, high: Number.NaN, n: 0 };
    const some = { mean: 0.5, low: 0.25, high: 0.75, n: 5 };
    const reports = models.map(({ summary: { id, name } }) => ({
      checkpoint: id,
      name,
      greedy: false,
      helpful: some,
      truthful: none,
      harmless: some,
      gold: some,
      length: 7,
      distinct2: 0.5,
    }));
    return { reports, pairs: [] };
  }
}
