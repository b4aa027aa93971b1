/** Small parts of the reproduction, each by hand: epochs, comparisons, first lines, prefixes, single items, groups. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { epochEnds } from '../../../../src/cli/reproduce/kept-epochs.ts';
import { plantedGroups } from '../../../../src/cli/reproduce/labeler-groups.ts';
import { firstLine } from '../../../../src/cli/reproduce/pages.ts';
import { planOf } from '../../../../src/cli/reproduce/plan.ts';
import { candidatePrefixes } from '../../../../src/cli/reproduce/prefixes.ts';
import { takeComparisons } from '../../../../src/cli/reproduce/reward-runs.ts';
import { preferredRow, spreadItems } from '../../../../src/cli/reproduce/rows.ts';
import { presetSettings } from '../../../../src/config/presets.ts';
import { sequenceShape } from '../../../../src/config/stage-settings.ts';
import { Tokenizer } from '../../../../src/data/tokenizer.ts';
import { promptsThatFit } from '../../../../src/rlhf/pipeline.ts';
import { judgeGold } from '../../../../src/world/judges.ts';
import { generateDemonstrations, idealResponse } from '../../../../src/world/demonstrations.ts';
import { Rng } from '../../../../src/data/rng.ts';
import { labelerPopulation } from '../../../../src/world/labelers.ts';
import {
  rankingPrompts,
  testPrompts,
  trainingPrompts,
  validationPrompts,
} from '../../../../src/world/prompt-sets.ts';

test('epochs end at whole steps, the last one at the end', () => {
  expect(epochEnds(100, 4)).toEqual([25, 50, 75, 100]);
  expect(epochEnds(7, 2)).toEqual([4, 7]);
  expect(epochEnds(1, 3)).toEqual([1, 1, 1]);
});

test('rankings are taken whole until there are enough comparisons; ties give none', () => {
  const rankings = [{ ranks: [1, 2, 3] }, { ranks: [1, 1] }, { ranks: [1, 2] }, { ranks: [2, 1] }];
  expect(takeComparisons(rankings, 3)).toEqual([rankings[0]]);
  expect(takeComparisons(rankings, 4)).toEqual([rankings[0], rankings[2]]);
  expect(takeComparisons(rankings, 99)).toHaveLength(3);
});

test('an answer on a page is its first line, without the space before it', () => {
  expect(firstLine({ text: ' frogs eat flies.\nand more', ended: false })).toEqual({
    text: 'frogs eat flies.',
    ended: true,
  });
  expect(firstLine({ text: ' frogs eat', ended: false })).toEqual({
    text: 'frogs eat',
    ended: false,
  });
});

describe('few-shot prefixes', () => {
  const json: unknown = JSON.parse(readFileSync('public/models/base/tokenizer.json', 'utf8'));
  const tokenizer = Tokenizer.fromJson(json);
  const pool = validationPrompts(1, 60);
  const fit = { room: 200, promptLength: 48 };
  const prefixes = candidatePrefixes(pool, tokenizer, fit, { seed: 1, each: 2 });

  test('leave room for a prompt, show an example, and end where the answer begins', () => {
    expect(prefixes).toHaveLength(10);
    for (const prefix of prefixes) {
      const { words } = prefix;
      const empty = prefix.page('');
      expect(tokenizer.encode(empty).length, words).toBeLessThanOrEqual(
        fit.room - fit.promptLength,
      );
      expect(empty.split('\n').length, words).toBeGreaterThan(2);
      expect(prefix.page('what do frogs eat?'), words).toMatch(/what do frogs eat\?\n(?:\w+:)?$/);
    }
  });

  test('are the same for a seed and differ between drawings', () => {
    const again = candidatePrefixes(pool, tokenizer, fit, { seed: 1, each: 2 });
    const shown = (list: typeof prefixes) => list.map((prefix) => prefix.page('x'));
    expect(shown(again)).toEqual(shown(prefixes));
    expect(prefixes[0]!.page('x')).not.toBe(prefixes[1]!.page('x'));
  });
});

test('how many ranked prompts are prompts of demonstrations too is as docs/quick-runs.md says', () => {
  const json: unknown = JSON.parse(readFileSync('public/models/base/tokenizer.json', 'utf8'));
  const { settings, counts } = planOf('full');
  const shape = sequenceShape(settings);
  const pool = promptsThatFit(Tokenizer.fromJson(json), trainingPrompts(1), shape);
  const demonstrations = generateDemonstrations(1, settings.sft.demonstrations);
  const shown = new Set(demonstrations.map(({ prompt }) => prompt.id));
  const both = (count: number): number =>
    rankingPrompts(pool, count).filter(({ id }) => shown.has(id)).length;
  expect(both(presetSettings('quick').labels.prompts)).toBe(0);
  const page = readFileSync('docs/quick-runs.md', 'utf8').replaceAll('\n', ' ');
  const [ranked, again] = [settings.labels.prompts, counts.policyPrompts].map((count) =>
    [both(count), count].map((n) => n.toLocaleString('en-US')),
  );
  expect(page).toContain(`in seed 1, ${ranked![0]} of the ${ranked![1]} ranked prompts`);
  expect(page).toContain(`and ${again![0]} of the ${again![1]} of the second round`);
});

test('single items show every kind of outcome before a second of any', () => {
  expect(spreadItems([1, 1, 1, 0, 0.5, 1], String, 4)).toEqual([1, 0, 0.5, 1]);
  expect(spreadItems([1], String, 4)).toEqual([1]);
  expect(spreadItems([], String, 4)).toEqual([]);
});

test('planted groups share out all labelers and differ in what they like, most of all by their sign of cheer', () => {
  const labelers = labelerPopulation(1).filter(({ group }) => group === 'training');
  const groups = plantedGroups(labelers);
  expect(
    groups
      .flatMap((group) => group.labelers)
      .map(({ id }) => id)
      .sort(),
  ).toEqual(labelers.map(({ id }) => id).sort());
  const cheer = groups.map((group) =>
    group.labelers.reduce((sum, { tastes }) => sum + tastes.cheer / group.labelers.length, 0),
  );
  expect(cheer[2]! - cheer[0]!).toBeGreaterThan(0.05);
  expect(cheer[4]! - cheer[0]!).toBeLessThan(-0.05);
  expect(() => plantedGroups(labelers.slice(0, 4))).toThrow(RangeError);
});

test('a perfect writer is preferred to silence everywhere, and to itself half of the time', () => {
  const prompts = testPrompts(1, 20);
  const rng = Rng.named(1, 'ideal');
  const answers = (text: (i: number) => string) =>
    prompts.map((prompt, i) => ({
      text: text(i),
      ended: true,
      gold: judgeGold(prompt, text(i), true),
    }));
  const texts = prompts.map(({ task }) => idealResponse(task, rng));
  const ideal = { policy: 'ideal', drawing: '1', answers: answers((i) => texts[i]!) } as const;
  const silent = { policy: 'silent', drawing: '1', answers: answers(() => '') } as const;
  const context = { seed: 1, set: 'test', prompts, items: 2 };
  const words = { id: 'x', label: 'x' };
  const shares = (row: ReturnType<typeof preferredRow>) => {
    const sums = row.sample!.clusters.map((cluster) => cluster.sums[0]!);
    return sums.reduce((total, sum) => total + sum, 0) / prompts.length;
  };
  const row = preferredRow(context, [ideal, silent], words);
  expect(shares(row)).toBe(1);
  expect(shares(preferredRow(context, [silent, ideal], words))).toBe(0);
  expect(shares(preferredRow(context, [ideal, ideal], words))).toBe(0.5);
  expect(row.items[0]?.outputs.map(({ policy }) => policy)).toEqual(['ideal', 'silent']);
  expect(row.items[0]?.outputs[1]?.reasons).toContain('empty');
  expect(row.source).toEqual({ set: 'test', keys: ['ideal@1', 'silent@1'] });
});
