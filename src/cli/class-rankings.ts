/**
 * Rankings by the simulated class on a model's own samples, in chunks with progress. With a file, every chunk is
 * kept in it, so that a killed process goes on after the last whole chunk and gets the same rankings.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { FormatError } from '../data/format-error.ts';
import { jsonlRows, writeRankings } from '../data/jsonl.ts';
import { readRankings } from '../data/label-rows.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { Model } from '../model/parameters.ts';
import type { Ranking } from '../records/ranking.ts';
import { completionsToRank } from '../rlhf/pipeline.ts';
import type { SequenceShape } from '../rlhf/sequences.ts';
import { labelByClass, type Labeler } from '../world/labelers.ts';
import type { WorldPrompt } from '../world/tasks.ts';
import { UsageError } from './options.ts';
import { Progress } from './progress.ts';

/** Prompts between two lines of progress, and between two writes. */
const CHUNK = 50;

export interface ClassRankingSettings {
  readonly shape: SequenceShape;
  readonly K: number;
  readonly temperature: number;
  readonly seed: number;
  /** Names the random streams and the progress line. */
  readonly scope: string;
  /** Who answers, as the completions say. */
  readonly policy: string;
  /** File that keeps what is done; null keeps nothing. */
  readonly file: string | null;
}

function keptRankings(file: string | null): Ranking[] {
  if (file === null || !existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  // A line that was cut while it was written does not count.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  try {
    const rankings = readRankings(jsonlRows(whole), 0);
    return rankings.slice(0, rankings.length - (rankings.length % CHUNK));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new UsageError(`${file} is damaged: ${error.message} Delete it to label anew.`);
  }
}

/** One ranking of `K` samples for each prompt, each by a labeler drawn for the prompt. */
export async function rankByClass(
  model: Model,
  tokenizer: Tokenizer,
  prompts: readonly WorldPrompt[],
  labelers: readonly Labeler[],
  settings: ClassRankingSettings,
): Promise<Ranking[]> {
  const { shape, K, temperature, seed, scope, policy, file } = settings;
  const rankings = keptRankings(file).slice(0, prompts.length);
  if (file !== null) writeFileSync(file, writeRankings(rankings));
  const progress = new Progress(scope, () => performance.now());
  for (let from = rankings.length; from < prompts.length; from += CHUNK) {
    const chunk = prompts.slice(from, from + CHUNK);
    const call = { shape, temperature, seed, scope: `${scope} ${from}`, policy };
    const completions = await completionsToRank(model, tokenizer, chunk, K, call);
    const fresh = chunk.map((prompt, i) => {
      // Without their tokens, so that a ranking is the same whether it was kept or just made.
      const shown = (completions[i] ?? []).map(({ id, text, policy: by, ended }) => ({
        id,
        text,
        policy: by,
        ended,
      }));
      return labelByClass(labelers, prompt, shown, seed);
    });
    rankings.push(...fresh);
    if (file !== null) appendFileSync(file, writeRankings(fresh));
    progress.update(rankings.length, prompts.length);
  }
  return rankings;
}
