/**
 * Measuring policies for the page: blind pairs and outputs for a person, and the gold judges over held-out prompts. The
 * reward model is tested in reward-report.ts. Nothing here is seen by training.
 */
import type { Settings } from '../config/settings.ts';
import { sequenceShape } from '../config/stage-settings.ts';
import { Rng } from '../data/rng.ts';
import type { Completion } from '../records/ranking.ts';
import type { Suite } from '../records/suite.ts';
import type { BlindOutputs } from '../records/human-evaluation.ts';
import type { BlindPair } from '../records/vote.ts';
import {
  answerPrompts,
  commonTokenBudget,
  comparePolicies,
  summarise,
  type PolicyAnswers,
} from '../rlhf/evaluate.ts';
import { complete, promptTokens } from '../rlhf/pipeline.ts';
import type { SequenceShape } from '../rlhf/sequences.ts';
import { goldVerdict } from '../world/judges.ts';
import type { WorldPrompt } from '../world/tasks.ts';
import { InputError } from './failure.ts';
import type { ModelShelf } from './model-shelf.ts';
import { silence } from './stage-names.ts';
import type { ModelSource, ReportProgress, Stopped, SuiteRequest } from './stages.ts';
import { withTax } from './tax-judge.ts';
import { plainCompletion, plainPrompt, type WorldSupply } from './world-supply.ts';

/** Prompts answered between two reports of progress. */
const CHUNK = 64;

/** Held-out prompts that fit the columns. */
function heldOutPrompts(
  shelf: ModelShelf,
  supply: WorldSupply,
  count: number,
  shape: SequenceShape,
): WorldPrompt[] {
  const { tokenizer } = shelf.files;
  return supply
    .test(count)
    .filter(({ text }) => promptTokens(tokenizer, text).length <= shape.promptLength);
}

/** How long tasks get at the models: a chunk at a time, alone, with others in between. */
export interface ChunkedBench {
  /** The shelf as it is now; another one after the engine has been started again. */
  shelf(): ModelShelf;
  /** Runs while nothing else uses the models. */
  alone<T>(action: () => Promise<T>): Promise<T>;
  /** Lets other requests in between two chunks. */
  yieldToMessages(): Promise<void>;
  readonly report: ReportProgress;
}

interface Draw {
  readonly count: number;
  readonly seed: number;
  /** What it is called while it is done. */
  readonly task: string;
  readonly stopped: Stopped;
}

/**
 * The same held-out prompts answered by each of several checkpoints: `answers[m][i]` is what model m said to prompt i.
 * A chunk of prompts is answered by all of them before the next, so that what is there when it is stopped is whole.
 */
async function answersToHeldOut(
  models: readonly ModelSource[],
  bench: ChunkedBench,
  supply: WorldSupply,
  { count, seed, task, stopped }: Draw,
  settings: Settings,
): Promise<{
  readonly prompts: readonly WorldPrompt[];
  readonly answers: readonly (readonly Completion[])[];
}> {
  const shape = sequenceShape(settings);
  const order = Rng.named(seed, 'blind prompts');
  const pool = heldOutPrompts(bench.shelf(), supply, settings.evaluate.prompts, shape);
  const prompts = order.shuffled(pool).slice(0, count);
  const total = models.length * prompts.length;
  const answers: Completion[][] = models.map(() => []);
  let whole = 0;
  try {
    for (let from = 0; from < prompts.length; from += CHUNK) {
      const texts = prompts.slice(from, from + CHUNK).map(({ text }) => text);
      for (const [side, source] of models.entries()) {
        bench.report(task, models.length * from + side * texts.length, total);
        const scope = `blind-${side}-${from}`;
        const call = { shape, temperature: 1, seed, scope, policy: source.summary.id };
        const chunk = await bench.alone(async () => {
          const shelf = bench.shelf();
          return complete(await shelf.get(source), shelf.files.tokenizer, texts, call);
        });
        answers[side]?.push(...chunk);
        await bench.yieldToMessages();
        if (stopped()) break;
      }
      whole = Math.min(...answers.map((own) => own.length));
      if (stopped()) break;
    }
  } finally {
    bench.report(task, total, total);
  }
  return { prompts: prompts.slice(0, whole), answers };
}

/** Answers of several checkpoints to the same held-out prompts, in an order drawn at random for each prompt. */
export async function drawBlindOutputs(
  models: readonly ModelSource[],
  bench: ChunkedBench,
  supply: WorldSupply,
  draw: Draw,
  settings: Settings,
): Promise<readonly BlindOutputs[]> {
  const { prompts, answers } = await answersToHeldOut(models, bench, supply, draw, settings);
  const places = Rng.named(draw.seed, 'blind places');
  return prompts.map((prompt, i) => ({
    id: `${draw.seed}-${prompt.id}`,
    prompt: plainPrompt(prompt),
    outputs: places.shuffled(answers.flatMap((list) => list[i] ?? [])).map(plainCompletion),
  }));
}

