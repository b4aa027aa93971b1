/** Mistakes on the command line: one clear line on stderr, exit status 2, and no work begun. */
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadModel, loadTokenizer } from '../../../src/cli/model-files.ts';
import { readRunOptions } from '../../../src/cli/rlhf-options.ts';
import { loadSnapshot } from '../../../src/cli/snapshot-files.ts';
import { keptFacts } from '../../../src/cli/stage-runner.ts';
import { start } from '../model/tiny-model.ts';
import { startCommand } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'rlhf-mistakes-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const shipped = 'public/models/base';
const cut = join(folder, 'cut');
const used = join(folder, 'used');
mkdirSync(cut);
mkdirSync(used);
writeFileSync(join(cut, 'config.json'), readFileSync(join(shipped, 'config.json')));
writeFileSync(join(cut, 'tokenizer.json'), '{"version": ');
writeFileSync(
  join(cut, 'model.safetensors'),
  readFileSync(join(shipped, 'model.safetensors')).subarray(0, 300_000),
);
writeFileSync(join(used, 'run.json'), '{}');

test.each([
  ['an unknown option', ['--colour', 'red'], /'--colour'.*Options: --preset, --scenario, --seed/],
  ['a stray word', ['micro'], /'micro'/],
  ['an unknown preset', ['--preset', 'huge'], /--preset must be one of micro, quick, long, paper/],
  ['a seed that is no number', ['--seed', 'one'], /--seed must be a whole number/],
  ['a negative seed', ['--seed=-1'], /--seed must be a whole number from 0/],
  ['an unknown backend', ['--backend', 'cuda'], /--backend must be one of webgpu, wasm/],
  ['an unknown control', ['--control', 'silence'], /--control must be one of noise/],
  ['an unknown method', ['--method', 'a2c'], /--method must be one of ppo, dpo, online-dpo, grpo/],
  [
    'groups that do not fit the batch',
    ['--method', 'grpo', '--set', 'ppo.rolloutBatch=36,ppo.episodes=36,ppo.minibatches=4'],
    /ppo\.rolloutBatch: must be a multiple of 8/,
  ],
  ['a method for a resumed run', ['--resume', used, '--method', 'dpo'], /cannot be changed/],
  ['a method in exact mode', ['--preset', 'exact', '--method', 'dpo'], /--method has no meaning/],
  ['a setting out of range', ['--set', 'ppo.beta=-3'], /beta/i],
  ['a setting that does not exist', ['--set', 'ppo.alpha=1'], /alpha/],
  ['a setting without a value', ['--set', 'ppo.beta'], /beta/i],
  ['minibatches that do not divide', ['--set', 'ppo.minibatches=7'], /must divide/],
  [
    'minibatches too small',
    ['--preset', 'micro', '--set', 'ppo.minibatches=8'],
    /use fewer minibatches/,
  ],
  ['a folder that holds another run', ['--out', used], /already holds a run/],
  ['a folder without a run', ['--resume', folder], /run\.json is missing/],
  ['a run that is not one', ['--resume', used], /does not describe a run/],
  ['a seed for a resumed run', ['--resume', used, '--seed', '2'], /cannot be changed/],
  ['a base for a resumed run', ['--resume', used, '--base', 'x'], /cannot be changed/],
  ['a beta outside exact mode', ['--beta', '0.5'], /--beta belongs to --preset exact/],
  ['rewards outside exact mode', ['--rewards', 'random'], /--rewards belongs to --preset exact/],
  ['a small beta', ['--preset', 'exact', '--beta', '0.05'], /--beta must be a number from 0\.1/],
  ['a beta in words', ['--preset', 'exact', '--beta', 'low'], /--beta must be a number .*"low"/],
  ['an empty beta', ['--preset', 'exact', '--beta='], /--beta must be a number/],
  ['a seed in exact mode', ['--preset', 'exact', '--seed', '1.5'], /--seed must be a whole number/],
  ['too few rewards', ['--preset', 'exact', '--rewards', '1,2'], /--rewards must be 16 numbers/],
  [
    'a reward out of bounds',
    ['--preset', 'exact', '--rewards', '1.6,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0'],
    /--rewards must be a number from -1\.5 to 1\.5, not "1\.6"/,
  ],
  [
    'a missing reward',
    ['--preset', 'exact', '--rewards', ',0,0,0,0,0,0,0,0,0,0,0,0,0,0,0'],
    /--rewards must be a number/,
  ],
  [
    'a backend in exact mode',
    ['--preset', 'exact', '--backend', 'cpu'],
    /--backend has no meaning/,
  ],
  ['settings in exact mode', ['--preset', 'exact', '--set', 'ppo.beta=1'], /--set has no meaning/],
  [
    'an exact report under a file',
    ['--preset', 'exact', '--json', join(cut, 'config.json/r.json')],
    /--json: cannot write/,
  ],
  ['a report under a file', ['--json', join(cut, 'config.json/r.json')], /--json: cannot write/],
])('%s is refused in one line', (_, words, message) => {
  let text = '';
  try {
    readRunOptions(words);
  } catch (error) {
    expect((error as Error).name).toMatch(/^(UsageError|SettingsError)$/);
    text = (error as Error).message;
  }
  expect(text).toMatch(message);
  expect(text).not.toContain('\n');
});

