// Plants forbidden imports in code strings under pretend file names and expects the project's own
// ESLint configuration to report each; and allowed ones, which it must let pass. Not a test of
// the files that exist: `npm run check` is that.
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const eslint = new ESLint({
  cwd: root,
  // The pretend files are in no TypeScript project, so the types-aware rules are left out.
  overrideConfig: [{ languageOptions: { parserOptions: { projectService: false } } }],
  ruleFilter: ({ ruleId }) => /^(zones\/|no-restricted-|max-lines|svelte\/no-at-html)/.test(ruleId),
});

async function report(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: `${root}/${file}` });
  return (result?.messages ?? []).map(({ ruleId, message }) => `${ruleId ?? 'fatal'}: ${message}`);
}

describe('a planted import violation is reported', () => {
  test.each([
    ['src/ui/x.ts', "import { forward } from '../model/gpt.ts';"],
    ['src/ui/x.ts', "import '../rlhf/ppo.ts';"],
    ['src/ui/x.ts', "import '../kernels/adamw.ts';"],
    ['src/ui/x.ts', "import '../world/facts.ts';"],
    ['src/ui/x.ts', "import '@tensorflow/tfjs-core';"],
    ['src/ui/x.ts', "import '../worker/session.ts';"],
    ['src/ui/x.ts', "import '../storage/checkpoints.ts';"],
    ['src/ui/x.svelte.ts', "import '../model/gpt.ts';"],
    ['src/ui/x.svelte', '<script lang="ts">\n  import \'../model/gpt.ts\';\n</script>'],
    ['src/main.ts', "import './worker/main.ts';"],
    ['src/worker/client.ts', "import { Session } from './session.ts';"],
    ['src/worker/client.ts', "import '../rlhf/pipeline.ts';"],
    ['src/worker/protocol.ts', "import type { Tensor } from '@tensorflow/tfjs-core';"],
    ['src/worker/protocol-benches.ts', "import type { Tensor } from '@tensorflow/tfjs-core';"],
    ['src/worker/session.ts', "import '../ui/App.svelte';"],
    ['src/worker/session.ts', "import '../kernels/attention.ts';"],
    ['src/worker/session.ts', "import 'svelte';"],
    ['src/records/x.ts', "import '../config/settings.ts';"],
    ['src/records/x.ts', "import '../data/rng.ts';"],
    ['src/config/x.ts', "import '../world/facts.ts';"],
    ['src/world/x.ts', "import '../data/tokenizer.ts';"],
    ['src/world/documents/x.ts', "import '../../model/gpt.ts';"],
    ['src/world/x.ts', "import '@tensorflow/tfjs-core';"],
    ['src/data/x.ts', "import '../world/facts.ts';"],
    ['src/data/x.ts', "import '@tensorflow/tfjs-core';"],
    ['src/kernels/x.ts', "import '../model/gpt.ts';"],
    ['src/kernels/wasm/x.ts', "import '../../data/rng.ts';"],
    ['src/model/x.ts', "import '../rlhf/ppo.ts';"],
    ['src/rlhf/x.ts', "import '../world/judges.ts';"],
    ['src/rlhf/x.ts', "import '../storage/labels.ts';"],
    ['src/rlhf/x.ts', "import 'node:fs';"],
    ['src/storage/x.ts', "import '../model/checkpoint.ts';"],
    ['src/storage/x.ts', "import '../worker/protocol.ts';"],
    ['src/cli/x.ts', "import '../storage/schema.ts';"],
    ['src/cli/x.ts', "import '../ui/App.svelte';"],
    ['src/cli/x.ts', "import '../worker/session.ts';"],
    ['src/ui/x.ts', "import '@jax-js/jax';"],
    ['src/rlhf/x.ts', "import '@genai-fi/nanogpt';"],
    ['src/worker/session.ts', "import '@jax-js/jax';"],
    ['src/cli/x.ts', "import '@jax-js/jax';"],
    ['src/cli/bench/x.ts', "import '../../world/facts.ts';"],
    ['src/ui/x.ts', "export const load = () => import('../model/gpt.ts');"],
    ['src/ui/x.ts', "export type { Gpt } from '../model/gpt.ts';"],
    ['src/ui/x.ts', "export type Gpt = import('../model/gpt.ts').Gpt;"],
  ])('%s: %s', async (file, code) => {
    expect(await report(file, code)).toEqual([
      expect.stringMatching(/^zones\/imports: src\/.+ must not import '.+': .+ eslint\.zones\.js/),
    ]);
  });
});

describe('what the table allows passes', () => {
  test.each([
    ['src/ui/x.ts', "import '../worker/client.ts';\nimport '../storage/labels.ts';"],
    ['src/ui/x.ts', "import 'svelte';\nimport '../records/run.ts';\nimport './y.ts';"],
    ['src/worker/session.ts', "import '../rlhf/pipeline.ts';\nimport '../kernels/register.ts';"],
    ['src/worker/client.ts', "import './protocol.ts';"],
    ['src/world/documents/x.ts', "import '../../data/rng.ts';\nimport '../facts.ts';"],
    ['src/cli/x.ts', "import 'node:fs';\nimport '../world/facts.ts';"],
    ['src/cli/bench/x.ts', "import '@jax-js/jax';\nimport '../../kernels/linear.ts';"],
    ['src/rlhf/x.ts', "import '../model/gpt.ts';\nimport '@tensorflow/tfjs-core';"],
    ['src/storage/x.ts', "import 'idb';\nimport '../records/run.ts';"],
  ])('%s: %s', async (file, code) => {
    expect(await report(file, code)).toEqual([]);
  });
});

describe('a planted impurity is reported', () => {
  test.each([
    ['src/world/x.ts', 'export const x = Math.random();', 'no-restricted-properties'],
    ['src/data/x.ts', 'export const x = Date.now();', 'no-restricted-properties'],
    ['src/kernels/x.ts', 'export const x = new Date();', 'no-restricted-syntax'],
    ['src/rlhf/x.ts', 'export const x = performance.now();', 'no-restricted-globals'],
    [
      'src/model/x.ts',
      "import * as tf from '@tensorflow/tfjs-core';\nexport const x = tf.multinomial;",
      'no-restricted-properties',
    ],
    ['src/ui/x.svelte', "<p>{@html 'text'}</p>", 'svelte/no-at-html-tags'],
    [
      'src/rlhf/x.ts',
      `export function long() {\n${'  void 0;\n'.repeat(61)}}`,
      'max-lines-per-function',
    ],
    ['src/rlhf/x.ts', 'export const x = 1;\n'.repeat(401), 'max-lines'],
  ])('%s: %#', async (file, code, rule) => {
    expect(await report(file, code)).toEqual([expect.stringContaining(`${rule}: `)]);
  });
});
