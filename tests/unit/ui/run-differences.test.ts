/** Which settings tell runs apart, written out. */
import { describe, expect, test } from 'vitest';
import { defaultSettings, parseSettings } from '../../../src/config/settings.ts';
import { differenceSentences, runDifferences } from '../../../src/ui/run-differences.ts';

const own = { name: 'a', settings: defaultSettings() };
const other = {
  name: 'b',
  settings: parseSettings({ ppo: { beta: 0.35, whitenAdvantages: false }, general: { seed: 9 } }),
};
const third = { name: 'c', settings: parseSettings({ ppo: { beta: 0.35 } }) };

describe('differences of runs', () => {
  test('are the settings that are not the same in all of them, in the order of the tables', () => {
    const beta = defaultSettings().ppo.beta;
    const found = runDifferences([own, other, third]);
    expect(found.map(({ key, values }) => [key, values])).toEqual([
      ['general.seed', [own.settings.general.seed, 9, own.settings.general.seed]],
      ['ppo.beta', [beta, 0.35, 0.35]],
      ['ppo.whitenAdvantages', [true, false, true]],
    ]);
    expect(runDifferences([own, own])).toEqual([]);
    expect(runDifferences([own])).toEqual([]);
  });

  test('are written out with the names of the runs; what is not known says so', () => {
    const lost = { name: 'd', settings: null };
    expect(differenceSentences([own, third, lost])).toEqual([
      `3 Reinforce, KL penalty (beta): ${own.settings.ppo.beta} in a, 0.35 in c, unknown in d.`,
    ]);
    expect(differenceSentences([own, lost])).toEqual([]);
  });
});
