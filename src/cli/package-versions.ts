/** Versions that a report names: this project's, the tensor engine's, Node's. */
import { readFileSync } from 'node:fs';

export function packageVersions(): Record<string, string> {
  const file = new URL('../../package.json', import.meta.url);
  const { version, dependencies } = JSON.parse(readFileSync(file, 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
  };
  const tfjs = dependencies['@tensorflow/tfjs-core'] ?? 'unknown';
  return { 'rlhf-playground': version, tfjs, node: process.versions.node };
}
