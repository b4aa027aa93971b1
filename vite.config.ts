// How the page is built and served: one static folder that works under any path and talks to no
// other origin. Not the test configuration: that is vitest.config.ts.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

/**
 * What the page may load: its own files, and WebAssembly compiled from them. `frame-ancestors`
 * is only possible in a header, so the meta tag leaves it out.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Folder of the build. */
const OUT = 'dist';

/** What a host that can send headers should send. A worker obeys these, not the page's meta tag. */
const HEADERS = {
  'Content-Security-Policy': `${CONTENT_SECURITY_POLICY}; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  // Cross-origin isolation: WASM may share memory with helper threads. Nothing here comes from another origin.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * Puts the policy into the built page, for static hosts that cannot send headers, and into a
 * `_headers` file for those that read one.
 */
function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY },
        injectTo: 'head-prepend',
      },
    ],
    generateBundle() {
      const lines = Object.entries(HEADERS).map(([name, value]) => `  ${name}: ${value}`);
      this.emitFile({
        type: 'asset',
        fileName: '_headers',
        source: `/*\n${lines.join('\n')}\n/service-worker.js\n  Cache-Control: no-cache\n`,
      });
    },
  };
}

/** SHA-256 of a file of the build, hexadecimal. */
async function sha256(url: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(OUT, url)))
    .digest('hex');
}

/**
 * The service worker of src/offline with the list of all files of the build but the stored answers and the trained
 * models, and the manifest that lets people install the page. A new version waits until it is taken: a reload by itself
 * could cost someone a training run.
 */
function offline(): ReturnType<typeof VitePWA> {
  return VitePWA({
    strategies: 'injectManifest',
    srcDir: 'src/offline',
    filename: 'service-worker.ts',
    registerType: 'prompt',
    injectRegister: false,
    // A file of public/, so that it is listed and fingerprinted like the others.
    manifest: false,
    injectManifest: {
      globPatterns: ['**/*.{html,js,css,wasm,json,safetensors,svg,png,webmanifest}'],
      // Answers behind the stored results and trained models are megabytes that few will open: fetched when asked for.
      globIgnores: ['results/answers/**', 'models/trained/**'],
      // Larger files would be left out with a warning only; tests/e2e/offline.test.ts counts them all.
      maximumFileSizeToCacheInBytes: 64 * 2 ** 20,
      // Every file by its content, so that the page can prove that what is stored is what was built.
      manifestTransforms: [
        async (entries) => ({
          manifest: await Promise.all(
            entries.map(async (entry) => ({ ...entry, revision: await sha256(entry.url) })),
          ),
        }),
      ],
    },
  });
}

export default defineConfig({
  base: './',
  plugins: [svelte(), contentSecurityPolicy(), offline()],
  worker: { format: 'es' },
  // Vite's limit is of unpacked kilobytes and of the page only: tests/e2e/size.test.ts weighs page and worker, packed.
  build: { outDir: OUT, target: 'baseline-widely-available', chunkSizeWarningLimit: 700 },
  preview: { headers: HEADERS },
});
