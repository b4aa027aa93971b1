/** Answers of best-of-n in the evaluation: which draws are made, which one is kept, and what distance is reported. */
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Tokenizer } from '../../../src/data/tokenizer.ts';
import { trainTokenizer } from '../../../src/data/tokenizer-training.ts';
import type { Model } from '../../../src/model/parameters.ts';
import { sampleResponses } from '../../../src/model/sample.ts';
import type { Prompt } from '../../../src/records/prompt.ts';
import { answerPrompts, type BestOfDraws, type Verdict } from '../../../src/rlhf/evaluate.ts';
import { promptTokens } from '../../../src/rlhf/pipeline.ts';
import { start, TINY, tinyModel } from '../model/tiny-model.ts';

vi.mock('../../../src/model/sample.ts', { spy: true });

const tokenizer = new Tokenizer(trainTokenizer(['the owl says hoo.'], 260));
const { eosId, padId, vocabularySize } = tokenizer;
const VERDICT: Verdict = { helpful: 1, truthful: null, harmless: 1, gold: 1 };
const NONE = { kind: 'none', value: 0 } as const;

const prompts = ['ab', 'c'].map((text, i): Prompt => {
  const rest = { useCase: 'chat', kind: 'plain', split: 'test', source: 'world' } as const;
  return { id: `prompt ${i}`, userId: `user ${i}`, text, ...rest };
});

let policy: Model;
let reference: Model;

beforeAll(() => start('wasm'));
beforeEach(() => {
  const config = { ...TINY, vocabularySize, eosId, padId };
  policy = tinyModel('language', 5, config);
  reference = tinyModel('language', 6, config);
});
afterEach(() => {
  vi.resetAllMocks();
  policy.dispose();
  reference.dispose();
});

const answer = (best?: BestOfDraws, temperature = 1) =>
  answerPrompts(
    policy,
    tokenizer,
    prompts,
    () => VERDICT,
    {
      shape: { promptLength: 4, responseLength: 5 },
      ...{ temperature, seed: 1, scope: 'test', policy: 'policy' },
      ...(best && { best }),
    },
    reference,
  );

/** Makes the sampler give these texts, each ended by EOS unless it has a `+` at its end. */
function drawing(...texts: string[]): void {
  const drawn = texts.map((text) => {
    const ended = !text.endsWith('+');
    const tokens = [...tokenizer.encode(text), ...(ended ? [eosId] : [])];
    return { tokens, ended, logProbabilities: tokens.map(() => -1) };
  });
  vi.mocked(sampleResponses).mockResolvedValueOnce(drawn);
}

const textsOf = async (best: BestOfDraws) =>
  (await answer(best)).completions.map(({ text }) => text);

/** A score by response text, end left out; 0 for any other. */
const scoring = (
  table: Readonly<Record<string, number>>,
  missingEos: BestOfDraws['missingEos'],
) => {
  const score = vi.fn<BestOfDraws['score']>((rows) =>
    Promise.resolve(
      rows.map(
        ({ response }) => table[tokenizer.decode(response.filter((id) => id !== eosId))] ?? 0,
      ),
    ),
  );
  return { groupSize: 3, missingEos, score };
};

test('n draws of each prompt at the temperature, of which the best-scored one is kept', async () => {
  drawing('p', 'q', 'r', 's', 't', 'u');
  const best = scoring({ p: 1, q: 5, r: 2, s: 9, t: -1, u: 8 }, NONE);
  expect(await textsOf(best)).toEqual(['q', 's']);
  const [ab, c] = prompts.map(({ text }) => promptTokens(tokenizer, text));
  const [, asked, settings] = vi.mocked(sampleResponses).mock.calls[0] ?? [];
  expect(asked).toEqual([ab, ab, ab, c, c, c]);
  expect(settings?.temperature).toBe(1);
  const scored = best.score.mock.calls[0]?.[0] ?? [];
  expect(scored.map(({ prompt }) => prompt)).toEqual([ab, ab, ab, c, c, c]);
  expect(scored[4]?.response).toEqual([...tokenizer.encode('t'), eosId]);
});

test('of equals the first is kept, and an empty answer only where it is the best', async () => {
  drawing('p', 'q', 'r', '', 't', 'u');
  expect(await textsOf(scoring({ p: 1, q: 2, r: 2, '': -3, t: -2, u: -2 }, NONE))).toEqual([
    'q',
    't',
  ]);
  drawing('', 'q', 'r', 's', '', 'u');
  expect(await textsOf(scoring({ '': 1, s: 1 }, NONE))).toEqual(['', 's']);
});

test('an answer without an end is charged as in training before the choice', async () => {
  const table = { p: 1, 'q+': 1.5, r: 0, 's+': 3, t: 0.5 };
  drawing('p', 'q+', 'r', 's+', 't', 'u');
  expect(await textsOf(scoring(table, NONE))).toEqual(['q+', 's+']);
  drawing('p', 'q+', 'r', 's+', 't', 'u');
  expect(await textsOf(scoring(table, { kind: 'subtract', value: 1 }))).toEqual(['p', 's+']);
});

test('the KL of best-of-n is the bound of its law at temperature 1, that of single draws is measured', async () => {
  const one = await answer();
  const best = { groupSize: 1, missingEos: NONE, score: () => Promise.resolve([1, 2]) };
  const same = await answer(best);
  expect(same.completions).toEqual(one.completions);
  expect(one.kl).not.toBe(0);
  expect(Number.isFinite(one.kl)).toBe(true);
  expect(same.kl).toBe(0);
  const four = { ...best, groupSize: 4, score: () => Promise.resolve([1, 2, 3, 4, 5, 6, 7, 8]) };
  expect((await answer(four)).kl).toBeCloseTo(Math.log(4) - 3 / 4, 12);
  expect((await answer(four, 0.5)).kl).toBeNull();
});
