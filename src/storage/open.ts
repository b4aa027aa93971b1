/**
 * Opens the database and brings it up to date, one migration per version step; and the one way to write:
 * a strict transaction that reports success only after it is on disk.
 */
import { openDB, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb';
import { asStorageError, isQuotaError, StorageError } from './errors.ts';
import { DATABASE_NAME, SCHEMA_VERSION, type LaboratorySchema } from './schema.ts';

export type Database = IDBPDatabase<LaboratorySchema>;
export type StoreName = StoreNames<LaboratorySchema>;
type UpgradeTransaction = IDBPTransaction<LaboratorySchema, StoreName[], 'versionchange'>;

/** Brings a database from one version to the next. */
export type Migration = (db: Database, tx: UpgradeTransaction) => void;

/** Version 0 (nothing) to 1. */
function createStores(db: Database): void {
  db.createObjectStore('projects', { keyPath: 'id' });
  for (const store of ['prompts', 'demonstrations', 'rankings', 'votes'] as const) {
    db.createObjectStore(store, { keyPath: ['project', 'id'] });
  }
  db.createObjectStore('runs', { keyPath: 'id' }).createIndex('project', 'project');
  db.createObjectStore('metrics', { keyPath: ['run', 'from'] });
  db.createObjectStore('checkpoints', { keyPath: 'id' }).createIndex('project', 'project');
  db.createObjectStore('chunks', { keyPath: ['checkpoint', 'index'] });
}

/** 1 to 2: what a run showed, and the judgements, which lived only in memory before. */
function addViews(db: Database): void {
  db.createObjectStore('views', { keyPath: 'run' });
  for (const store of ['suites', 'sittings'] as const) {
    db.createObjectStore(store, { keyPath: 'project' });
  }
}

/** 2 to 3: the text that a base model is trained from. */
function addTexts(db: Database): void {
  db.createObjectStore('texts', { keyPath: 'project' });
}

/** 3 to 4: a person's evaluations of several checkpoints at once, and the one under way. */
function addEvaluations(db: Database): void {
  db.createObjectStore('evaluations', { keyPath: ['project', 'id'] });
  db.createObjectStore('evaluationSittings', { keyPath: 'project' });
}

/** `MIGRATIONS[n]` brings version n to n + 1; their number is {@link SCHEMA_VERSION}. */
export const MIGRATIONS: readonly Migration[] = [createStores, addViews, addTexts, addEvaluations];

export interface ConnectionOptions {
  readonly name?: string;
  /** Told, as a sentence for the person, when another tab stands in the way or the connection went away. */
  readonly notice?: (sentence: string) => void;
}

/** A connection that opens on first use and again after the browser has dropped it. */
export class Connection {
  readonly #name: string;
  readonly #notice: (sentence: string) => void;
  #open: Promise<Database> | null = null;

  constructor(options: ConnectionOptions = {}) {
    this.#name = options.name ?? DATABASE_NAME;
    this.#notice = options.notice ?? (() => undefined);
  }

  /** Throws {@link StorageError} when the database cannot be opened. */
  db(): Promise<Database> {
    this.#open ??= this.#connect();
    return this.#open;
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open !== null) (await open).close();
  }

  async #connect(): Promise<Database> {
    try {
      return await openDB<LaboratorySchema>(this.#name, SCHEMA_VERSION, {
        upgrade: (db, from, to, tx) => {
          for (const migrate of MIGRATIONS.slice(from, to ?? SCHEMA_VERSION)) migrate(db, tx);
        },
        blocked: () => {
          this.#notice('An older version of this page is open in another tab: close that tab.');
        },
        blocking: () => {
          this.#notice('A newer version of this page was opened in another tab: reload this one.');
          void this.close();
        },
        terminated: () => {
          this.#open = null;
          this.#notice('The browser closed the database; it will be opened again when needed.');
        },
      });
    } catch (error) {
      this.#open = null;
      const detail = error instanceof Error ? error.message : String(error);
      throw new StorageError(
        `The browser's database cannot be opened (${detail}). ` +
          'Leave private browsing, allow storage for this page, and reload.',
        error,
      );
    }
  }
}

type WriteTransaction<Names extends StoreName[]> = IDBPTransaction<
  LaboratorySchema,
  Names,
  'readwrite'
>;

/**
 * Runs `work` in one strict transaction and resolves after it is durable. All or nothing: whatever fails, nothing of
 * it is kept. `work` may await only requests of this transaction. Throws {@link StorageError}.
 */
export async function writeDurably<const Names extends StoreName[], Result>(
  db: Database,
  stores: Names,
  work: (tx: WriteTransaction<Names>) => Promise<Result>,
): Promise<Result> {
  let tx: WriteTransaction<Names>;
  try {
    tx = db.transaction(stores, 'readwrite', { durability: 'strict' });
  } catch (error) {
    throw asStorageError(error);
  }
  const done = tx.done.then(
    () => null,
    (error: unknown) => error,
  );
  let result: Result;
  try {
    result = await work(tx);
  } catch (error) {
    abortQuietly(tx);
    const reason = await done;
    throw asStorageError(isQuotaError(reason) ? reason : error);
  }
  const reason = await done;
  if (reason !== null) throw asStorageError(reason);
  return result;
}

/** A transaction that failed by itself is over already and refuses to be aborted again. */
function abortQuietly(tx: { abort(): void }): void {
  try {
    tx.abort();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}
