/** Stepping on the page: where a run rests, what is turned, in words; the slider's places; what is forgotten when. */
import { describe, expect, test } from 'vitest';
import { defaultSettings, SETTINGS } from '../../../src/config/settings.ts';
import type { Phase, PhaseView } from '../../../src/records/phase.ts';
import { TURNABLE, turnedValue, withTurn, type Turn } from '../../../src/records/turn.ts';
import { comparedSettings } from '../../../src/ui/chart-view.svelte.ts';
import { Laboratory } from '../../../src/ui/laboratory.svelte.ts';
import { LENS_COLUMNS } from '../../../src/ui/lens-columns.ts';
import { knownColumns, nextPhase, phaseSentence } from '../../../src/ui/phase-words.ts';
import { differenceSentences } from '../../../src/ui/run-differences.ts';
import { Training } from '../../../src/ui/training.svelte.ts';
import { nearestPlace, turnScale } from '../../../src/ui/turn-scale.ts';
import { turnSentence } from '../../../src/ui/turn-words.ts';
import type { WorkerEvent } from '../../../src/worker/protocol.ts';
import { FakeClient, stageState, stageStates } from './fake-client.ts';

function phaseView(phase: Phase, minibatch = 0, values: Record<string, number> = {}): PhaseView {
  return { iteration: 3, phase, minibatch, minibatches: 4, answers: 32, values, views: [] };
}

const phaseEvent = (view: PhaseView | null) => ({ type: 'phase', run: 'r', view }) as const;
const record = (step: number): WorkerEvent => ({
  type: 'metrics',
  run: 'r',
  record: { stage: 'ppo', step, values: {} },
});
const BETA: Turn = { iteration: 4, name: 'beta', from: 0.1, to: 0.25 };

describe('phases', () => {
  test('follow each other, and begin anew when the iteration is over', () => {
    expect(nextPhase(null, false)).toBe('rollout');
    expect(nextPhase(phaseView('rollout'), true)).toBe('reward');
    expect(nextPhase(phaseView('reward'), true)).toBe('advantage');
    expect(nextPhase(phaseView('advantage'), true)).toBe('minibatch');
    expect(nextPhase(phaseView('minibatch', 2), true)).toBe('minibatch');
    expect(nextPhase(phaseView('minibatch', 4), false)).toBe('rollout');
  });

  test('make all columns of the token lens, each in one phase', () => {
    const labels = (phase: Phase) => knownColumns(phase).map(({ key }) => key);
    expect(labels('rollout')).toEqual(['logProbability']);
    expect(labels('reward')).toContain('klPenalty');
    expect(labels('reward')).not.toContain('value');
    expect(labels('advantage')).not.toContain('ratio');
    expect(knownColumns('minibatch')).toEqual(LENS_COLUMNS);
  });

  test('are said in a sentence with their own numbers', () => {
    const rollout = phaseView('rollout', 0, { 'completions/mean_length': 12.5 });
    expect(phaseSentence(rollout, true)).toBe(
      'Iteration 3, rollout: 32 answers of 12.5 tokens on average.',
    );
    const last = phaseView('minibatch', 4, {
      ...{ 'val/ratio': 1.01, 'policy/clipfrac_avg': 0.034 },
      ...{ 'loss/policy_avg': -0.02, 'loss/value_avg': 0.5 },
    });
    expect(phaseSentence(last, false)).toBe(
      'Iteration 3, minibatch 4 of 4: mean ratio 1.01, 3 % clipped, policy loss −0.02, value loss 0.5. ' +
        'Iteration 3 is done and saved.',
    );
  });
});

describe('a run that rests', () => {
  test('is inside its iteration until the record of it comes, or it is given up', () => {
    const training = new Training('ppo', defaultSettings);
    training.receive(record(2));
    expect([training.inside, training.phase]).toEqual([false, null]);
    training.receive(phaseEvent(phaseView('minibatch', 4)));
    expect(training.inside).toBe(true);
    training.receive(record(3));
    expect([training.inside, training.phase?.minibatch]).toEqual([false, 4]);
    // It goes on without rests: what was shown of a phase is over.
    training.receive(record(4));
    expect(training.phase).toBeNull();
    training.receive(phaseEvent({ ...phaseView('rollout'), iteration: 5 }));
    expect(training.inside).toBe(true);
    training.receive(phaseEvent(null));
    expect([training.inside, training.phase]).toEqual([false, null]);
  });

  test('another run begins without phases and turned settings; a stored one brings its own', () => {
    const training = new Training('ppo', defaultSettings);
    training.receive(phaseEvent(phaseView('reward')));
    training.receive({ type: 'turns', run: 'r', turns: [BETA] });
    training.receive({ type: 'turns', run: 'of another', turns: [] });
    expect(training.turns).toEqual([BETA]);
    const settings = defaultSettings();
    training.restore({ run: 's', stage: 'ppo', settings, records: [] });
    expect([training.turns, training.phase]).toEqual([[], null]);
    training.restore({ run: 't', stage: 'ppo', settings, turns: [BETA], records: [] });
    expect(training.turns).toEqual([BETA]);
  });
});

