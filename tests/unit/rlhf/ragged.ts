/** Random responses of different lengths for property tests: flat [B x R] arrays with prefix masks. */
import fc from 'fast-check';

export interface RaggedBatch {
  readonly B: number;
  readonly R: number;
  readonly lengths: readonly number[];
  readonly mask: number[];
  /** Several token arrays of the same shape, drawn from [-2, 2], also on padding. */
  readonly arrays: number[][];
}

/** 1 to 10 responses of 1 to R <= 8 tokens with `count` token arrays. */
export function raggedBatch(count: number, minB = 1): fc.Arbitrary<RaggedBatch> {
  const value = fc.double({ min: -2, max: 2, noNaN: true });
  return fc
    .record({ B: fc.integer({ min: minB, max: 10 }), R: fc.integer({ min: 1, max: 8 }) })
    .chain(({ B, R }) =>
      fc.record({
        B: fc.constant(B),
        R: fc.constant(R),
        lengths: fc.array(fc.integer({ min: 1, max: R }), { minLength: B, maxLength: B }),
        arrays: fc.array(fc.array(value, { minLength: B * R, maxLength: B * R }), {
          minLength: count,
          maxLength: count,
        }),
      }),
    )
    .map((batch) => ({ ...batch, mask: prefixMask(batch.lengths, batch.R) }));
}

/** [B x R] mask with the given numbers of live tokens. */
export function prefixMask(lengths: readonly number[], R: number): number[] {
  return lengths.flatMap((length) => Array.from({ length: R }, (_, t) => (t < length ? 1 : 0)));
}

/** The same [B x R] array with `extra` columns of `filler` appended to each row. */
export function padded(
  values: ArrayLike<number>,
  { R }: { readonly R: number },
  extra: number,
  filler: number,
): number[] {
  const rows = Array.from({ length: values.length / R }, (_, b) =>
    Array.from(values).slice(b * R, (b + 1) * R),
  );
  return rows.flatMap((row) => [...row, ...new Array<number>(extra).fill(filler)]);
}
