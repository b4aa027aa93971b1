/**
 * A whole laboratory as a file: everything comes back elsewhere; a bad file changes nothing and is told by the name of the
 * file inside; nothing that is here is lost, and what bears the same id is kept apart.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { unzipSync, zipSync } from 'fflate';
import { parseSettings } from '../../../src/config/settings.ts';
import { packFiles } from '../../../src/data/zip-archive.ts';
import { readCheckpoint } from '../../../src/storage/checkpoints.ts';
import { readLab } from '../../../src/storage/lab.ts';
import { saveEvaluation, saveSitting } from '../../../src/storage/labels.ts';
import { Connection } from '../../../src/storage/open.ts';
import { saveOwnText } from '../../../src/storage/projects.ts';
import { failWrites } from '../storage/failing-writes.ts';
import { ranking } from './fake-workbench.ts';
import { freshName, testSession, train, type TestSession } from './session-world.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const handlers = (test: TestSession) => test.session.handlers;
const SETTINGS = parseSettings({ ppo: { beta: 0.25 } });

const OWN_TEXT = { name: 'verse', text: 'one.\n\ntwo “three”.', print: 'ab12', at: 5 };

interface Lab {
  readonly name: string;
  readonly test: TestSession;
}

async function rowsOf({ name }: Lab) {
  return (await readLab(await new Connection({ name }).db(), 'p')).rows;
}

async function emptyLab(): Promise<Lab> {
  const name = freshName();
  return { name, test: await testSession({ name }) };
}

/** A laboratory with something of every kind, a paused run among it. */
async function fullLab(): Promise<Lab> {
  const lab = await emptyLab();
  const { test, name } = lab;
  await handlers(test)['settings.set']({ settings: SETTINGS });
  await train(test, 'sft');
  await handlers(test)['labels.simulate']({ count: 3, k: 4 });
  await handlers(test)['labels.import']({
    kind: 'prompts',
    files: [{ name: 'own', format: 'jsonl', text: '{"prompt":"my own"}' }],
    classmates: false,
  });
  await handlers(test)['labels.import']({
    kind: 'demonstrations',
    files: [{ name: 'own', format: 'jsonl', text: '{"prompt":"hi","completion":"hello"}' }],
    classmates: false,
  });
  await train(test, 'sft');
  await train(test, 'reward');
  const paused = test.until('ppo', 'paused');
  await handlers(test)['stage.step']({ stage: 'ppo' });
  await paused;
  const [sft = ''] = (await rowsOf(lab)).checkpoints.map(({ id }) => id);
  await handlers(test)['judge.suite']({ checkpoints: [sft], prompts: 5 });
  const { prompt, completions } = ranking('v', 'person');
  const [left, right] = completions.map((row) => ({ ...row, policy: sft }));
  if (left === undefined || right === undefined) throw new Error('expected two completions');
  const pair = { id: 'pair', prompt, left, right };
  const sitting = { first: sft, second: `${sft}/average`, pairs: [pair], at: 1, revealed: false };
  const vote = { id: 'vote', prompt, left, right, choice: 'left', at: 9 } as const;
  const db = await new Connection({ name }).db();
  await saveSitting(db, 'p', sitting, vote);
  const rating = { overall: 6, flags: ['hallucination'] } as const;
  const evaluated = { ...ranking('e', 'person'), completions: [left, right] };
  await saveEvaluation(
    db,
    'p',
    {
      ...{ checkpoints: [sft, `${sft}/average`], baseline: sft, at: 0, revealed: false },
      ...{ items: [{ id: 'item', prompt, outputs: [left, right] }], ratings: [rating] },
    },
    { ...evaluated, ratings: [rating, null], repeat: true },
  );
  await saveOwnText(db, 'p', OWN_TEXT);
  return lab;
}

const exported = async ({ test }: Lab) => handlers(test)['lab.export']({});

async function filesOf(lab: Lab): Promise<Record<string, Uint8Array>> {
  const { file } = await exported(lab);
  return unzipSync(new Uint8Array(await file.arrayBuffer()));
}

