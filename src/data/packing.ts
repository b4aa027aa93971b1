/**
 * Pre-training rows: documents one after another, each of their parts ended by EOS, cut to a fixed length.
 * Rows are addressed by index, so a run that goes on needs to remember nothing but a number.
 */
import { Rng } from './rng.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Writes one document with the given random stream, as parts that each end in EOS; most have one part. */
export type DocumentSource = (rng: Rng) => readonly string[];

/**
 * `batch` rows of `length` tokens, flat; row b of batch `index` depends on (seed, scope, index, b) only.
 * Every row starts at the beginning of a document; its last document is cut.
 */
export function packedRows(
  source: DocumentSource,
  tokenizer: Tokenizer,
  shape: { readonly batch: number; readonly length: number },
  name: { readonly seed: number; readonly scope: string; readonly index: number },
): Int32Array {
  const { batch, length } = shape;
  const rows = new Int32Array(batch * length);
  for (let b = 0; b < batch; b++) {
    const rng = Rng.named(name.seed, 'documents', name.scope, name.index, b);
    let filled = 0;
    while (filled < length) {
      const tokens = source(rng).flatMap((part) => [...tokenizer.encode(part), tokenizer.eosId]);
      const room = Math.min(tokens.length, length - filled);
      rows.set(tokens.slice(0, room), b * length + filled);
      filled += room;
    }
  }
  return rows;
}

/**
 * Batches by index: `shape.length` tokens a row, of which the first is only read and the last only predicted, so a
 * row trains one token less. The same name always gives the same rows.
 */
export function rowSource(
  source: DocumentSource,
  tokenizer: Tokenizer,
  shape: { readonly batch: number; readonly length: number },
  name: { readonly seed: number; readonly scope: string },
) {
  return (index: number) => ({
    batch: shape.batch,
    time: shape.length - 1,
    tokens: packedRows(source, tokenizer, shape, { ...name, index }),
  });
}
