// Three test projects: unit (plain values and the cpu and wasm backends), gpu (the same engine on
// Node's WebGPU) and e2e (a real Chromium on the production build). Not the runner: `npm test`
// is tests/run.ts, which runs the three one after the other and counts.
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const alias = {
  // Node cannot load the original; the stand-in says why.
  '@tensorflow/tfjs-core/dist/register_all_gradients': fileURLToPath(
    new URL('src/cli/tfjs-gradients.cjs', import.meta.url),
  ),
};

/** Two cores: more workers than that only make timeouts likelier. */
const maxWorkers = 2;

/**
 * How long a poll may go on until what it waits for is there: a limit against hanging, never a measure of speed. A crowded
 * machine is many times slower than an idle one. Milliseconds.
 */
const poll = { timeout: 240_000, interval: 50 };
/** The same for a whole test, and for what comes before and after one. */
const PATIENCE = 600_000;

export default defineConfig({
  test: {
    // tfjs advises to install its native Node package each time it loads.
    onConsoleLog: (text) => !text.includes('you are running TensorFlow.js in Node.js'),
    projects: [
      {
        plugins: [svelte()],
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          environment: 'node',
          setupFiles: ['tests/setup/property-seed.ts'],
          maxWorkers,
          testTimeout: PATIENCE,
          hookTimeout: PATIENCE,
          expect: { poll },
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'gpu',
          include: ['tests/gpu/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['tests/setup/vulkan-global.ts'],
          setupFiles: ['tests/setup/dawn.ts'],
          // One process at a time: a software GPU uses every core, and a real one is one device.
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: PATIENCE,
          hookTimeout: PATIENCE,
          expect: { poll },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['tests/setup/chromium-global.ts'],
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: PATIENCE,
          hookTimeout: PATIENCE,
          expect: { poll },
        },
      },
    ],
  },
});
