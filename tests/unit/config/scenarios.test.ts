/** Scenarios as settings: playing, recognising, arms, and which stored runs count for them. */
import { describe, expect, test } from 'vitest';
import { PRESET_NAMES, presetSettings } from '../../../src/config/presets.ts';
import { EXACT_SCENARIO, SCENARIO_MENU } from '../../../src/config/scenarios/menu.ts';
import {
  armSettings,
  playScenario,
  runsOfArms,
  scenarioOf,
  scenarioSettings,
  verdictOf,
  type FinishedRun,
} from '../../../src/config/scenarios/play.ts';
import { SCENARIOS } from '../../../src/config/scenarios/table.ts';
import {
  defaultSettings,
  diffSettings,
  parseSettings,
  SETTING_ENTRIES,
} from '../../../src/config/settings.ts';

const IDS = SCENARIO_MENU.map(({ id }) => id);

describe('the table', () => {
  test('has all ten, each with three sentences, an aim, and settings to turn that exist', () => {
    expect([...IDS, EXACT_SCENARIO.id]).toHaveLength(10);
    const keys = new Set(SETTING_ENTRIES.map(({ key }) => key));
    for (const id of IDS) {
      const { lookFor, aim, controls, arms } = SCENARIOS[id];
      expect(lookFor.every((sentence) => sentence.length > 30)).toBe(true);
      expect(aim.length).toBeGreaterThan(20);
      expect(controls.filter((key) => !keys.has(key))).toEqual([]);
      expect(new Set(arms.map((arm) => arm.id)).size).toBe(arms.length);
    }
  });

  test('the paper over a preset is the preset', () => {
    for (const name of PRESET_NAMES) {
      expect(scenarioSettings('paper', name)).toEqual(presetSettings(name));
    }
  });

  test('all start from the same SFT model, so that changing over trains none anew', () => {
    for (const id of IDS) {
      expect(scenarioSettings(id, 'quick').sft, id).toEqual(defaultSettings().sft);
    }
  });

  test('arms differ from each other in what they say, and in nothing else', () => {
    for (const id of IDS) {
      const { arms } = SCENARIOS[id];
      const [first, second] = arms.map((arm) => scenarioSettings(id, 'quick', arm));
      if (first === undefined || second === undefined) continue;
      expect(diffSettings(first, second), id).toHaveLength(1);
    }
  });
});

describe('playing', () => {
  test.each(PRESET_NAMES)('over %s each is known again, and leaves nothing to the next', (name) => {
    const preset = presetSettings(name);
    for (const before of IDS) {
      for (const arm of SCENARIOS[before].arms) {
        const played = scenarioSettings(before, name, arm);
        expect(scenarioOf(played, before)).toEqual({ id: before, arm });
        for (const after of IDS) {
          expect(playScenario(after, played), `${before} ${after}`).toEqual(
            playScenario(after, preset),
          );
        }
      }
    }
  });

  test('seed and lengths stay', () => {
    const settings = parseSettings({ general: { seed: 7, maxResponseTokens: 20 } });
    expect(playScenario('no-leash', settings).general).toEqual(settings.general);
  });

  test('“Your taste” is more than whose labels are used', () => {
    const settings = parseSettings({ labels: { source: 'person' } });
    expect(scenarioOf(settings)).toBeNull();
    const more = diffSettings(settings, playScenario('your-taste', settings));
    expect(more.map(({ key }) => key)).toEqual([
      'labels.temperature',
      'reward.promptsPerBatch',
      'reward.learningRate',
      'reward.epochs',
      'ppo.episodes',
    ]);
  });

  test('a control can be turned, another setting of a scenario cannot; playing it sets both back', () => {
    const turned = parseSettings({ ppo: { beta: 0.4 }, general: { seed: 7 } });
    expect(scenarioOf(turned)?.id).toBe('paper');
    const own = parseSettings({ ppo: { beta: 0.4 }, labels: { noise: 0.5 } });
    expect(scenarioOf(own)).toBeNull();
    const played = playScenario('paper', turned);
    expect(diffSettings(defaultSettings(), played).map(({ key }) => key)).toEqual(['general.seed']);
  });

  test('where two scenarios are the same settings, the one that was chosen is shown', () => {
    const careful = scenarioSettings('noisy-labelers', 'quick');
    expect(careful).toEqual(scenarioSettings('paper', 'quick'));
    expect(scenarioOf(careful)?.id).toBe('paper');
    expect(scenarioOf(careful, 'noisy-labelers')?.id).toBe('noisy-labelers');
    expect(scenarioOf(careful, 'reward-hacking')?.id).toBe('paper');
  });
});

describe('runs of the arms', () => {
  const id = 'noisy-labelers';
  const [careful, careless] = SCENARIOS[id].arms;
  if (careless === undefined) throw new Error('two arms expected');
  const settings = scenarioSettings(id, 'quick');
  const run = (accuracy: number, over = {}, arm = careful): FinishedRun => ({
    stage: 'reward',
    settings: parseSettings(over, armSettings(arm, settings)),
    records: [{ stage: 'reward', step: 1, values: { eval_gold_accuracy: accuracy } }],
  });
  const noisy = (accuracy: number) => run(accuracy, {}, careless);

  test('each arm finds its newest one, whichever arm the settings are now', () => {
    const runs = [run(0.7), run(0.8), noisy(0.6)];
    for (const arm of [careful, careless]) {
      const found = runsOfArms(id, armSettings(arm, settings), runs);
      expect(found.get('careful')?.reward[0]?.values).toEqual({ eval_gold_accuracy: 0.8 });
      expect(verdictOf(id, found)?.state).toBe('reached');
    }
  });

  test('runs of another seed, of other labels or of no arm do not count; what comes after does not matter', () => {
    const others = [run(0.8, { general: { seed: 2 } }), run(0.8, { labels: { prompts: 20 } })];
    expect(runsOfArms(id, settings, [...others, noisy(0.6)]).has('careful')).toBe(false);
    const later = run(0.8, { ppo: { beta: 0.3 } });
    expect(runsOfArms(id, settings, [later]).has('careful')).toBe(true);
  });

  test('a model without a curve, imported or shipped, counts for no arm and hides no run that has one', () => {
    const bare = { ...run(0.8), records: [] };
    expect(runsOfArms(id, settings, [bare]).has('careful')).toBe(false);
    const found = runsOfArms(id, settings, [run(0.7), bare]);
    expect(found.get('careful')?.reward[0]?.values).toEqual({ eval_gold_accuracy: 0.7 });
  });

  test('no verdict while an arm has not run', () => {
    expect(verdictOf(id, runsOfArms(id, settings, [run(0.8)]))).toBeNull();
  });

  test('a run of step 3 counts only if it was measured as the scenario asks', () => {
    const leash = scenarioSettings('no-leash', 'quick');
    const records = [{ stage: 'ppo', step: 1, values: { 'objective/kl': 1 } }] as const;
    const unmeasured = parseSettings({ evaluate: { whileTraining: 0 } }, leash);
    const of = (its: typeof leash) =>
      runsOfArms('no-leash', leash, [{ stage: 'ppo', settings: its, records }]).has('leash');
    expect(of(leash)).toBe(true);
    expect(of(unmeasured)).toBe(false);
    expect(of(parseSettings({ evaluate: { prompts: 50 } }, leash))).toBe(true);
  });
});
