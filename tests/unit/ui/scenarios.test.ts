/** Playing a scenario through against a fake worker: which steps are asked for, in which order, and what ends it. */
import { describe, expect, test, vi } from 'vitest';
import {
  armSettings,
  scenarioSettings,
  type FinishedRun,
} from '../../../src/config/scenarios/play.ts';
import { SCENARIOS } from '../../../src/config/scenarios/table.ts';
import { defaultSettings, type Settings } from '../../../src/config/settings.ts';
import { Laboratory } from '../../../src/ui/laboratory.svelte.ts';
import { OWN_RANKINGS, ScenarioDesk } from '../../../src/ui/scenario-desk.svelte.ts';
import { Scenarios } from '../../../src/ui/scenarios.svelte.ts';
import type { StageState, StageStates, TrainingStage } from '../../../src/worker/protocol.ts';
import { BASE, FakeClient, stageState, stageStates } from './fake-client.ts';

const noStore = { getItem: () => null, setItem: () => undefined };

/** A worker whose stages are done as soon as they are asked for, unless `ends` says how they end. */
function world(start: Settings, ends: Partial<Record<TrainingStage, StageState['status']>> = {}) {
  let settings = start;
  let stages: StageStates = stageStates();
  const runs: FinishedRun[] = [];
  const trained: string[] = [];
  const told = (stage: TrainingStage | 'labels', state: StageState): void => {
    stages = { ...stages, [stage]: state };
  };
  const client = new FakeClient({
    'project.open': () => ({
      ...{ stages, settings, readOnly: null, metrics: [], views: [], suite: null, notes: [] },
      checkpoints: [BASE],
    }),
    'settings.set': (args) => {
      const another = args.settings.labels.noise !== settings.labels.noise;
      settings = args.settings;
      if (another) {
        told('labels', stageState('ready'));
        told('reward', stageState('stale'));
      }
      return { stages, metrics: [], views: [] };
    },
    'labels.simulate': ({ count }) => {
      trained.push(`labels ${count} noise ${settings.labels.noise}`);
      told('labels', stageState('done', { step: settings.labels.prompts }));
      client.emit({ type: 'stage', stage: 'labels', state: stages.labels });
      return { added: count };
    },
    'stage.start': ({ stage }) => {
      trained.push(stage);
      const status = ends[stage] ?? 'done';
      told(stage, stageState(status));
      if (status === 'done' && stage === 'reward') {
        const gold = settings.labels.noise === 0 ? 0.8 : 0.6;
        const values = { eval_gold_accuracy: gold };
        runs.push({ stage, settings, records: [{ stage, step: 1, values }] });
      }
      setTimeout(() => {
        client.emit({ type: 'stage', stage, state: stages[stage] });
      }, 1);
      return { state: stageState('running') };
    },
    'stage.pause': ({ stage }) => {
      told(stage, stageState('paused'));
      return { state: stages[stage] };
    },
    'labels.stop': () => ({ stages }),
  });
  return { client, runs, trained, told };
}

async function deskOf(settings: Settings, ends = {}) {
  const parts = world(settings, ends);
  const laboratory = new Laboratory(parts.client, defaultSettings());
  await laboratory.open(null);
  const desk = new ScenarioDesk(laboratory, () => Promise.resolve([...parts.runs]), noStore);
  return { ...parts, laboratory, desk };
}

