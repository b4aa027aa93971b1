/** The link that carries a setup: what goes in comes out, old links mean what they meant, and no link can do harm. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PRESET_NAMES, presetSettings } from '../../../src/config/presets.ts';
import { SCENARIO_MENU } from '../../../src/config/scenarios/menu.ts';
import { scenarioSettings } from '../../../src/config/scenarios/play.ts';
import { SCENARIOS } from '../../../src/config/scenarios/table.ts';
import {
  parseSettings,
  SETTING_ENTRIES,
  SettingsError,
  settingValue,
  type Settings,
} from '../../../src/config/settings.ts';
import { HIDEABLE, HiddenControls } from '../../../src/ui/hidden-controls.svelte.ts';
import {
  LINK_VERSION,
  linkToSetup,
  settingsFromLink,
  type Setup,
} from '../../../src/ui/link-settings.ts';

/** A value that the declaration of a setting allows. */
function allowed(spec: (typeof SETTING_ENTRIES)[number]['spec']): fc.Arbitrary<unknown> {
  switch (spec.kind) {
    case 'integer':
      return fc.integer({ min: spec.min, max: spec.max });
    case 'number':
      return fc.double({ min: spec.min, max: spec.max, noNaN: true });
    case 'choice':
      return fc.constantFrom(...spec.choices);
    case 'boolean':
      return fc.boolean();
  }
  return spec satisfies never;
}

function changed(base: Settings, key: string, value: unknown): Settings {
  const [group = '', name = ''] = key.split('.');
  try {
    return parseSettings({ [group]: { [name]: value } }, base);
  } catch (error) {
    // A value that does not go with the others: not a setup.
    if (error instanceof SettingsError) return base;
    throw error;
  }
}

const setups: fc.Arbitrary<Setup> = fc
  .record({
    scenario: fc.option(fc.constantFrom(...SCENARIO_MENU.map(({ id }) => id))),
    preset: fc.constantFrom(...PRESET_NAMES),
    changes: fc.array(
      fc
        .constantFrom(...SETTING_ENTRIES)
        .chain(({ key, spec }) => allowed(spec).map((value) => ({ key, value }))),
      { maxLength: 8 },
    ),
    hidden: fc.subarray([...HIDEABLE]),
    start: fc.option(fc.stringMatching(/^[0-9a-f]{16}$/)),
  })
  .map(({ scenario, preset, changes, hidden, start }) => {
    const base = scenario === null ? presetSettings(preset) : scenarioSettings(scenario, preset);
    const settings = changes.reduce((all, { key, value }) => changed(all, key, value), base);
    return { scenario, settings, hidden, start };
  });

describe('there and back', () => {
  test('every setup comes back whole', () => {
    fc.assert(
      fc.property(setups, (setup) => {
        expect(settingsFromLink(linkToSetup(setup))).toEqual({ ...setup, error: null });
      }),
      { numRuns: 150 },
    );
  });

  test('a link says its version and seed, and of the settings only what differs', () => {
    const settings = parseSettings(
      { general: { seed: 7 }, ppo: { beta: 0.25 } },
      scenarioSettings('happy', 'micro'),
    );
    const link = linkToSetup({
      scenario: 'happy',
      settings,
      hidden: ['judge', 'settings'],
      start: '0123456789abcdef',
    });
    expect(link).toBe(
      `v=${LINK_VERSION}&scenario=happy&preset=micro&general.seed=7&ppo.beta=0.25&hide=judge.settings&start=0123456789abcdef`,
    );
  });

  test('every arm of every scenario makes a link of fewer than 250 characters', () => {
    for (const { id } of SCENARIO_MENU) {
      for (const arm of SCENARIOS[id].arms) {
        const settings = scenarioSettings(id, 'quick', arm);
        const link = linkToSetup({ scenario: id, settings, hidden: [], start: null });
        expect(settingsFromLink(link).settings).toEqual(settings);
        expect(link.length, link).toBeLessThan(250);
      }
    }
  });
});

