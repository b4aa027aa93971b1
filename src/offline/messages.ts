/** What the page asks its service worker, and the answer. Types only: both sides load this file. */

/** Sent with a port on which {@link StoredFiles} comes back. */
export interface CheckStored {
  readonly type: 'CHECK_STORED';
}

/** Of the files that make up this version of the page, which are stored in this browser. */
export interface StoredFiles {
  readonly files: number;
  /** Addresses of those that are not stored. */
  readonly missing: readonly string[];
}

export const CHECK_STORED: CheckStored = { type: 'CHECK_STORED' };
