/**
 * What can go wrong with stored data, as sentences for people: what is wrong and what to do next.
 * Every write failure means "not saved"; nothing is ever half-written.
 */

export class StorageError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StorageError';
  }
}

/** The browser gives this page no more space. Nothing of the refused write was kept. */
export class StorageFullError extends StorageError {
  constructor(cause?: unknown) {
    super(
      'The browser has no space left for this page, so this was not saved. ' +
        'Delete old checkpoints (part Model, “What is stored here”), then try again.',
      cause,
    );
    this.name = 'StorageFullError';
  }
}

/** A checkpoint whose bytes are not those that were saved. */
export class DamagedCheckpointError extends StorageError {
  constructor(id: string, reason: string) {
    super(`Checkpoint ${id} is damaged (${reason}) and cannot be used: take an older one.`);
    this.name = 'DamagedCheckpointError';
  }
}

/** Another tab works on the project. */
export class ReadOnlyError extends StorageError {
  constructor() {
    super(
      'This project is open in another tab, so nothing can be changed here. ' +
        'Close the other tab and reload this page.',
    );
    this.name = 'ReadOnlyError';
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : '';
}

export function isQuotaError(error: unknown): boolean {
  return nameOf(error) === 'QuotaExceededError';
}

/** Turns whatever a database call threw into a {@link StorageError}. */
export function asStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  if (isQuotaError(error)) return new StorageFullError(error);
  const detail = error instanceof Error ? error.message : String(error);
  return new StorageError(
    `The browser could not save this (${detail}). Reload the page; if it happens again, export your work.`,
    error,
  );
}
