/** What went wrong, as something to show, whatever was thrown. Every failure names a next action. */
import type { Failure } from '../worker/protocol.ts';

const KINDS: readonly Failure['kind'][] = ['input', 'storage', 'engine', 'internal'];

/** What to do next, by kind; the message itself says what happened, and of input what to do as well. */
export const NEXT_ACTION: Readonly<Record<Failure['kind'], string>> = {
  input: 'Nothing was lost.',
  storage: 'What was saved before is safe. Make room or reload, then try again.',
  engine: 'Try again, or reload the page: labels and checkpoints are kept.',
  internal: 'Reload the page: labels and checkpoints are kept.',
};

function isFailure(value: unknown): value is Failure {
  if (typeof value !== 'object' || value === null) return false;
  if (!('message' in value) || !('kind' in value)) return false;
  return typeof value.message === 'string' && KINDS.some((kind) => kind === value.kind);
}

/** Reads a {@link Failure} out of an error; errors of the store are known by their name. */
export function failureOf(error: unknown): Failure {
  if (isFailure(error)) return { message: error.message, kind: error.kind };
  if (typeof error === 'object' && error !== null && 'failure' in error) {
    if (isFailure(error.failure)) return error.failure;
  }
  if (!(error instanceof Error)) return { message: String(error), kind: 'internal' };
  const stored = error.name.startsWith('Storage') || error.name === 'ReadOnlyError';
  const kind = stored ? 'storage' : error.name === 'SettingsError' ? 'input' : 'internal';
  return { message: error.message, kind };
}
