/**
 * What threads on WASM rest on: binaries turned into ones over shared memory, and a team that is done without when a
 * helper does not start. Real threads: tests/e2e/threads.test.ts, and the run by command on two of them.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { KERNELS_BASE64 } from '../../../src/kernels/wasm/binary.ts';
import { withSharedMemory } from '../../../src/kernels/wasm/shared-memory.ts';
import type { KernelExports } from '../../../src/kernels/wasm/team.ts';
import { threadTeam } from '../../../src/kernels/wasm/thread-team.ts';

const KERNELS = Buffer.from(KERNELS_BASE64, 'base64');
const TFJS = readFileSync(
  createRequire(import.meta.url).resolve(
    '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
  ),
);

const sharedMemory = () => new WebAssembly.Memory({ initial: 4, maximum: 32768, shared: true });

function start(memory: WebAssembly.Memory, bytes: Uint8Array<ArrayBuffer>) {
  const module = new WebAssembly.Module(bytes);
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as KernelExports;
  return { module, memory, kernels };
}

it('the kernels compute over shared memory, and only once they are turned', () => {
  const memory = sharedMemory();
  expect(() => start(memory, new Uint8Array(KERNELS))).toThrow(WebAssembly.LinkError);
  const { kernels } = start(memory, withSharedMemory(KERNELS));
  const floats = new Float32Array(memory.buffer);
  floats.set([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  kernels.transpose2d!(0, 64, 3, 3);
  expect([...floats.subarray(16, 25)]).toEqual([1, 4, 7, 2, 5, 8, 3, 6, 9]);
});

it('the turned binaries differ in the flag and the limit of their memory alone', () => {
  for (const binary of [KERNELS, TFJS]) {
    const turned = withSharedMemory(binary);
    expect(turned.length).toBe(binary.length);
    const changed = [...turned].flatMap((byte, i) => (byte === binary[i] ? [] : [i]));
    expect(changed.length).toBeGreaterThanOrEqual(1);
    expect(changed.at(-1)! - changed[0]!).toBeLessThan(8);
    expect(turned[changed[0]!]).toBe(3);
    expect(() => new WebAssembly.Module(turned)).not.toThrow();
    // Turned once, it is shared and cannot be turned again.
    expect(() => withSharedMemory(turned)).toThrow(RangeError);
  }
});

it('a binary without a memory, or one that ends early, is refused', () => {
  const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  expect(() => withSharedMemory(empty)).toThrow(RangeError);
  expect(() => withSharedMemory(KERNELS.subarray(0, 30))).toThrow(RangeError);
});

it('without all its helpers there is no team, and the helpers that did start are ended', async () => {
  const { kernels, ...place } = start(sharedMemory(), withSharedMemory(KERNELS));
  const said: string[] = [];
  let made = 0;
  const team = await threadTeam(kernels, place, {
    count: 2,
    start: () => {
      const word = made++ === 0 ? 'message' : 'error';
      return {
        postMessage: () => said.push(`start ${word}`),
        addEventListener: (type, listener) => {
          if (type === word) queueMicrotask(listener);
        },
        terminate: () => said.push(`end ${word}`),
      };
    },
  });
  expect(team).toBeNull();
  expect(said).toEqual(['start message', 'start error', 'end message', 'end error']);
});
