// Node's stand-in for '@tensorflow/tfjs-core/dist/register_all_gradients'. That file is ES module
// syntax inside a CommonJS package, so plain Node cannot load it. Here it is bundled once per
// tfjs version into node_modules/.cache and then required. Not part of the page: Vite resolves
// the original. tsx finds this file through `paths` in tsconfig.json, Vitest through an alias.
// The bundle carries its own copy of tfjs-core's ops; gradient registry and engine are global
// objects, so both copies share them.
const { existsSync, renameSync } = require('node:fs');
const { dirname, join } = require('node:path');

const { version } = require('@tensorflow/tfjs-core/package.json');
const packageRoot = dirname(require.resolve('@tensorflow/tfjs-core/package.json'));
const cache = join(__dirname, '../../node_modules/.cache');
const bundle = join(cache, `tfjs-gradients-${version}.cjs`);

if (!existsSync(bundle)) {
  const { buildSync } = require('esbuild');
  // Several processes may build at once: each writes its own file, and the rename is atomic.
  const unfinished = `${bundle}.${process.pid}`;
  buildSync({
    entryPoints: [join(packageRoot, 'dist/register_all_gradients.js')],
    outfile: unfinished,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    logLevel: 'error',
  });
  renameSync(unfinished, bundle);
}
require(bundle);
