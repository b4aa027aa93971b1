/** `--method dpo` at micro size with the shipped base model: the method takes PPO's place in stages and evaluation. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Report } from '../../../src/cli/report.ts';
import { startCommand } from './command.ts';

const SMALL = [
  ...['sft.demonstrations=32', 'labels.prompts=8', 'reward.promptsPerBatch=4'],
  ...['evaluate.prompts=10', 'evaluate.rewardComparisons=12'],
].join();

test('the report has the stage and the policy of the method, and finite numbers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rlhf-method-'));
  const file = join(folder, 'report.json');
  const words = ['--preset', 'micro', '--seed', '7', '--set', SMALL, '--method', 'dpo'];
  const { status, stderr } = await startCommand('rlhf', [...words, '--json', file]).finished;
  expect(status, stderr).toBe(0);
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  rmSync(folder, { recursive: true });
  expect(report.method).toBe('dpo');
  expect(Object.keys(report.stages)).toEqual(['sft', 'labels', 'reward', 'dpo', 'evaluate']);
  const series = report.stages['dpo']?.series ?? {};
  // The policy starts as the reference.
  expect(series['loss']?.[0]).toBeCloseTo(Math.LN2, 3);
  for (const [name, values] of Object.entries(series)) {
    expect(values.every(Number.isFinite), name).toBe(true);
  }
  expect(Object.keys(report.evaluation.policies)).toContain('dpo');
  expect(Object.keys(report.evaluation.pairs)).toContain('dpo>sft');
}, 400_000);
