// WebGL in a real Chromium beside WASM in the same one: loss and every gradient of a tiny model on stock ops, and WASM
// with a second thread to the bit. Speed is not tested: npm run bench:browser prints it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBackends, type Backends } from '../setup/browser-backends.ts';
import type { BackendResult } from '../setup/browser-work.ts';
import { relativeDistance } from '../unit/model/tiny-model.ts';

let backends: Backends;
let wasm: BackendResult;
beforeAll(async () => {
  backends = await openBackends('off');
  wasm = await backends.run({ backend: 'wasm', threads: 1, timed: null });
  expect([wasm.backend, wasm.device]).toEqual(['wasm', 'WASM, SIMD, own kernels']);
  expect(wasm.gradients.size).toBeGreaterThan(20);
});
afterAll(() => backends.close());

test('WebGL computes the loss and the gradients that WASM does', async () => {
  const webgl = await backends.run({ backend: 'webgl', threads: 1, timed: null });
  expect(webgl.backend).toBe('webgl');
  expect(Math.abs(webgl.loss / wasm.loss - 1)).toBeLessThan(1e-5);
  expect([...webgl.gradients.keys()]).toEqual([...wasm.gradients.keys()]);
  for (const [name, values] of wasm.gradients) {
    expect(relativeDistance(webgl.gradients.get(name) ?? [], values), name).toBeLessThan(1e-4);
  }
});

test('two threads of WASM give the bits of one, on work that is shared and on work that is not', async () => {
  const two = await backends.run({ backend: 'wasm', threads: 2, timed: null });
  expect(two.device).toBe('WASM, SIMD, own kernels, 2 threads');
  expect(two.loss).toBe(wasm.loss);
  expect(two.gradients).toEqual(wasm.gradients);
  const steps = { backend: 'wasm', timed: { size: 'S', steps: 2 } } as const;
  const alone = await backends.run({ ...steps, threads: 1 });
  const shared = await backends.run({ ...steps, threads: 2 });
  expect(shared.loss).toBe(alone.loss);
  expect(shared.times).toHaveLength(2);
});
