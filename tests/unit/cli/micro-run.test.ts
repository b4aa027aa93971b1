/**
 * The whole loop by command at micro size, with the shipped base model: a straight run, and the same run killed
 * after its reward stage and resumed. Equal reports prove both that resuming works and that the seed decides all.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../../src/cli/report.ts';
import { startCommand } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'rlhf-micro-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const readReport = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Report;

/** The report without what the clock and the number of threads decide. */
function timeless(report: Report): unknown {
  return JSON.parse(
    JSON.stringify(report, (key, value: unknown) =>
      key === 'wallSeconds' || key === 'device' ? undefined : value,
    ),
  );
}

/** PPO on noise instead of the reward, from the SFT and reward models of a finished run. */
async function controlRun(out: string): Promise<Report> {
  const file = join(folder, 'control.json');
  const words = ['--resume', out, '--control', 'noise', '--json', file];
  const { status, stderr } = await startCommand('rlhf', words).finished;
  expect(status, stderr).toBe(0);
  return readReport(file);
}

async function untilExists(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('npm run rlhf -- --preset micro', () => {
  const options = ['--preset', 'micro', '--seed', '7'];
  let report: Report;

  beforeAll(async () => {
    const file = join(folder, 'deep/straight.json');
    const { status, stderr } = await startCommand('rlhf', [...options, '--json', file]).finished;
    expect(status, stderr).toBe(0);
    report = readReport(file);
  }, 400_000);

  test('the report has its keys, and every number in it is one', () => {
    for (const key of [
      ...['settings', 'seed', 'backend', 'device', 'versions', 'stages', 'selfChecks'],
      'evaluation',
    ]) {
      expect(report).toHaveProperty(key);
    }
    expect(report.seed).toBe(7);
    expect(report.backend).toBe('wasm');
    expect(Object.keys(report.stages)).toEqual(['sft', 'labels', 'reward', 'ppo-ptx', 'evaluate']);
    for (const [name, stage] of Object.entries(report.stages)) {
      expect(stage.wallSeconds).toBeGreaterThan(0);
      for (const [metric, series] of Object.entries(stage.series)) {
        expect(series, `${name} ${metric}`).toHaveLength(stage.steps);
        expect(series.every(Number.isFinite), `${name} ${metric}`).toBe(true);
      }
    }
    expect(report.stages['labels']?.facts['prompts']).toBe(16);
    const { 'objective/gold_scores': gold = [] } = report.stages['ppo-ptx']?.series ?? {};
    expect(gold).toHaveLength(2);
    for (const score of gold) expect(score > 0 && score < 1, String(score)).toBe(true);
  });

  test('D14, D33: all self-checks hold', () => {
    expect(Object.keys(report.selfChecks).length).toBeGreaterThan(6);
    for (const [name, check] of Object.entries(report.selfChecks)) {
      expect(check.ok, `${name}: ${check.value} of ${check.tolerance}`).toBe(true);
    }
  });

  test('policies, pairs and reward are judged, at temperature 1 and greedily', () => {
    const { policies, pairs, reward } = report.evaluation;
    for (const name of ['base', 'prompted', 'sft', 'ppo-ptx', 'ppo-ptx-ema']) {
      for (const each of [name, `${name}-greedy`]) {
        const policy = policies[each];
        for (const part of ['helpful', 'truthful', 'harmless', 'gold'] as const) {
          const { mean, low, high, n } = policy?.[part] ?? { mean: NaN, low: 0, high: 0, n: 0 };
          expect(low, `${each} ${part}`).toBeLessThanOrEqual(mean);
          expect(high, `${each} ${part}`).toBeGreaterThanOrEqual(mean);
          expect(n).toBeGreaterThan(part === 'truthful' ? 0 : 49);
        }
        expect(policy?.length).toBeGreaterThan(0);
        expect(policy?.distinct2).toBeGreaterThan(0);
      }
    }
    expect(policies['sft']?.kl).toBeCloseTo(0, 5);
    expect(policies['ppo-ptx']?.kl).toBeGreaterThan(0);
    const { rate, low, high, n } = pairs['ppo-ptx>sft'] ?? { rate: NaN, low: 0, high: 0, n: 0 };
    expect(low).toBeLessThanOrEqual(rate);
    expect(high).toBeGreaterThanOrEqual(rate);
    expect(n).toBe(50);
    expect(reward.n).toBeGreaterThan(30);
    expect(reward.ceiling).toBeGreaterThan(0.5);
    // Pair by pair two labelers agree no more often than the ceiling; agreement weighs clear pairs more (no tie twice).
    expect(reward.agreement).toBeLessThan(reward.ceiling + 0.02);
  });

  test('O17: killed after the reward stage and resumed on two threads, it gives the same report; a control run goes on from there', async () => {
    const out = join(folder, 'killed');
    const first = startCommand('rlhf', [...options, '--out', out]);
    await Promise.race([untilExists(join(out, 'reward-done')), first.finished]);
    first.child.kill('SIGKILL');
    expect((await first.finished).signal).toBe('SIGKILL');
    const second = await startCommand('rlhf', ['--resume', out, '--threads', '2']).finished;
    expect(second.status, second.stderr).toBe(0);
    expect(readReport(join(out, 'report.json')).device).toMatch(/2 threads$/);
    // Finished stages are not run again.
    expect(second.stderr).not.toMatch(/^(sft|reward) \d/m);
    expect(timeless(readReport(join(out, 'report.json')))).toEqual(timeless(report));
    const { evaluation, control } = await controlRun(out);
    expect(control).toBe('noise');
    expect(evaluation.pairs['ppo-noise>sft']?.n).toBe(50);
    // Distinct-2 is over the tokens that all policies of a report have, so another policy may change it.
    const { distinct2, ...sft } = report.evaluation.policies['sft']!;
    expect(evaluation.policies['sft']).toMatchObject(sft);
    expect(distinct2).toBeGreaterThan(0);
  }, 400_000);
});
