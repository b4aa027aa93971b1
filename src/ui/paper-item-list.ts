/**
 * The single items of a row: the few that the results hold, or every one that is stored of a seed, made from the stored
 * answers when it is asked for. Plain functions.
 */
import { rankersOf } from '../records/beside-answers.ts';
import { answersTo, type StoredAnswers } from '../records/result-answers.ts';
import {
  sourcesOf,
  type ResultItem,
  type ResultOutput,
  type ResultRow,
  type ResultSource,
} from '../records/results.ts';
import { comparedAt, rankWords, type Compared } from './paper-pairs.ts';

/** Items that are made one at a time. */
export interface ItemList {
  readonly count: number;
  /** Undefined past the last one. */
  readonly at: (index: number) => ResultItem | undefined;
}

const goldWords = (score: number | null): string[] =>
  score === null ? [] : [`gold composite ${score.toFixed(2)}`];

/** What stored rankings say of one of the answers to a prompt that stand side by side. */
function rankingWords(
  { rankings = {} }: StoredAnswers,
  { rankings: names = [], keys }: ResultSource,
  prompt: number,
  own: number,
): string[] {
  return names.flatMap((name) => {
    const found = rankings[name];
    if (found === undefined) return [];
    return rankersOf(found).flatMap(({ keys: ranked, nameAt, ranksAt }) => {
      const ranks = ranksAt(prompt);
      const rankOf = (key: string | undefined) => ranks[ranked.indexOf(key ?? '')];
      const mine = rankOf(keys[own]);
      const rival = rankOf(keys[own === 0 ? 1 : 0]);
      return mine === undefined || rival === undefined
        ? []
        : [rankWords(nameAt(prompt), mine, rival)];
    });
  });
}

/** The answers to a prompt side by side, with a stored score in place of the judge's where the source names one. */
function answersItem(stored: StoredAnswers, source: ResultSource, prompt: number) {
  const { keys, scores: names = [] } = source;
  return answersTo(stored, prompt, keys).map(({ key, answer }, own): ResultOutput => {
    const said = rankingWords(stored, source, prompt, own);
    const given = stored.scores?.[names[own] ?? ''];
    const score = given?.values[key]?.[prompt] ?? null;
    if (given === undefined || score === null) {
      return { policy: key, ...answer, reasons: [...said, ...answer.reasons] };
    }
    const words = `${given.words}: ${score.toFixed(3)}`;
    const reasons = [...said, words, ...goldWords(answer.score), ...answer.reasons];
    return { policy: key, ...answer, score, reasons };
  });
}

function comparedItem(stored: StoredAnswers, { keys, words, score }: Compared, prompt: number) {
  return answersTo(stored, prompt, keys).map(({ key, answer }, own): ResultOutput => {
    const which = own === 0 ? 0 : 1;
    const reasons = [...words(which), ...goldWords(answer.score), ...answer.reasons];
    return { policy: key, ...answer, score: score?.(which) ?? answer.score, reasons };
  });
}

function itemOf({ seed, prompts }: StoredAnswers, prompt: number, outputs: ResultOutput[]) {
  const { text = '', kind = '' } = prompts[prompt] ?? {};
  return { seed, prompt: text, kind, outputs };
}

/** Items of one source: a prompt each, or a comparison each, prompt after prompt. */
function itemsOfSource(stored: StoredAnswers, source: ResultSource): ItemList {
  const { pairs } = source;
  const count = stored.prompts.length;
  if (pairs === undefined) {
    const at = (i: number) =>
      i < count ? itemOf(stored, i, answersItem(stored, source, i)) : undefined;
    return { count, at };
  }
  const ends: number[] = [];
  for (let prompt = 0; prompt < count; prompt++) {
    ends.push((ends.at(-1) ?? 0) + comparedAt(stored, pairs, prompt).length);
  }
  return {
    count: ends.at(-1) ?? 0,
    at: (i) => {
      const prompt = ends.findIndex((end) => i < end);
      if (prompt < 0) return undefined;
      const found = comparedAt(stored, pairs, prompt)[i - (ends[prompt - 1] ?? 0)];
      return found && itemOf(stored, prompt, comparedItem(stored, found, prompt));
    },
  };
}

/** Lists one after the other. */
function joined(lists: readonly ItemList[]): ItemList {
  return {
    count: lists.reduce((sum, { count }) => sum + count, 0),
    at: (index) => {
      let left = index;
      for (const { count, at } of lists) {
        if (left < count) return at(left);
        left -= count;
      }
      return undefined;
    },
  };
}

/** The items of a row. @param all one for each of the row's sources; null for the few that the results hold */
export function itemList(row: ResultRow, all: readonly StoredAnswers[] | null): ItemList {
  const { items = [] } = row;
  if (all === null) return { count: items.length, at: (i) => items[i] };
  const lists = sourcesOf(row).flatMap((source, s) => {
    const stored = all[s];
    return stored === undefined ? [] : [itemsOfSource(stored, source)];
  });
  return joined(lists);
}
