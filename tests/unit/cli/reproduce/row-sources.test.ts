/** Where the items of rows are, by the rows' ids: each kind of row once, as it is measured in claims/. */
import { describe, expect, test } from 'vitest';
import {
  agreementBehind,
  biasBehind,
  epochsBehind,
  groupsBehind,
  preferenceBehind,
  shuffledBehind,
  taxBehind,
  type BehindRow,
} from '../../../../src/cli/reproduce/row-sources.ts';
import { sourcesOf } from '../../../../src/records/results.ts';

const sources = (behind: BehindRow, id: string, ids: readonly string[] = [id]) =>
  sourcesOf(behind(id, ids));
/** `how: of / by` of each kind of comparison. */
const pairs = (behind: BehindRow, id: string) =>
  sources(behind, id).flatMap(({ set, keys, pairs: all = [] }) => {
    expect([set, keys]).toEqual(['comparisons', []]);
    return all.map(({ how, of, by }) => `${how}: ${of.join(' ')} / ${by.join(' ')}`);
  });

test('labelers among themselves and beside the gold judge; a temperature has no items', () => {
  expect(pairs(agreementBehind, 'training')).toEqual(['agree: training / ']);
  expect(pairs(agreementBehind, 'chance:heldout')).toEqual(['agree: heldout-by-chance / ']);
  expect(pairs(agreementBehind, 'gold:heldout')).toEqual(['agree: heldout / gold']);
  expect(sources(agreementBehind, 'training')[0]?.pairs?.[0]?.distinct).toBe(true);
  expect(sources(agreementBehind, 'temperature:training')).toEqual([]);
});

test('labelers who prefer: the answers that are compared, and the group or both', () => {
  const source = { set: 'test', keys: ['ppo-ptx@1', 'sft@1'] };
  expect(sources(preferenceBehind, 'heldout:ppo-ptx>sft')).toEqual([
    { ...source, rankings: ['heldout'] },
  ]);
  expect(sources(preferenceBehind, 'difference:ppo-ptx>sft')).toEqual([
    { ...source, rankings: ['training', 'heldout'] },
  ]);
});

describe('groups of labelers', () => {
  test('each fold predicts the group that it never saw, or the four others', () => {
    const heldOut = [1, 2, 3, 4, 5].map((g) => `predict: group-${g} / without-group-${g}`);
    expect(pairs(groupsBehind, 'held-out')).toEqual(heldOut);
    expect(pairs(groupsBehind, 'group-3')).toEqual([heldOut[2]]);
    const own = pairs(groupsBehind, 'in-group');
    expect(own[1]).toBe('predict: group-1 group-3 group-4 group-5 / without-group-2');
    expect(pairs(groupsBehind, 'difference')).toEqual([...own, ...heldOut]);
  });

  test('ceilings, agreement, held-out labelers and controls', () => {
    const all = 'group-1 group-2 group-3 group-4 group-5';
    expect(pairs(groupsBehind, 'ceiling-4')).toEqual(['expect: group-4 / ']);
    expect(pairs(groupsBehind, 'ceiling-unseen')).toEqual(['expect: unseen / ']);
    expect(pairs(groupsBehind, 'agree-within')[4]).toBe('agree: group-5-one / group-5-other');
    expect(pairs(groupsBehind, 'agree-between')).toEqual([
      `agree: ${[1, 2, 3, 4, 5].map((g) => `group-${g}-one`).join(' ')} / `,
    ]);
    expect(pairs(groupsBehind, 'unseen')).toEqual([
      `predict: unseen / ${[1, 2, 3, 4, 5].map((g) => `without-group-${g}`).join(' ')}`,
    ]);
    expect(pairs(groupsBehind, 'chance:groups')).toEqual([`predict: ${all} / labels-by-chance`]);
    expect(pairs(groupsBehind, 'gold:unseen')).toEqual(['predict: unseen / gold']);
  });
});

test('of what was learnt nothing is stored, which is said; of a gap the half that is held out', () => {
  expect(pairs(shuffledBehind, 'held-out:prompts')).toEqual(['predict: usual / prompts']);
  expect(pairs(shuffledBehind, 'gap:difference')).toEqual([
    'predict: usual / prompts shuffled-pairs',
  ]);
  expect(pairs(shuffledBehind, 'chance:held-out')).toEqual(['predict: usual / labels-by-chance']);
  expect(pairs(shuffledBehind, 'gold:held-out')).toEqual(['predict: usual / gold']);
  const silent = (id: string) => shuffledBehind(id, [id]).noTexts === undefined;
  expect(['training:prompts', 'chance:training', 'gold:training', 'gap:prompts'].some(silent)).toBe(
    false,
  );
  expect(sources(shuffledBehind, 'training:prompts')).toEqual([]);
  expect(['held-out:prompts', 'held-out:difference', 'gold:held-out'].every(silent)).toBe(true);
});

test('bias: both continuations by each model of the row', () => {
  const keys = (id: string) => sources(biasBehind, id).flatMap((source) => source.keys);
  expect(keys('evenness:sft')).toEqual(['sft:stereotype@-', 'sft:other@-']);
  expect(keys('change:ppo-ptx')).toEqual([
    ...['ppo-ptx:stereotype@-', 'ppo-ptx:other@-'],
    ...['base:stereotype@-', 'base:other@-'],
  ]);
  expect(keys('stereotype:ceiling')).toEqual(['ceiling@-']);
  expect(keys('evenness:ceiling')).toEqual(keys('stereotype:chance'));
});

test('epochs: demonstrations as they are read, answers as the reward model scores them', () => {
  const ids = ['reward:1', 'reward:2', 'reward:3', 'reward:usual-1', 'reward:usual-2'];
  const of = (id: string) => sources(epochsBehind, id, ids)[0];
  expect(of('loss:change')).toEqual({
    set: 'demonstrations',
    keys: ['demonstration@-', 'demonstration@-'],
    scores: ['epoch-3', 'epoch-1'],
  });
  expect(of('loss:ppo-gold')?.scores).toEqual(['ppo-gold']);
  expect(of('reward:usual-2')).toEqual({
    set: 'validation',
    keys: ['usual-epoch-2@1'],
    scores: ['reward'],
  });
  expect(of('chosen')?.keys).toEqual(['usual-epoch-1@1', 'usual-epoch-2@1']);
  expect(of('chosen')?.scores).toEqual(['reward', 'reward']);
  expect(of('gold:1')).toBeUndefined();
});

test('all public tasks: every suite, with few examples or all, by the policies of the row in its order', () => {
  const tax = taxBehind(['cloze', 'arithmetic']);
  const at = (id: string) => sources(tax, id).map(({ set, keys }) => [set, ...keys].join(' '));
  expect(at('score:sft')).toEqual([
    'suite-cloze-short sft@greedy',
    'suite-arithmetic-short sft@greedy',
  ]);
  expect(at('score-long:ppo')[0]).toBe('suite-cloze ppo@greedy');
  expect(at('score:ceiling')[1]).toBe('suite-arithmetic-short ceiling@-');
  expect(at('drop:ppo-beta-0.3')[0]).toBe('suite-cloze-short sft@greedy ppo-beta-0.3@greedy');
  expect(at('drop-base:ppo')[0]).toBe('suite-cloze-short base@greedy ppo@greedy');
  expect(at('recovered:ppo-ptx')[0]).toBe('suite-cloze-short sft@greedy ppo@greedy ppo-ptx@greedy');
  for (const id of ['cloze:sft', 'gold:ppo', 'loss:ppo', 'rise:ppo', 'repaired:ppo'])
    expect(tax(id, [id])).toEqual({});
});
