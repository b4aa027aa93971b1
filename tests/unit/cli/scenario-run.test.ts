/** `--scenario NAME` at micro size with the shipped base model: every arm runs, and the report ends with a verdict. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRunOptions } from '../../../src/cli/rlhf-options.ts';
import type { ScenarioReport } from '../../../src/cli/rlhf-scenario.ts';
import { startCommand } from './command.ts';

const SMALL = 'sft.demonstrations=16,ppo.episodes=32,ppo.rolloutBatch=16,ppo.minibatches=2';

test('two arms from one SFT model, which a second scenario takes over; then a verdict', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rlhf-scenario-'));
  const file = join(folder, 'report.json');
  const run = async (...words: string[]) => {
    const all = ['--preset', 'micro', '--seed', '7', '--out', folder, '--json', file, ...words];
    return startCommand('rlhf', all).finished;
  };
  const noisy = await run('--scenario', 'noisy-labelers', '--set', SMALL);
  expect(noisy.status, noisy.stderr).toBe(0);
  const report = JSON.parse(readFileSync(file, 'utf8')) as ScenarioReport;
  expect(report.scenario).toBe('noisy-labelers');
  expect(report.arms.map(({ arm }) => arm)).toEqual(['careful', 'careless']);
  const [careful, careless] = report.arms;
  expect(careful?.settings.labels.noise).toBe(0);
  expect(careless?.settings.labels.noise).toBeGreaterThan(0.5);
  for (const { stages } of report.arms) {
    expect(Object.keys(stages)).toEqual(['sft', 'labels', 'reward']);
    const gold = stages['reward']?.series['eval_gold_accuracy'] ?? [];
    expect(gold.length).toBeGreaterThan(1);
    expect(gold.every((value) => value >= 0 && value <= 1)).toBe(true);
  }
  expect(careful?.stages['sft']).toEqual(careless?.stages['sft']);
  const shown = report.arms.map(({ stages }) =>
    stages['reward']?.series['eval_gold_accuracy']?.at(-1),
  );
  expect(report.verdict?.figures.map(({ value }) => value)).toEqual(shown);

  const tax = await run('--scenario', 'alignment-tax', '--set', SMALL);
  expect(tax.status, tax.stderr).toBe(0);
  // Loaded, not trained again.
  expect(tax.stderr).not.toMatch(/^sft \d/m);
  const second = JSON.parse(readFileSync(file, 'utf8')) as ScenarioReport;
  expect(second.arms.map(({ stages }) => Object.keys(stages))).toEqual([
    ['sft', 'labels', 'reward', 'ppo-ptx'],
    ['sft', 'labels', 'reward', 'ppo-ptx'],
  ]);
  const before = second.arms.map(
    ({ stages }) => stages['ppo-ptx']?.series['eval/pretrain_loss']?.[0],
  );
  expect(before[0]).toBeGreaterThan(0);
  expect(before[1]).toBe(before[0]);

  const other = await run('--scenario', 'paper', '--set', 'sft.demonstrations=17');
  expect(other.status).not.toBe(0);
  expect(other.stderr).toContain('SFT model of other settings');
  rmSync(folder, { recursive: true });
}, 400_000);

test.each([
  [['--scenario', 'nothing'], 'scenario must be one of'],
  [['--scenario', 'paper', '--method', 'dpo'], 'does not go together with --scenario'],
  [['--scenario', 'paper', '--preset', 'exact'], 'no meaning for the exact preset'],
])('%j is refused with a sentence', (words, part) => {
  expect(() => readRunOptions(words)).toThrow(part);
});
