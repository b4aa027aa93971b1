/** The scenario Exact in the page: what is typed and linked, what is drawn and said, and the bench against a fake worker. */
import { describe, expect, test } from 'vitest';
import { EXACT_METHOD_NAMES, EXACT_REWARDS } from '../../../src/config/exact-table.ts';
import type { ExactMethodRow, ExactSolution, ExactTable } from '../../../src/records/exact.ts';
import { EXACT_METHODS } from '../../../src/rlhf/exact/methods.ts';
import { heightOf, scaleOf, slotsOf } from '../../../src/ui/exact-bars.ts';
import { ExactBench } from '../../../src/ui/exact-bench.svelte.ts';
import {
  ANSWERS,
  exactFromLink,
  exactQuery,
  fieldProblem,
  problemsOf,
  SHIPPED_TEXTS,
  tableOf,
  USUAL_METHODS,
} from '../../../src/ui/exact-input.ts';
import {
  distanceWords,
  exactCheckWords,
  lawWords,
  plainWords,
  sameLaw,
  standingWords,
} from '../../../src/ui/exact-words.ts';
import { formatHash, parseHash } from '../../../src/ui/hash-route.ts';
import type { CommandMap, Failure, WorkerEvent } from '../../../src/worker/protocol.ts';
import { FakeClient } from './fake-client.ts';

const PACE = { rate: 1, iterations: 1 };
const SHIPPED: ExactTable = { rewards: EXACT_REWARDS, beta: 0.5, seed: 1, ...PACE };

describe('the table as typed', () => {
  test('answers are named by their tokens, first token first', () => {
    expect(ANSWERS).toHaveLength(16);
    expect([ANSWERS[0], ANSWERS[1], ANSWERS[4], ANSWERS[15]]).toEqual(['AA', 'AB', 'BA', 'DD']);
  });

  test.each(['-1.5', '1.5', '0', '.25', ' 1 '])('%j is a reward', (text) => {
    const texts = { ...SHIPPED_TEXTS, rewards: SHIPPED_TEXTS.rewards.with(6, text) };
    expect(problemsOf(texts)).toEqual([]);
    expect(tableOf(texts)?.rewards[6]).toBe(Number(text));
  });
  test.each(['', ' ', '1.51', '-1.6', 'x', 'NaN', 'Infinity', '1,2'])(
    '%j is none, by cell',
    (text) => {
      const texts = { ...SHIPPED_TEXTS, rewards: SHIPPED_TEXTS.rewards.with(6, text) };
      expect(fieldProblem(texts, 6)).toBe('Reward of BC: use a number from −1.5 to 1.5.');
      expect(fieldProblem(texts, 5)).toBe('');
      expect(tableOf(texts)).toBeNull();
    },
  );

  test('beta and seed have bounds of their own, and every problem is said in order', () => {
    const rewards = SHIPPED_TEXTS.rewards.with(15, '9');
    const texts = { ...SHIPPED_TEXTS, rewards, beta: '0.09', seed: '1.5' };
    expect(problemsOf(texts)).toEqual([
      'Reward of DD: use a number from −1.5 to 1.5.',
      'KL penalty (beta): use a number from 0.1 to 10.',
      'Seed: use a whole number from 0 to 2147483647.',
    ]);
    expect(problemsOf({ ...SHIPPED_TEXTS, beta: '0.1', seed: '0' })).toEqual([]);
  });
});