describe('links of before there were versions', () => {
  test('mean what they meant, and hide and start nothing', () => {
    const { settings, ...rest } = settingsFromLink('preset=micro&scenario=happy&ppo.beta=0.1');
    expect(settings).toEqual(
      parseSettings({ ppo: { beta: 0.1 } }, scenarioSettings('happy', 'micro')),
    );
    expect(rest).toEqual({ scenario: 'happy', hidden: null, start: null, error: null });
  });

  test('hiding alone leaves the settings alone', () => {
    expect(settingsFromLink('hide=judge')).toMatchObject({ settings: null, hidden: ['judge'] });
  });

  test('a link of the page hides what it says and shows the rest again', () => {
    expect(settingsFromLink(`v=${LINK_VERSION}&preset=micro`).hidden).toEqual([]);
  });
});

describe('bad links', () => {
  test.each([
    ['v=2&ppo.beta=0.1', /version 2.*reads version 1.*update/],
    ['v=x', /version must be 1/],
    ['v=1&v=1', /twice/],
    ['v=1&hide=judge&hide=rank', /twice/],
    ['v=1&start=0123456789abcdef&start=0123456789abcdef', /twice/],
    ['scenario=happy&scenario=paper', /twice/],
    ['preset=micro&preset=quick', /twice/],
    ['v=1&hide=everything', /"everything".*demonstrate/],
    ['v=1&start=0123456789ABCDEF', /16 digits/],
    ['v=1&start=0123', /16 digits/],
    ['v=1&start=', /16 digits/],
    ['v=1&general.seed=-1', /general\.seed/],
    ['v=1&ppo.beta=1e999', /ppo\.beta/],
    [`v=1&ppo.beta=${'1'.repeat(9000)}`, /longer than 8000/],
    ['__proto__=1', /no setting/],
    ['v=1&constructor.prototype=1', /no setting/],
  ])('%.40s changes nothing and says why', (query, words) => {
    const { error, ...rest } = settingsFromLink(query);
    expect(error).toMatch(words);
    expect(rest).toEqual({ settings: null, scenario: null, hidden: null, start: null });
  });

  test('no text throws, and what is taken from it can be used', () => {
    const part = fc.oneof(
      fc.constantFrom('v', 'preset', 'scenario', 'hide', 'start', 'ppo.beta', 'general.seed'),
      fc.string({ unit: 'binary' }),
    );
    const value = fc.oneof(fc.constantFrom('1', 'micro', 'judge'), fc.string({ unit: 'binary' }));
    const pairs = fc.array(fc.tuple(part, value), { maxLength: 6 });
    const texts = fc.oneof(
      pairs.map((rows) => rows.map((row) => row.join('=')).join('&')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const { settings, hidden, start, error } = settingsFromLink(text);
        if (error !== null) expect([settings, hidden, start]).toEqual([null, null, null]);
        if (settings === null) return;
        expect(parseSettings(settings)).toEqual(settings);
        const strange = SETTING_ENTRIES.filter(
          ({ key, spec }) => typeof settingValue(settings, key) !== typeof spec.default,
        );
        expect(strange).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

test('what is hidden is remembered, brought back, and strange names are dropped', () => {
  const rows = new Map([['rlhf-playground/hidden', 'judge.nonsense']]);
  const store = {
    getItem: (key: string) => rows.get(key) ?? null,
    setItem: (key: string, value: string) => void rows.set(key, value),
  };
  const hidden = new HiddenControls(store);
  expect(hidden.names).toEqual(['judge']);
  hidden.hide(['settings', 'rank']);
  expect([hidden.has('rank'), hidden.has('judge'), hidden.has('model')]).toEqual([
    true,
    false,
    false,
  ]);
  expect(new HiddenControls(store).names).toEqual(['rank', 'settings']);
  hidden.hide([]);
  expect(new HiddenControls(store).names).toEqual([]);
});
