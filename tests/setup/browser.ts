// Starts a real Chromium for a test and watches it: every console error, uncaught exception and
// request that leaves the page's own origin is collected. Not an assertion library: tests call
// `problems()` and expect an empty list.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { requireChromium } from './chromium.ts';

const COMMON_FLAGS = [
  // Full Chromium's own headless mode: the smaller headless shell has no WebGPU.
  '--headless=new',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** How each test gets WebGPU: from the software adapter, or not at all. */
const WEBGPU_FLAGS = {
  swiftshader: [
    '--enable-unsafe-webgpu',
    '--use-webgpu-adapter=swiftshader',
    '--enable-features=Vulkan',
    '--ignore-gpu-blocklist',
  ],
  off: ['--disable-features=WebGPU', '--disable-blink-features=WebGPU'],
} as const;

/** Longest wait for anything on the page, unless a test names another: a limit against hanging. Milliseconds. */
const PATIENCE = 240_000;

/** How to start the browser. */
export interface LaunchOptions {
  readonly webgpu: keyof typeof WEBGPU_FLAGS;
  /** A folder kept from an earlier launch, to reopen the same profile after a kill. */
  readonly profile?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** A browser with one page, what went wrong in it so far, and the ways to end it. */
export interface LaunchedBrowser {
  readonly page: Page;
  readonly context: BrowserContext;
  /** The profile's folder; give it to the next launch to reopen what this one stored. */
  readonly profile: string;
  /** Console errors, uncaught exceptions and foreign requests, in order, a line each. */
  problems(): readonly string[];
  /** Addresses of all requests so far. */
  requests(): readonly string[];
  /** Closes the browser; deletes the profile unless it was given by the caller or is kept. */
  close(options?: { readonly keepProfile?: boolean }): Promise<void>;
  /** Ends the browser's processes at once, as a crash would, and keeps the profile. */
  kill(): Promise<void>;
}

/**
 * Starts Chromium with a profile of its own.
 * @param origin the page's address: requests to any other origin are problems
 */
export async function launch(origin: string, options: LaunchOptions): Promise<LaunchedBrowser> {
  const profile = options.profile ?? mkdtempSync(join(tmpdir(), 'rlhf-playground-profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: requireChromium(),
    // Playwright's own headless switch would add the old mode's flag beside ours.
    headless: false,
    args: [...COMMON_FLAGS, ...WEBGPU_FLAGS[options.webgpu]],
    viewport: options.viewport ?? { width: 1280, height: 900 },
  });
  context.setDefaultTimeout(PATIENCE);
  const problems: string[] = [];
  const requests: string[] = [];
  watch(context, new URL(origin).origin, problems, requests);
  const page = context.pages()[0] ?? (await context.newPage());
  const pid = await browserProcess(context);
  return {
    page,
    context,
    profile,
    problems: () => problems,
    requests: () => requests,
    close: async ({ keepProfile = options.profile !== undefined } = {}) => {
      await context.close();
      if (!keepProfile) {
        // Processes of the browser may write for a moment longer.
        rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
      }
    },
    kill: async () => {
      const closed = context.waitForEvent('close');
      process.kill(pid, 'SIGKILL');
      await closed;
    },
  };
}

function watch(
  context: BrowserContext,
  ownOrigin: string,
  problems: string[],
  requests: string[],
): void {
  context.on('console', (message) => {
    if (message.type() !== 'error') return;
    problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => problems.push(`exception: ${String(error.error())}`));
  context.on('request', (request) => {
    const url = request.url();
    requests.push(url);
    const isLocal = /^(data|blob|about|chrome):/.test(url) || new URL(url).origin === ownOrigin;
    if (!isLocal) problems.push(`foreign request: ${url}`);
  });
}

/** Process id of the browser itself, from its own DevTools interface. */
async function browserProcess(context: BrowserContext): Promise<number> {
  const browser = context.browser();
  if (browser === null) throw new Error('This browser has no handle, so it cannot be killed.');
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const main = processInfo.find(({ type }) => type === 'browser');
  if (main === undefined) throw new Error('The browser does not name its own process.');
  return main.id;
}
