/** Messages: every command reaches its one handler and is answered once; nothing else passes; a dead worker is said. */
import { describe, expect, it } from 'vitest';
import { EXACT_REWARDS } from '../../../src/config/exact-table.ts';
import { defaultSettings } from '../../../src/config/settings.ts';
import type { ExactTable } from '../../../src/records/exact.ts';
import type { Prompt } from '../../../src/records/prompt.ts';
import { CommandError, WorkerClient, type WorkerPort } from '../../../src/worker/client.ts';
import { COMMAND_NAMES } from '../../../src/worker/commands.ts';
import { receive, type CommandHandlers } from '../../../src/worker/dispatch.ts';
import { InputError } from '../../../src/worker/failure.ts';
import type {
  CommandMap,
  CommandName,
  StageState,
  WorkerEvent,
  WorkerMessage,
} from '../../../src/worker/protocol.ts';

const settings = defaultSettings();
const state: StageState = {
  status: 'ready',
  step: 0,
  total: 0,
  secondsLeft: null,
  run: null,
  resumeAt: null,
  message: '',
};
const stages = { pretrain: state, sft: state, labels: state, reward: state, ppo: state };
const facts = { name: 'a.txt', characters: 9, lines: 1, documents: 1, tokens: 3 };
const prompts: readonly Prompt[] = [];

const table: ExactTable = { rewards: EXACT_REWARDS, beta: 0.5, seed: 1, rate: 1, iterations: 1 };

const ARGS: { readonly [N in CommandName]: CommandMap[N]['args'] } = {
  'engine.start': { settings, backend: 'wasm' },
  'project.open': { project: 'p' },
  'settings.set': { settings },
  'world.words': {},
  'world.overview': { seed: 1, labels: { population: 'default', noise: 0, k: 4 } },
  'world.document': { seed: 1, kind: null, draw: 3 },
  'world.prompts': {
    seed: 1,
    filter: { split: 'test', useCase: 'chat', kind: null, user: 'user-001' },
    from: 20,
    count: 10,
  },
  'world.answers': { seed: 1, prompt: 'hello.', draw: 0 },
  'world.verdict': { seed: 1, prompt: 'hello.', kind: 'hedging', response: '', ended: false },
  'model.sample': {
    checkpoint: 'base',
    prompt: 'Hi.',
    count: 2,
    temperature: 1,
    among: { topK: 5, topP: 0.9 },
    seed: 3,
  },
  'prompts.examples': { count: 4 },
  'demonstrations.list': { count: 4 },
  'ranking.next': { count: 1, k: 4 },
  'labels.simulate': { count: 10, k: 4 },
  'labels.stop': {},
  'labels.changed': {},
  'labels.import': {
    kind: 'rankings',
    files: [{ name: 'a', format: 'csv', text: '' }],
    classmates: true,
  },
  'labels.export': { kind: 'preferences' },
  'base.text': {},
  'base.take': { name: 'a.txt', file: new Blob(['text']) },
  'base.export': { checkpoint: 'a' },
  'base.import': { name: 'a', file: new Blob(['zip']) },
  'stage.start': { stage: 'sft', fresh: true },
  'stage.pause': { stage: 'sft' },
  'stage.step': { stage: 'reward' },
  'stage.stop': { stage: 'ppo' },
  'stage.phase': { stage: 'ppo' },
  'run.turn': { name: 'beta', value: 0.2 },
  'run.checkpoints': {},
  'run.back': { checkpoint: 'ppo-1/4' },
  'run.answer': { run: 'ppo-1', step: 4, answer: 31 },
  'reward.score': { prompt: 'a', response: '' },
  'reward.report': {},
  'work.stop': { work: 'pairs' },
  'labeler.holdOut': { labeler: 'imported:anna' },
  'labeler.stop': {},
  'judge.pairs': { left: 'a', right: 'b', count: 5, seed: 0 },
  'judge.outputs': { checkpoints: ['a', 'b'], count: 5, seed: 0 },
  'judge.board': {},
  'judge.suite': { checkpoints: ['a'], prompts: 100 },
  'judge.stop': {},
  'checkpoint.delete': { checkpoint: 'a' },
  'runs.list': {},
  'runs.show': { runs: ['r'] },
  'run.rename': { run: 'r', name: 'mine' },
  'run.delete': { run: 'r' },
  'run.fork': { checkpoint: 'a', settings: 'own' },
  'checkpoint.hashes': {},
  'checkpoint.export': { checkpoint: 'a' },
  'checkpoint.import': { name: 'a', file: new Blob(['zip']) },
  'trained.load': {},
  'checkpoint.bundle': { checkpoint: 'a' },
  'lab.export': {},
  'lab.import': { file: new Blob(['zip']), settings: false },
  'exact.solve': { table },
  'exact.begin': { run: 1, table, methods: ['ppo'] },
  'exact.drive': { run: 1, wish: 'step' },
  'exact.report': { run: 1 },
  'machine.open': { size: '5M', part: 'ppo' },
  'machine.round': {},
  'machine.close': {},
};

