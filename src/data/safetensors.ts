/**
 * Reader and writer of the safetensors format, for float32 and float16 tensors.
 * The file may come from anyone: every number in it is checked before it is used, and nothing in it is run.
 * What the tensors should be called and how large they should be is the caller's check (model/).
 */
import * as v from 'valibot';
import { FormatError } from './format-error.ts';
import { halfBits, halfValue } from './half-precision.ts';
import { parseStrictJson } from './strict-json.ts';

export type Dtype = 'F32' | 'F16';

export interface NamedArray {
  /** Sizes by axis, row-major; `[]` is a scalar. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Bytes of the length field in front of the header. */
const PREFIX_BYTES = 8;
const MAX_HEADER_BYTES = 0x100000;
const MAX_TENSORS = 4096;
const MAX_DIMENSION = 0x100000;
const MAX_AXES = 8;
const BYTES_OF: Readonly<Record<Dtype, number>> = { F32: 4, F16: 2 };

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** First byte and the byte after the last, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entrySchema = v.strictObject({
  dtype: v.picklist(['F32', 'F16'], 'only F32 and F16 are read'),
  shape: v.pipe(
    v.array(v.pipe(natural, v.minValue(1), v.maxValue(MAX_DIMENSION))),
    v.maxLength(MAX_AXES),
  ),
  data_offsets: v.strictTuple([natural, natural]),
});
const metadataSchema = v.record(v.string(), v.string());

function damaged(problem: string): FormatError {
  return new FormatError(
    `The weights file cannot be read. ${problem}`,
    'Choose another model.safetensors, or export or download it again.',
  );
}

/** @throws FormatError when one of the tensors holds no finite number of the asked precision */
export function writeSafetensors(
  tensors: ReadonlyMap<string, NamedArray>,
  dtype: Dtype,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Uint8Array {
  const names = [...tensors.keys()].sort();
  const header = new Map<string, unknown>([['__metadata__', metadata]]);
  let end = 0;
  for (const name of names) {
    const { shape, data } = tensors.get(name)!;
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    if (size !== data.length || size === 0 || name === '__metadata__') {
      throw new RangeError(`Tensor "${name}" of shape [${shape.join(', ')}] has ${data.length}`);
    }
    const begin = end;
    end += size * BYTES_OF[dtype];
    header.set(name, { dtype, shape, data_offsets: [begin, end] });
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  // The data start at a multiple of 8; spaces fill the header up to it.
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(PREFIX_BYTES + headerBytes + end);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, headerBytes, true);
  bytes.fill(0x20, PREFIX_BYTES, PREFIX_BYTES + headerBytes);
  bytes.set(json, PREFIX_BYTES);
  let at = PREFIX_BYTES + headerBytes;
  for (const name of names) {
    at = writeValues(view, at, name, tensors.get(name)!.data, dtype);
  }
  return bytes;
}

/** Writes the values from byte `at` on and returns the byte after them. */
function writeValues(
  view: DataView,
  at: number,
  name: string,
  data: Float32Array,
  dtype: Dtype,
): number {
  for (const value of data) {
    const half = dtype === 'F16' ? halfBits(value) : 0;
    if (!Number.isFinite(value) || (half & 0x7c00) === 0x7c00) {
      throw new FormatError(
        `Tensor "${name}" holds ${value}, which ${dtype} cannot store as a finite number.`,
        dtype === 'F16'
          ? 'Save in full precision, or go back to a checkpoint before training diverged.'
          : 'Go back to a checkpoint before training diverged.',
      );
    }
    if (dtype === 'F16') view.setUint16(at, half, true);
    else view.setFloat32(at, value, true);
    at += BYTES_OF[dtype];
  }
  return at;
}

/**
 * All tensors of a file by name, in the order of their data, as float32.
 * @throws FormatError for any file that is not exactly what the format allows
 */
export function readSafetensors(bytes: Uint8Array): Map<string, NamedArray> {
  if (bytes.length < PREFIX_BYTES) throw damaged('It is shorter than 8 bytes.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint32(0, true);
  if (view.getUint32(4, true) !== 0 || headerBytes > MAX_HEADER_BYTES) {
    throw damaged('Its header claims to be longer than 1 MiB.');
  }
  const dataStart = PREFIX_BYTES + headerBytes;
  if (dataStart > bytes.length) throw damaged('It ends within its header.');
  const entries = readHeader(bytes.subarray(PREFIX_BYTES, dataStart));
  checkTiling(entries, bytes.length - dataStart);
  const tensors = new Map<string, NamedArray>();
  for (const entry of entries) {
    tensors.set(entry.name, { shape: entry.shape, data: readValues(view, dataStart, entry) });
  }
  return tensors;
}

/** What the writer of a file said of it, in its own words; of a file that {@link readSafetensors} has read. */
export function safetensorsMetadata(bytes: Uint8Array): Readonly<Record<string, string>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + view.getUint32(0, true));
  const json = parseStrictJson(new TextDecoder().decode(header));
  const parsed = v.safeParse(v.object({ __metadata__: metadataSchema }), json);
  return parsed.success ? parsed.output.__metadata__ : {};
}

/** Entries of the header sorted by where their data begin; each one checked on its own. */
function readHeader(bytes: Uint8Array): Entry[] {
  if (bytes[0] !== 0x7b) throw damaged('Its header does not start with "{".');
  let header: unknown;
  try {
    header = parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw damaged(`Its header is not valid JSON (${(error as Error).message}).`);
  }
  const rows = Object.entries(header as object);
  if (rows.length > MAX_TENSORS + 1) throw damaged(`It has more than ${MAX_TENSORS} tensors.`);
  const entries: Entry[] = [];
  for (const [name, row] of rows) {
    const isMetadata = name === '__metadata__';
    const parsed = v.safeParse(isMetadata ? metadataSchema : entrySchema, row);
    if (!parsed.success) {
      const [issue] = parsed.issues;
      throw damaged(`Entry "${name}", ${v.getDotPath(issue) ?? 'value'}: ${issue.message}.`);
    }
    if (isMetadata) continue;
    const { dtype, shape, data_offsets } = parsed.output as v.InferOutput<typeof entrySchema>;
    entries.push({ name, dtype, shape, begin: data_offsets[0], end: data_offsets[1] });
  }
  if (entries.length > MAX_TENSORS) throw damaged(`It has more than ${MAX_TENSORS} tensors.`);
  return entries.sort((a, b) => a.begin - b.begin);
}

/** Every byte of the data belongs to exactly one tensor, and each tensor has as many as its shape says. */
function checkTiling(entries: readonly Entry[], dataBytes: number): void {
  let expected = 0;
  for (const { name, dtype, shape, begin, end } of entries) {
    if (begin !== expected) throw damaged(`Tensor "${name}" does not start where the last ended.`);
    let size = BYTES_OF[dtype];
    for (const dimension of shape) {
      size *= dimension;
      // Stopping here keeps the product below 2^53, whatever the shape claims.
      if (size > dataBytes) throw damaged(`Tensor "${name}" is larger than the file.`);
    }
    if (end - begin !== size)
      throw damaged(`Tensor "${name}" does not have the bytes of its shape.`);
    expected = end;
  }
  if (expected !== dataBytes) throw damaged('Its data are longer or shorter than its header says.');
}

function readValues(view: DataView, dataStart: number, entry: Entry): Float32Array {
  const width = BYTES_OF[entry.dtype];
  const data = new Float32Array((entry.end - entry.begin) / width);
  for (let i = 0; i < data.length; i++) {
    const at = dataStart + entry.begin + i * width;
    const value =
      entry.dtype === 'F32' ? view.getFloat32(at, true) : halfValue(view.getUint16(at, true));
    if (!Number.isFinite(value)) {
      throw damaged(`Tensor "${entry.name}" holds ${value} at position ${i}.`);
    }
    data[i] = value;
  }
  return data;
}
