// The tests that `npm run mutate` repeats for every mutant: those of the arithmetic on plain arrays, which need
// no backend and run in seconds. Not a project of `npm test`, which runs the same files with all others.
import { defineConfig } from 'vitest/config';

const ARITHMETIC = [
  'advantages',
  'agreement',
  'best-of-n-law',
  'bradley-terry',
  'categorical',
  'clipping',
  'comparison-matrix',
  'dpo-loss',
  'ema',
  'exact-optimum',
  'group-baselines',
  'group-metrics',
  'intervals',
  'kl',
  'masked',
  'metrics',
  'minibatches',
  'ptx-bandit',
  'ptx-calibration',
  'ranking-loss',
  'schedules',
  'self-checks',
  'whitening',
];

export default defineConfig({
  test: {
    include: [
      'tests/unit/records/labeler-agreement.test.ts',
      ...ARITHMETIC.map((name) => `tests/unit/rlhf/${name}.test.ts`),
    ],
    environment: 'node',
    setupFiles: ['tests/setup/property-seed.ts', 'tests/setup/few-cases.ts'],
    testTimeout: 60_000,
  },
});