function imported({ test }: Lab, bytes: Uint8Array | Blob, settings = true) {
  const file = bytes instanceof Blob ? bytes : new Blob([new Uint8Array(bytes)]);
  return handlers(test)['lab.import']({ file, settings });
}

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const bytesOf = (words: string) => new TextEncoder().encode(words);

async function hash(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes));
  return Buffer.from(digest).toString('hex');
}

/** The zip again with one file changed and the list set right, as a clever forger would. */
async function forged(lab: Lab, name: string, change: (content: string) => string | Uint8Array) {
  const files = await filesOf(lab);
  const changed = change(text(files[name]));
  const content = typeof changed === 'string' ? bytesOf(changed) : changed;
  const manifest = JSON.parse(text(files['lab.json'])) as { files: Record<string, unknown> };
  manifest.files[name] = { bytes: content.length, sha256: await hash(content) };
  return zipSync({ ...files, [name]: content, 'lab.json': bytesOf(JSON.stringify(manifest)) });
}

/** The zip again with another list, which no hash protects. */
async function reworded(lab: Lab, change: (list: string) => string): Promise<Uint8Array> {
  const files = await filesOf(lab);
  return zipSync({ ...files, 'lab.json': bytesOf(change(text(files['lab.json']))) });
}

describe('the round trip', () => {
  it('brings everything to an empty laboratory, and its stages go on', async () => {
    const from = await fullLab();
    const { file, notes } = await exported(from);
    expect(notes).toEqual([]);
    const to = await emptyLab();
    const { added } = await imported(to, file);
    expect(added).toMatchObject({ rankings: 3, votes: 2, demonstrations: 1, prompts: 1 });
    expect(await rowsOf(to)).toEqual(await rowsOf(from));
    // Known at once, before the project is opened again.
    const { runs } = await handlers(to.test)['runs.list']({});
    expect(runs.map(({ name }) => name)).toEqual(['SFT 1', 'SFT 2', 'Reward model 1', 'PPO-ptx 1']);
    const { stages, settings } = await handlers(to.test)['project.open']({ project: 'p' });
    const before = await handlers(from.test)['project.open']({ project: 'p' });
    expect(settings).toEqual(SETTINGS);
    expect(stages).toEqual(before.stages);
    for (const { id } of (await rowsOf(from)).checkpoints) {
      const [a, b] = await Promise.all(
        [from, to].map(async ({ name }) => readCheckpoint(await new Connection({ name }).db(), id)),
      );
      expect(b?.bytes).toEqual(a?.bytes);
    }
    await train(to.test, 'ppo');
    await train(from.test, 'ppo');
    const ends = await Promise.all(
      [from, to].map(async (lab) => (await rowsOf(lab)).metrics.at(-1)),
    );
    expect(ends[1]?.records).toEqual(ends[0]?.records);
    expect(ends[0]?.records).toHaveLength(8);
  });

  it('of the same file twice adds nothing the second time', async () => {
    const { file } = await exported(await fullLab());
    const to = await emptyLab();
    await imported(to, file);
    const rows = await rowsOf(to);
    expect((await imported(to, file)).added).toEqual({
      ...{ runs: 0, checkpoints: 0, rankings: 0, votes: 0, demonstrations: 0, prompts: 0 },
    });
    expect(await rowsOf(to)).toEqual(rows);
  });

  it('leaves the settings alone unless they are asked for', async () => {
    const { file } = await exported(await fullLab());
    const to = await emptyLab();
    const { settings } = await handlers(to.test)['project.open']({ project: 'p' });
    await imported(to, file, false);
    expect((await handlers(to.test)['project.open']({ project: 'p' })).settings).toEqual(settings);
  });

  it('leaves a damaged checkpoint out and says which', async () => {
    const lab = await fullLab();
    const db = await new Connection({ name: lab.name }).db();
    const [first] = (await rowsOf(lab)).checkpoints;
    await db.put('chunks', { checkpoint: first?.id ?? '', index: 0, bytes: new Uint8Array(8) });
    const { file, notes } = await exported(lab);
    expect(notes).toEqual([`${first?.manifest.name ?? ''} is damaged and is left out.`]);
    const to = await emptyLab();
    await imported(to, file);
    const ids = (await rowsOf(to)).checkpoints.map(({ id }) => id);
    expect(ids).toEqual((await rowsOf(lab)).checkpoints.slice(1).map(({ id }) => id));
  });
});

