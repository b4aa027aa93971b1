/** Settings: derived defaults, ranges with clear refusals, the URL form and the presets. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRESET_NAMES, PRESETS, presetSettings } from '../../../src/config/presets.ts';
import { methodSettings } from '../../../src/config/stage-settings.ts';
import {
  SETTING_ENTRIES,
  SettingsError,
  defaultSettings,
  diffSettings,
  parseSetting,
  parseSettings,
  settingValue,
  settingsFromQuery,
  settingsToQuery,
} from '../../../src/config/settings.ts';

describe('declarations', () => {
  it('have a default inside their own range, a label, a description and a paper value', () => {
    for (const { key, spec } of SETTING_ENTRIES) {
      expect(parseSetting(key, String(spec.default)), key).toBe(spec.default);
      expect(spec.label.length, key).toBeGreaterThan(2);
      expect(spec.description, key).toMatch(/\.$/);
      expect(spec.paper.length, key).toBeGreaterThan(0);
    }
  });

  it('have unique keys', () => {
    const keys = SETTING_ENTRIES.map((entry) => entry.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('parseSettings', () => {
  it('fills what is missing with the defaults', () => {
    const settings = parseSettings({ ppo: { beta: 0.5 } });
    expect(settings.ppo.beta).toBe(0.5);
    expect(settings.sft).toEqual(defaultSettings().sft);
  });

  it.each([
    [{ ppo: { beta: -1 } }, 'ppo.beta', /a number from 0 to 10, got -1/],
    [{ sft: { epochs: 1.5 } }, 'sft.epochs', /a whole number from 1 to 64, got 1.5/],
    [{ sft: { epochs: '2' } }, 'sft.epochs', /got "2"/],
    [{ ppo: { beta: Number.NaN } }, 'ppo.beta', /got NaN/],
    [{ labels: { source: 'bots' } }, 'labels.source', /one of person, class, both/],
    [{ ppo: { whitenAdvantages: 1 } }, 'ppo.whitenAdvantages', /true or false/],
    [{ ppo: { betta: 1 } }, 'ppo.betta', /no setting "ppo.betta"/],
    [{ pppo: {} }, 'pppo', /no group of settings "pppo"/],
    [JSON.parse('{"__proto__": {"x": 1}}'), '__proto__', /no group/],
    [{ ppo: { episodes: 1000 } }, 'ppo.episodes', /multiple of ppo.rolloutBatch/],
    [{ ppo: { minibatches: 5 } }, 'ppo.minibatches', /must divide/],
    [{ ppo: { minibatches: 32 } }, 'ppo.minibatches', /at least 8 responses/],
    [{ ppo: { klTarget: 6, beta: 0 } }, 'ppo.klTarget', /start it above 0/],
    [
      { ppo: { ptxTargetRatio: 0.1, ptxExamplesPerEpisode: 0 } },
      'ppo.ptxTargetRatio',
      /needs pre-training text/,
    ],
    [{ ppo: { klPenalty: 'k3' } }, 'ppo.klPenalty', /one of reward-k1/],
    [{ method: { name: 'a2c' } }, 'method.name', /one of ppo, dpo, online-dpo, grpo, rloo/],
    [{ method: { groupSize: 1 } }, 'method.groupSize', /a whole number from 2 to 64/],
    [{ method: { name: 'grpo', groupSize: 5 } }, 'ppo.rolloutBatch', /multiple of 5, the size/],
    [
      { method: { name: 'online-dpo' }, ppo: { rolloutBatch: 33, episodes: 33, minibatches: 1 } },
      'ppo.rolloutBatch',
      /multiple of 2/,
    ],
    [{ method: { name: 'dpo' }, ppo: { beta: 0 } }, 'ppo.beta', /must be above 0 for DPO/],
    [
      { general: { maxPromptTokens: 192, maxResponseTokens: 128 } },
      'general.maxPromptTokens',
      /256/,
    ],
    [null, '', /object/],
  ])('refuses %j in one line that names the setting', (input, key, message) => {
    let caught: unknown;
    try {
      parseSettings(input);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(SettingsError);
    expect((caught as SettingsError).key).toBe(key);
    expect((caught as SettingsError).message).toMatch(message);
    expect((caught as SettingsError).message).not.toContain('\n');
  });

  it('lets small minibatches be when the whole batch is whitened', () => {
    const ppo = { minibatches: 32, whitenScope: 'batch' } as const;
    expect(parseSettings({ ppo }).ppo.minibatches).toBe(32);
  });

  it('accepts its own result', () => {
    for (const name of PRESET_NAMES) {
      const settings = presetSettings(name);
      expect(parseSettings(structuredClone(settings))).toEqual(settings);
    }
  });
});

describe('the method of step 3', () => {
  it('is PPO unless another is chosen, also in settings from before there was a choice', () => {
    const older: Record<string, unknown> = { ...defaultSettings() };
    delete older['method'];
    expect(parseSettings(older)).toEqual(defaultSettings());
    expect(defaultSettings().method.name).toBe('ppo');
  });

  it('asks nothing of PPO that only groups need', () => {
    const odd = { rolloutBatch: 36, episodes: 36, minibatches: 4 };
    expect(parseSettings({ ppo: odd }).ppo.rolloutBatch).toBe(36);
    expect(parseSettings({ method: { name: 'dpo' }, ppo: odd }).method.name).toBe('dpo');
    expect(parseSettings({ ppo: { beta: 0 } }).ppo.beta).toBe(0);
  });

  it('decides how a batch is made, of as many responses as one of PPO', () => {
    const batch = (name: string) => {
      const settings = parseSettings({ method: { name, groupSize: 4, dpoLoss: 'ipo' } });
      const { promptsPerBatch, groupSize, loss } = methodSettings(settings);
      return [promptsPerBatch, groupSize, loss];
    };
    expect(batch('grpo')).toEqual([32, 4, 'ipo']);
    // Two answers are compared, whatever the size of a group.
    expect(batch('online-dpo')).toEqual([64, 2, 'ipo']);
  });
});

describe('the URL form', () => {
  it('carries only differences', () => {
    expect(settingsToQuery(defaultSettings())).toBe('');
    expect(settingsToQuery(parseSettings({ sft: { epochs: 3 } }))).toBe('sft.epochs=3');
  });

  it('comes back unchanged, whatever the values', () => {
    const entry = fc.constantFrom(...SETTING_ENTRIES);
    fc.assert(
      fc.property(
        entry,
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ key, spec, group, name }, u) => {
          fc.pre(!key.startsWith('ppo.') && !key.startsWith('general.'));
          const value =
            spec.kind === 'integer'
              ? spec.min + Math.floor(u * (spec.max - spec.min))
              : spec.kind === 'number'
                ? spec.min + u * (spec.max - spec.min)
                : spec.kind === 'choice'
                  ? spec.choices[0]
                  : u < 0.5;
          const settings = parseSettings({ [group]: { [name]: value } });
          expect(settingsFromQuery(settingsToQuery(settings))).toEqual(settings);
        },
      ),
    );
  });

  it.each([
    ['ppo.beta=much', /ppo.beta/],
    ['ppo.beta=', /ppo.beta/],
    ['ppo.beta=0.1&ppo.beta=0.2', /given twice/],
    ['nothing=1', /no setting "nothing"/],
    ['ppo.whitenAdvantages=yes', /true or false/],
    ['sft.epochs=Infinity', /whole number/],
  ])('refuses %s', (query, message) => {
    expect(() => settingsFromQuery(query)).toThrow(message);
  });
});

describe('presets and differences', () => {
  it('follow the compute contract', () => {
    const micro = presetSettings('micro');
    expect([micro.sft.demonstrations, micro.sft.epochs]).toEqual([68, 1]);
    expect([micro.labels.prompts, micro.labels.k]).toEqual([16, 4]);
    expect([micro.ppo.episodes, micro.ppo.ptxExamplesPerEpisode]).toEqual([64, 1]);
    expect(micro.evaluate.prompts).toBe(50);
    expect([micro.method.name, micro.method.groupSize, micro.method.dpoBatchSize]).toEqual([
      ...['ppo', 4, 8],
    ]);
    const paper = presetSettings('paper');
    expect([paper.sft.demonstrations, paper.sft.epochs]).toEqual([13000, 16]);
    expect(paper.ppo.rolloutBatch / paper.ppo.minibatches).toBe(64);
    expect(paper.ppo.ptxExamplesPerEpisode).toBe(8);
    expect(presetSettings('quick')).toEqual(defaultSettings());
  });

  it('long is quick with more rankings, more episodes and another price, as docs/quick-runs.md says', () => {
    const differences = diffSettings(presetSettings('quick'), presetSettings('long'));
    expect(differences.map(({ key, from, to }) => [key, from, to])).toEqual([
      ['labels.prompts', 600, 6000],
      ['ppo.episodes', 2048, 4096],
      ['ppo.beta', 0.1, 0.2],
    ]);
    const page = readFileSync('docs/quick-runs.md', 'utf8').replaceAll('\n', ' ');
    const words: Record<string, string> = {
      'labels.prompts': 'ranked prompts',
      'ppo.episodes': 'episodes',
      'ppo.beta': 'a KL price of',
    };
    for (const { key, from, to } of differences) {
      const [a, b] = [from, to].map((value) => value.toLocaleString('en-US'));
      const said =
        key === 'ppo.beta'
          ? `${words[key]} ${b} instead of ${a}`
          : `${b} ${words[key]} instead of ${a}`;
      expect(page).toContain(said);
    }
    expect(PRESETS.long.description).toMatch(/ten times the rankings, in one round/);
  });

  it('list what differs, by key and label', () => {
    const changed = parseSettings({ ppo: { beta: 0.5 }, labels: { source: 'person' } });
    expect(diffSettings(defaultSettings(), changed).map((d) => [d.key, d.to])).toEqual([
      ['labels.source', 'person'],
      ['ppo.beta', 0.5],
    ]);
  });

  it('settingValue refuses an unknown key', () => {
    expect(() => settingValue(defaultSettings(), 'ppo.betta')).toThrow(SettingsError);
  });
});
