/**
 * A run's report: well-formed whatever people and models wrote, nothing in it that runs or loads, every setting of its
 * stage with the paper's value. In a real browser: tests/e2e/runs.test.ts.
 */
import { describe, expect, test } from 'vitest';
import { defaultSettings, parseSettings, SETTING_ENTRIES } from '../../../src/config/settings.ts';
import type { Suite } from '../../../src/records/suite.ts';
import type { Vote, VoteChoice } from '../../../src/records/vote.ts';
import { escaped } from '../../../src/ui/markup.ts';
import {
  comparisonSentences,
  rateWords,
  suiteAbout,
  turnsAcross,
  votesAbout,
} from '../../../src/ui/run-words.ts';
import { runReport, type RunReport } from '../../../src/ui/run-report.ts';
import type { RunSummary } from '../../../src/worker/protocol.ts';
import { completion, prompt } from './fake-client.ts';

const HOSTILE = `</p><script>alert(1)</script><img src=x onerror="alert(2)">&amp;'"]]>\u0000\u0008\uD800\u202Ex`;

function run(over: Partial<RunSummary> = {}): RunSummary {
  return {
    id: 'ppo-1',
    name: 'PPO-ptx 1',
    stage: 'ppo',
    seed: 7,
    backend: 'webgpu',
    device: 'a card',
    settings: parseSettings({ ppo: { beta: 0.25 } }),
    turns: [],
    startedAt: Date.UTC(2026, 4, 1, 12, 30),
    status: 'finished',
    step: 3,
    total: 3,
    stale: false,
    use: '',
    checkpoints: [
      {
        id: 'ppo-1/finished-3',
        name: 'PPO-ptx 1',
        step: 3,
        finished: true,
        createdAt: 1,
        bytes: 10,
        ended: null,
        use: '',
      },
    ],
    ...over,
  };
}

function report(over: Partial<RunReport> = {}): RunReport {
  const samples = (step: number, response: string) => ({
    step,
    samples: [{ promptId: 'a', prompt: 'Tell me.', response, ended: true, score: 0.5 }],
  });
  return {
    run: run(),
    shown: {
      run: 'ppo-1',
      records: [1, 2, 3].map((step) => ({
        stage: 'ppo' as const,
        step,
        values: { 'objective/scores': step, 'objective/kl': step / 10 },
      })),
      view: {
        checks: { 'first ratio is 1': { ok: false, value: 0.5, tolerance: 0.001 } },
        first: samples(1, 'at first'),
        latest: samples(3, 'in the end'),
        rollout: null,
      },
    },
    votes: [],
    suite: null,
    at: Date.UTC(2026, 4, 2),
    ...over,
  };
}