describe('what is here already', () => {
  it('stays as it is; rows of the same id and other content are kept apart, and references follow', async () => {
    const from = await fullLab();
    const { file } = await exported(from);
    const to = await emptyLab();
    await imported(to, file);
    const db = await new Connection({ name: to.name }).db();
    const before = await rowsOf(to);
    const [run] = before.runs;
    if (run === undefined) throw new Error('expected a run');
    // Another life of the same run: other records, another checkpoint, another ranking of the same id.
    await db.put('metrics', {
      run: run.id,
      from: 1,
      records: [{ stage: 'sft', step: 1, values: { loss: 7 } }],
    });
    const ranked = await db.get('rankings', ['p', 'class-0']);
    if (ranked === undefined) throw new Error('expected a ranking');
    await db.put('rankings', { ...ranked, value: { ...ranked.value, ranks: [2, 1] } });
    const mine = await rowsOf(to);
    const { added } = await imported(to, file, false);
    expect(added).toMatchObject({ runs: 1, rankings: 1 });
    const after = await rowsOf(to);
    for (const kind of ['runs', 'metrics', 'views', 'checkpoints', 'rankings', 'votes'] as const) {
      expect(after[kind]).toEqual(expect.arrayContaining([...mine[kind]]));
    }
    const other = after.runs.find(({ id }) => id === `${run.id}~2`);
    expect(other?.run.name).toBe(`${run.run.name} (2)`);
    const own = after.checkpoints.filter(({ manifest }) => manifest.run === `${run.id}~2`);
    expect(own.length).toBeGreaterThan(0);
    expect(
      own.every(({ id, manifest }) => id.startsWith(`${run.id}~2/`) && manifest.id === id),
    ).toBe(true);
    expect(own.at(-1)?.manifest.name).toBe(`${run.run.name} (2)`);
    const moved = after.votes.find(({ id }) => id === 'vote~2');
    expect(moved?.left.policy).toBe(own[0]?.id);
    expect(after.rankings.map(({ id }) => id)).toContain('class-0~2');
    const evaluated = after.evaluations.find(({ id }) => id === 'e~2');
    expect(evaluated?.completions.map(({ policy }) => policy)).toEqual([own[0]?.id, own[0]?.id]);
    expect(evaluated?.ratings).toEqual([{ overall: 6, flags: ['hallucination'] }, null]);
    // And a third time there is nothing new.
    expect((await imported(to, file, false)).added).toMatchObject({
      runs: 0,
      rankings: 0,
      votes: 0,
    });
  });

  it('of judgements is not replaced', async () => {
    const from = await fullLab();
    const { file } = await exported(from);
    const to = await emptyLab();
    await train(to.test, 'sft');
    const [sft = ''] = (await rowsOf(to)).checkpoints.map(({ id }) => id);
    await handlers(to.test)['judge.suite']({ checkpoints: [sft], prompts: 5 });
    const { suites } = await rowsOf(to);
    await imported(to, file, false);
    expect((await rowsOf(to)).suites).toEqual(suites);
    expect((await rowsOf(to)).sittings).toHaveLength(1);
    expect((await rowsOf(to)).evaluationSittings).toHaveLength(1);
  });
});

