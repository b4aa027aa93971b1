// Global setup of the browser tests: makes sure that there is a browser and a fresh production
// build before the first test starts its clock. Not a launcher: tests/setup/browser.ts does that
// per test.
import { requireChromium } from './chromium.ts';
import { buildPage } from './serve.ts';

export default function setup(): void {
  process.stderr.write(`e2e tests: ${requireChromium()}\n`);
  buildPage();
}
