/** Dropout: each byte of a named Philox stream decides one unit. */
import { philox } from './philox';

/**
 * y = x times 0 where the unit's byte is below threshold, else times kept, for `count` floats; the first unit has byte
 * `from` of the stream of (key, step, site). scratch holds four words.
 */
export function dropout(
  x: usize,
  y: usize,
  count: i32,
  from: u32,
  threshold: u32,
  kept: f32,
  key0: u32,
  key1: u32,
  step: u32,
  site: u32,
  scratch: usize,
): void {
  const end = x + ((<usize>count) << 2);
  let place = from & 15;
  for (let block = from >> 4; x < end; block++) {
    v128.store(scratch, philox(block, site, step, 0, key0, key1));
    for (; place < 16 && x < end; place++, x += 4, y += 4) {
      const factor = select<f32>(0, kept, <u32>load<u8>(scratch + place) < threshold);
      store<f32>(y, load<f32>(x) * factor);
    }
    place = 0;
  }
}
