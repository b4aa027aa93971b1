/** A person's votes, evaluations and rankings on one board, and agreement with labelers that are known exactly. */
import { describe, expect, it, vi } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import type { Completion, Ranking } from '../../../src/records/ranking.ts';
import type { Vote } from '../../../src/records/vote.ts';
import { addRankings, saveEvaluation, saveSitting } from '../../../src/storage/labels.ts';
import { Connection } from '../../../src/storage/open.ts';
import { boardGroups, humanBoard } from '../../../src/worker/human-board.ts';
import { simulatedAgreement } from '../../../src/worker/simulated-agreement.ts';
import { WorldSupply } from '../../../src/worker/world-supply.ts';
import { labelerPopulation, rankCompletions } from '../../../src/world/labelers.ts';
import { ranking } from './fake-workbench.ts';
import { freshName, testSession } from './session-world.ts';

const by = (policy: string, k: number): Completion => ({
  ...{ id: `${policy}-${k}`, text: `${policy} says ${k}`, policy, ended: true },
});

/** A judgement of outputs by these checkpoints, best first. */
function judged(id: string, policies: readonly string[], over: Partial<Ranking> = {}): Ranking {
  return {
    ...ranking(id, 'person'),
    completions: policies.map(by),
    ranks: policies.map((_, i) => i + 1),
    shown: policies.map((_, i) => i),
    ...over,
  };
}

function vote(id: string, left: string, right: string, choice: Vote['choice']): Vote {
  const { prompt } = ranking(id, 'person');
  return { id, prompt, left: by(left, 0), right: by(right, 1), choice, at: 1 };
}

const rng = (): Rng => Rng.named(0, 'board');

describe('the board', () => {
  it('counts votes, evaluations and rankings between checkpoints; not repeats, others’ or one checkpoint’s own', async () => {
    const name = freshName();
    const { session } = await testSession({ name });
    const db = await new Connection({ name }).db();
    const pair = { first: 'ppo', second: 'base', pairs: [], at: 0, revealed: true };
    await saveSitting(db, 'p', pair, vote('v1', 'base', 'ppo', 'right'));
    await saveSitting(db, 'p', pair, vote('v2', 'ppo', 'base', 'both-bad'));
    const sitting = {
      ...{ checkpoints: ['ppo', 'sft'], baseline: 'sft', items: [], at: 0, ratings: [] },
      revealed: true,
    };
    await saveEvaluation(db, 'p', sitting, judged('e1', ['ppo', 'sft', 'base']));
    await saveEvaluation(db, 'p', sitting, judged('e2', ['base', 'sft'], { repeat: true }));
    await addRankings(db, 'p', [
      judged('r1', ['sft', 'base']),
      judged('r2', ['sft', 'sft']),
      judged('r3', ['base', 'sft'], { labeler: 'imported:eve' }),
    ]);
    await session.handlers['labels.changed']({});
    const { groups, judgements, agreement } = await session.handlers['judge.board']({});
    expect(judgements).toBe(4);
    const counts = groups.map((rows) => rows.map((row) => [row.checkpoint, row.comparisons]));
    expect(counts).toEqual([
      [
        ['ppo', 4],
        ['sft', 3],
        ['base', 5],
      ],
    ]);
    const [rows = []] = groups;
    expect(rows.reduce((sum, { elo }) => sum + elo, 0)).toBeCloseTo(0, 9);
    for (const { low, elo, high } of rows) {
      expect(low).toBeLessThan(elo);
      expect(high).toBeGreaterThan(elo);
    }
    // What the workbench is asked about is the evaluations.
    expect(agreement.judgements).toBe(2);
  });

  it('is empty before anything is judged, and asks for an open project', async () => {
    const { session } = await testSession({ name: freshName() });
    const empty = await session.handlers['judge.board']({});
    expect([empty.groups, empty.judgements]).toEqual([[], 0]);
    const shut = await testSession({ name: freshName(), open: false });
    await expect(shut.session.handlers['judge.board']({})).rejects.toThrow(/No project is open/);
  });

  it('draws the judgements again as often as it says', () => {
    const drawn = rng();
    const draws = vi.spyOn(drawn, 'int');
    const none = { training: { agreed: 0, total: 0 }, heldOut: { agreed: 0, total: 0 } };
    const votes = [vote('v1', 'a', 'b', 'left'), vote('v2', 'a', 'b', 'right')];
    const board = humanBoard(
      { votes, rankings: [], evaluations: [] },
      { ...none, judgements: 0 },
      drawn,
    );
    expect(draws).toHaveBeenCalledTimes(board.resamples * votes.length);
  });

  it('keeps checkpoints apart that have never met', () => {
    const win = (first: string, second: string) => [{ first, second, outcome: 1 as const }];
    const groups = boardGroups([win('a', 'b'), win('d', 'c'), win('a', 'b')], rng());
    expect(groups.map((rows) => rows.map(({ checkpoint }) => checkpoint))).toEqual([
      ['a', 'b'],
      ['d', 'c'],
    ]);
  });

  it('two checkpoints stand as far apart as the odds with half a win on each side', () => {
    const match = (outcome: 0 | 1) => [{ first: 'a', second: 'b', outcome }];
    const judgedMatches = [...Array.from({ length: 9 }, () => match(1)), match(0)];
    const [rows = []] = boardGroups(judgedMatches, rng());
    const [a, b] = rows;
    expect((a?.elo ?? 0) - (b?.elo ?? 0)).toBeCloseTo(400 * Math.log10(9.5 / 1.5), 6);
    expect(boardGroups(judgedMatches, rng())).toEqual([rows]);
  });
});

