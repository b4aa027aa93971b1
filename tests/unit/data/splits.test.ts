/** D43: duplicates by common prefix out, cap per user, no user in two splits, no personal data in training. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { personalDataIn } from '../../../src/data/personal-data.ts';
import {
  cappedPerUser,
  preparePrompts,
  splitByUser,
  splitOfUser,
  withoutDuplicates,
  withoutPersonalData,
} from '../../../src/data/splits.ts';
import type { Split } from '../../../src/records/prompt.ts';

interface Row {
  id: number;
  text: string;
  userId: string;
  split: Split;
}

const SHARES = { validation: 0.2, test: 0.3 };
const row = fc.record({
  text: fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }),
  userId: fc.constantFrom('u1', 'u2', 'u3', 'u4', 'u5', 'u6'),
  split: fc.constant<Split>('train'),
});
const rows: fc.Arbitrary<Row[]> = fc
  .array(row, { maxLength: 60 })
  .map((list) => list.map((item, id) => ({ ...item, id })));

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

function duplicates(a: string, b: string, prefix: number): boolean {
  return a === b || commonPrefix(a, b) >= prefix;
}

describe('withoutDuplicates', () => {
  it('D43: keeps no two that share a long prefix, and drops none without such a partner', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 6 }), (prompts, prefix) => {
        const kept = withoutDuplicates(prompts, prefix);
        kept.forEach((a, i) => {
          for (const b of kept.slice(i + 1)) expect(duplicates(a.text, b.text, prefix)).toBe(false);
        });
        for (const prompt of prompts.filter((p) => !kept.includes(p))) {
          const partner = kept.find((k) => duplicates(k.text, prompt.text, prefix));
          expect(partner?.id).toBeLessThan(prompt.id);
        }
        expect(withoutDuplicates(kept, prefix)).toEqual(kept);
      }),
    );
  });
});

describe('cappedPerUser', () => {
  it('D43: keeps the first prompts of each user up to the cap', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 0, max: 4 }), (prompts, cap) => {
        const kept = cappedPerUser(prompts, cap);
        for (const user of new Set(prompts.map((p) => p.userId))) {
          const own = (list: readonly Row[]): Row[] => list.filter((p) => p.userId === user);
          expect(own(kept)).toEqual(own(prompts).slice(0, cap));
        }
      }),
    );
  });
});

describe('splitByUser', () => {
  it('D43: puts no user in two splits, whatever else is in the set', () => {
    fc.assert(
      fc.property(rows, fc.nat(1000), (prompts, seed) => {
        const splits = new Map<string, Split>();
        for (const { userId, split } of splitByUser(prompts, seed, SHARES)) {
          expect(splits.get(userId) ?? split).toBe(split);
          splits.set(userId, split);
        }
        for (const [userId, split] of splits) expect(splitOfUser(userId, seed, SHARES)).toBe(split);
      }),
    );
  });

  it('D43: gives the splits about their shares of users', () => {
    const counts = { train: 0, validation: 0, test: 0 };
    for (let i = 0; i < 4000; i++) counts[splitOfUser(`user-${i}`, 1, SHARES)]++;
    expect(counts.train / 4000).toBeCloseTo(0.5, 1);
    expect(counts.validation / 4000).toBeCloseTo(0.2, 1);
    expect(counts.test / 4000).toBeCloseTo(0.3, 1);
  });

  it('refuses impossible shares', () => {
    expect(() => splitOfUser('u', 1, { validation: 0.6, test: 0.6 })).toThrow(RangeError);
    expect(() => splitOfUser('u', 1, { validation: NaN, test: 0 })).toThrow(RangeError);
  });
});

describe('personal data', () => {
  it.each([
    ['write to jane.doe+x@mail.example.org please', ['email']],
    ['call +44 20 7946 0958', ['phone']],
    ['call (030) 1234567 89', ['phone']],
    ['my number is 555-0123.', ['phone']],
    ['number 07700900123', ['phone']],
    ['she lives at 12 Old Mill Road, near the sea', ['address']],
    ['send it to 221b baker street', ['address']],
    ['10 High St and bob@example.com', ['email', 'address']],
  ])('finds it in %j', (text, kinds) => expect(personalDataIn(text)).toEqual(kinds));

  it.each([
    'count: 1 2 3 4 5 6 7 8 9 10 11 12',
    '12 foxes cross the road',
    '3 owls sat on my street',
    'the bear has 12 apples and 400 stones',
    'in 1999 and 2026-11-23',
    'meet me @ the pond at 5',
    'write a story about a happy fox',
  ])('finds none in %j', (text) => expect(personalDataIn(text)).toEqual([]));

  it('is taken out of the training split only', () => {
    const prompts = (['train', 'validation', 'test'] as const).map((split) => ({
      text: 'mail me at a@b.example',
      split,
    }));
    expect(withoutPersonalData(prompts).map(({ split }) => split)).toEqual(['validation', 'test']);
  });
});

describe('preparePrompts', () => {
  it('D43: leaves rows that meet every rule, untouched but for their split', () => {
    fc.assert(
      fc.property(rows, (prompts) => {
        const kept = preparePrompts(prompts, { seed: 1, shares: SHARES, prefix: 4, cap: 3 });
        expect(withoutDuplicates(kept, 4)).toEqual(kept);
        expect(cappedPerUser(kept, 3)).toEqual(kept);
        for (const { id, text, userId } of kept) {
          expect(prompts[id]).toMatchObject({ text, userId });
        }
      }),
    );
  });
});