describe('the laboratory', () => {
  test('asks for a phase, and shows the run that goes on from a checkpoint', async () => {
    const paused = stageState('paused', { run: 'fork', step: 2, total: 4 });
    const records = [{ stage: 'ppo', step: 1, values: {} }] as const;
    const settings = defaultSettings();
    const client = new FakeClient({
      'stage.phase': () => ({ state: paused }),
      'run.back': () => ({
        stages: stageStates({ ppo: paused }),
        metrics: [{ run: 'fork', stage: 'ppo', settings, turns: [BETA], records }],
        views: [],
      }),
    });
    const laboratory = new Laboratory(client, settings);
    await laboratory.open(null);
    await laboratory.phase('ppo');
    expect(client.argsOf('stage.phase')).toEqual([{ stage: 'ppo' }]);
    expect(laboratory.stage('ppo')).toEqual(paused);
    expect(await laboratory.goBack('ppo-1/2')).toBe(true);
    expect(client.argsOf('run.back')).toEqual([{ checkpoint: 'ppo-1/2' }]);
    expect(laboratory.training.ppo.rows).toEqual(records);
    expect(laboratory.training.ppo.turns).toEqual([BETA]);
  });
});

describe('turned settings', () => {
  test('are said with their label, both values and the iteration', () => {
    expect(turnSentence(BETA)).toBe('KL penalty (beta) turned from 0.1 to 0.25 at iteration 4.');
  });

  test('tell a run from the one before it, though both began with the same settings', () => {
    const training = new Training('ppo', defaultSettings);
    training.receive(record(5));
    training.receive({ type: 'turns', run: 'r', turns: [BETA] });
    training.receive({ ...phaseEvent(phaseView('rollout')), run: 'next' });
    training.receive({ type: 'turns', run: 'next', turns: [{ ...BETA, iteration: 7 }] });
    expect(differenceSentences(comparedSettings(training))).toEqual([
      'In this run: KL penalty (beta) turned from 0.1 to 0.25 at iteration 7.',
      'In the run before: KL penalty (beta) turned from 0.1 to 0.25 at iteration 4.',
    ]);
  });

  test('hold from their iteration on', () => {
    const turns = [BETA, { ...BETA, iteration: 6, from: 0.25, to: 0 }];
    const at = (iteration: number) => turnedValue(turns, 'beta', iteration, 0.1);
    expect([3, 4, 5, 6, 7].map(at)).toEqual([0.1, 0.25, 0.25, 0, 0]);
    expect(turnedValue(turns, 'clip', 9, 0.2)).toBe(0.2);
  });

  test('the last of several before the same iteration counts, from the first value', () => {
    const again = withTurn([BETA], { ...BETA, from: 0.25, to: 0.5 });
    expect(again).toEqual([{ ...BETA, to: 0.5 }]);
    expect(withTurn(again, { ...BETA, from: 0.5, to: 0.1 })).toEqual([]);
    const clip: Turn = { iteration: 4, name: 'clip', from: 0.2, to: 0.1 };
    expect(withTurn([BETA], clip)).toEqual([BETA, clip]);
  });

  test.each(TURNABLE)('the slider of %s has ascending places, all within its range', (name) => {
    const spec = SETTINGS.ppo[name];
    const scale = turnScale(spec);
    expect(scale).toEqual([...new Set(scale)].sort((a, b) => a - b));
    expect([scale[0], scale.at(-1)]).toEqual([spec.min, spec.max]);
    for (const [i, place] of scale.entries()) expect(nearestPlace(scale, place)).toBe(i);
  });

  test('a value between two places is at the nearer one by ratio', () => {
    const scale = turnScale(SETTINGS.ppo.beta);
    const place = (value: number) => scale[nearestPlace(scale, value)];
    expect([0, 0.1, 0.13, 0.15, 3, 10].map(place)).toEqual([0, 0.1, 0.1, 0.2, 2, 10]);
  });
});
