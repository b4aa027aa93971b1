/** Held-out labelers beside training ones: policies by the names of other tables, controls against SFT and base. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { HELD_OUT_LABELERS } from '../../../../src/cli/reproduce/claims/labelers.ts';
import { writtenAnswers } from '../../../../src/cli/reproduce/gold-references.ts';
import { resultOf } from '../../../../src/cli/reproduce/report.ts';
import { figureRow, viewOf } from './claim-view.ts';
import { keepAnswers, labWithoutModels } from './kept-lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'rlhf-held-out-labelers-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('every pair is named as elsewhere, and a control that answers well beats a silent base', async () => {
  const lab = await labWithoutModels(folder);
  const ideal = writtenAnswers(1, lab.prompts, 'ceiling').map(({ text }) => text);
  for (const policy of ['ppo-ptx', 'ppo-noise', 'ppo-gold', 'sft'])
    keepAnswers(lab, 'test', `${policy}@1`, ideal);
  keepAnswers(
    lab,
    'test',
    'base@1',
    ideal.map(() => ''),
  );
  const measured = await HELD_OUT_LABELERS.measure(lab);
  const { rows } = resultOf(HELD_OUT_LABELERS, [{ seed: 1, measured }]);
  const training = rows.filter(({ id }) => id.startsWith('training:'));
  expect(training.map(({ label, control }) => [label, control])).toEqual([
    ['PPO-ptx preferred to SFT by training labelers', false],
    ['PPO-ptx preferred to the base by training labelers', false],
    ['control: PPO-ptx on noise preferred to SFT by training labelers', true],
    ['control: PPO-ptx on noise preferred to the base by training labelers', true],
    ['control: PPO-ptx on the gold judge preferred to SFT by training labelers', true],
    ['control: PPO-ptx on the gold judge preferred to the base by training labelers', true],
  ]);
  const value = (id: string): number => rows.find((row) => row.id === id)!.pooled!.value;
  for (const control of ['ppo-noise', 'ppo-gold']) {
    expect(value(`heldout:${control}>base`)).toBeGreaterThan(0.8);
    // The same text twice is a tie to everyone.
    expect(value(`heldout:${control}>sft`)).toBe(0.5);
  }
});

test('the two groups are compared in words', () => {
  const why = (...difference: readonly [number, number, number]): string => {
    const row = figureRow('difference:ppo-ptx>sft', 'points', difference);
    return HELD_OUT_LABELERS.why(viewOf([row]), 'holds');
  };
  expect(why(0.003, -0.013, 0.017)).toContain(': more often by 0.3 points [-1.3, 1.7].');
  expect(why(-0.02, -0.03, -0.01)).toContain(': less often by 2.0 points [1.0, 3.0].');
  expect(why(0, -0.01, 0.01)).toContain(': as often [-1.0, +1.0].');
});
