// The built page opens in a real Chromium, with and without WebGPU, without an error and without a
// request to any other origin. What the page does is tested beside this file.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch } from '../setup/browser.ts';
import { serveBuild, type ServedBuild } from '../setup/serve.ts';

let served: ServedBuild;
beforeAll(async () => {
  served = await serveBuild();
});
afterAll(async () => {
  await served.close();
});

describe.each(['swiftshader', 'off'] as const)('WebGPU: %s', (webgpu) => {
  test('the page opens, asks nobody else, and logs no error', async () => {
    const browser = await launch(served.url, { webgpu });
    try {
      await browser.page.goto(served.url);
      await browser.page.getByRole('heading', { level: 1 }).waitFor();
      const hasAdapter = await browser.page.evaluate(
        async () => 'gpu' in navigator && (await navigator.gpu.requestAdapter()) !== null,
      );
      expect(hasAdapter).toBe(webgpu === 'swiftshader');
      expect(browser.requests().length).toBeGreaterThan(1);
      expect(browser.problems()).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

test('a killed browser finds what it had stored when its profile is opened again', async () => {
  const first = await launch(served.url, { webgpu: 'off' });
  await first.page.goto(served.url);
  await first.page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open('harness', 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore('rows');
        opening.onerror = () => {
          reject(new Error('The database did not open.'));
        };
        opening.onsuccess = () => {
          const change = opening.result.transaction('rows', 'readwrite', { durability: 'strict' });
          change.objectStore('rows').put('kept', 'row');
          change.oncomplete = () => {
            resolve();
          };
        };
      }),
  );
  await first.kill();
  const second = await launch(served.url, { webgpu: 'off', profile: first.profile });
  try {
    await second.page.goto(served.url);
    const stored = await second.page.evaluate(
      () =>
        new Promise((resolve) => {
          const opening = indexedDB.open('harness', 1);
          opening.onsuccess = () => {
            const reading = opening.result.transaction('rows').objectStore('rows').get('row');
            reading.onsuccess = () => {
              resolve(reading.result);
            };
          };
        }),
    );
    expect(stored).toBe('kept');
  } finally {
    await second.close({ keepProfile: false });
  }
});
