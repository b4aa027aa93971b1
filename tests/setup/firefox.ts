// Finds an installed Firefox for the browser tests, or installs Debian's as root; and starts it with
// one page, driven through WebDriver BiDi, which a stock Firefox speaks by itself. Not a downloader:
// elsewhere it says in one line what to install.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer, { type Page } from 'puppeteer-core';
import { canInstallOnDebian, installPackages } from './debian.ts';

const NAMES = ['firefox-esr', 'firefox'];
const FIXED_PLACES = [
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
];

/** Longest wait for the browser to start, for one command of it, and for anything on its page. Milliseconds. */
const PATIENCE = 240_000;

/** The browser's path: FIREFOX_PATH if set, else the first one on PATH; undefined without any. */
export function findFirefox(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const chosen = environment['FIREFOX_PATH'];
  const folders = (environment['PATH'] ?? '').split(delimiter);
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const candidates = [...(chosen === undefined ? [] : [chosen]), ...onPath, ...FIXED_PLACES];
  return candidates.find((path) => existsSync(path));
}

/**
 * The browser's path, installing Debian's `firefox-esr` package first where that is possible.
 * @throws Error with one line that says what to install.
 */
export function requireFirefox(): string {
  const found = findFirefox();
  if (found !== undefined) return found;
  if (canInstallOnDebian()) installPackages(['firefox-esr', 'fonts-dejavu-core']);
  const installed = findFirefox();
  if (installed !== undefined) return installed;
  throw new Error('No Firefox was found: install one, or set FIREFOX_PATH to its path.');
}

/** A Firefox with one page, and what went wrong in it so far. */
export interface LaunchedFirefox {
  readonly page: Page;
  /** Name and version, as the browser says them. */
  readonly version: string;
  /** Console errors, uncaught exceptions and foreign requests, in order, a line each. */
  problems(): readonly string[];
  /** Ends the browser and deletes its profile. */
  close(): Promise<void>;
}

/**
 * Starts Firefox, without WebGPU, with a fresh profile that is deleted with it.
 * @param origin the page's address: requests to any other origin are problems
 */
export async function launchFirefox(origin: string): Promise<LaunchedFirefox> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: requireFirefox(),
    headless: true,
    timeout: PATIENCE,
    protocolTimeout: PATIENCE,
    defaultViewport: { width: 1280, height: 900 },
    extraPrefsFirefox: { 'dom.webgpu.enabled': false },
  });
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const problems: string[] = [];
  const own = new URL(origin).origin;
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${String(error)}`));
  page.on('request', (request) => {
    const url = request.url();
    const isLocal = /^(data|blob|about):/.test(url) || new URL(url).origin === own;
    if (!isLocal) problems.push(`foreign request: ${url}`);
  });
  return {
    page,
    version: await browser.version(),
    problems: () => problems,
    close: () => browser.close(),
  };
}
