/** `--method NAME` at micro size with the shipped base model: the method takes PPO's place in stages and evaluation. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Report } from '../../../src/cli/report.ts';
import { startCommand } from './command.ts';

const SMALL = [
  ...['sft.demonstrations=32', 'labels.prompts=8', 'reward.promptsPerBatch=4'],
  ...['evaluate.prompts=10', 'evaluate.rewardComparisons=12'],
  ...['ppo.episodes=32', 'ppo.rolloutBatch=16', 'ppo.minibatches=2'],
].join();

/** The report of a run; every number of its stage is finite, and its policy is judged beside SFT. */
async function reportOf(method: string): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'rlhf-method-'));
  const file = join(folder, 'report.json');
  const words = ['--preset', 'micro', '--seed', '7', '--set', SMALL, '--method', method];
  const { status, stderr } = await startCommand('rlhf', [...words, '--json', file]).finished;
  expect(status, stderr).toBe(0);
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  rmSync(folder, { recursive: true });
  expect(report.method).toBe(method);
  expect(Object.keys(report.stages)).toEqual(['sft', 'labels', 'reward', method, 'evaluate']);
  for (const [name, values] of Object.entries(report.stages[method]?.series ?? {})) {
    expect(values.every(Number.isFinite), name).toBe(true);
  }
  expect(Object.keys(report.evaluation.policies)).toContain(method);
  expect(Object.keys(report.evaluation.pairs)).toContain(`${method}>sft`);
  return report;
}

test('dpo starts as the reference, and is judged', async () => {
  const { stages, evaluation } = await reportOf('dpo');
  expect(stages['dpo']?.series['loss']?.[0]).toBeCloseTo(Math.LN2, 3);
  expect(Object.keys(evaluation.policies)).toContain('dpo-greedy');
}, 400_000);

test('rloo reports its rewards, and is judged', async () => {
  const { stages, evaluation } = await reportOf('rloo');
  expect(stages['rloo']?.series['reward']).toHaveLength(2);
  expect(Object.keys(evaluation.policies)).toContain('rloo-greedy');
}, 400_000);

test('best-of-n is judged by what it keeps, not by single draws of its policy, and never greedily', async () => {
  const { stages, evaluation } = await reportOf('best-of-n');
  const { sft, 'best-of-n': best } = evaluation.policies;
  // One draw of an unchanged copy of SFT would be SFT's own answer to every prompt.
  expect({ ...best, kl: 0 }).not.toEqual({ ...sft, kl: 0 });
  const n = 4; // the preset's
  expect(best?.kl).toBeCloseTo(Math.log(n) - (n - 1) / n, 6);
  expect(stages['best-of-n']?.series['reward_best']).toHaveLength(2);
  const named = [...Object.keys(evaluation.policies), ...Object.keys(evaluation.pairs)];
  expect(named).toContain('sft-greedy');
  expect(named.filter((name) => name.includes('best-of-n-greedy'))).toEqual([]);
}, 400_000);
