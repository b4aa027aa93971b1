/** Labelers by name, who trains the reward model under which settings, and accuracies with their intervals. */
import { expect, test } from 'vitest';
import { defaultSettings, parseSettings } from '../../../src/config/settings.ts';
import { wilsonInterval } from '../../../src/records/vote-rate.ts';
import { labelerName } from '../../../src/ui/labeler-name.ts';
import { accuracyWords, chosenLabelers } from '../../../src/ui/labeler-words.ts';

const RANKINGS = [
  'labeler-2',
  'person',
  'imported:zoe',
  'labeler-1@length',
  'person',
  'imported',
].map((labeler) => ({ labeler }));

test('names are those that people know', () => {
  expect(['person', 'imported:zoe', 'labeler-2'].map(labelerName)).toEqual([
    'you',
    'zoe',
    'labeler-2',
  ]);
});

test.each([
  ['class', 'default', ['labeler-2']],
  ['class', 'length', ['labeler-1@length']],
  ['person', 'default', ['imported', 'imported:zoe', 'person']],
  ['both', 'default', ['imported', 'imported:zoe', 'labeler-2', 'person']],
] as const)('source %s, class %s', (source, population, expected) => {
  const settings = parseSettings({ labels: { source, population } }, defaultSettings());
  expect(chosenLabelers(RANKINGS, settings)).toEqual(expected);
});

test('an accuracy has its interval and its number', () => {
  const { low, high } = wilsonInterval(3, 4);
  expect(accuracyWords({ accuracy: 0.75, n: 4 })).toBe(
    `75 % (${Math.round(100 * low)} to ${Math.round(100 * high)} %) of 4`,
  );
  expect(accuracyWords({ accuracy: null, n: 0 })).toBe('none');
});
