/** Which rankings are held out: whole users, or whole prompts where nobody said who sent them. */
import { describe, expect, it } from 'vitest';
import { jsonlRows } from '../../../src/data/jsonl.ts';
import { readRankings } from '../../../src/data/label-rows.ts';
import type { Ranking } from '../../../src/records/ranking.ts';
import { splitRankings } from '../../../src/rlhf/held-out.ts';
import { WorldSupply } from '../../../src/worker/world-supply.ts';
import { ranking } from './fake-workbench.ts';

/** Two rankings of each prompt, in JSONL as a person would write it. */
function imported(prompts: number): readonly Ranking[] {
  const lines = Array.from({ length: 2 * prompts }, (_, i) =>
    JSON.stringify({
      prompt: `tell me about number ${Math.floor(i / 2)}`,
      completions: [`a ${i}`, `b ${i}`],
      ranks: [1, 2],
    }),
  );
  return readRankings(jsonlRows(lines.join('\n')), 0);
}

function from(users: number, perUser: number): readonly Ranking[] {
  return Array.from({ length: users * perUser }, (_, i) => {
    const row = ranking(`r${i}`, 'training-1');
    const prompt = { ...row.prompt, text: `prompt ${i}`, userId: `user-${i % users}` };
    return { ...row, prompt };
  });
}

function onBothSides(a: readonly Ranking[], b: readonly Ranking[], key: 'userId' | 'text') {
  const others = new Set(a.map(({ prompt }) => prompt[key]));
  return b.map(({ prompt }) => prompt[key]).filter((value) => others.has(value));
}

describe('held-out rankings', () => {
  it('of a file that names no user are a share of its prompts, none on both sides', () => {
    const { training, heldOut } = splitRankings(imported(60), 0.2);
    expect(heldOut.length / 120).toBeGreaterThan(0.1);
    expect(heldOut.length / 120).toBeLessThan(0.3);
    expect(onBothSides(training, heldOut, 'text')).toEqual([]);
  });

  it('of few users are a share of their prompts', () => {
    const { training, heldOut } = splitRankings(from(3, 40), 0.2);
    expect(heldOut.length).toBeGreaterThan(10);
    expect(training.length).toBeGreaterThan(60);
  });

  it('of many users are whole users', () => {
    const { training, heldOut } = splitRankings(from(60, 4), 0.2);
    expect(heldOut.length).toBeGreaterThan(20);
    expect(onBothSides(training, heldOut, 'userId')).toEqual([]);
  });

  it('of many users and a file are whole users, and a share of the file', () => {
    const own = imported(60);
    const { heldOut } = splitRankings([...from(60, 4), ...own], 0.2);
    const ids = new Set(own.map(({ id }) => id));
    const ofFile = heldOut.filter(({ id }) => ids.has(id)).length;
    expect(ofFile / 120).toBeGreaterThan(0.1);
    expect(ofFile / 120).toBeLessThan(0.3);
  });
});

describe("the person's own prompts", () => {
  const supply = new WorldSupply(1);
  const [known] = supply.training;

  it('come before those of the world, each text once', () => {
    const own = { ...ranking('x', 'person').prompt, id: 'mine', text: known?.text ?? '' };
    const all = supply.withOwn([own], supply.training.slice(0, 5));
    expect(all.map(({ id }) => id)).toEqual([
      'mine',
      ...supply.training.slice(1, 5).map(({ id }) => id),
    ]);
  });

  it('are ranked by the class under their own id, also where the world knows nothing of them', () => {
    const { prompt, completions } = ranking('x', 'person');
    const foreign = { ...prompt, text: 'write a sonnet .', source: 'person' as const };
    expect(supply.label(foreign, completions)).toMatchObject({
      prompt: foreign,
      labeler: expect.stringMatching(/^training-\d+$/) as string,
    });
  });
});
