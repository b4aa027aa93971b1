// One browser on the served build for a whole test file, opened before its tests and closed after them. After each test
// nothing must have gone wrong on the page. Tests that kill, reopen or move the browser launch their own.
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { launch, type LaunchedBrowser, type LaunchOptions } from '../setup/browser.ts';
import { serveBuild, type ServedBuild } from '../setup/serve.ts';

/** There from the first hook or test on. */
export interface SharedBrowser {
  /** Where the page is served. */
  readonly url: string;
  readonly page: Page;
  readonly context: BrowserContext;
}

/** To be called once, before the file's own hooks. */
export function sharedBrowser(viewport?: LaunchOptions['viewport']): SharedBrowser {
  let served: ServedBuild;
  let browser: LaunchedBrowser;
  beforeAll(async () => {
    served = await serveBuild();
    browser = await launch(served.url, { webgpu: 'off', ...(viewport && { viewport }) });
  });
  afterEach(() => {
    expect(browser.problems()).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
  });
  return {
    get url() {
      return served.url;
    },
    get page() {
      return browser.page;
    },
    get context() {
      return browser.context;
    },
  };
}
