/**
 * Turns whatever was thrown on this side of the wall into a sentence for a person. Errors that are meant to be read
 * keep their message; anything else is a fault of the program and says so.
 */
import { SettingsError } from '../config/settings.ts';
import { FormatError } from '../data/format-error.ts';
import { EngineError } from '../kernels/engine.ts';
import { ModelFileError } from '../model/config.ts';
import { StorageError } from '../storage/errors.ts';
import type { Failure } from './protocol.ts';

/** A request that cannot be done as asked; the message says why and what to do instead. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** Training went wrong in a way that a setting can cure. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError';
}

export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StorageError) return { kind: 'storage', message };
  if (error instanceof InputError || error instanceof SettingsError)
    return { kind: 'input', message };
  if (error instanceof TrainingError) return { kind: 'input', message };
  if (error instanceof EngineError || error instanceof ModelFileError) {
    return { kind: 'engine', message };
  }
  if (error instanceof FormatError) return { kind: 'input', message };
  return {
    kind: 'internal',
    message: `Something went wrong in the program itself (${message}). Reload the page; what was saved is kept.`,
  };
}
