// Gives Node a navigator.gpu: Dawn from the `webgpu` package. Not part of the page. It must run
// before '@tensorflow/tfjs-backend-webgpu' is imported, which registers itself only when
// navigator.gpu exists at that moment. The Vulkan driver is the system's default or the one that
// VK_ICD_FILENAMES names.
import { create, globals } from 'webgpu';

/** Time that one poll of a pending GPU promise sleeps, in ms. */
const POLL_SLEEP_MS = 0.2;

/** Dawn rounds timestamps to 65 us, against attacks that a page could make: most kernels would read as 0. */
const OPTIONS = ['disable-dawn-features=timestamp_quantization'];

let installed: GPU | undefined;

/** Installs navigator.gpu, the WebGPU globals and a gentler poll; a second call does nothing. */
export function installDawn(): GPU {
  if (installed !== undefined) return installed;
  Object.assign(globalThis, globals);
  const gpu = create(OPTIONS);
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu, userAgent: 'node', hardwareConcurrency: 2 },
    configurable: true,
    writable: true,
  });
  Object.assign(globalThis, { self: globalThis });
  sleepBetweenPolls();
  installed = gpu;
  return gpu;
}

/**
 * Dawn's Node binding polls through setImmediate over 100,000 times a second while a promise is
 * pending, which takes a whole core away from a software GPU. Each poll sleeps a little instead.
 */
function sleepBetweenPolls(): void {
  const immediate = globalThis.setImmediate;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const sleeping = (callback: (...parameters: unknown[]) => void, ...parameters: unknown[]) =>
    immediate(() => {
      Atomics.wait(cell, 0, 0, POLL_SLEEP_MS);
      callback(...parameters);
    });
  globalThis.setImmediate = Object.assign(sleeping, immediate);
}