const REPLIES: { readonly [N in CommandName]: CommandMap[N]['reply'] } = {
  'engine.start': { backend: 'wasm', device: '', notes: [], available: [] },
  'project.open': {
    stages,
    checkpoints: [],
    settings,
    readOnly: null,
    metrics: [],
    views: [],
    suite: null,
    notes: [],
  },
  'settings.set': { stages, metrics: [], views: [] },
  'world.words': { words: ['frogs'] },
  'world.overview': {
    facts: [],
    documents: [],
    useCases: [],
    heldOutUseCase: 'extract',
    users: [],
    labelers: [],
    prompts: { train: 1, validation: 2, test: 3 },
  },
  'world.document': { kind: 'poem', parts: ['the fox sang.'] },
  'world.prompts': { prompts, total: 7 },
  'world.answers': { answers: [{ manner: 'poor', text: 'no.' }] },
  'world.verdict': {
    verdict: {
      useCase: null,
      sentences: [],
      constraints: [],
      claims: [],
      harms: [],
      factors: [],
      gate: 0,
      aims: [],
      gold: 0,
      suites: [],
    },
  },
  'model.sample': { responses: [] },
  'prompts.examples': { prompts },
  'demonstrations.list': { demonstrations: [], total: 0 },
  'ranking.next': { items: [] },
  'labels.simulate': { added: 10 },
  'labels.stop': { stages },
  'labels.changed': { stages },
  'labels.import': { added: 1, stages },
  'labels.export': { text: '' },
  'base.text': { text: null },
  'base.take': { text: facts },
  'base.export': { file: new Blob(['zip']) },
  'base.import': {},
  'stage.start': { state },
  'stage.pause': { state },
  'stage.step': { state },
  'stage.stop': { state },
  'stage.phase': { state },
  'run.turn': { turns: [] },
  'run.checkpoints': { checkpoints: [] },
  'run.back': { stages, metrics: [], views: [] },
  'run.answer': { view: null },
  'reward.score': { score: 1 },
  'reward.report': {
    trainedComparisons: 0,
    heldOut: { accuracy: 0, n: 0 },
    byLabeler: [],
    heldOutLabelers: { accuracy: null, n: 0, byLabeler: [] },
    calibration: null,
    demonstrationMean: 0,
    ceiling: null,
  },
  'work.stop': { kept: 3 },
  'labeler.holdOut': { trial: null },
  'labeler.stop': {},
  'judge.pairs': { pairs: [] },
  'judge.outputs': { items: [] },
  'judge.board': {
    groups: [],
    judgements: 0,
    resamples: 10,
    agreement: {
      training: { agreed: 0, total: 0 },
      heldOut: { agreed: 0, total: 0 },
      judgements: 0,
    },
  },
  'judge.suite': { reports: [], pairs: [] },
  'judge.stop': { stages },
  'checkpoint.delete': { checkpoints: [] },
  'runs.list': { runs: [] },
  'runs.show': { shown: [] },
  'run.rename': { runs: [] },
  'run.delete': { runs: [] },
  'run.fork': { run: 'r', runs: [] },
  'checkpoint.hashes': { checkpoints: [] },
  'checkpoint.export': { file: new Blob(['weights']) },
  'checkpoint.import': { names: ['a'], runs: [] },
  'trained.load': { names: ['a', 'b', 'c'], runs: [] },
  'checkpoint.bundle': { file: new Blob(['zip']), notes: ['one'] },
  'lab.export': { file: new Blob(['zip']), notes: [] },
  'lab.import': {
    added: { runs: 1, checkpoints: 1, rankings: 0, votes: 0, demonstrations: 0, prompts: 0 },
  },
  'exact.solve': { table, optimum: [], reference: [], tvReference: 0, jStar: 0, methods: [] },
  'exact.begin': { state: { status: 'paused', step: 0, total: 9, secondsLeft: null } },
  'exact.drive': { state: { status: 'running', step: 0, total: 9, secondsLeft: null } },
  'exact.report': { text: '{}' },
  'machine.open': { parameters: 5, tokens: 6 },
  'machine.round': { milliseconds: 7.5 },
  'machine.close': {},
};

