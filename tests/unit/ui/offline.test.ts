/** The offline state against a fake service worker: what is said, and when a new version is taken. */
import { expect, test } from 'vitest';
import type { CheckedFiles, StoredFiles } from '../../../src/offline/messages.ts';
import { Offline } from '../../../src/ui/offline.svelte.ts';
import type { OfflineService } from '../../../src/ui/offline-service.ts';

class FakeService implements OfflineService {
  readonly calls: string[] = [];
  stored: StoredFiles | Error = { files: 3, missing: [] };
  refuses = false;
  verified: CheckedFiles = [];
  updateWaits: () => void = () => undefined;
  replaced: () => void = () => undefined;

  install(onUpdate: () => void, onReplaced: () => void): Promise<void> {
    this.updateWaits = onUpdate;
    this.replaced = onReplaced;
    return this.refuses ? Promise.reject(new Error('refused')) : Promise.resolve();
  }
  check(): Promise<StoredFiles> {
    return this.stored instanceof Error
      ? Promise.reject(this.stored)
      : Promise.resolve(this.stored);
  }
  verify(fetch: boolean): Promise<CheckedFiles> {
    this.calls.push(fetch ? 'fetch' : 'verify');
    return Promise.resolve(this.verified);
  }
  update(): void {
    this.calls.push('update');
  }
}

const started = async (
  service: FakeService,
): Promise<{ offline: Offline; reloads: () => number }> => {
  let reloads = 0;
  const offline = new Offline(service, () => {
    reloads++;
  });
  expect(offline.state).toBe('preparing');
  await offline.start();
  return { offline, reloads: () => reloads };
};

test('is ready only when no file is missing', async () => {
  const service = new FakeService();
  const { offline } = await started(service);
  expect(offline.state).toBe('ready');
  service.stored = { files: 3, missing: ['models/base/model.safetensors'] };
  await offline.check();
  expect(offline.state).toBe('incomplete');
  expect(offline.stored).toEqual(service.stored);
  service.stored = new Error('no answer');
  await offline.check();
  expect(offline.state).toBe('incomplete');
  service.stored = { files: 3, missing: [] };
  await offline.check();
  expect(offline.state).toBe('ready');
});

test('a damaged file is as bad as a missing one, until it has been fetched', async () => {
  const service = new FakeService();
  const { offline } = await started(service);
  service.verified = [
    { url: 'index.html', state: 'stored', bytes: 10 },
    { url: 'assets/late.js', state: 'damaged', bytes: 9 },
  ];
  expect(await offline.verify(false)).toEqual(service.verified);
  expect([offline.state, offline.stored]).toEqual([
    'incomplete',
    { files: 2, missing: ['assets/late.js'] },
  ]);
  service.verified = service.verified.map((file) => ({ ...file, state: 'stored' }));
  await offline.verify(true);
  expect([offline.state, service.calls]).toEqual(['ready', ['verify', 'fetch']]);
  expect(await new Offline(null, () => undefined).verify(true)).toBeNull();
});

test('says so where there is no service worker, or the browser refuses it', async () => {
  const none = new Offline(null, () => undefined);
  await none.start();
  await none.check();
  expect(none.state).toBe('unavailable');
  const service = new FakeService();
  service.refuses = true;
  const { offline } = await started(service);
  await offline.check();
  expect(offline.state).toBe('unavailable');
});

test('takes a new version when asked, and reloads once it has taken over', async () => {
  const service = new FakeService();
  const { offline, reloads } = await started(service);
  expect(offline.updateWaits).toBe(false);
  service.updateWaits();
  expect(offline.updateWaits).toBe(true);
  expect([service.calls, reloads()]).toEqual([[], 0]);
  offline.update();
  expect([service.calls, reloads()]).toEqual([['update'], 0]);
  service.replaced();
  expect(reloads()).toBe(1);
});

test('never reloads because another tab took a new version', async () => {
  const service = new FakeService();
  const { offline, reloads } = await started(service);
  service.replaced();
  expect([offline.replaced, reloads()]).toEqual([true, 0]);
  offline.update();
  expect([service.calls, reloads()]).toEqual([[], 1]);
});
