// Setup file of the gpu tests: installs navigator.gpu before any test imports tfjs's WebGPU
// backend, and fails the file in one sentence when there is no adapter. Never a skip.
import { installDawn } from '../../src/cli/dawn.ts';

const adapter = await installDawn().requestAdapter();
if (adapter === null) {
  throw new Error(
    'WebGPU has no adapter here: the Vulkan driver could not be used. The gpu tests need one ' +
      '(see tests/setup/vulkan.ts); they are never skipped.',
  );
}
