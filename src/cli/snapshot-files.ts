/**
 * Loop snapshots in a folder: tensors as safetensors (full precision), the rest as JSON.
 * A new snapshot replaces the old one by a rename, so a killed process leaves the old or the new, never a half.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '../data/safetensors.ts';
import { parseStrictJson } from '../data/strict-json.ts';
import type { JsonValue } from '../records/run.ts';
import type { Snapshot } from '../rlhf/loop.ts';
import { UsageError } from './options.ts';

export function saveSnapshot(folder: string, name: string, snapshot: Snapshot): void {
  mkdirSync(folder, { recursive: true });
  const target = join(folder, name);
  const fresh = `${target}.new`;
  const old = `${target}.old`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  writeFileSync(join(fresh, 'tensors.safetensors'), writeSafetensors(snapshot.tensors, 'F32'));
  writeFileSync(join(fresh, 'state.json'), JSON.stringify(snapshot.state));
  rmSync(old, { recursive: true, force: true });
  if (existsSync(target)) renameSync(target, old);
  renameSync(fresh, target);
  rmSync(old, { recursive: true, force: true });
}

/** Null when there is none. A snapshot whose replacement was cut short is found under its old name. */
export function loadSnapshot(folder: string, name: string): Snapshot | null {
  const place = [join(folder, name), join(folder, `${name}.old`)].find((path) => existsSync(path));
  if (!place) return null;
  try {
    const bytes = new Uint8Array(readFileSync(join(place, 'tensors.safetensors')));
    const state = parseStrictJson(readFileSync(join(place, 'state.json'), 'utf8')) as JsonValue;
    return { tensors: readSafetensors(bytes), state };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `the checkpoint ${place} is damaged (${reason.split('\n')[0] ?? ''}). Delete that folder to do its stage again.`,
    );
  }
}
