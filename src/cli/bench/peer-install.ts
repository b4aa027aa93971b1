/**
 * Installs the peer that is kept apart, `@genai-fi/nanogpt`, into its own folder when a bench first asks for it. Not
 * among the project's packages: it declares packages of 300 MB that it does not use here, one of which refuses
 * Node 20, and a script that patches others when it is installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder with the peer's package.json, lockfile and node_modules. */
export const PEERS_FOLDER = new URL('peers/', import.meta.url);

/** Null when the peer is there, installed now if need be, else why it is not. */
export function installPeer(say: (line: string) => void): string | null {
  if (existsSync(new URL('node_modules/@genai-fi/nanogpt', PEERS_FOLDER))) return null;
  const folder = fileURLToPath(PEERS_FOLDER);
  say('Installing the peer @genai-fi/nanogpt into src/cli/bench/peers (400 MB, once) ...');
  const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, stderr } = spawnSync('npm', options, { cwd: folder, encoding: 'utf8' });
  if (status === 0) return null;
  const [line = ''] = (stderr ?? '').split('\n').filter((each) => each.includes('npm error'));
  return `it could not be installed (npm ci in src/cli/bench/peers: ${line || 'npm did not start'})`;
}