describe('evaluations', () => {
  it('may be missing from a file of before there were any, and one here already stays', async () => {
    const { file } = await exported(await fullLab());
    const to = await emptyLab();
    const files = unzipSync(new Uint8Array(await file.arrayBuffer()));
    const newer = ['labels/evaluations.jsonl', 'judge/evaluation.jsonl'];
    const manifest = JSON.parse(text(files['lab.json'])) as { files: Record<string, unknown> };
    const without = <T>(of: Record<string, T>) =>
      Object.fromEntries(Object.entries(of).filter(([name]) => !newer.includes(name)));
    expect(Object.keys(files)).toEqual(expect.arrayContaining(newer));
    const list = bytesOf(JSON.stringify({ ...manifest, files: without(manifest.files) }));
    const old = zipSync({ ...without(files), 'lab.json': list });
    expect((await imported(to, old)).added).toMatchObject({ rankings: 3, votes: 1 });
    const rows = await rowsOf(to);
    expect([rows.evaluations, rows.evaluationSittings]).toEqual([[], []]);
    expect((await imported(to, file)).added).toMatchObject({ rankings: 0, votes: 1 });
    const [sitting] = (await rowsOf(to)).evaluationSittings;
    if (sitting === undefined) throw new Error('expected an evaluation');
    const db = await new Connection({ name: to.name }).db();
    await saveEvaluation(db, 'p', { ...sitting, at: 1 }, null);
    await imported(to, file);
    expect((await rowsOf(to)).evaluationSittings).toEqual([{ ...sitting, at: 1 }]);
  });

  it('with a bad rating are refused by file and line', async () => {
    const from = await fullLab();
    const bad = await forged(from, 'labels/evaluations.jsonl', (content) =>
      content.replace('"overall":6', '"overall":9'),
    );
    const to = await emptyLab();
    await expect(imported(to, bad)).rejects.toThrow(/labels\/evaluations\.jsonl, line 1/);
    expect((await rowsOf(to)).evaluations).toEqual([]);
  });
});

describe('the own text', () => {
  it('comes with the file and is known at once; one that is here already stays', async () => {
    const { file } = await exported(await fullLab());
    const to = await emptyLab();
    expect(await handlers(to.test)['base.text']({})).toEqual({ text: null });
    await imported(to, file);
    expect((await rowsOf(to)).texts).toEqual([OWN_TEXT]);
    expect((await handlers(to.test)['base.text']({})).text).toMatchObject({ name: 'verse' });
    const other = await emptyLab();
    const own = { ...OWN_TEXT, name: 'mine', text: 'four.' };
    await saveOwnText(await new Connection({ name: other.name }).db(), 'p', own);
    await imported(other, file);
    expect((await rowsOf(other)).texts).toEqual([own]);
  });

  it('may be missing from a file of before it was packed', async () => {
    const { 'base/text.jsonl': packed, ...files } = await filesOf(await fullLab());
    expect(packed).toBeDefined();
    const manifest = JSON.parse(text(files['lab.json'])) as { files: Record<string, unknown> };
    const { 'base/text.jsonl': listed, ...rest } = manifest.files;
    expect(listed).toBeDefined();
    const old = { ...files, 'lab.json': bytesOf(JSON.stringify({ ...manifest, files: rest })) };
    const to = await emptyLab();
    expect((await imported(to, zipSync(old))).added).toMatchObject({ rankings: 3 });
    expect((await rowsOf(to)).texts).toEqual([]);
  });
});

