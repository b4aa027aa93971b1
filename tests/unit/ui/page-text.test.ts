/** Small pure pieces of the page: addresses, link settings, numbers in words, marked words. */
import { describe, expect, test } from 'vitest';
import { defaultSettings, parseSettings } from '../../../src/config/settings.ts';
import { METHOD_NAMES } from '../../../src/config/method-table.ts';
import { shuffledIndices } from '../../../src/ui/blind-order.ts';
import { failureOf } from '../../../src/ui/failure.ts';
import {
  bracketed,
  displayed,
  formatBytes,
  formatNumber,
  formatPercent,
  formatTimeLeft,
  precisionOf,
  wholeProblem,
} from '../../../src/ui/format.ts';
import { formatHash, parseHash, type StagePart } from '../../../src/ui/hash-route.ts';
import { settingsFromLink } from '../../../src/ui/link-settings.ts';
import { markWords, wordsIn } from '../../../src/ui/mark-unknown.ts';
import { METHOD_SENTENCES, methodFacts } from '../../../src/ui/method-words.ts';
import { partStatus, partWord, statusWord } from '../../../src/ui/stage-status.ts';
import type { CheckpointSummary } from '../../../src/worker/protocol.ts';
import { BASE, checkpoint, stageState, stageStates } from './fake-client.ts';

describe('numbers typed', () => {
  test.each([1, 30, 500])('%s is a number of votes', (value) => {
    expect(wholeProblem(value, 1, 500)).toBe('');
  });
  test.each([0, 501, 2.5, -3, Number.NaN, null, undefined])('%s is none, in words', (value) => {
    expect(wholeProblem(value, 1, 500)).toBe('Use a whole number from 1 to 500.');
  });
});

test('sizes are written in units', () => {
  expect([0, 999, 1000, 1_234_567].map(formatBytes)).toEqual([
    '0 bytes',
    '999 bytes',
    '1 kB',
    '1.23 MB',
  ]);
});

describe('addresses', () => {
  test('a part and its query come back', () => {
    const route = { part: 'rank', query: 'ppo.beta=0.1' } as const;
    expect(parseHash(formatHash(route))).toEqual(route);
  });

  test('unknown or empty addresses lead to the first part, and the unknown name is not forgotten', () => {
    expect(parseHash('#/nowhere?x=1')).toEqual({ part: 'model', query: 'x=1', unknown: 'nowhere' });
    expect(parseHash('')).toEqual({ part: 'model', query: '' });
  });
});

describe('settings in a link', () => {
  test('single settings win over scenario, scenario over preset', () => {
    const { settings, scenario, error } = settingsFromLink(
      'preset=micro&scenario=your-taste&ppo.beta=0.5',
    );
    expect(error).toBeNull();
    expect(scenario).toBe('your-taste');
    expect(settings?.ppo.beta).toBe(0.5);
    expect(settings?.labels.source).toBe('person');
    expect(settings?.sft.demonstrations).toBe(68);
  });

  test('a method and its group come over, over a preset', () => {
    const { settings, error } = settingsFromLink(
      'preset=micro&method.name=rloo&method.groupSize=8',
    );
    expect(error).toBeNull();
    expect(settings?.method).toMatchObject({ name: 'rloo', groupSize: 8, dpoBatchSize: 8 });
  });

  test('no query changes nothing', () => {
    expect(settingsFromLink('')).toEqual({
      settings: null,
      scenario: null,
      hidden: null,
      start: null,
      error: null,
    });
  });

  test.each([
    ['ppo.beta=99', 'from 0 to 10'],
    ['ppo.bata=1', 'no setting'],
    ['preset=huge', 'micro, quick, long, paper'],
    ['scenario=nothing', 'your-taste'],
    ['ppo.beta=1&ppo.beta=2', 'twice'],
    ['method.name=a2c', 'one of ppo, dpo'],
    ['preset=micro&method.name=grpo&method.groupSize=5', 'multiple of 5'],
    ['__proto__=1', 'no setting'],
  ])('%s is refused with a sentence', (query, part) => {
    const { settings, error } = settingsFromLink(query);
    expect(settings).toBeNull();
    expect(error).toContain(part);
  });
});

