/** The bench itself in its smallest form: real processes, a tiny model, ours and the same with stock ops on WASM. */
import { expect, test } from 'vitest';
import { startCommand } from './command.ts';

interface Report {
  readonly results: readonly {
    readonly job: string;
    readonly entries: readonly {
      readonly contender: string;
      readonly failure: string | null;
      readonly ready: { readonly losses: readonly number[] };
      readonly rounds: readonly {
        readonly times: Readonly<Record<string, number>>;
        readonly loss: number | null;
        readonly dispatches: number;
        readonly bytes: number;
      }[];
    }[];
  }[];
}

test('ours and stock ops do the same work, and ours asks for fewer kernels', async () => {
  const options = [
    '--config',
    'tiny',
    '--jobs',
    'train,ppo',
    '--peers',
    'stock-ops',
    '--repeats',
    '2',
  ];
  const { status, stdout, stderr } = await startCommand('bench', [...options, '--json']).finished;
  expect(status, stderr).toBe(0);
  const { results } = JSON.parse(stdout) as Report;
  expect(results.map(({ job }) => job)).toEqual(['train', 'ppo', 'ppo-ptx']);
  for (const { entries } of results) {
    expect(entries.map(({ contender, failure }) => [contender, failure])).toEqual([
      ['ours', null],
      ['stock-ops', null],
    ]);
    const [ours, stock] = entries;
    expect(ours?.rounds).toHaveLength(2);
    for (const each of ours?.rounds ?? []) expect(each.times.whole).toBeGreaterThan(0);
    expect(ours?.rounds[0]?.dispatches).toBeLessThan(stock?.rounds[0]?.dispatches ?? 0);
    // Nothing is left behind by a round.
    expect(ours?.rounds[1]?.bytes).toBe(ours?.rounds[0]?.bytes);
  }
  const losses = (results[0]?.entries ?? []).map(({ ready, rounds }) => [
    ...ready.losses,
    ...rounds.map(({ loss }) => loss ?? NaN),
  ]);
  expect(losses[0]).toHaveLength(4);
  losses[0]?.forEach((loss, i) => {
    expect(loss).toBeCloseTo(losses[1]?.[i] ?? NaN, 4);
  });
  expect(losses[0]?.[3]).toBeLessThan(losses[0]?.[0] ?? NaN);
}, 240_000);

test.each([
  ['a job that there is not', ['--jobs', 'sleep'], /--jobs must be one of train, sample, reward/],
  ['a backend that is no contender', ['--backend', 'cpu'], /--backend must be one of wasm, webgpu/],
  ['a size that there is not', ['--config', 'XL'], /--config must be one of tiny, S, M/],
  ['no rounds', ['--repeats', '0'], /--repeats must be a whole number from 1/],
])('%s is a mistake in one line', async (_name, options, message) => {
  const { status, stdout, stderr } = await startCommand('bench', options).finished;
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(status).toBe(2);
});
