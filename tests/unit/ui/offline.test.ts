/** The offline state against a fake service worker: what is said, and when a new version is taken. */
import { expect, test } from 'vitest';
import type { StoredFiles } from '../../../src/offline/messages.ts';
import { Offline } from '../../../src/ui/offline.svelte.ts';
import type { OfflineService } from '../../../src/ui/offline-service.ts';

class FakeService implements OfflineService {
  readonly calls: string[] = [];
  stored: StoredFiles | Error = { files: 3, missing: [] };
  refuses = false;
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