describe('agreement with the simulated labelers', () => {
  const supply = new WorldSupply(1);
  const [prompt] = supply.test(5);
  if (prompt === undefined) throw new Error('expected a held-out prompt');
  const { classOptions } = supply;
  const texts = ['foxes are red .', 'i do not know .', prompt.text, ''];
  const completions = texts.map((text, k) => ({ ...by('m', k), text }));
  const labelers = labelerPopulation(1, classOptions);
  const rankOf = (at: number): readonly number[] => {
    const labeler = labelers[at];
    if (labeler === undefined) throw new Error('expected a labeler');
    return rankCompletions(labeler, prompt, completions, supply.seed);
  };

  it('is counted with each labeler of each group, on the same draws as their rankings', () => {
    const ranks = rankOf(0);
    const own: Ranking = {
      ...ranking('a', 'person'),
      ...{ prompt, completions, ranks, shown: [0, 1, 2, 3] },
    };
    const { training, heldOut, judgements } = simulatedAgreement([own], supply, 5);
    expect(judgements).toBe(1);
    let [agreed, total] = [0, 0];
    for (let at = 0; at < 20; at++) {
      const other = rankOf(at);
      for (let i = 0; i < ranks.length; i++) {
        for (let j = 0; j < i; j++) {
          const mine = Math.sign((ranks[i] ?? 0) - (ranks[j] ?? 0));
          const theirs = Math.sign((other[i] ?? 0) - (other[j] ?? 0));
          if (mine * theirs !== 0) total++;
          if (mine * theirs > 0) agreed++;
        }
      }
    }
    expect(training).toEqual({ agreed, total });
    expect(total).toBeGreaterThan(20);
    expect(heldOut.total).toBeLessThan(training.total);
    expect(heldOut.total).toBeGreaterThan(0);
  });

  it('knows nothing of prompts outside of the world, and counts no repeat', () => {
    const own: Ranking = {
      ...ranking('a', 'person'),
      ...{ prompt, completions, ranks: rankOf(0), shown: [0, 1, 2, 3] },
    };
    const strange = { ...own, prompt: { ...prompt, text: 'of my own' } };
    const none = { agreed: 0, total: 0 };
    const nothing = { training: none, heldOut: none, judgements: 0 };
    expect(simulatedAgreement([strange], supply, 5)).toEqual(nothing);
    expect(simulatedAgreement([{ ...own, repeat: true }], supply, 5)).toEqual(nothing);
    expect(simulatedAgreement([], supply, 5)).toEqual(nothing);
  });
});
