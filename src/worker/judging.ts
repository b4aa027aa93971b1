/**
 * Measuring models for the page: the reward model on held-out rankings, blind pairs for a person, and the gold judges
 * over held-out prompts. Nothing here is seen by training.
 */
import type { Settings } from '../config/settings.ts';
import { sequenceShape } from '../config/stage-settings.ts';
import { Rng } from '../data/rng.ts';
import type { Model } from '../model/parameters.ts';
import { sourceOf, type Completion, type Ranking } from '../records/ranking.ts';
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
import { calibrationOf } from '../rlhf/calibration.ts';
import { splitRankings } from '../rlhf/held-out.ts';
import { rankingAccuracy, type ScoredRanking } from '../rlhf/metrics.ts';
import {
  complete,
  demonstrationSequences,
  promptTokens,
  rankedSequences,
} from '../rlhf/pipeline.ts';
import { comparisonsFromRanks } from '../rlhf/ranking-loss.ts';
import { scoreRankings } from '../rlhf/reward.ts';
import { scoreSequences, type SequenceShape } from '../rlhf/sequences.ts';
import { goldVerdict } from '../world/judges.ts';
import { noiseCeiling, type Pair } from '../world/labeler-noise.ts';
import type { WorldPrompt } from '../world/tasks.ts';
import { InputError } from './failure.ts';
import type { ModelShelf } from './model-shelf.ts';
import type { RewardReport } from './protocol.ts';
import { silence } from './stage-names.ts';
import type { ModelSource, ReportedRankings, ReportProgress, SuiteRequest } from './stages.ts';
import { withTax } from './tax-judge.ts';
import { plainCompletion, plainPrompt, type WorldSupply } from './world-supply.ts';

/** Prompts answered between two reports of progress. */
const CHUNK = 64;
/** Demonstrations whose mean score is reported. */
const DEMONSTRATIONS = 256;

function comparisons(rankings: readonly { readonly ranks: ScoredRanking['ranks'] }[]): number {
  return rankings.reduce((sum, { ranks }) => sum + comparisonsFromRanks(ranks).length, 0);
}

/** Best accuracy that the class's noise allows; null when other people's labels are among them or nothing is compared. */
function ceilingOf(rankings: readonly Ranking[], supply: WorldSupply): number | null {
  if (rankings.some(({ labeler }) => sourceOf(labeler) !== 'class')) return null;
  const pairs = rankings.flatMap(({ prompt, completions, ranks }): Pair[] =>
    comparisonsFromRanks(ranks).flatMap(({ winner, loser }) => {
      const [a, b] = [completions[winner], completions[loser]];
      return a && b ? [{ prompt: supply.known(prompt) ?? prompt, a, b }] : [];
    }),
  );
  const ceiling = noiseCeiling(supply.labelers, pairs);
  return Number.isFinite(ceiling) ? ceiling : null;
}

/** A reward model on the rankings that it was not trained on, and on those of labelers it learned nothing from. */
export async function reportReward(
  model: Model,
  shelf: ModelShelf,
  supply: WorldSupply,
  rankings: ReportedRankings,
  settings: Settings,
): Promise<RewardReport> {
  const { tokenizer } = shelf.files;
  const shape = sequenceShape(settings);
  const { training, heldOut } = splitRankings(rankings.chosen, settings.reward.heldOutShare);
  const scored = await scoreRankings(model, rankedSequences(tokenizer, heldOut, shape), shape);
  const others = rankedSequences(tokenizer, rankings.others, shape);
  const scoredOthers = await scoreRankings(model, others, shape);
  const accuracy = (rows: readonly ScoredRanking[]) => {
    const n = comparisons(rows);
    return { accuracy: n === 0 ? null : rankingAccuracy(rows), n };
  };
  const byLabeler = (rows: readonly ScoredRanking[]) =>
    [...new Set(rows.map(({ labeler }) => labeler))].sort().map((labeler) => ({
      labeler,
      ...accuracy(rows.filter((row) => row.labeler === labeler)),
    }));
  const demonstrations = demonstrationSequences(
    tokenizer,
    supply.demonstrations(Math.min(DEMONSTRATIONS, settings.sft.demonstrations)),
    shape,
  );
  const scores = await scoreSequences(model, demonstrations, shape);
  return {
    trainedComparisons: comparisons(rankedSequences(tokenizer, training, shape)),
    heldOut: accuracy(scored),
    byLabeler: byLabeler(scored),
    heldOutLabelers: { ...accuracy(scoredOthers), byLabeler: byLabeler(scoredOthers) },
    calibration: calibrationOf(scored),
    demonstrationMean: scores.reduce((sum, score) => sum + score, 0) / scores.length,
    ceiling: ceilingOf(heldOut, supply),
  };
}

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
}

/** The same held-out prompts answered by each of several checkpoints: `answers[m][i]` is what model m said to prompt i. */
async function answersToHeldOut(
  models: readonly ModelSource[],
  bench: ChunkedBench,
  supply: WorldSupply,
  { count, seed }: Draw,
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
  const answers: (readonly Completion[])[] = [];
  for (const [side, source] of models.entries()) {
    const own: Completion[] = [];
    for (let from = 0; from < prompts.length; from += CHUNK) {
      bench.report('Writing answers', side * prompts.length + from, total);
      const texts = prompts.slice(from, from + CHUNK).map(({ text }) => text);
      const scope = `blind-${side}-${from}`;
      const call = { shape, temperature: 1, seed, scope, policy: source.summary.id };
      const chunk = await bench.alone(async () => {
        const shelf = bench.shelf();
        return complete(await shelf.get(source), shelf.files.tokenizer, texts, call);
      });
      own.push(...chunk);
      await bench.yieldToMessages();
    }
    answers.push(own);
  }
  bench.report('Writing answers', total, total);
  return { prompts, answers };
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
