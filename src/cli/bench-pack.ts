/**
 * `npm run bench:pack`: the bench as one archive that runs where nothing but a GPU driver is installed: Node's binary,
 * Dawn, the bundled script with all contenders, and a start script. The models' weights are made from the seed when
 * the bench runs, as everywhere, so no file of weights is in it. For the platform that it is made on.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { installPeer } from './bench/peer-install.ts';
import { readOptions, runCommand, UsageError } from './options.ts';

const OPTIONS = {
  out: { help: 'archive to write; rlhf-bench.tar.gz by default', value: 'FILE' },
} as const;

const MAX_MEGABYTES = 60;
const NAME = 'rlhf-bench';
const require = createRequire(import.meta.url);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What CommonJS packages expect to find, in a bundle of ES modules. */
const BANNER = [
  "import { createRequire as packRequire } from 'node:module';",
  "import { dirname as packDirname } from 'node:path';",
  "import { fileURLToPath as packPath } from 'node:url';",
  'const require = packRequire(import.meta.url);',
  'const __filename = packPath(import.meta.url);',
  'const __dirname = packDirname(__filename);',
].join('\n');

const START = `#!/bin/sh
# Times this project beside its peers on this machine. Options as in the README: --backend, --config, --json, ...
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/node" "$here/bench.mjs" --backend webgpu "$@"
`;

const README = `Run ./bench.sh (WebGPU; needs a GPU driver with Vulkan, nothing else), for example

  ./bench.sh --config S,M
  ./bench.sh --config S,M --json > results.json

./bench.sh --help lists all options; --backend wasm runs without a GPU.
`;

/** Bundles the two entry points; native and unexported modules stay outside. */
async function bundle(folder: string): Promise<void> {
  const tfjs = dirname(require.resolve('@tensorflow/tfjs-core/package.json'));
  await build({
    entryPoints: { bench: here('bench.ts'), contender: here('bench/contender.ts') },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    keepNames: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['main', 'module'],
    external: ['webgpu'],
    alias: {
      '@tensorflow/tfjs-core/dist/register_all_gradients': join(
        tfjs,
        'dist/register_all_gradients.js',
      ),
    },
    banner: { js: BANNER },
    logLevel: 'error',
  });
}

/** Files that the bundle loads at run time, where it looks for them. */
function copyParts(folder: string): void {
  const wasm = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']) {
    copyFileSync(join(wasm, 'dist', name), join(folder, name));
  }
  const dawn = here('../../node_modules/webgpu');
  const platform =
    process.platform === 'darwin' ? 'darwin-universal' : `${process.platform}-${process.arch}`;
  for (const part of ['package.json', 'index.js', 'LICENSE.md', `dist/${platform}`]) {
    cpSync(join(dawn, part), join(folder, 'node_modules/webgpu', part), { recursive: true });
  }
  const peer = 'node_modules/@genai-fi/nanogpt';
  for (const part of ['package.json', 'dist']) {
    const from = join(here('bench/peers'), peer, part);
    const isCode = (path: string): boolean => !path.endsWith('.d.ts');
    cpSync(from, join(folder, 'peers', peer, part), { recursive: true, filter: isCode });
  }
  copyFileSync(process.execPath, join(folder, 'node'));
  writeFileSync(join(folder, 'bench.sh'), START);
  writeFileSync(join(folder, 'README.txt'), README);
  for (const name of ['node', 'bench.sh']) chmodSync(join(folder, name), 0o755);
}

async function main(): Promise<void> {
  const given = readOptions('bench:pack', OPTIONS, process.argv.slice(2));
  const out = resolve(given.out ?? `${NAME}.tar.gz`);
  const missing = installPeer((line) => process.stderr.write(`${line}\n`));
  if (missing !== null) throw new UsageError(`@genai-fi/nanogpt is needed: ${missing}.`);
  const parent = mkdtempSync(join(tmpdir(), 'bench-pack-'));
  const folder = join(parent, NAME);
  mkdirSync(folder);
  await bundle(folder);
  copyParts(folder);
  const { status, stderr } = spawnSync('tar', ['-czf', out, '-C', parent, NAME], {
    encoding: 'utf8',
    env: { ...process.env, GZIP: '-9' },
  });
  rmSync(parent, { recursive: true });
  if (status !== 0) throw new Error(`tar failed: ${stderr}`);
  const megabytes = statSync(out).size / 1e6;
  process.stdout.write(`${basename(out)}: ${megabytes.toFixed(1)} MB\n`);
  if (megabytes >= MAX_MEGABYTES) throw new Error(`That is not under ${MAX_MEGABYTES} MB.`);
}

await runCommand(main);
