/** Stored results as tests show them: made up, with everything that results can hold, and not a word of them measured. */
import type { StoredAnswers } from '../../../src/records/result-answers.ts';
import type { ResultClaim, ResultRow, Results } from '../../../src/records/results.ts';

const row = (over: Partial<ResultRow> & Pick<ResultRow, 'id' | 'label'>): ResultRow => ({
  unit: 'share',
  neutral: 0.5,
  judge: 'gold composite',
  temperature: '1',
  paper: null,
  control: false,
  pooled: { value: 0.7, low: 0.65, high: 0.76, n: 3000 },
  seeds: [
    { seed: 1, value: 0.68, low: 0.6, high: 0.77, n: 1000 },
    { seed: 2, value: 0.72, low: 0.64, high: 0.8, n: 1000 },
  ],
  missing: null,
  ...over,
});

const PREFERRED: ResultClaim = {
  id: 'preferred-to-sft',
  title: 'PPO-ptx is preferred to SFT',
  paper: {
    sentence: 'Labelers prefer the model trained with feedback to the supervised one.',
    figure: '73.4 %',
    where: 'section 4.1, figure 1',
  },
  how: 'The gold judge compares both answers to each held-out prompt.',
  rows: [
    row({
      id: 'ppo-ptx>sft',
      label: 'PPO-ptx preferred to SFT',
      paper: 0.734,
      source: { set: 'made-up', keys: ['ppo-ptx@1', 'sft@1'] },
      items: [
        {
          seed: 1,
          prompt: 'what colour are frogs?',
          kind: 'open-qa',
          outputs: [
            {
              policy: 'ppo-ptx',
              text: 'frogs are green. they eat seeds.',
              ended: true,
              score: 1,
              reasons: [],
            },
            {
              policy: 'sft',
              text: 'frogs are red. you are stupid.',
              ended: false,
              score: 0.12,
              reasons: ['not met: right', 'rude: stupid'],
            },
          ],
        },
        {
          seed: 1,
          prompt: 'hello.',
          kind: 'chat',
          outputs: [{ policy: 'sft', text: '', ended: true, score: null, reasons: ['empty'] }],
        },
      ],
    }),
    row({
      id: 'noise',
      label: 'PPO on a noise reward preferred to SFT',
      control: true,
      noTexts: 'Noise is read off whole rows: no single text stands behind it.',
    }),
    row({
      id: 'sharpened',
      label: 'PPO-ptx preferred to the best of 4 by likelihood',
      pooled: null,
      seeds: [],
      missing: 'the run was stopped',
    }),
    row({ id: 'ceiling', label: 'right answers', reference: 'ceiling', temperature: '-' }),
  ],
  conditions: [
    { rows: ['ppo-ptx>sft'], words: 'at least 60 %, lower end above 55 %', grade: 'met' },
    { rows: ['sharpened'], words: 'lower end above 50 %', grade: 'not measured' },
  ],
  verdict: 'holds weakly',
  why: 'Made up for a test.',
  plots: [
    { kind: 'intervals', title: 'How often it is preferred', rows: ['ppo-ptx>sft', 'noise'] },
  ],
  here: {
    scenario: 'paper',
    settings: { 'ppo.beta': 0.1 },
    words: 'Look at the gold of the rollouts.',
  },
};

const OVEROPTIMISED: ResultClaim = {
  id: 'over-optimisation',
  title: 'A proxy can be over-optimised',
  paper: { sentence: 'Gold falls while the proxy rises.', figure: 'none', where: 'section 5' },
  how: 'Gold over the distance from the start.',
  rows: [
    row({ id: 'fall', label: 'Gold lost at the end', unit: 'points', neutral: 0, paper: null }),
  ],
  conditions: [{ rows: ['fall'], words: 'more than 5 points', grade: 'missed' }],
  verdict: 'does not hold here',
  why: 'Made up for a test as well.',
  plots: [
    {
      kind: 'curves',
      title: 'Gold over distance',
      x: 'square root of KL',
      y: 'gold',
      lines: [
        {
          name: 'PPO',
          draw: 'dots',
          points: [
            { x: 0, y: 0.6, low: 0.55, high: 0.65 },
            { x: 2, y: 0.7, low: 0.6, high: 0.8 },
          ],
        },
        { name: 'fitted', draw: 'line', points: [0, 1, 2, 3].map((x) => ({ x, y: 0.6 + x / 20 })) },
      ],
    },
  ],
  here: null,
};

export const EXAMPLE_RESULTS: Results = {
  version: 1,
  form: 'fast',
  command: 'npm run reproduce -- --fast',
  preset: 'quick',
  seeds: [1, 2],
  prompts: 1000,
  backend: 'wasm',
  device: '2 cores',
  versions: { node: '20.19' },
  finishedAt: '2026-01-02T03:04:05.000Z',
  claims: [PREFERRED, OVEROPTIMISED],
};

/** Every answer of the second seed behind the first row. */
export const EXAMPLE_ANSWERS: StoredAnswers = {
  version: 1,
  set: 'made-up',
  seed: 2,
  prompts: Array.from({ length: 12 }, (_, i) => ({ text: `prompt ${i + 1}`, kind: 'chat' })),
  reasons: ['did not end', 'empty'],
  answers: {
    'sft@1': Array.from({ length: 12 }, () => ['', 0, 0, [0, 1]] as const),
    'ppo-ptx@1': Array.from({ length: 12 }, (_, i) => [`answer ${i + 1}`, 1, null, []] as const),
  },
};
