// Plants a type error in a component and one in a module, in a project that extends this one's,
// and expects svelte-check and tsc to find them. Both have been seen to pass silently with other
// version pairs, which is why the versions are pinned and this test exists.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let folder: string;

beforeAll(() => {
  // Inside the repository, so that packages are found; ignored by git and by every check.
  mkdirSync(join(root, 'runs'), { recursive: true });
  folder = mkdtempSync(join(root, 'runs/planted-'));
  const project = { extends: '../../tsconfig.json', include: ['*.ts', '*.svelte'], exclude: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
  writeFileSync(join(folder, 'module.ts'), "export const count: number = 'three';\n");
  writeFileSync(
    join(folder, 'Component.svelte'),
    '<script lang="ts">\n  const { count }: { count: number } = $props();\n</script>\n\n' +
      '<p>{count.toUpperCase()}</p>\n',
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a checker of this project on the planted files: its exit status and all that it wrote. */
function check(program: string, ...parameters: string[]): { status: number | null; text: string } {
  const script = join(root, 'node_modules', program);
  const ended = spawnSync(process.execPath, [script, ...parameters], { cwd: root });
  return { status: ended.status, text: `${ended.stdout.toString()}${ended.stderr.toString()}` };
}

test('tsc reports the type error in the module', () => {
  const { status, text } = check('typescript/bin/tsc', '-p', folder);
  expect(text).toMatch(/module\.ts.*error TS2322/);
  expect(status).not.toBe(0);
});

test('svelte-check reports the type errors in the component and in the module', () => {
  const { status, text } = check(
    'svelte-check/bin/svelte-check',
    ...['--workspace', folder, '--tsconfig', join(folder, 'tsconfig.json')],
    ...['--output', 'machine', '--fail-on-warnings'],
  );
  expect(text).toMatch(/ERROR "Component\.svelte" .*toUpperCase/);
  expect(text).toMatch(/ERROR "module\.ts" .*not assignable/);
  expect(status).not.toBe(0);
});

test('the worker project knows no DOM: a module that touches the document fails there', () => {
  const project = {
    extends: '../../tsconfig.worker.json',
    files: ['dom.ts'],
    include: [],
  };
  writeFileSync(join(folder, 'tsconfig.worker.json'), JSON.stringify(project));
  writeFileSync(join(folder, 'dom.ts'), 'export const title = document.title;\n');
  const { status, text } = check('typescript/bin/tsc', '-p', join(folder, 'tsconfig.worker.json'));
  expect(text).toMatch(/dom\.ts.*error TS2584|dom\.ts.*error TS2304/);
  expect(status).not.toBe(0);
});