/** Options of a run, not of exact mode. */
function runOptions(words: readonly string[]) {
  const options = readRunOptions(words);
  if (options.kind !== 'run') throw new TypeError('these are options of exact mode');
  return options;
}

test('good options come to settings, and a saved run to the same ones', () => {
  const out = join(folder, 'fresh');
  const words = [
    '--preset',
    'micro',
    '--seed',
    '5',
    '--set',
    'ppo.beta=0.3,sft.epochs=2',
    '--method',
    'rloo',
    '--out',
    out,
  ];
  const { run, path, report } = runOptions(words);
  expect([run.preset, run.settings.general.seed, run.settings.ppo.beta]).toEqual(['micro', 5, 0.3]);
  expect([run.settings.sft.epochs, run.backend, run.base]).toEqual([2, 'wasm', shipped]);
  expect(run.settings.method.name).toBe('rloo');
  expect([path, report]).toEqual([out, join(out, 'report.json')]);
  writeFileSync(join(out, 'run.json'), JSON.stringify(run));
  expect(runOptions(['--resume', out]).run).toEqual(run);
});

test('--method is short for method.name and wins over it; groups are settings like any other', () => {
  const method = (...words: string[]) => runOptions(words).run.settings.method;
  expect(method('--set', 'method.name=rloo,method.groupSize=4')).toMatchObject({
    name: 'rloo',
    groupSize: 4,
  });
  expect(method('--set', 'method.name=rloo', '--method', 'grpo').name).toBe('grpo');
  expect(method('--method', 'grpo').name).toBe('grpo');
  expect(method().name).toBe('ppo');
});

test('a run kept by a version that knew methods only as an option goes on with its own', () => {
  const old = join(folder, 'old');
  mkdirSync(old);
  const { run } = runOptions(['--preset', 'micro']);
  const settings: Record<string, unknown> = { ...run.settings };
  delete settings['method'];
  writeFileSync(join(old, 'run.json'), JSON.stringify({ ...run, settings, method: 'dpo' }));
  const { method } = runOptions(['--resume', old]).run.settings;
  expect(method).toEqual({ ...runOptions([]).run.settings.method, name: 'dpo' });
});

test('model files that are missing, cut or foreign are refused by name', async () => {
  await start('cpu');
  expect(() => loadTokenizer(join(folder, 'no'))).toThrow(/cannot read .*tokenizer\.json/);
  expect(() => loadTokenizer(cut)).toThrow(/tokenizer\.json is not valid JSON/);
  const refusal = (): string => {
    try {
      loadModel(cut, 'language').dispose();
    } catch (error) {
      return (error as Error).name;
    }
    return 'none';
  };
  expect(refusal()).toBe('FormatError');
  writeFileSync(join(cut, 'config.json'), '{"model_type": "llama"}');
  expect(refusal()).toBe('ModelFileError');
});

test('help is a line for each option and no mistake', async () => {
  const { status, stdout, stderr } = await startCommand('rlhf', ['--help']).finished;
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/--preset NAME +one of micro, quick, long, paper/);
  expect(stdout.trim().split('\n')).toHaveLength(15);
});

test('a control beside a run has a report of its own', () => {
  const out = join(folder, 'fresh');
  expect(readRunOptions(['--resume', out, '--control', 'noise'])).toMatchObject({
    report: join(out, 'report-noise.json'),
  });
  expect(readRunOptions(['--resume', out])).toMatchObject({ run: { control: null } });
});

test('a damaged checkpoint or journal is refused by name', () => {
  mkdirSync(join(folder, 'sft-part'));
  writeFileSync(join(folder, 'sft-part', 'state.json'), '{"step": ');
  writeFileSync(join(folder, 'sft-part', 'tensors.safetensors'), 'x');
  expect(() => loadSnapshot(folder, 'sft-part')).toThrow(/checkpoint .*sft-part is damaged/);
  writeFileSync(join(folder, 'labels.json'), '{"records": [');
  expect(() => keptFacts({ path: folder }, 'labels')).toThrow(/labels\.json is damaged/);
});

test.each([
  ['an unknown option', ['--colour', 'red'], /'--colour'/],
  ['a small beta', ['--preset', 'exact', '--beta', '0.01'], /--beta must be/],
  [
    'a base folder that is not there',
    ['--base', join(folder, 'no')],
    /cannot read .*tokenizer\.json/,
  ],
])('%s: the process says so in one line and exits with status 2', async (_, words, message) => {
  const { status, stdout, stderr } = await startCommand('rlhf', words).finished;
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(existsSync(join(used, 'report.json'))).toBe(false);
});