describe('links', () => {
  test('hold what differs from the shipped table, and bring it back', () => {
    expect(exactQuery(SHIPPED)).toBe('');
    expect(exactQuery({ ...SHIPPED, seed: 3 })).toBe('seed=3');
    const table = { rewards: EXACT_REWARDS.with(1, -1.25), beta: 0.4, seed: 7, ...PACE };
    const query = exactQuery(table);
    expect(query).toBe(`seed=7&beta=0.4&rewards=${table.rewards.join(',')}`);
    expect(exactFromLink(query)).toEqual({ table, methods: USUAL_METHODS, error: null });
    expect(exactFromLink(encodeURI(query).replaceAll(',', '%2C')).table).toEqual(table);
    expect(exactFromLink('').table).toEqual(SHIPPED);
  });

  test('hold the learning rate, the iterations and the methods as well, in one order', () => {
    const table = { ...SHIPPED, rate: 0.5, iterations: 2 };
    const query = exactQuery(table, ['ppo', 'ipo']);
    expect(query).toBe('rate=0.5&iterations=2&methods=ppo,ipo');
    expect(exactFromLink(query)).toEqual({ table, methods: ['ppo', 'ipo'], error: null });
    expect(exactFromLink('methods=ipo,ppo').methods).toEqual(['ppo', 'ipo']);
    expect(exactQuery(SHIPPED, USUAL_METHODS)).toBe('');
    // A link to nothing would be a link to what is usual.
    expect(exactQuery(SHIPPED, [])).toBe('');
  });

  test('the names that they may hold are those of the methods, in their order', () => {
    expect(EXACT_METHOD_NAMES).toEqual(EXACT_METHODS.map(({ name }) => name));
  });

  test.each([
    ['beta=0.01', 'KL penalty (beta): use a number from 0.1 to 10.'],
    ['seed=-1', 'Seed: use a whole number'],
    ['rewards=1,2', 'It needs 16 rewards separated by commas, not 2.'],
    [`rewards=${EXACT_REWARDS.with(4, 1.7).join(',')}`, 'Reward of BA: use a number from −1.5'],
    [`rewards=${EXACT_REWARDS.join(',').replace('0.8', '')}`, 'Reward of BB: use a number'],
    ['gamma=1', 'It has no “gamma”: use seed, beta, rate, iterations, methods, rewards.'],
    ['rate=5', 'Learning rate, times the usual: use a number from 0.1 to 4.'],
    ['iterations=0', 'Iterations, times the usual: use a number from 0.1 to 4.'],
    ['methods=ppo,trpo', 'It has no method “trpo”: use ppo, ppo-constant,'],
    ['methods=', 'It has no method “”'],
    ['seed=1&seed=2', 'It names seed twice.'],
  ])('%s is refused in words', (query, words) => {
    const { table, error } = exactFromLink(query);
    expect(table).toBeNull();
    expect(error).toContain('The link’s table was not used.');
    expect(error).toContain(words);
  });

  test('an address names the part, and the scenario leads to it from anywhere', () => {
    expect(parseHash('#/exact?seed=3')).toEqual({ part: 'exact', query: 'seed=3' });
    expect(formatHash({ part: 'exact', query: '' })).toBe('#/exact');
    expect(parseHash('#/model?scenario=exact&beta=0.4')).toEqual({
      part: 'exact',
      query: 'beta=0.4',
    });
    expect(parseHash('#/?scenario=exact')).toEqual({ part: 'exact', query: '' });
    expect(parseHash('#/model?scenario=exactly').part).toBe('model');
  });
});

describe('bars', () => {
  test('fill the drawing side by side on one scale', () => {
    expect(scaleOf([[0.21, 0.1], [0.32]])).toBe(0.4);
    expect(scaleOf([[0.4]])).toBe(0.5);
    expect(scaleOf([[1]])).toBe(1);
    const slots = slotsOf(16);
    slots.slice(1).forEach(({ x }, i) => {
      const before = slots[i];
      expect(x).toBeCloseTo((before?.x ?? NaN) + (before?.width ?? NaN), 9);
    });
    expect(heightOf(0, 0.4) - heightOf(0.2, 0.4)).toBeCloseTo(60, 9);
    expect(heightOf(0.4, 0.4)).toBeCloseTo(8, 9);
    expect(heightOf(0.9, 0.4)).toBe(heightOf(0.4, 0.4));
  });

  test('say what they show', () => {
    const law = ANSWERS.map((_, i) => (i === 2 ? 0.4 : 0.04));
    const optimum = ANSWERS.map((_, i): number => (i === 9 ? 0.4 : 0.04));
    expect(lawWords('PPO', law, optimum.with(2, 0.3))).toBe(
      'PPO prefers AC (0.4, π* 0.3); it differs from π* most on CB (0.04 for 0.4).',
    );
  });
});

const method = (name: string, over: Partial<ExactMethodRow> = {}): ExactMethodRow => ({
  ...{ name, label: name.toUpperCase(), words: '', reachesOptimum: true, gate: 0.01, total: 9 },
  target: [],
  ...over,
});

test('words: where a method stands and what is asked of it', () => {
  const last = { step: 3, values: { tv: 0.25, tvTarget: 0.125, j: 0.5 } };
  expect(standingWords(method('ppo'), last, 0.6)).toBe(
    'PPO, iteration 3 of 9: 0.25 from π*, J 0.5 of 0.6.',
  );
  expect(standingWords(method('grpo', { reachesOptimum: false }), last, 0.6)).toContain(
    '0.25 from π*, 0.125 from its own target, J 0.5',
  );
  expect([0.25, 2e-16, 0, undefined].map(distanceWords)).toEqual(['0.25', '< 0.0001', '0', 'none']);
  expect(plainWords('Reaches pi*: KL(a || b), beta, betas')).toBe(
    'Reaches π*: KL(a ‖ b), β, betas',
  );
  expect([sameLaw([0.5, 0.5], [0.5, 0.5]), sameLaw([0.5], [0.5, 0.5]), sameLaw([1], [0])]).toEqual([
    true,
    false,
    false,
  ]);
  expect(standingWords(method('ppo'), undefined, 0.6)).toBe('PPO: not begun.');
  const words = (name: string, reachesOptimum: boolean) =>
    Object.values(exactCheckWords(name, { reachesOptimum })).join(': ');
  expect(words('arrives', true)).toBe('Reaches π*: less than');
  expect(words('arrives', false)).toBe('Reaches its own target: less than');
  expect(words('misses', false)).toBe('Stays away from π*: more than');
});

