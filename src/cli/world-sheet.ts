/** `npm run world-sheet`: puts the world's present counts and shares, and its suites, into docs/world.md. Run it after the world has grown. */
import { readFileSync, writeFileSync } from 'node:fs';
import { readOptions, runCommand } from './options.ts';
import { suiteTable } from './suite-table.ts';
import { withTables, worldCounts } from './world-counts.ts';

const OPTIONS = {
  out: { help: 'Markdown file to write into (docs/world.md)', value: 'FILE' },
} as const;

await runCommand(() => {
  const { out = 'docs/world.md' } = readOptions('world-sheet', OPTIONS, process.argv.slice(2));
  const counted = withTables(readFileSync(out, 'utf8'), 'counts', worldCounts());
  writeFileSync(out, withTables(counted, 'suites', suiteTable()));
  process.stderr.write(`${out} is up to date\n`);
  return Promise.resolve();
});
