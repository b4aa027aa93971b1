// Rows as they lie in the browser's own database, beside whatever the page shows of them.
import type { StoreNames, StoreValue } from 'idb';
import type { Page } from 'playwright-core';
import { DATABASE_NAME, type LaboratorySchema } from '../../src/storage/schema.ts';

/** All rows of a store, in the order of their keys. */
export function storedRows<Name extends StoreNames<LaboratorySchema>>(
  page: Page,
  store: Name,
): Promise<StoreValue<LaboratorySchema, Name>[]> {
  return page.evaluate(
    async ([database, name]) => {
      const answer = <T>(request: IDBRequest<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => {
            resolve(request.result);
          };
          request.onerror = () => {
            reject(request.error ?? new Error('the database does not answer'));
          };
        });
      const db = await answer(indexedDB.open(database));
      const rows = await answer<unknown[]>(db.transaction(name).objectStore(name).getAll());
      db.close();
      return rows as StoreValue<LaboratorySchema, Name>[];
    },
    [DATABASE_NAME, store] as const,
  );
}
