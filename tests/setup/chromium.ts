// Finds an installed Chrome or Chromium for the browser tests, or installs Debian's as root.
// Not a downloader: elsewhere it says in one line what to install.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { canInstallOnDebian, installPackages } from './debian.ts';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'google-chrome-beta',
];
const FIXED_PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

/** The browser's path: CHROME_PATH if set, else the first one on PATH; undefined without any. */
export function findChromium(): string | undefined {
  const chosen = process.env.CHROME_PATH;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const candidates = [...(chosen === undefined ? [] : [chosen]), ...onPath, ...FIXED_PLACES];
  return candidates.find((path) => existsSync(path));
}

/**
 * The browser's path, installing Debian's `chromium` package first where that is possible.
 * @throws Error with one line that says what to install.
 */
export function requireChromium(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  if (canInstallOnDebian()) installPackages(['chromium', 'fonts-dejavu-core']);
  const installed = findChromium();
  if (installed !== undefined) return installed;
  throw new Error('No Chrome or Chromium was found: install one, or set CHROME_PATH to its path.');
}