describe('numbers in words', () => {
  test.each([
    [0, '0'],
    [1.23456, '1.23'],
    [-0.5, '−0.5'],
    [12345.6, '12,346'],
    [0.0000123, '1.23e-5'],
    [NaN, 'none'],
    [undefined, 'none'],
  ])('%s is %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  test('behind a sign, what is below 0 stands in brackets', () => {
    expect([-0.25, 0.25, 0, -0].map(bracketed)).toEqual(['(−0.25)', '0.25', '0', '0']);
  });

  test('shares and times', () => {
    expect(formatPercent(0.734)).toBe('73 %');
    expect(formatTimeLeft(null)).toBe('');
    expect(formatTimeLeft(42)).toBe('about 42 s left');
    expect(formatTimeLeft(600)).toBe('about 10 min left');
    expect(formatTimeLeft(3 * 3600)).toBe('about 3 h left');
  });

  test('votes say how precise they are', () => {
    expect(precisionOf(30)).toBe('30 votes: ±18 points');
    expect(precisionOf(2)).toBe('2 votes: ±50 points');
    expect(precisionOf(1)).toBe('1 vote: ±50 points');
  });

  test('controls that reorder text are not shown', () => {
    expect(displayed('a\u202Eb\u2066c')).toBe('abc');
  });
});

describe('methods in words', () => {
  const facts = (layer: Parameters<typeof parseSettings>[0]) =>
    methodFacts(parseSettings(layer), 40);

  test('each has a sentence of its own that is not PPO’s, and says how it differs', () => {
    expect(new Set(Object.values(METHOD_SENTENCES)).size).toBe(METHOD_NAMES.length);
    for (const name of METHOD_NAMES) {
      expect(METHOD_SENTENCES[name], name).toMatch(/PPO|paper/);
    }
  });

  test('a run is said in the numbers that its method reads', () => {
    expect(facts({ method: { name: 'dpo' } })).toBe(
      '40 rankings, 15 % of them held out as for the reward model, 1 pass, 32 comparisons in a step, β 0.1, learning rate 2e-4 falling to 0. Not in the paper.'.replace(
        '2e-4',
        formatNumber(2e-4),
      ),
    );
    expect(facts({ method: { name: 'grpo', groupSize: 4 } })).toMatch(
      /^2,048 answers in batches of 128: 32 prompts with 4 answers each, β 0\.1, learning rate/,
    );
    expect(facts({ method: { name: 'online-dpo' } })).toMatch(/64 prompts with 2 answers each/);
    expect(facts({ method: { name: 'best-of-n' } })).not.toMatch(/learning rate|β/);
    expect(facts({ method: { name: 'expert-iteration' } })).not.toMatch(/β/);
  });
});

describe('words of a prompt', () => {
  const known = new Set(['tell', 'me', 'about', 'a', 'frog', 'frogs', 'is', 'it', 's', '7']);
  const marks = (text: string, typing = false) => {
    const pieces = markWords(text, known, typing);
    expect(pieces.map((piece) => piece.text).join('')).toBe(text);
    return { unseen: wordsIn(pieces, 'unseen'), capitals: wordsIn(pieces, 'capitals') };
  };

  test('are whole words: unseen, or only in capitals', () => {
    expect(marks('Tell me about FROGS, frogs and zebras: zebras! 7 8')).toEqual({
      unseen: ['and', 'zebras', '8'],
      capitals: ['Tell', 'FROGS'],
    });
    expect(marks("it's a frog-like frog’s t")).toEqual({ unseen: ['like', 't'], capitals: [] });
    expect(marks('Zürich')).toEqual({ unseen: ['Zürich'], capitals: [] });
  });

  test('that are being typed are marked as soon as they can no longer become known', () => {
    expect(marks('tell me about fro', true).unseen).toEqual([]);
    expect(marks('tell me about fro').unseen).toEqual(['fro']);
    expect(marks('tell me about frox', true).unseen).toEqual(['frox']);
    expect(marks('tell me about fro ', true).unseen).toEqual(['fro']);
  });

  test('are not judged before the list is there', () => {
    expect(markWords('zebras', new Set(), false)).toEqual([{ text: 'zebras', state: 'known' }]);
  });
});

