/** What the page asks its service worker, and the answers. Types only: both sides load this file. */

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

/** Sent with a port on which {@link CheckedFiles} comes back: every file is read and compared with its fingerprint. */
export interface VerifyStored {
  readonly type: 'VERIFY_STORED';
}
/** Fetches what is missing or damaged first; the answer is the same. */
export interface FetchMissing {
  readonly type: 'FETCH_MISSING';
}

/** One file of this version. */
export interface CheckedFile {
  readonly url: string;
  /** `damaged`: stored, with other bytes than it was built with. */
  readonly state: 'stored' | 'missing' | 'damaged';
  /** As stored; 0 when missing. */
  readonly bytes: number;
}
export type CheckedFiles = readonly CheckedFile[];

export const VERIFY_STORED: VerifyStored = { type: 'VERIFY_STORED' };
export const FETCH_MISSING: FetchMissing = { type: 'FETCH_MISSING' };