describe('the bench', () => {
  const METHODS = ['ppo', 'ppo-k3', 'rloo', 'dr-grpo', 'grpo', 'dpo', 'ipo', 'best-of-n'];
  const solve = ({ table }: { table: ExactTable }): ExactSolution => ({
    ...{ table, optimum: [], reference: [], tvReference: 0.5, jStar: table.beta },
    methods: METHODS.map((name) => method(name)),
  });
  const paused = { status: 'paused', step: 0, total: 9, secondsLeft: null } as const;

  function testBench(over: ConstructorParameters<typeof FakeClient>[0] = {}) {
    const client = new FakeClient({
      'exact.solve': solve,
      'exact.begin': () => ({ state: paused }),
      'exact.drive': ({ wish }) => ({
        state: {
          ...paused,
          status: wish === 'run' ? 'running' : wish === 'stop' ? 'stopped' : 'paused',
        },
      }),
      ...over,
    });
    const failures: Failure[] = [];
    const tasks: (() => void)[] = [];
    const bench = new ExactBench(
      client,
      (failure) => failures.push(failure),
      (task) => tasks.push(task),
    );
    return { bench, client, failures, tasks };
  }
  const rest = () => new Promise((resolve) => setImmediate(resolve));

  function told(run: number, step: number, status: 'running' | 'done' = 'running'): WorkerEvent {
    const point = { step, tv: 1 / step, tvTarget: 0.1, j: step };
    const checks = status === 'done' ? { arrives: { ok: true, value: 0.1, tolerance: 0.2 } } : {};
    return {
      ...{ type: 'exact', run, state: { ...paused, status, step } },
      progress: [{ name: 'ppo', points: [point], responses: [step], checks }],
    };
  }

  test('typing solves the newest table, one at a time, and nothing while something is wrong', async () => {
    const { bench, client } = testBench();
    await bench.solve();
    bench.type(0, '0.9');
    bench.type(0, '0.8');
    bench.type('beta', '0.7');
    await rest();
    const tables = client.argsOf('exact.solve').map(({ table }) => [table.rewards[0], table.beta]);
    expect(tables[0]).toEqual([1, 0.5]);
    expect(tables.at(-1)).toEqual([0.8, 0.7]);
    expect(tables).toHaveLength(3);
    expect(bench.ready).toBe(true);
    bench.type(0, '7');
    await rest();
    expect(client.argsOf('exact.solve')).toHaveLength(3);
    expect([bench.ready, bench.table]).toEqual([false, null]);
    expect(bench.texts.rewards[0]).toBe('7');
    expect(bench.solution?.jStar).toBe(0.7);
    await bench.begin('run');
    expect(client.argsOf('exact.begin')).toEqual([]);
    // The address keeps the last table that was right.
    expect(bench.query).toContain('beta=0.7&rewards=0.8,');
  });

  test('a reset can be taken back until something is typed', async () => {
    const { bench } = testBench();
    bench.type(3, '0.25');
    bench.type('seed', '5');
    bench.reset();
    expect(bench.texts).toEqual(SHIPPED_TEXTS);
    bench.undoReset();
    expect([bench.texts.rewards[3], bench.texts.seed]).toEqual(['0.25', '5']);
    bench.reset();
    bench.type(0, '0.5');
    expect(bench.canUndoReset).toBe(false);
    await rest();
  });

  test('a run begins with what is typed and shows what is told of it, drawn in one go', async () => {
    const { bench, client, tasks } = testBench();
    await bench.solve();
    bench.choose('grpo', false);
    bench.choose('ipo', true);
    expect(bench.chosen).toEqual(['ppo', 'ppo-k3', 'rloo', 'dr-grpo', 'dpo', 'ipo', 'best-of-n']);
    await bench.begin('run');
    expect(client.argsOf('exact.begin')).toEqual([
      { run: 1, table: SHIPPED, methods: bench.chosen },
    ]);
    expect(client.argsOf('exact.drive')).toEqual([{ run: 1, wish: 'run' }]);
    expect(bench.running).toBe(true);
    client.emit(told(1, 1));
    client.emit(told(1, 2));
    client.emit(told(7, 3));
    expect(tasks).toHaveLength(1);
    expect(bench.track('ppo')).toBeUndefined();
    tasks[0]?.();
    expect(bench.track('ppo')?.rows).toEqual([
      { step: 1, values: { tv: 1, tvTarget: 0.1, j: 1 } },
      { step: 2, values: { tv: 0.5, tvTarget: 0.1, j: 2 } },
    ]);
    expect(bench.track('ppo')?.responses).toEqual([2]);
    expect(bench.state?.step).toBe(2);
    client.emit(told(1, 3, 'done'));
    tasks[1]?.();
    expect(bench.state?.status).toBe('done');
    expect(bench.track('ppo')?.checks).toHaveProperty('arrives');
    expect(bench.track('ppo')?.rows).toHaveLength(3);
  });

  test('what a run shows stays while the table is edited, and is marked; the next run replaces it', async () => {
    const { bench, client, tasks } = testBench();
    await bench.solve();
    await bench.begin('step');
    client.emit(told(1, 1, 'done'));
    tasks[0]?.();
    expect(bench.stale).toBe(false);
    bench.type('beta', '0.9');
    await rest();
    expect(bench.stale).toBe(true);
    expect([bench.solution?.jStar, bench.shownSolution?.jStar]).toEqual([0.9, 0.5]);
    bench.type('beta', '');
    expect([bench.stale, bench.track('ppo')?.rows.length]).toEqual([true, 1]);
    bench.type('beta', '0.50');
    await rest();
    expect(bench.stale).toBe(false);
    bench.choose('dpo', false);
    expect(bench.stale).toBe(true);
    bench.type('beta', '0.9');
    await rest();
    await bench.begin('run');
    expect(client.argsOf('exact.begin').map(({ run }) => run)).toEqual([1, 2]);
    expect([bench.stale, bench.shownSolution?.jStar]).toEqual([false, 0.9]);
    expect(bench.track('ppo')).toBeUndefined();
    // What is still told of the run before is not for this one.
    client.emit(told(1, 2));
    tasks.at(-1)?.();
    expect(bench.track('ppo')).toBeUndefined();
  });

  test('two quick presses are one', async () => {
    const { bench, client } = testBench();
    await bench.solve();
    await Promise.all([bench.begin('run'), bench.begin('run')]);
    expect(client.argsOf('exact.begin')).toHaveLength(1);
    await Promise.all([bench.drive('pause'), bench.drive('run')]);
    expect(client.argsOf('exact.drive').map(({ wish }) => wish)).toEqual(['run', 'pause']);
  });

  test('a bad link is said and changes nothing; a good one is taken and clears the sentence', async () => {
    const { bench } = testBench();
    bench.type('seed', '4');
    bench.takeLink('beta=99');
    expect(bench.linkError).toContain('KL penalty (beta)');
    expect(bench.texts.seed).toBe('4');
    bench.takeLink('beta=0.4');
    expect([bench.linkError, bench.texts.beta, bench.texts.seed]).toEqual([null, '0.4', '1']);
    await rest();
    expect(bench.query).toBe('beta=0.4');
  });

  test('a link chooses the methods; one that names none has the usual ones', async () => {
    const { bench } = testBench();
    bench.takeLink('rate=2&methods=grpo,ppo');
    await rest();
    expect([bench.chosen, bench.texts.rate]).toEqual([['ppo', 'grpo'], '2']);
    expect(bench.query).toBe('rate=2&methods=ppo,grpo');
    bench.choose('dpo', true);
    expect(bench.query).toBe('rate=2&methods=ppo,grpo,dpo');
    bench.takeLink('methods=ppo,none');
    expect([bench.chosen.length, bench.linkError === null]).toEqual([3, false]);
    bench.takeLink('seed=2');
    expect(bench.chosen).toEqual(USUAL_METHODS);
    await rest();
  });

  test('a run that is lost with the worker stops, says so, and keeps what it showed', async () => {
    const drive = ({ wish }: CommandMap['exact.drive']['args']) => {
      if (wish === 'pause') throw Object.assign(new Error('gone'), { kind: 'input' });
      return { state: { ...paused, status: 'running' as const } };
    };
    const { bench, client, failures, tasks } = testBench({ 'exact.drive': drive });
    await bench.solve();
    await bench.begin('run');
    client.emit(told(1, 1));
    tasks[0]?.();
    await bench.drive('pause');
    expect(failures).toMatchObject([{ kind: 'input', message: 'gone' }]);
    expect(bench.state?.status).toBe('stopped');
    expect(bench.track('ppo')?.rows).toHaveLength(1);
    await bench.begin('run');
    expect(bench.running).toBe(true);
    client.emit({ type: 'failure', failure: { kind: 'engine', message: 'it died' } });
    expect(bench.state?.status).toBe('stopped');
    expect(bench.asked).toBe(false);
  });
});