/** Answers of two checkpoints to the same held-out prompts, sides drawn at random for each. */
export async function drawBlindPairs(
  models: readonly [ModelSource, ModelSource],
  bench: ChunkedBench,
  supply: WorldSupply,
  draw: Draw,
  settings: Settings,
): Promise<readonly BlindPair[]> {
  const { prompts, answers } = await answersToHeldOut(models, bench, supply, draw, settings);
  const { seed } = draw;
  const sides = Rng.named(seed, 'blind sides');
  return prompts.flatMap((prompt, i): BlindPair[] => {
    const [first, second] = answers.map((list) => list[i]);
    if (first === undefined || second === undefined) return [];
    const [left, right] = sides.chance(0.5) ? [first, second] : [second, first];
    return [
      {
        id: `${seed}-${prompt.id}`,
        prompt: plainPrompt(prompt),
        left: plainCompletion(left),
        right: plainCompletion(right),
      },
    ];
  });
}

type Answers = PolicyAnswers<WorldPrompt>;

function joined(parts: readonly Answers[]): Answers {
  return {
    prompts: parts.flatMap(({ prompts }) => prompts),
    completions: parts.flatMap(({ completions }) => completions),
    verdicts: parts.flatMap(({ verdicts }) => verdicts),
    kl: null,
  };
}

/** One checkpoint asked in one way. */
interface Candidate {
  readonly source: ModelSource;
  readonly greedy: boolean;
}
interface Judged extends Candidate {
  readonly answers: Answers;
}

/** All answers of a candidate; null when the judging was stopped before the last. */
async function judgeOne(
  { source, greedy }: Candidate,
  bench: ChunkedBench,
  supply: WorldSupply,
  prompts: readonly WorldPrompt[],
  { settings, stopped }: SuiteRequest,
  report: (done: number) => void,
): Promise<Judged | null> {
  const parts: Answers[] = [];
  for (let from = 0; from < prompts.length; from += CHUNK) {
    if (stopped()) return null;
    report(from);
    const call = {
      shape: sequenceShape(settings),
      temperature: greedy ? ('greedy' as const) : 1,
      seed: supply.seed,
      scope: `suite-${from}`,
      policy: source.summary.id,
    };
    const chunk = prompts.slice(from, from + CHUNK);
    const answers = await bench.alone(async () => {
      const shelf = bench.shelf();
      const model = await shelf.get(source);
      return answerPrompts(model, shelf.files.tokenizer, chunk, goldVerdict, call);
    });
    parts.push(answers);
    await bench.yieldToMessages();
  }
  return { source, greedy, answers: joined(parts) };
}

/** Gold judgements of each checkpoint, how often each beats each of those named before it, asked the same way, and its tax. */
export async function judgeCheckpoints(
  bench: ChunkedBench,
  supply: WorldSupply,
  request: SuiteRequest,
): Promise<Suite> {
  const { models, settings } = request;
  const prompts = heldOutPrompts(bench.shelf(), supply, request.prompts, sequenceShape(settings));
  const silent = models.find(({ summary }) => summary.kind !== 'policy');
  if (silent !== undefined) throw new InputError(silence(silent.summary));
  const candidates = models.flatMap((source) => [
    { source, greedy: false },
    { source, greedy: true },
  ]);
  const total = prompts.length * candidates.length;
  const judged: Judged[] = [];
  try {
    for (const [i, candidate] of candidates.entries()) {
      const one = await judgeOne(candidate, bench, supply, prompts, request, (done) => {
        bench.report('Judging', i * prompts.length + done, total);
      });
      if (one === null) break;
      judged.push(one);
    }
  } finally {
    bench.report('Judging', total, total);
  }
  if (judged.length === 0) return { reports: [], pairs: [] };
  return withTax(suiteOf(judged, supply.seed), bench, request);
}

function nameOf({ source, greedy }: Candidate): string {
  return greedy ? `${source.summary.name}, greedy` : source.summary.name;
}

function suiteOf(judged: readonly Judged[], seed: number): Suite {
  const budget = commonTokenBudget(judged.map(({ answers }) => answers));
  const reports = judged.map((one) => {
    const summary = summarise(one.answers, budget, seed);
    const { helpful, truthful, harmless, gold, length, distinct2 } = summary;
    const of = { checkpoint: one.source.summary.id, name: nameOf(one), greedy: one.greedy };
    return { ...of, helpful, truthful, harmless, gold, length, distinct2 };
  });
  const pairs = judged.flatMap((second, j) =>
    judged
      .slice(0, j)
      .filter(({ greedy }) => greedy === second.greedy)
      .map((first) => {
        const { rate, low, high, n } = comparePolicies(second.answers, first.answers, seed);
        const name = `${nameOf(second)} > ${nameOf(first)}`;
        return { name, rate: { mean: rate, low, high, n } };
      }),
  );
  return { reports, pairs };
}
