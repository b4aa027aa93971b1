// `npm test`: runs the test projects one after the other, streams their progress, and ends with
// one line, "N passed, N failed". Not a test framework: Vitest runs the tests. A project without
// tests, a file that does not load and a skipped test all count as failures, so that a machine
// that lacks something never looks green.
// Usage: npm test [-- unit gpu e2e]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PROJECTS = ['unit', 'gpu', 'e2e'] as const;

interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** What to tell besides the failures that Vitest has already printed. */
  readonly notes: readonly string[];
}

/** The part of Vitest's JSON report that is read here. */
interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function runProject(project: string, reportPath: string): Tally {
  const { status } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/vitest/vitest.mjs'),
      'run',
      `--project=${project}`,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportPath}`,
    ],
    { cwd: ROOT, stdio: 'inherit' },
  );
  if (!existsSync(reportPath)) {
    return { passed: 0, failed: 1, notes: [`${project}: the tests could not be started.`] };
  }
  return tally(project, JSON.parse(readFileSync(reportPath, 'utf8')) as VitestReport, status);
}

function tally(project: string, report: VitestReport, status: number | null): Tally {
  const notes: string[] = [];
  let passed = 0;
  let failed = 0;
  for (const file of report.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed += 1;
      else failed += 1;
      if (test.status !== 'passed' && test.status !== 'failed') {
        notes.push(`${project}: "${test.fullName}" was ${test.status}, which counts as failed.`);
      }
    }
    const broken = file.status === 'failed' && file.assertionResults.every(isPassed);
    if (broken) {
      failed += 1;
      notes.push(`${project}: ${file.name} failed outside its tests.`);
    }
  }
  if (passed + failed === 0) {
    failed = 1;
    notes.push(`${project}: no test was executed.`);
  } else if (status !== 0 && failed === 0) {
    failed = 1;
    notes.push(`${project}: Vitest ended with status ${String(status)} although each test passed.`);
  }
  return { passed, failed, notes };
}

function isPassed(test: { readonly status: string }): boolean {
  return test.status === 'passed';
}

function main(wanted: readonly string[]): number {
  const unknown = wanted.filter((name) => !PROJECTS.some((project) => project === name));
  if (unknown.length > 0) {
    process.stderr.write(`No such test project: ${unknown.join(', ')} (${PROJECTS.join(', ')}).\n`);
    return 2;
  }
  const reports = mkdtempSync(join(tmpdir(), 'rlhf-playground-tests-'));
  const tallies = (wanted.length > 0 ? wanted : PROJECTS).map((project) =>
    runProject(project, join(reports, `${project}.json`)),
  );
  rmSync(reports, { recursive: true, force: true });
  const passed = tallies.reduce((sum, each) => sum + each.passed, 0);
  const failed = tallies.reduce((sum, each) => sum + each.failed, 0);
  for (const note of tallies.flatMap((each) => each.notes)) process.stdout.write(`${note}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