/** Every element as it opens and closes; throws where XML would not allow it. */
function elementsOf(document: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const body = document.replace(/^<!DOCTYPE html>\n/, '');
  const token = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  while (token.lastIndex < body.length) {
    const at = token.lastIndex;
    const found = token.exec(body);
    if (found === null) throw new Error(`not well-formed at: ${body.slice(at, at + 60)}`);
    const [, slash, name, , alone, text] = found;
    if (text !== undefined) {
      if (/&(?!(amp|lt|gt|quot|#39);)/.test(text)) throw new Error(`bare &: ${text}`);
      if (open.length === 0 && text.trim() !== '') throw new Error(`text outside: ${text}`);
      continue;
    }
    if (slash === '/') {
      if (open.pop() !== name) throw new Error(`${name ?? ''} closes another element`);
    } else {
      seen.push(name ?? '');
      if (alone === '') open.push(name ?? '');
    }
  }
  if (open.length > 0) throw new Error(`left open: ${open.join()}`);
  return seen;
}

describe('the document', () => {
  test('is well-formed, and nothing in it runs, loads or leads anywhere', () => {
    const text = runReport(report());
    const elements = new Set(elementsOf(text));
    for (const name of ['script', 'img', 'link', 'iframe', 'object', 'a', 'form']) {
      expect(elements).not.toContain(name);
    }
    expect(text).toContain('default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;');
    expect(text.match(/https?:\/\/[^"\s]+/g)?.filter((url) => !url.includes('w3.org'))).toEqual([]);
  });

  test('stays well-formed and quiet when every text is hostile', () => {
    const sample = { promptId: HOSTILE, prompt: HOSTILE, response: HOSTILE, ended: false };
    const set = (step: number) => ({ step, samples: [sample] });
    const base = report();
    const text = runReport({
      ...base,
      run: run({ name: HOSTILE, device: HOSTILE, backend: HOSTILE }),
      shown: {
        ...base.shown,
        view: {
          checks: { [HOSTILE]: { ok: true, value: Number.NaN, tolerance: 0 } },
          first: set(1),
          latest: set(3),
          rollout: null,
        },
      },
      votes: [{ own: HOSTILE, other: HOSTILE, rate: { rate: 1, low: 0.5, high: 1, n: 3 } }],
    });
    const plain = new Set(elementsOf(runReport(base)));
    expect([...new Set(elementsOf(text))].filter((name) => !plain.has(name))).toEqual([]);
    expect(text).not.toContain('\u0000');
    expect(text).not.toContain('\u202E');
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  test('holds every setting that the stage reads, with ours, the default and the paper’s', () => {
    const text = runReport(report());
    const read = SETTING_ENTRIES.filter(({ group }) =>
      ['general', 'method', 'ppo'].includes(group),
    );
    for (const { key, spec } of read) {
      const row = text.split('\n').find((line) => line.includes(`<code>${key}</code>`));
      expect(row, key).toContain(escaped(spec.paper));
      expect(row, key).toContain(`<td>${escaped(String(spec.default))}</td>`);
    }
    expect(text).not.toContain('<code>sft.epochs</code>');
    const beta = text.split('\n').find((line) => line.includes('<code>ppo.beta</code>'));
    expect(beta).toContain('<span class="changed">0.25');
  });

  test('tells seed, device, state, curves, samples and failed checks', () => {
    const text = runReport(report({ run: run({ stale: true }) }));
    expect(text).toContain('<th scope="row">Seed</th><td>7</td>');
    expect(text).toContain('WebGPU, a card');
    expect(text).toContain('2026-05-01 12:30 UTC');
    expect(text).toMatch(/finished, iteration 3 of 3; stale/);
    expect(text.match(/<svg/g)).toHaveLength(2);
    expect(text).toContain('score 3 at iteration 3');
    expect(text).toContain('<blockquote>at first</blockquote>');
    expect(text).toContain('<blockquote>in the end</blockquote>');
    expect(text).toContain('<span class="changed">FAILS</span>');
  });

  test('tells what was turned while it ran, and marks it on each curve', () => {
    const sentence = 'KL penalty (beta) turned from 0.25 to 0.5 at iteration 2.';
    const marks = (text: string) => text.match(/<line [^>]*stroke-dasharray="2 3"[^>]*>/g) ?? [];
    const plain = runReport(report());
    expect(plain).not.toContain('Turned while it ran');
    const turns = [{ iteration: 2, name: 'beta', from: 0.25, to: 0.5 }] as const;
    const turned = runReport(report({ run: run({ turns }) }));
    elementsOf(turned);
    expect(turned).toContain(`<th scope="row">Turned while it ran</th><td>${sentence}</td>`);
    expect(marks(turned)).toHaveLength(marks(plain).length + 2);
    // Drawn together, it is said of which run; two that were turned at one place have one mark there.
    const other = { name: 'Other', turns };
    expect(turnsAcross([run({ turns })])).toEqual({ marks: [2], sentences: [sentence] });
    expect(turnsAcross([run({ turns }), run({ turns: [] }), other])).toEqual({
      marks: [2],
      sentences: [`In PPO-ptx 1: ${sentence}`, `In Other: ${sentence}`],
    });
  });

  test('says so when a run has nothing to show', () => {
    const shown = { run: 'ppo-1', records: [], view: null };
    const text = runReport(report({ run: run({ settings: null }), shown }));
    elementsOf(text);
    for (const words of [
      'can no longer be read',
      'Nothing was measured',
      'wrote no samples',
      'No votes were cast',
      'This run made none',
    ]) {
      expect(text).toContain(words);
    }
  });
});

describe('what was judged of a run', () => {
  let cast = 0;
  const vote = (left: string, right: string, choice: VoteChoice): Vote => ({
    id: `v${cast++}`,
    prompt: prompt('a'),
    left: completion('l', left),
    right: completion('r', right),
    choice,
    at: 0,
  });
  const OWN = 'ppo-1/finished-3';
  const nameOf = (id: string) => ({ [OWN]: 'mine', base: 'Base' })[id] ?? id;

  test('votes count for the run’s checkpoint on either side, ties one half, others not at all', () => {
    const votes = votesAbout(
      run(),
      [
        vote(OWN, 'base', 'left'),
        vote('base', OWN, 'right'),
        vote('base', OWN, 'left'),
        vote(OWN, 'base', 'tie'),
        vote('base', 'sft', 'left'),
      ],
      nameOf,
    );
    expect(votes).toHaveLength(1);
    expect(votes[0]).toMatchObject({ own: 'mine', other: 'Base', rate: { rate: 0.625, n: 4 } });
    expect(rateWords(votes[0]!.rate)).toMatch(
      /^won 63 % \(95 % interval \d+ % to \d+ %\); 4 votes: ±49/,
    );
  });

  test('a running average counts apart from its checkpoint, and a pair of both is told once', () => {
    const average = `${OWN}/average`;
    const votes = votesAbout(
      run(),
      [vote(average, OWN, 'left'), vote(OWN, average, 'right'), vote(average, 'base', 'left')],
      (id) => id,
    );
    expect(votes.map(({ own, other, rate }) => [own, other, rate.rate, rate.n])).toEqual([
      [average, OWN, 1, 2],
      [average, 'base', 1, 1],
    ]);
  });

  test('the judges’ table keeps the run’s own rows and the pairs that name them', () => {
    const interval = { mean: 0.5, low: 0.4, high: 0.6, n: 9 };
    const of = (checkpoint: string, name: string): Suite['reports'][number] => ({
      checkpoint,
      name,
      greedy: false,
      ...{ helpful: interval, truthful: interval, harmless: interval, gold: interval },
      ...{ length: 8, distinct2: 0.5 },
    });
    const suite: Suite = {
      reports: [of('base', 'Base'), of(OWN, 'mine'), of('sft', 'SFT')],
      pairs: [
        { name: 'mine > Base', rate: interval },
        { name: 'SFT > Base', rate: interval },
      ],
    };
    const own = suiteAbout(run(), suite);
    expect(own?.reports.map(({ name }) => name)).toEqual(['mine']);
    expect(own?.pairs.map(({ name }) => name)).toEqual(['mine > Base']);
    expect(suiteAbout(run({ checkpoints: [] }), suite)).toBeNull();
    expect(runReport(report({ suite: own }))).toContain('50 % (95 % interval 40 % to 60 %; n 9)');
    // Judged before there was a tax, and since.
    expect(runReport(report({ suite: own }))).toContain('<td>not measured</td>');
    const tax = { loss: 0.8124, rise: { mean: 0.0756, low: 0.07, high: 0.081, n: 9 } };
    const taxed = { ...suite, reports: [{ ...of(OWN, 'mine'), tax }] };
    expect(runReport(report({ suite: taxed }))).toContain(
      '<td>0.812, +0.076 (+0.070 to +0.081)</td>',
    );
  });
});

test('defaults are not marked as changed', () => {
  const text = runReport(report({ run: run({ settings: defaultSettings() }) }));
  expect(text).not.toMatch(/<span class="changed">(?!FAILS)/);
});

test('runs beside each other: a seed that differs is told once, also where settings are unknown', () => {
  const of = (name: string, seed: number, settings = parseSettings({ general: { seed } })) =>
    run({ name, seed, settings });
  const told = (runs: readonly RunSummary[]) =>
    comparisonSentences(runs).filter((sentence) => /seed/i.test(sentence));
  expect(told([of('a', 1), of('b', 2)])).toEqual([expect.stringMatching(/: 1 in a, 2 in b\.$/)]);
  expect(told([of('a', 1), run({ name: 'b', seed: 2, settings: null })])).toEqual([
    'Seed: 1 in a, 2 in b.',
  ]);
  expect(told([of('a', 1), of('b', 1)])).toEqual([]);
});