describe('states of the parts', () => {
  const inputs = {
    engineReady: true,
    engineFailed: false,
    stages: stageStates(),
    policies: [BASE],
    judged: [],
    judging: false,
  };

  test('the model is there when the engine is', () => {
    expect(partStatus('model', inputs)).toBe('done');
    expect(partStatus('model', { ...inputs, engineReady: false })).toBe('running');
    expect(partStatus('model', { ...inputs, engineReady: false, engineFailed: true })).toBe(
      'failed',
    );
  });

  test('ranking is ready when it can begin, and speaks of the reward model once that has a state', () => {
    expect(partStatus('rank', inputs)).toBe('empty');
    const labels = stageState('ready');
    expect(partStatus('rank', { ...inputs, stages: stageStates({ labels }) })).toBe('ready');
    const reward = stageState('stale');
    expect(partStatus('rank', { ...inputs, stages: stageStates({ labels, reward }) })).toBe(
      'stale',
    );
  });

  test('a stage that was stopped says where, in its controls and in the navigation', () => {
    const stopped = stageState('done', { step: 15, total: 24 });
    const whole = stageState('done', { step: 24, total: 24 });
    const paused = stageState('paused', { step: 15, total: 24 });
    expect([stopped, whole, paused].map(statusWord)).toEqual([
      ...['stopped at 15 of 24', 'done', 'paused'],
    ]);
    const stages = stageStates({ sft: whole, reward: stopped, ppo: paused });
    const word = (part: StagePart) =>
      partWord(part, partStatus(part, { ...inputs, stages }), stages);
    expect((['demonstrate', 'rank', 'reinforce', 'model'] as const).map(word)).toEqual([
      ...['done', 'stopped at 15 of 24', 'paused', 'loaded'],
    ]);
    expect(partWord('judge', 'done', stages)).toBe('done');
    expect(partWord('reinforce', 'empty', null)).toBe('empty');
  });

  test('judging needs two checkpoints, and is stale when the newest was not judged', () => {
    const status = (policies: readonly CheckpointSummary[], judged: readonly string[]) =>
      partStatus('judge', { ...inputs, policies, judged });
    const sft = checkpoint('sft-1', { createdAt: 5 });
    const ppo = checkpoint('ppo-1', { createdAt: 9 });
    const retrained = checkpoint('ppo-2', { createdAt: 12 });
    expect(status([BASE], [])).toBe('empty');
    expect(status([BASE, sft], [])).toBe('ready');
    expect(status([BASE, ppo, sft], ['sft-1', 'ppo-1'])).toBe('done');
    expect(status([BASE, retrained, sft, ppo], ['sft-1', 'ppo-1'])).toBe('stale');
    expect(status([BASE, retrained, sft, ppo], ['sft-1', 'ppo-1', 'ppo-2'])).toBe('done');
    expect(status([BASE], ['sft-1'])).toBe('stale');
    expect(partStatus('judge', { ...inputs, judged: ['sft-1'], judging: true })).toBe('running');
  });
});

test('whatever is thrown becomes something to show', () => {
  const failure = { kind: 'engine', message: 'no adapter' } as const;
  expect(failureOf(Object.assign(new Error('x'), { failure }))).toEqual(failure);
  const full = Object.assign(new Error('no space'), { name: 'StorageFullError' });
  expect(failureOf(full)).toEqual({ kind: 'storage', message: 'no space' });
  expect(failureOf('odd')).toEqual({ kind: 'internal', message: 'odd' });
});

test('a shuffle is a permutation decided by the draws', () => {
  expect(shuffledIndices(4, () => 0)).toEqual([1, 2, 3, 0]);
  expect(shuffledIndices(4, (n) => n - 1)).toEqual([0, 1, 2, 3]);
  expect(defaultSettings().labels.k).toBe(4);
});
