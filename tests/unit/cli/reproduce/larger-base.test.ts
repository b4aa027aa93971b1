/** How large the larger base model is: counted from both configurations, told in the claim, the report and the file. */
import { describe, expect, test } from 'vitest';
import {
  parametersOf,
  SMALL_AGAINST_LARGE,
} from '../../../../src/cli/reproduce/claims/larger-base.ts';
import { resultsMarkdown } from '../../../../src/cli/reproduce/markdown.ts';
import { parseResults, type Results } from '../../../../src/records/results.ts';
import { TINY } from '../../model/tiny-model.ts';
import { EXAMPLE_RESULTS } from '../../ui/stored-results.ts';
import { figureRow, viewOf } from './claim-view.ts';

test('parameters are counted from the configuration of each', () => {
  const of = (layers: number) => ({ model: { config: { ...TINY, layers } } });
  // (29 + 24) 16 of embeddings, 12 * 16² + 13 * 16 a layer, 2 * 16 at the end.
  expect(parametersOf(of(2), of(3))).toEqual({ small: 7440, large: 7440 + 3280 });
});

test('how it was measured gives the real ratio, and nothing where sizes were not kept', () => {
  const how = (...data: { seed: number; data: { small: number; large: number } }[]) =>
    SMALL_AGAINST_LARGE.howHere?.(viewOf([], data));
  expect(how({ seed: 1, data: { small: 350_208, large: 3_187_712 } })).toBe(
    'It has 9.1 times the parameters: 3,187,712 against 350,208.',
  );
  expect(how()).toBe('');
  expect(SMALL_AGAINST_LARGE.how).not.toMatch(/\d times/);
});

/** Loss of the larger base against the small one on the same documents, as [value, low, high]. */
const ofLoss = (change: readonly [number, number, number]) => {
  const row = { ...figureRow('loss:change', 'nats', change), neutral: 0 };
  return viewOf([row]);
};

test.each([
  [[-0.007, -0.009, -0.005], 'met', /it is lower by 0\.007 nats \[0\.005, 0\.009\]\.$/],
  [[-0.001, -0.003, 0.001], 'missed', /it is lower by 0\.001 nats \[-0\.001, 0\.003\]\.$/],
  [
    [0.04, 0.03, 0.05],
    'missed',
    /it is higher by 0\.040 nats \[0\.030, 0\.050\], so that it has read/,
  ],
] as const)('a loss that changes by %s: the better model of text is %s', (change, grade, words) => {
  const view = ofLoss(change);
  expect(SMALL_AGAINST_LARGE.conditions(view)[1]?.grade).toBe(grade);
  expect(SMALL_AGAINST_LARGE.why(view, 'holds')).toMatch(words);
});

describe('the file and the report', () => {
  const large = { parameters: 3_187_712, fingerprint: '0123456789abcdef' };
  const results: Results = { ...EXAMPLE_RESULTS, large };

  test('name the size and the file of the larger base', () => {
    const page = resultsMarkdown(results, () => [], []);
    expect(page).toContain(
      'The larger base model has 3,187,712 parameters; the SHA-256 of its file begins with `0123456789abcdef`.',
    );
    expect(parseResults(JSON.parse(JSON.stringify(results))).large).toEqual(large);
  });

  test('say nothing where none was given: older files are read as before', () => {
    expect(resultsMarkdown(EXAMPLE_RESULTS, () => [], [])).not.toContain('larger base model');
    expect(parseResults(JSON.parse(JSON.stringify(EXAMPLE_RESULTS))).large).toBeUndefined();
  });
});
