/** JSON files of the work folder, and packed ones: written whole by a rename, so that a killed process leaves the old one or none. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseStrictJson } from '../../data/strict-json.ts';
import { UsageError } from '../options.ts';

function writeWhole(file: string, content: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

export function writeJson(file: string, value: unknown): void {
  writeWhole(file, JSON.stringify(value));
}

/** Byte of a gzip file that names the system it was made on, and the value for "unknown" (RFC 1952). */
const SYSTEM_BYTE = 9;
const UNKNOWN_SYSTEM = 255;

/** Packed with gzip, without a time and without the system's name: the same value gives the same bytes. */
export function writePackedJson(file: string, value: unknown): void {
  const packed = gzipSync(JSON.stringify(value), { level: 9 });
  packed[SYSTEM_BYTE] = UNKNOWN_SYSTEM;
  writeWhole(file, packed);
}

/** Null when the file is not there. Throws UsageError when it is damaged. */
export function readJson(file: string): unknown {
  if (!existsSync(file)) return null;
  try {
    return parseStrictJson(readFileSync(file, 'utf8'));
  } catch {
    throw new UsageError(`${file} is damaged. Delete it to measure that again.`);
  }
}

/** What the file keeps, or what is computed now and kept from then on. */
export async function keptOr<T>(file: string, compute: () => Promise<T>): Promise<T> {
  const kept = readJson(file);
  if (kept !== null) return kept as T;
  const value = await compute();
  writeJson(file, value);
  return value;
}