describe('a bad file changes nothing and is told', () => {
  const cases: readonly (readonly [string, (lab: Lab) => Promise<Uint8Array>, RegExp])[] = [
    ['no zip', () => Promise.resolve(bytesOf('hello')), /no zip, or its end is missing/],
    ['an empty file', () => Promise.resolve(new Uint8Array()), /no zip, or its end is missing/],
    [
      'a zip that ends early',
      async (lab) => new Uint8Array(await (await exported(lab)).file.arrayBuffer()).slice(0, -200),
      /no zip, or its end is missing/,
    ],
    [
      'another zip',
      () => Promise.resolve(zipSync({ 'readme.txt': bytesOf('hi') })),
      /lab\.json in this laboratory file: it is missing/,
    ],
    [
      'a path that leads out',
      async (lab) => zipSync({ ...(await filesOf(lab)), '../../evil.js': bytesOf('x') }),
      /path that is not allowed: \.\.\/\.\.\/evil\.js/,
    ],
    [
      'an absolute path',
      async (lab) => zipSync({ ...(await filesOf(lab)), '/etc/passwd': bytesOf('x') }),
      /path that is not allowed: \/etc\/passwd/,
    ],
    [
      'a file that nobody listed',
      async (lab) => zipSync({ ...(await filesOf(lab)), 'more.txt': bytesOf('x') }),
      /more\.txt in this laboratory file: it is not in the list/,
    ],
    [
      'a listed file that is gone',
      async (lab) => {
        const files = Object.entries(await filesOf(lab));
        return zipSync(
          Object.fromEntries(files.filter(([name]) => name !== 'labels/rankings.jsonl')),
        );
      },
      /labels\/rankings\.jsonl in this laboratory file: it is missing/,
    ],
    [
      'a changed byte of a checkpoint',
      async (lab) => {
        const files = await filesOf(lab);
        files['checkpoints/0001.safetensors']?.fill(1, -1);
        return zipSync(files);
      },
      /checkpoints\/0001\.safetensors in this laboratory file: its content is not what was exported/,
    ],
    [
      'a later version',
      (lab) => reworded(lab, (all) => all.replace('"version": 1', '"version": 2')),
      /lab\.json in this laboratory file: it is of version 2, and this program reads version 1/,
    ],
    [
      'a version that is none',
      (lab) => reworded(lab, (all) => all.replace('"version": 1', '"version": "x"')),
      /lab\.json in this laboratory file: version/,
    ],
    [
      'settings out of range',
      (lab) => reworded(lab, (all) => all.replace('"beta": 0.25', '"beta": 99')),
      /lab\.json in this laboratory file: settings: ppo\.beta .* must be a number from 0 to 10/,
    ],
    [
      'a row that is no JSON',
      (lab) => forged(lab, 'runs/runs.jsonl', (all) => all.replace('{', '[')),
      /runs\/runs\.jsonl, line 1, in this laboratory file: it is not valid JSON/,
    ],
    [
      'a row with a field that nobody knows',
      (lab) => forged(lab, 'labels/rankings.jsonl', (all) => all.replace('{', '{"extra":1,')),
      /labels\/rankings\.jsonl, line 1, in this laboratory file: extra/,
    ],
    [
      'a row that is there twice',
      (lab) => forged(lab, 'labels/prompts.jsonl', (all) => all + all),
      /labels\/prompts\.jsonl, line 2, in this laboratory file: .* is there twice/,
    ],
    [
      'records of a run that is not there',
      (lab) =>
        forged(lab, 'runs/metrics.jsonl', (all) => all.replace(/"run":"[^"]*"/, '"run":"nobody"')),
      /runs\/metrics\.jsonl, line 1, in this laboratory file: run nobody is not in the file/,
    ],
    [
      'weights that are none',
      (lab) =>
        forged(lab, 'checkpoints/0001.safetensors', (all) => bytesOf('x'.repeat(all.length))),
      /checkpoints\/0001\.safetensors in this laboratory file/,
    ],
  ];

  it.each(cases)('%s', async (_what, make, words) => {
    const bytes = await make(await fullLab());
    const to = await emptyLab();
    await train(to.test, 'sft');
    const before = await rowsOf(to);
    await expect(imported(to, bytes)).rejects.toThrow(words);
    expect(await rowsOf(to)).toEqual(before);
    expect((await handlers(to.test)['project.open']({ project: 'p' })).settings).not.toEqual(
      SETTINGS,
    );
  });

  it('a disk that is full in the middle keeps nothing of it', async () => {
    const { file } = await exported(await fullLab());
    const to = await emptyLab();
    const before = await rowsOf(to);
    failWrites((store) => store === 'chunks');
    await expect(imported(to, file)).rejects.toThrow(/no space left/);
    vi.restoreAllMocks();
    expect(await rowsOf(to)).toEqual(before);
    await imported(to, file);
    expect((await rowsOf(to)).runs).toHaveLength(4);
  });
});

it('packing refuses a name that unpacking would refuse', () => {
  expect(() => packFiles(new Map([['../x', 'y']]))).toThrow(RangeError);
});
