/** PPO's options from the settings to the form that the loop takes. */
import { beforeAll, describe, expect, test } from 'vitest';
import { presetSettings } from '../../../src/config/presets.ts';
import { parseSettings, SETTINGS, type Settings } from '../../../src/config/settings.ts';
import { ppoSettings, ptxShape } from '../../../src/config/stage-settings.ts';
import { reinforcedPolicies } from '../../../src/cli/rlhf-run.ts';
import { start, tinyModel } from '../model/tiny-model.ts';
import { PLAIN } from '../rlhf/plain-options.ts';

beforeAll(() => start('cpu'));

const loopWith = (ppo: Partial<Settings['ppo']>) => ppoSettings(parseSettings({ ppo }));

describe('PPO options', () => {
  test('by default none is in force', () => {
    expect(loopWith({})).toMatchObject({
      ...PLAIN,
      valueTrunk: 'separate',
      valueClip: 0.2,
      missingEos: { kind: 'subtract', value: 1 },
    });
  });

  test.each(SETTINGS.ppo.klPenalty.choices)('D25: %s is what its name says', (klPenalty) => {
    const { klPlace, klEstimator } = loopWith({ klPenalty });
    expect(`${klPlace}-${klEstimator}`).toBe(klPenalty);
  });

  test('D25: k3 in the reward, and its twin k2, are offered as pitfalls by name, the others not', () => {
    const labels = Object.entries(SETTINGS.ppo.klPenalty.choiceLabels);
    expect(labels.map(([choice]) => choice)).toEqual([...SETTINGS.ppo.klPenalty.choices]);
    const pitfalls = labels.filter(([, label]) => label.includes('pitfall'));
    expect(pitfalls.map(([choice]) => choice)).toEqual(['reward-k2', 'reward-k3']);
  });

  test('D9: a score is replaced by minus the penalty, lowered by it, or left alone at 0', () => {
    const of = (missingEosRule: 'subtract' | 'replace', missingEosPenalty: number) =>
      loopWith({ missingEosRule, missingEosPenalty }).missingEos;
    expect(of('replace', 2)).toEqual({ kind: 'replace', value: -2 });
    expect(of('subtract', 2)).toEqual({ kind: 'subtract', value: 2 });
    expect(of('replace', 0)).toEqual({ kind: 'none', value: 0 });
  });

  test('D24: a wanted KL starts the controller; a value clip of 0 is none', () => {
    expect(loopWith({ klTarget: 6, klHorizon: 2000 }).adaptiveKl).toEqual({
      target: 6,
      horizon: 2000,
    });
    expect(loopWith({ valueClip: 0 }).valueClip).toBe(Infinity);
  });

  test('S65: text is mixed in when its weight is given or is to be calibrated', () => {
    const rows = (ptxCoefficient: number, ptxTargetRatio: number) =>
      ptxShape(parseSettings({ ppo: { ptxCoefficient, ptxTargetRatio } }));
    expect(rows(0, 0)).toBeNull();
    expect(rows(0, 0.1)).toEqual(rows(1, 0));
    expect(rows(0, 0.1)).not.toBeNull();
  });
});

test('S59: the last weights count, or their average where the setting says so, as in the preset paper', () => {
  const [policy, ema] = [tinyModel('language', 1), tinyModel('language', 2)];
  const order = (settings: Settings) => [...reinforcedPolicies('ppo', { policy, ema }, settings)];
  expect(order(presetSettings('quick'))).toEqual([
    ['ppo', policy],
    ['ppo-ema', ema],
  ]);
  expect(order(presetSettings('paper'))).toEqual([
    ['ppo', ema],
    ['ppo-raw', policy],
  ]);
  // A method that keeps no average has its last weights judged, whatever the setting.
  const alone = { policy, ema: null };
  expect([...reinforcedPolicies('dpo', alone, presetSettings('paper'))]).toEqual([['dpo', policy]]);
  policy.dispose();
  ema.dispose();
});
