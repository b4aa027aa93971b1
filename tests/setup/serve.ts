// Builds the page once and serves the production build on a free port, as a static host would.
// Not the development server: what the browser tests see is what users get.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { preview } from 'vite';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A running server of the production build. */
export interface ServedBuild {
  /** Address of the page, with a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** Builds the page into dist/, in a process of its own: Vitest's NODE_ENV would change the result. */
export function buildPage(): void {
  execFileSync(process.execPath, [`${ROOT}/node_modules/vite/bin/vite.js`, 'build'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
}

/**
 * Serves dist/ on a free port of this machine.
 * @throws Error when there is no build.
 */
export async function serveBuild(): Promise<ServedBuild> {
  if (!existsSync(`${ROOT}/dist/index.html`))
    throw new Error('dist/ is empty: build the page first.');
  const server = await preview({
    root: ROOT,
    logLevel: 'warn',
    preview: { port: 0, host: '127.0.0.1', open: false },
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: () => server.close(),
  };
}
