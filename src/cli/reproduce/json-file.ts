/** JSON files of the work folder: written whole by a rename, so that a killed process leaves the old one or none. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseStrictJson } from '../../data/strict-json.ts';
import { UsageError } from '../options.ts';

export function writeJson(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(value));
  renameSync(`${file}.new`, file);
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
