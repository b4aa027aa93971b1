/** Batching: the padded rectangle holds exactly the given tokens; a resumed order equals one that never stopped. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EpochCursor,
  exactDivide,
  packSequences,
  permutation,
  type EpochState,
} from '../../../src/data/batches.ts';
import { Rng } from '../../../src/data/rng.ts';
import type { JsonValue } from '../../../src/records/run.ts';

const tokens = fc.array(fc.integer({ min: 2, max: 1023 }), { maxLength: 7 });

describe('packSequences', () => {
  it('gives every sequence back from its row, and PAD everywhere else', () => {
    const rows = fc.array(fc.record({ prompt: tokens, response: tokens }), { maxLength: 5 });
    fc.assert(
      fc.property(
        rows,
        fc.integer({ min: 7, max: 9 }),
        fc.integer({ min: 7, max: 9 }),
        (sequences, P, R) => {
          const packed = packSequences(sequences, P, R, 0);
          expect(packed.ids.length).toBe(sequences.length * (P + R));
          sequences.forEach(({ prompt, response }, b) => {
            const row = packed.ids.subarray(b * (P + R), (b + 1) * (P + R));
            const mask = packed.mask.subarray(b * (P + R), (b + 1) * (P + R));
            const from = P - (packed.promptLengths[b] ?? 0);
            const to = P + (packed.responseLengths[b] ?? 0);
            expect([...row.subarray(from, P)]).toEqual(prompt);
            expect([...row.subarray(P, to)]).toEqual(response);
            row.forEach((id, column) => {
              const real = column >= from && column < to;
              expect(mask[column]).toBe(real ? 1 : 0);
              if (!real) expect(id).toBe(0);
            });
            const responseMask = packed.responseMask.subarray(b * R, (b + 1) * R);
            expect([...responseMask]).toEqual([...mask.subarray(P)]);
          });
        },
      ),
    );
  });

  it('names the sequence that does not fit', () => {
    const long = { prompt: [2, 3], response: [4, 5, 6] };
    expect(() => packSequences([long], 2, 2, 0)).toThrow(
      'Sequence 0 has 2 + 3 tokens, the batch 2 + 2 columns',
    );
  });
});

describe('batch arithmetic', () => {
  it('divides exactly or throws', () => {
    expect(exactDivide(64, 8, 'minibatch')).toBe(8);
    expect(() => exactDivide(64, 7, 'minibatch')).toThrow('minibatch: 64 is not divisible by 7');
    for (const parts of [0, -8, NaN]) expect(() => exactDivide(64, parts, 'x')).toThrow(RangeError);
  });
});

describe('EpochCursor', () => {
  it('takes each example once per epoch, in a new order each time', () => {
    const cursor = EpochCursor.start(20, Rng.named(1, 'epochs'));
    const epochs = [cursor.take(20), cursor.take(20)];
    const all = Array.from({ length: 20 }, (_, i) => i);
    for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual(all);
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(permutation(20, Rng.named(1, 'epochs'))).toEqual(epochs[0]);
  });

  it('goes on from its saved state as if it had never stopped', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(30), fc.nat(30), (size, before, after) => {
        const cursor = EpochCursor.start(size, Rng.named(3, 'data'));
        cursor.take(before);
        const saved: JsonValue = cursor.state;
        const state = JSON.parse(JSON.stringify(saved)) as EpochState;
        const resumed = EpochCursor.resume(size, state);
        expect(resumed.take(after)).toEqual(cursor.take(after));
        expect(resumed.state).toEqual(cursor.state);
      }),
    );
  });

  it('refuses an empty data set and a state of another one', () => {
    expect(() => EpochCursor.start(0, Rng.named(1))).toThrow(RangeError);
    const { state } = EpochCursor.start(5, Rng.named(1));
    expect(() => EpochCursor.resume(6, state)).toThrow('but there are 6 now');
  });
});
