/**
 * Turns a WebAssembly binary that works in a memory of its own thread into the same program over shared memory: one
 * flag and a limit in its header, no instruction. Plain reads and writes do the same in both; whoever shares the memory
 * has to keep threads apart. Only for binaries whose memory has a limit.
 */

const IMPORTS = 2;
const MEMORIES = 5;
/** Kinds of import: a function has a type index, a memory has limits. */
const FUNCTION = 0;
const MEMORY = 2;
/** Flags of a memory: with a limit; with a limit and shared. */
const LIMITED = 1;
const SHARED = 3;
/** Shared memory is reserved at once; tfjs's own heap ends at 2 GB. */
const MOST_PAGES = 32768;
const HEADER_BYTES = 8;

/** Reads unsigned LEB128 numbers and skips names. */
class Reader {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) throw new RangeError('The binary ends early.');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  skipName(): void {
    const length = this.number();
    this.at += length;
  }
}

/** Marks the memory whose limits stand at the reader as shared and lowers its limit, in as many bytes as before. */
function share(bytes: Uint8Array, reader: Reader): void {
  const flagAt = reader.at;
  if (reader.number() !== LIMITED) throw new RangeError('The memory has no limit, or is shared.');
  reader.number();
  const limitAt = reader.at;
  let limit = Math.min(reader.number(), MOST_PAGES);
  bytes[flagAt] = SHARED;
  for (let at = limitAt; at < reader.at; at++) {
    const last = at + 1 === reader.at;
    bytes[at] = (limit % 128) + (last ? 0 : 128);
    limit = Math.floor(limit / 128);
  }
}

/** Moves from the imports to the limits of an imported memory; false when none is imported. */
function findImported(reader: Reader): boolean {
  for (let left = reader.number(); left > 0; left--) {
    reader.skipName();
    reader.skipName();
    const kind = reader.number();
    if (kind === MEMORY) return true;
    if (kind !== FUNCTION) throw new RangeError(`An import of kind ${kind} is not expected.`);
    reader.number();
  }
  return false;
}

/** A copy whose memory, own or imported, is shared. Throws RangeError for a binary without a memory that has a limit. */
export function withSharedMemory(binary: ArrayBuffer | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(binary).slice();
  const reader = new Reader(bytes, HEADER_BYTES);
  while (reader.at < bytes.length) {
    const section = reader.number();
    const end = reader.number() + reader.at;
    if (section === IMPORTS && findImported(reader)) {
      share(bytes, reader);
      return bytes;
    }
    if (section === MEMORIES && reader.number() === 1) {
      share(bytes, reader);
      return bytes;
    }
    reader.at = end;
  }
  throw new RangeError('The binary has no memory.');
}
