// Where the page's own copies of tfjs's WASM binaries are, as Vite names them, for setWasmPaths.
// Browser only: Node finds the files in the package itself. Without this map tfjs would look for
// the files beside the script. tfjs's binary with threads of its own is not used (kernels/engine.ts says why).
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';

/** File name of each binary to its address on this page's own origin. */
export const WASM_PATHS = {
  'tfjs-backend-wasm.wasm': plain,
  'tfjs-backend-wasm-simd.wasm': simd,
  // tfjs wants an address for each of its binaries, also for the one that is never asked for.
  'tfjs-backend-wasm-threaded-simd.wasm': simd,
} as const;