describe('playing', () => {
  test('takes every step of every arm once, and ends with the verdict', async () => {
    const start = scenarioSettings('noisy-labelers', 'micro');
    const { desk, trained } = await deskOf(start);
    desk.wish('noisy-labelers');
    expect(desk.shown?.label).toBe('Noisy labelers');
    expect(desk.verdict).toBeNull();
    await desk.play();
    expect(trained).toEqual([
      ...['sft', 'labels 16 noise 0', 'reward'],
      ...['labels 16 noise 0.9', 'reward'],
    ]);
    expect(desk.verdict?.state).toBe('reached');
    expect([...desk.arms.keys()]).toEqual(['careful', 'careless']);
    expect(desk.act).toBeNull();
    await desk.play();
    expect(trained).toHaveLength(5);
  });

  test('an arm that has run is not run again', async () => {
    const start = scenarioSettings('noisy-labelers', 'micro');
    const { desk, runs, trained } = await deskOf(start);
    desk.wish('noisy-labelers');
    const [careful] = SCENARIOS['noisy-labelers'].arms;
    const values = { eval_gold_accuracy: 0.9 };
    const records = [{ stage: 'reward', step: 1, values }] as const;
    runs.push({ stage: 'reward', settings: armSettings(careful, start), records });
    await desk.play();
    expect(trained.filter((step) => step.startsWith('labels'))).toEqual(['labels 16 noise 0.9']);
  });

  test('a stage that fails, or is stopped, ends it with a sentence and no verdict', async () => {
    const start = scenarioSettings('noisy-labelers', 'micro');
    const { desk, trained } = await deskOf(start, { reward: 'failed' });
    desk.wish('noisy-labelers');
    await desk.play();
    expect(trained).toEqual(['sft', 'labels 16 noise 0', 'reward']);
    expect(desk.note).toContain('stopped before its end');
    expect(desk.verdict).toBeNull();
    expect(desk.act).toBeNull();
  });

  test('pausing ends it after the step under way', async () => {
    const start = scenarioSettings('noisy-labelers', 'micro');
    const { desk, trained, client } = await deskOf(start, { sft: 'running' });
    desk.wish('noisy-labelers');
    const played = desk.play();
    await expect.poll(() => [desk.act?.stage, trained]).toEqual(['sft', ['sft']]);
    await desk.pause();
    await played;
    expect(client.argsOf('stage.pause')).toEqual([{ stage: 'sft' }]);
    expect(trained).toEqual(['sft']);
    expect(desk.pausing).toBe(false);
  });

  test('“Your taste” asks for rankings by the person, and takes no others', async () => {
    const { desk, trained, told, client } = await deskOf(scenarioSettings('your-taste', 'micro'));
    await desk.play();
    expect(trained).toEqual(['sft']);
    expect(desk.note).toContain('rank some in part 2 Rank');
    told('labels', stageState('done', { step: OWN_RANKINGS }));
    client.emit({
      type: 'stage',
      stage: 'labels',
      state: stageState('done', { step: OWN_RANKINGS }),
    });
    await desk.play();
    expect(trained).toEqual(['sft', 'reward', 'ppo']);
  });

  test('DPO is played without a reward model', async () => {
    const start = scenarioSettings('without-rl', 'micro');
    const { desk, trained } = await deskOf(start, { ppo: 'failed' });
    await desk.play();
    expect(trained).toEqual(['sft', 'labels 16 noise 0', 'ppo']);
  });
});

describe('choosing', () => {
  test('takes the settings over the preset there is, and remembers which one was meant', async () => {
    const kept = new Map<string, string>();
    const store = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
    };
    const { laboratory } = await deskOf(scenarioSettings('paper', 'micro'));
    const desk = new ScenarioDesk(laboratory, () => Promise.resolve([]), store);
    await desk.choose('noisy-labelers');
    expect(laboratory.settings).toEqual(scenarioSettings('noisy-labelers', 'micro'));
    expect(desk.shown?.id).toBe('noisy-labelers');
    const later = new ScenarioDesk(laboratory, () => Promise.resolve([]), store);
    expect(later.shown?.id).toBe('noisy-labelers');
  });

  test('what is loaded late is loaded once, and again after a failure', async () => {
    const { laboratory, desk } = await deskOf(scenarioSettings('paper', 'micro'));
    const fetch = vi.fn();
    fetch.mockRejectedValueOnce(new Error('no network'));
    fetch.mockResolvedValue({ desk, Panel: () => undefined });
    const scenarios = new Scenarios(laboratory, fetch);
    expect(await scenarios.load()).toBeNull();
    expect(laboratory.failure?.message).toContain('no network');
    expect((await scenarios.load())?.desk).toBe(desk);
    await scenarios.load();
    expect(fetch).toHaveBeenCalledTimes(2);
  });
});
