/**
 * Which texts documents keep out, so that the suites can ask about them: a fixed share of all texts, by hash.
 * It depends on the text only, not on a seed, so that a suite is held out from every base model.
 */
import { streamKey } from '../data/rng.ts';

/** One text in this many is reserved. */
const ONE_IN = 16;

/** Whether no document may hold this text in the place that a suite asks about. */
export function isReserved(text: string, oneIn = ONE_IN): boolean {
  const [word] = streamKey(0, 'reserved', text);
  return word % oneIn === 0;
}

/** Draws until a text that documents may hold comes. `key` is what the suite would ask about. */
export function drawOpen<Value>(draw: () => Value, key: (value: Value) => string): Value {
  for (;;) {
    const value = draw();
    if (!isReserved(key(value))) return value;
  }
}

/** Draws until a reserved text comes; gives up with a RangeError after a thousand times as many draws as it takes. */
export function drawReserved<Value>(draw: () => Value, key: (value: Value) => string): Value {
  for (let tries = 0; tries < 1000 * ONE_IN; tries++) {
    const value = draw();
    if (isReserved(key(value))) return value;
  }
  throw new RangeError('no reserved text of this kind');
}
