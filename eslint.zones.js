// Who may import whom: the table, and the ESLint rule that enforces it on every import form
// (static, dynamic, re-export, type). Paths are resolved, so the depth of a folder does not matter.
// Tests and configuration files at the root are not in the table and may import anything.
import path from 'node:path';

/**
 * One row per zone, the first match wins. `files` selects the importing files below src (a folder,
 * or single files). `may` lists what they may import: a folder, files of a folder, or a group of
 * packages. `why` ends the message of a violation.
 * @type {readonly { files: readonly string[], may: readonly string[], why: string }[]}
 */
const ZONES = [
  {
    files: ['records/'],
    may: ['records/'],
    why: 'records are the rows everyone shares, so they depend on nothing',
  },
  {
    files: ['config/'],
    may: ['config/', 'records/'],
    why: 'settings are plain declarations that page, worker and command line all read',
  },
  {
    files: ['world/'],
    may: ['world/', 'records/', 'config/', 'data/rng.ts'],
    why: 'the world is plain values: it knows no model and no training',
  },
  {
    files: ['data/'],
    may: ['data/', 'records/', 'config/'],
    why: 'data is plain arrays: no tensors, no world',
  },
  {
    files: ['kernels/'],
    may: ['kernels/', 'tfjs'],
    why: 'a kernel is an op inside tfjs and knows nothing above it',
  },
  {
    files: ['model/'],
    may: ['model/', 'records/', 'config/', 'data/', 'kernels/', 'tfjs'],
    why: 'the GPT knows neither the paper that trains it nor where it is stored',
  },
  {
    files: ['rlhf/'],
    may: ['rlhf/', 'records/', 'config/', 'data/', 'kernels/', 'model/', 'tfjs'],
    why: 'labelers and judges are handed in, so that a person or the world can be either',
  },
  {
    files: ['storage/'],
    may: ['storage/', 'records/', 'config/', 'idb'],
    why: 'storage keeps bytes and rows and does not know what they mean',
  },
  {
    files: ['worker/protocol*', 'worker/client.ts'],
    may: ['worker/protocol*', 'worker/client.ts', 'records/', 'config/'],
    why: 'this is the side of the wall that the page loads: no tensors may come along',
  },
  {
    files: ['worker/'],
    may: [
      'worker/',
      'records/',
      'config/',
      'world/',
      'data/',
      'kernels/engine.ts',
      'kernels/register*',
      'model/',
      'rlhf/',
      'storage/',
      'tfjs',
    ],
    why: 'the worker drives the loop; of the kernels it only starts the engine and registers them',
  },
  {
    files: ['ui/', 'main.ts'],
    may: [
      'ui/',
      'records/',
      'config/',
      'worker/protocol.ts',
      'worker/client.ts',
      'offline/messages.ts',
      'storage/labels.ts',
      'storage/lists.ts',
      'storage/open.ts',
      'svelte',
    ],
    why: 'the page shows and asks; everything else happens behind worker/client.ts',
  },
  {
    files: ['offline/'],
    may: ['offline/'],
    why: 'the service worker stores and serves files; it knows nothing of what they do',
  },
  {
    files: ['cli/bench/', 'cli/bench.ts'],
    may: [
      'cli/',
      'records/',
      'config/',
      'data/',
      'kernels/engine.ts',
      'kernels/own-kernel.ts',
      'kernels/linear.ts',
      'model/',
      'rlhf/',
      '../package.json',
      'tfjs',
      'node',
      'peers',
    ],
    why: 'only the bench loads other libraries; it times the same loop, and of the ops the matrix product',
  },
  {
    files: ['cli/'],
    may: [
      'cli/',
      'records/',
      'config/',
      'world/',
      'data/',
      'kernels/engine.ts',
      'kernels/register*',
      'kernels/own-kernel.ts',
      'kernels/wasm/thread-team.ts',
      'model/',
      'rlhf/',
      'tfjs',
      'node',
    ],
    why: 'the command line is the same loop without a page and without its storage',
  },
];

/** Packages that belong to a zone; any other package may be imported anywhere. */
const PACKAGE_GROUPS = {
  tfjs: /^@tensorflow\//,
  idb: /^idb(\/|$)/,
  svelte: /^(svelte|bits-ui|@lucide\/svelte|uplot|svelte-dnd-action)(\/|$)/,
  node: /^(node:|webgpu$)/,
  peers: /^(@jax-js|@genai-fi)\//,
};

/**
 * @param {string} pattern a row entry: `folder/`, `folder/file.ts` or `folder/prefix*`
 * @param {string} file path below src, with forward slashes
 */
function matches(pattern, file) {
  if (pattern.endsWith('/')) return file.startsWith(pattern);
  if (pattern.endsWith('*')) {
    const [folder, prefix] = [path.posix.dirname(pattern), path.posix.basename(pattern, '*')];
    return file.startsWith(`${folder}/`) && path.posix.basename(file).startsWith(prefix);
  }
  return file === pattern;
}

/**
 * Says what is wrong with an import, or undefined when it is allowed.
 * @param {string} importer path of the importing file below src, with forward slashes
 * @param {string} specifier what stands in the import
 */
function importProblem(importer, specifier) {
  const zone = ZONES.find(({ files }) => files.some((pattern) => matches(pattern, importer)));
  if (zone === undefined) return undefined;
  const target = specifier.split('?', 1)[0] ?? specifier;
  if (isAllowed(zone.may, importer, target)) return undefined;
  const from = zone.files.join(' and ');
  return `src/${from} must not import '${specifier}': ${zone.why}. The table is in eslint.zones.js.`;
}

/**
 * @param {readonly string[]} may
 * @param {string} importer
 * @param {string} target
 */
function isAllowed(may, importer, target) {
  if (target.startsWith('.')) {
    const file = path.posix.normalize(path.posix.join(path.posix.dirname(importer), target));
    return may.some((pattern) => matches(pattern, file));
  }
  const group = Object.entries(PACKAGE_GROUPS).find(([, packages]) => packages.test(target));
  return group === undefined || may.includes(group[0]);
}

/** ESLint plugin with the one rule `zones/imports`. */
export const zonesPlugin = {
  rules: {
    imports: {
      meta: { type: 'problem', schema: [] },
      /** @param {import('eslint').Rule.RuleContext} context */
      create(context) {
        const parts = context.filename.split(path.sep).join('/').split('/src/');
        const importer = parts.at(-1) ?? '';
        /** @param {any} node a node with a string `source` (or `argument` for import types) */
        const check = (node) => {
          const source = node.source ?? node.argument?.literal;
          if (typeof source?.value !== 'string') return;
          const message = importProblem(importer, source.value);
          if (message !== undefined) context.report({ node: source, message });
        };
        return {
          ImportDeclaration: check,
          ImportExpression: check,
          ExportNamedDeclaration: check,
          ExportAllDeclaration: check,
          TSImportType: check,
        };
      },
    },
  },
};
