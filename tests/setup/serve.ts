// Builds the page once and serves the production build on a free port, as a static host would.
// Not the development server: what the browser tests see is what users get.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** A copy of the production build, which a test may change, as a host without any headers serves it. */
export interface ServedCopy extends ServedBuild {
  /** The folder of the served files. */
  readonly folder: string;
}

/**
 * Serves a copy of dist/ under a sub-path.
 * @param base the sub-path, with slashes at both ends
 */
export async function serveCopy(base: string): Promise<ServedCopy> {
  const root = mkdtempSync(join(tmpdir(), 'rlhf-playground-site-'));
  const folder = join(root, 'dist');
  cpSync(`${ROOT}/dist`, folder, { recursive: true });
  const server = await preview({
    root,
    base,
    configFile: false,
    logLevel: 'warn',
    preview: { port: 0, host: '127.0.0.1', open: false },
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}${base}`,
    folder,
    close: async () => {
      await server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