/** Handlers that note what they were called with and answer from {@link REPLIES}. */
function fakeHandlers(calls: [CommandName, unknown][]): CommandHandlers {
  const handler =
    <N extends CommandName>(name: N) =>
    (args: CommandMap[N]['args']): Promise<CommandMap[N]['reply']> => {
      calls.push([name, args]);
      return Promise.resolve(REPLIES[name]);
    };
  return {
    'engine.start': handler('engine.start'),
    'project.open': handler('project.open'),
    'settings.set': handler('settings.set'),
    'world.words': handler('world.words'),
    'world.overview': handler('world.overview'),
    'world.document': handler('world.document'),
    'world.prompts': handler('world.prompts'),
    'world.answers': handler('world.answers'),
    'world.verdict': handler('world.verdict'),
    'model.sample': handler('model.sample'),
    'prompts.examples': handler('prompts.examples'),
    'demonstrations.list': handler('demonstrations.list'),
    'ranking.next': handler('ranking.next'),
    'labels.simulate': handler('labels.simulate'),
    'labels.stop': handler('labels.stop'),
    'labels.changed': handler('labels.changed'),
    'labels.import': handler('labels.import'),
    'labels.export': handler('labels.export'),
    'base.text': handler('base.text'),
    'base.take': handler('base.take'),
    'base.export': handler('base.export'),
    'base.import': handler('base.import'),
    'stage.start': handler('stage.start'),
    'stage.pause': handler('stage.pause'),
    'stage.step': handler('stage.step'),
    'stage.stop': handler('stage.stop'),
    'stage.phase': handler('stage.phase'),
    'run.turn': handler('run.turn'),
    'run.checkpoints': handler('run.checkpoints'),
    'run.back': handler('run.back'),
    'run.answer': handler('run.answer'),
    'reward.score': handler('reward.score'),
    'reward.report': handler('reward.report'),
    'work.stop': handler('work.stop'),
    'labeler.holdOut': handler('labeler.holdOut'),
    'labeler.stop': handler('labeler.stop'),
    'judge.pairs': handler('judge.pairs'),
    'judge.outputs': handler('judge.outputs'),
    'judge.board': handler('judge.board'),
    'judge.suite': handler('judge.suite'),
    'judge.stop': handler('judge.stop'),
    'checkpoint.delete': handler('checkpoint.delete'),
    'runs.list': handler('runs.list'),
    'runs.show': handler('runs.show'),
    'run.rename': handler('run.rename'),
    'run.delete': handler('run.delete'),
    'run.fork': handler('run.fork'),
    'checkpoint.hashes': handler('checkpoint.hashes'),
    'checkpoint.export': handler('checkpoint.export'),
    'checkpoint.import': handler('checkpoint.import'),
    'trained.load': handler('trained.load'),
    'checkpoint.bundle': handler('checkpoint.bundle'),
    'lab.export': handler('lab.export'),
    'lab.import': handler('lab.import'),
    'exact.solve': handler('exact.solve'),
    'exact.begin': handler('exact.begin'),
    'exact.drive': handler('exact.drive'),
    'exact.report': handler('exact.report'),
    'machine.open': handler('machine.open'),
    'machine.round': handler('machine.round'),
    'machine.close': handler('machine.close'),
  };
}

type Listener = (event: never) => void;

/** Client and handlers joined by a port that clones every message, as postMessage does. */
function connected(handlers: CommandHandlers) {
  const ports: { listeners: Map<string, Listener>; terminated: boolean }[] = [];
  const spawn = (): WorkerPort => {
    const port = { listeners: new Map<string, Listener>(), terminated: false };
    ports.push(port);
    const post = (message: WorkerMessage) => {
      port.listeners.get('message')?.({ data: structuredClone(message) } as never);
    };
    return {
      addEventListener: (type: string, listener: Listener) => {
        port.listeners.set(type, listener);
      },
      postMessage: (command) => void receive(handlers, structuredClone(command), post),
      terminate: () => {
        port.terminated = true;
      },
    };
  };
  return { client: new WorkerClient(spawn), ports };
}

