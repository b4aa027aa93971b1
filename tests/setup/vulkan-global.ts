// Global setup of the gpu tests: selects the Vulkan driver once, in the process that starts the
// test workers, so that they inherit it. Not a test: a missing driver ends the run here.
import { prepareVulkan } from './vulkan.ts';

export default function setup(): void {
  const driver = prepareVulkan();
  process.stderr.write(`gpu tests: Vulkan driver ${driver.name}\n`);
}
