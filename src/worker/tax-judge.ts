/**
 * The suite's last column: the loss of each checkpoint on held-out pre-training text beside that of the base model on the
 * same rows. The arithmetic is rlhf/alignment-tax.ts.
 */
import { FormatError } from '../data/format-error.ts';
import { rowSource } from '../data/packing.ts';
import { Rng } from '../data/rng.ts';
import { heldOutPassages, splitTokens, tokenStream } from '../data/text-rows.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { AlignmentTax, Suite } from '../records/suite.ts';
import { alignmentTax } from '../rlhf/alignment-tax.ts';
import { EVAL_ROWS } from '../rlhf/measures.ts';
import { heldOutLoss, type TokenRows } from '../rlhf/pretrain.ts';
import { writeDocument } from '../world/documents.ts';
import type { ChunkedBench } from './judging.ts';
import { BASE } from './model-shelf.ts';
import type { ModelSource, SuiteRequest } from './stages.ts';

const TASK = 'Reading documents';
/** Rows of text in the model at once; each such batch counts once in the interval. */
const BATCH = 4;
/** More batches would not make the loss much surer. */
const MOST_BATCHES = 48;

const SHIPPED: ModelSource = {
  summary: BASE,
  load: () => Promise.reject(new Error('A shipped model is not stored.')),
};

/** Rows side by side, in batches of {@link BATCH}; those over are left out unless there are no more. */
function inBatches({ batch, time, tokens }: TokenRows): TokenRows[] {
  if (batch <= BATCH) return [{ batch, time, tokens }];
  return Array.from({ length: Math.floor(batch / BATCH) }, (_, i) => {
    const from = i * BATCH * (time + 1);
    return { batch: BATCH, time, tokens: tokens.subarray(from, from + BATCH * (time + 1)) };
  });
}

/**
 * Rows that no model has learned from: documents of the world, about as many as there are prompts, or what was kept
 * aside of the person's own text where the base model is trained from it. None when that text is too short.
 */
export function heldOutRows(
  tokenizer: Tokenizer,
  { prompts, settings, text }: Pick<SuiteRequest, 'prompts' | 'settings' | 'text'>,
): readonly TokenRows[] {
  const { base, general } = settings;
  if (text === null) {
    const shape = { batch: BATCH, length: EVAL_ROWS.length };
    const rows = rowSource(writeDocument, tokenizer, shape, { seed: general.seed, scope: 'judge' });
    const batches = Math.min(MOST_BATCHES, Math.ceil(prompts / BATCH));
    return Array.from({ length: batches }, (_, i) => rows(i));
  }
  try {
    const length = base.passageTokens;
    const { heldOut } = splitTokens(tokenStream(text.text, tokenizer), base.heldOutShare, length);
    return inBatches(heldOutPassages(heldOut, length));
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}

export interface TaxRequest extends Pick<SuiteRequest, 'base' | 'stopped'> {
  readonly models: readonly ModelSource[];
  readonly rows: readonly TokenRows[];
  readonly seed: number;
}

/** The tax of each model by the id of its checkpoint; those that were not read whole when it was stopped are left out. */
export async function measureTax(
  bench: ChunkedBench,
  { base, models, rows, seed, stopped }: TaxRequest,
): Promise<ReadonlyMap<string, AlignmentTax>> {
  const found = new Map<string, AlignmentTax>();
  if (rows.length === 0) return found;
  const start = base ?? SHIPPED;
  const others = models.filter(({ summary }) => summary.id !== start.summary.id);
  const total = (1 + others.length) * rows.length;
  let done = 0;
  const lossesOf = async (source: ModelSource): Promise<readonly number[] | null> => {
    const losses: number[] = [];
    for (const batch of rows) {
      if (stopped()) return null;
      bench.report(TASK, done, total);
      losses.push(
        await bench.alone(async () => heldOutLoss(await bench.shelf().get(source), [batch])),
      );
      done += 1;
      await bench.yieldToMessages();
    }
    return losses;
  };
  const taxOf = (losses: readonly number[], from: readonly number[]) =>
    alignmentTax(losses, from, Rng.named(seed, 'evaluate', 'tax'));
  try {
    const baseLosses = await lossesOf(start);
    if (baseLosses === null) return found;
    found.set(start.summary.id, taxOf(baseLosses, baseLosses));
    for (const source of others) {
      const losses = await lossesOf(source);
      if (losses === null) break;
      found.set(source.summary.id, taxOf(losses, baseLosses));
    }
  } finally {
    bench.report(TASK, total, total);
  }
  return found;
}

/** The suite with the tax of each checkpoint in it, which does not depend on how answers are drawn. */
export async function withTax(
  suite: Suite,
  bench: ChunkedBench,
  request: SuiteRequest,
): Promise<Suite> {
  const judged = new Set(suite.reports.map(({ checkpoint }) => checkpoint));
  const taxes = await measureTax(bench, {
    base: request.base,
    stopped: request.stopped,
    models: request.models.filter(({ summary }) => judged.has(summary.id)),
    rows: heldOutRows(bench.shelf().files.tokenizer, request),
    seed: request.settings.general.seed,
  });
  const reports = suite.reports.map((report) => {
    const tax = taxes.get(report.checkpoint);
    return tax === undefined ? report : { ...report, tax };
  });
  return { ...suite, reports };
}
