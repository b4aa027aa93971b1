/** What a run may change when it goes on from a checkpoint: known names, nothing that would not fit, nothing lost. */
import { describe, expect, test } from 'vitest';
import { forkPlan } from '../../../src/config/fork-settings.ts';
import { parseSettings } from '../../../src/config/settings.ts';

const own = parseSettings({});

describe('a fork', () => {
  test('takes what can change and names what cannot', () => {
    const present = parseSettings({
      general: { seed: 2 },
      ppo: { beta: 0.3, episodes: 4096, valueTrunk: 'shared' },
      sft: { epochs: 9 },
    });
    const { settings, taken, left } = forkPlan('ppo', own, present);
    expect(taken.map(({ key }) => key)).toEqual(['ppo.episodes', 'ppo.beta']);
    expect(left.map(({ key }) => key)).toEqual(['general.seed', 'ppo.valueTrunk']);
    expect(settings).toEqual(parseSettings({ ppo: { beta: 0.3, episodes: 4096 } }));
  });

  test.each(['sft', 'reward', 'ppo'] as const)(
    'of %s with the same settings changes nothing',
    (stage) => {
      expect(forkPlan(stage, own, own)).toEqual({ settings: own, taken: [], left: [] });
    },
  );

  test('of SFT takes its learning rate and leaves its data', () => {
    const present = parseSettings({ sft: { learningRate: 0.01, demonstrations: 100 } });
    const { settings, left } = forkPlan('sft', own, present);
    expect(settings.sft).toMatchObject({
      learningRate: 0.01,
      demonstrations: own.sft.demonstrations,
    });
    expect(left.map(({ key }) => key)).toEqual(['sft.demonstrations']);
  });

  test('whose mixture does not divide is refused by name', () => {
    const present = parseSettings({ ppo: { episodes: 96, rolloutBatch: 32 } });
    expect(() => forkPlan('ppo', own, present)).toThrow(/ppo\.episodes: must be a multiple/);
  });
});