describe('commands', () => {
  it('are all covered here', () => {
    expect([...COMMAND_NAMES].sort()).toEqual(Object.keys(ARGS).sort());
  });

  it.each(COMMAND_NAMES)('%s reaches its handler and its reply comes back', async (name) => {
    const calls: [CommandName, unknown][] = [];
    const { client } = connected(fakeHandlers(calls));
    expect(await client.call(name, ARGS[name])).toEqual(REPLIES[name]);
    expect(calls).toEqual([[name, ARGS[name]]]);
  });

  it('that fail are answered with a sentence and its kind', async () => {
    const { client } = connected({
      ...fakeHandlers([]),
      'reward.report': () => Promise.reject(new InputError('First train the reward model.')),
      'labels.changed': () => {
        throw new TypeError('x is undefined');
      },
    });
    const refused = await client.call('reward.report', {}).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CommandError);
    expect(refused).toMatchObject({
      failure: { kind: 'input', message: 'First train the reward model.' },
    });
    await expect(client.call('labels.changed', {})).rejects.toMatchObject({
      failure: { kind: 'internal' },
    });
  });

  it.each([
    ['stage.start', { stage: 'labels', fresh: true }],
    ['model.sample', { ...ARGS['model.sample'], count: 1e9 }],
    ['model.sample', { ...ARGS['model.sample'], prompt: '' }],
    ['labels.changed', { more: 1 }],
    ['settings.set', { settings: { ppo: { beta: -1 } } }],
    ['judge.suite', { checkpoints: [], prompts: 1 }],
    ['exact.begin', { run: 1, table: { ...table, beta: 0.05 }, methods: ['ppo'] }],
    ['exact.solve', { table: { ...table, rewards: EXACT_REWARDS.with(3, 1.6) } }],
    ['exact.solve', { table: { ...table, rewards: EXACT_REWARDS.slice(1) } }],
    ['exact.solve', { table: { ...table, rewards: EXACT_REWARDS.with(3, NaN) } }],
    ['exact.drive', { run: 1, wish: 'rest' }],
    ['world.document', { seed: 1, kind: 7, draw: 0 }],
    ['world.prompts', { ...ARGS['world.prompts'], filter: { split: 'all' } }],
    ['world.overview', { seed: 1, labels: { population: 'robots', noise: 0, k: 4 } }],
    ['machine.open', { size: '900M', part: 'ppo' }],
    ['machine.open', { size: '5M', part: 'sleep' }],
  ])('%s with %j is refused before any handler', async (type, args) => {
    const calls: [CommandName, unknown][] = [];
    const posted: WorkerMessage[] = [];
    await receive(fakeHandlers(calls), { type, request: 7, args }, (m) => posted.push(m));
    expect(calls).toEqual([]);
    expect(posted).toMatchObject([
      { type: 'reply', command: type, request: 7, ok: false, failure: { kind: 'input' } },
    ]);
  });

  it.each([
    ['labels.simulate', { count: 90000, k: 4 }, 'count must be a whole number from 1 to 7000'],
    ['labels.simulate', { count: null, k: 4 }, 'count must be a whole number from 1 to 7000'],
    ['judge.pairs', { ...ARGS['judge.pairs'], count: 2.5 }, 'count must be a whole number from 1'],
    ['model.sample', { ...ARGS['model.sample'], temperature: 9 }, 'temperature must be a number'],
    ['model.sample', { ...ARGS['model.sample'], prompt: '' }, 'prompt must not be empty'],
  ])('%s with %j is refused in words', async (type, args, words) => {
    const posted: WorkerMessage[] = [];
    await receive(fakeHandlers([]), { type, request: 7, args }, (m) => posted.push(m));
    expect(posted).toMatchObject([
      { failure: { message: expect.stringContaining(words) as string } },
    ]);
  });

  it.each([null, 'hello', { type: 'no.such', request: 1, args: {} }, { type: 'labels.changed' }])(
    'something that is none (%j) is answered with a failure event',
    async (message) => {
      const posted: WorkerMessage[] = [];
      await receive(fakeHandlers([]), message, (m) => posted.push(m));
      expect(posted).toMatchObject([{ type: 'failure', failure: { kind: 'input' } }]);
    },
  );
});

describe('the client', () => {
  it('hands events to its listeners until they leave', async () => {
    const { client, ports } = connected(fakeHandlers([]));
    await client.call('labels.changed', {});
    const heard: WorkerEvent[] = [];
    const leave = client.on((event) => heard.push(event));
    const event: WorkerEvent = { type: 'stage', stage: 'sft', state };
    ports[0]?.listeners.get('message')?.({ data: event } as never);
    leave();
    ports[0]?.listeners.get('message')?.({ data: event } as never);
    expect(heard).toEqual([event]);
  });

  it('says when the worker dies, fails what was under way, and starts a new one', async () => {
    const { client, ports } = connected({
      ...fakeHandlers([]),
      'reward.report': () => new Promise(() => undefined),
    });
    const heard: WorkerEvent[] = [];
    client.on((event) => heard.push(event));
    const pending = client.call('reward.report', {});
    ports[0]?.listeners.get('error')?.({ message: 'out of memory' } as never);
    await expect(pending).rejects.toThrow(/has stopped \(out of memory\).*are kept/);
    expect(heard).toMatchObject([{ type: 'failure', failure: { kind: 'engine' } }]);
    expect(ports[0]?.terminated).toBe(true);
    expect(await client.call('labels.changed', {})).toEqual({ stages });
    expect(ports).toHaveLength(2);
  });
});
