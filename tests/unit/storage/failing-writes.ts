/** Makes writes to the in-memory database fail, as a full disk does. */
import 'fake-indexeddb/auto';
import { vi } from 'vitest';

/**
 * From now on `put` throws `error` whenever `fails` says so of the store's name and the number of the call, counted
 * from 1. Undone by `vi.restoreAllMocks()`.
 */
export function failWrites(
  fails: (store: string, call: number) => boolean,
  error: DOMException = new DOMException('full', 'QuotaExceededError'),
): void {
  const original = Object.getOwnPropertyDescriptor(IDBObjectStore.prototype, 'put')?.value as (
    this: IDBObjectStore,
    value: unknown,
    key?: IDBValidKey,
  ) => IDBRequest<IDBValidKey>;
  let calls = 0;
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
    this: IDBObjectStore,
    value: unknown,
    key?: IDBValidKey,
  ) {
    calls += 1;
    if (fails(this.name, calls)) throw error;
    return original.call(this, value, key);
  });
}
