/** `npm run world-sheet`: puts the world's present counts and shares into docs/world.md. Run it after the world has grown. */
import { readFileSync, writeFileSync } from 'node:fs';
import { readOptions, runCommand } from './options.ts';
import { withCounts, worldCounts } from './world-counts.ts';

const OPTIONS = {
  out: { help: 'Markdown file to write into (docs/world.md)', value: 'FILE' },
} as const;

await runCommand(() => {
  const { out = 'docs/world.md' } = readOptions('world-sheet', OPTIONS, process.argv.slice(2));
  writeFileSync(out, withCounts(readFileSync(out, 'utf8'), worldCounts()));
  process.stderr.write(`${out} is up to date\n`);
  return Promise.resolve();
});
