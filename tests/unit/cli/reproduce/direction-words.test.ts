/** Paragraphs about differences in words of their direction; the KL price beside the higher ones; on what settings were chosen. */
import { describe, expect, test } from 'vitest';
import { EPOCHS } from '../../../../src/cli/reproduce/claims/epochs.ts';
import { SHUFFLED_PAIRS } from '../../../../src/cli/reproduce/claims/shuffled.ts';
import { TAX } from '../../../../src/cli/reproduce/claims/tax.ts';
import { resultsMarkdown } from '../../../../src/cli/reproduce/markdown.ts';
import { EXAMPLE_RESULTS } from '../../ui/stored-results.ts';
import { figureRow, viewOf } from './claim-view.ts';

describe('the tax', () => {
  const rows = [
    figureRow('drop-base:sft', 'points', [0.143, 0.133, 0.154]),
    figureRow('drop-base:ppo', 'points', [-0.02, -0.03, -0.01]),
    figureRow('drop-base:ppo-ptx', 'points', [0, -0.01, 0.01]),
    figureRow('drop:ppo', 'points', [0.024, 0.017, 0.032]),
    figureRow('drop:ppo-beta-1', 'points', [-0.004, -0.01, 0.002]),
    figureRow('recovered:ppo-beta-1', 'share', [0.6, 0.4, 0.8]),
    figureRow('rise:ppo', 'nats', [0.034, 0.031, 0.037]),
    figureRow('rise:ppo-ptx', 'nats', [-0.008, -0.011, -0.006]),
  ];
  const view = viewOf(rows, [{ seed: 1, data: { beta: 0.2 } }]);
  const why = TAX.why(view, 'holds');

  test('drops, gains or does neither, and never drops by a number with a sign', () => {
    expect(why).toContain(
      'Against base, SFT drops by 14.3 points [13.3, 15.4], PPO without ptx gains 2.0 points [1.0, 3.0] and PPO-ptx neither ' +
        'drops nor gains [-1.0, +1.0].',
    );
    expect(why).toContain(': a drop of 2.4 points [1.7, 3.2].');
    expect(why).toContain('PPO without ptx, beta 1: a gain of 0.4 points [-0.2, 1.0], won back');
    expect(why).toContain(
      'Loss on held-out documents rises by 0.034 nats [0.031, 0.037] without ptx and falls by 0.008 nats [0.006, 0.011] with it.',
    );
  });

  test('higher KL prices stand beside the usual one', () => {
    expect(why).toContain('A higher KL price instead (beta is 0.2 in PPO and PPO-ptx): PPO');
    expect(TAX.howHere?.(view)).toBe(
      'PPO and PPO-ptx pay the usual KL price, beta 0.2; rows that name a beta pay that one.',
    );
    expect(TAX.howHere?.(viewOf(rows))).toBe('');
    expect(TAX.why(viewOf(rows), 'holds')).toContain('A higher KL price instead: PPO');
  });
});

test('shuffled comparisons: no difference is called one, and a narrower gap narrower', () => {
  const why = (gap: readonly [number, number, number]): string =>
    SHUFFLED_PAIRS.why(
      viewOf([
        figureRow('held-out:difference', 'points', [-0.0003, -0.014, 0.012]),
        figureRow('gap:difference', 'points', gap),
      ]),
      'holds',
    );
  expect(why([0.042, 0.026, 0.059])).toContain(
    'Held out, whole prompts are no different [-1.4, +1.2]; the gap between learnt and held out is wider by 4.2 points [2.6, 5.9] when',
  );
  expect(why([-0.042, -0.059, -0.026])).toContain('narrower by 4.2 points [2.6, 5.9] when');
});

test('epochs: loss falls, scores rise', () => {
  const rows = [
    figureRow('chosen', 'count', [2]),
    figureRow('loss:change', 'nats', [-0.083, -0.11, -0.054]),
    figureRow('reward:change', 'score', [0.065, -0.008, 0.144]),
    figureRow('gold:change', 'score', [0.12, 0.095, 0.144]),
    figureRow('gold:ceiling', 'score', [0.99, 0.98, 1]),
  ];
  expect(EPOCHS.why(viewOf(rows), 'holds')).toContain(
    'validation loss falls by 0.083 nats [0.054, 0.110], the reward-model score rises by 0.065 [-0.008, 0.144] and gold rises ' +
      'by 0.120 [0.095, 0.144]; ideal answers have gold 0.990 [0.980, 1.000]',
  );
});

describe('the head of the report says on what the settings were chosen', () => {
  const page = (preset: string, seeds: readonly number[]): string =>
    resultsMarkdown({ ...EXAMPLE_RESULTS, preset, seeds }, () => [], []);
  const long =
    'KL price, episodes, number of rankings and the second round on validation prompts of seed 3 alone';

  test('of the preset long on one of the seeds that are reported', () => {
    expect(page('long', [1, 2, 3])).toContain(
      `Chosen beforehand (docs/quick-runs.md): ${long}, one of those reported; the policy rate on the runs of the first table ` +
        'there, by their KL; the ranking temperature on 200 prompts of one seed. Tried afterwards on these very test prompts and ' +
        'not kept: sixteen epochs of SFT.',
    );
    expect(page('long', [1, 2])).toContain(`${long}; the policy rate`);
  });

  test('of another preset nothing that was not chosen so', () => {
    expect(page('quick', [1, 2, 3])).not.toContain('seed 3 alone');
    expect(page('quick', [1, 2, 3])).not.toContain('Tried afterwards');
    expect(page('quick', [1, 2, 3])).toContain('(docs/quick-runs.md): the policy rate on the runs');
  });
});
