/**
 * One spec for every backend: the same seed gives the same records and the same snapshot to the bit, and a run that was
 * stopped, saved and opened again ends where the run that never stopped ends.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { Model } from '../../../src/model/parameters.ts';
import { DPO, pairsFromRankings } from '../../../src/rlhf/dpo.ts';
import { GRPO } from '../../../src/rlhf/grpo.ts';
import { unprefixed, type Loop, type Snapshot } from '../../../src/rlhf/loop.ts';
import { openPpo } from '../../../src/rlhf/pipeline.ts';
import type { OpenMethod } from '../../../src/rlhf/method.ts';
import { ppoLoop, type PpoData } from '../../../src/rlhf/ppo.ts';
import { rewardLoop } from '../../../src/rlhf/reward.ts';
import { scoreSequences } from '../../../src/rlhf/sequences.ts';
import { sftLoop } from '../../../src/rlhf/sft.ts';
import { raggedSequences, sameBits, TINY, tinyModel } from '../model/tiny-model.ts';
import {
  disposeModels,
  PPO,
  ppoModels,
  prompts,
  ptx,
  rankings,
  REWARD,
  SFT,
  shape,
  take,
} from './toy.ts';

interface Opened {
  readonly loop: Loop;
  /** Frees the loop and its models. */
  readonly close: () => void;
}

/** Opens a run at its start, or where `from` was taken. */
type Open = (from?: Snapshot) => Promise<Opened>;

const saved = (from: Snapshot, name: string, head: 'language' | 'scalar') =>
  new Model(TINY, head, unprefixed(from.tensors, `${name}.`));

/** With dropout, mixed with pre-training text, over the end of an epoch. */
const openSft: Open = (from) => {
  const model = from ? saved(from, 'model', 'language') : tinyModel();
  const settings = { ...SFT, pretrainMix: 0.25 };
  const loop = sftLoop(model, raggedSequences(9, 4, 5, 2), settings, from, ptx);
  return Promise.resolve({ loop, close: () => [loop, model].forEach((each) => each.dispose()) });
};

const openReward: Open = (from) => {
  const model = from ? saved(from, 'model', 'scalar') : tinyModel('scalar');
  const loop = rewardLoop(model, rankings(6), REWARD, from);
  return Promise.resolve({ loop, close: () => [loop, model].forEach((each) => each.dispose()) });
};

/** Two minibatches and two inner epochs an iteration, scored by the model that the critic starts from. */
const openPtx: Open = async (from) => {
  const fresh = await ppoModels();
  const reward = await fresh.value.copy();
  let models = fresh;
  if (from) {
    for (const model of [fresh.policy, fresh.value, fresh.ema]) model.dispose();
    models = {
      policy: saved(from, 'policy', 'language'),
      reference: fresh.reference,
      value: saved(from, 'value', 'scalar'),
      ema: saved(from, 'ema', 'language'),
    };
  }
  const score: PpoData['score'] = (sequences) => scoreSequences(reward, sequences, shape);
  const data = { prompts, ptx, score, scoredByRewardModel: true };
  const settings = { ...PPO, innerEpochs: 2, episodes: 3 * PPO.rolloutBatch };
  const loop = ppoLoop(models, data, settings, from);
  const close = () => {
    loop.dispose();
    reward.dispose();
    disposeModels(models);
  };
  return { loop, close };
};

/**
 * With all options that have a state of their own: a beta that adapts, a calibrated pre-training mix, and a value head on
 * the policy. Opened as page and command line do.
 */
const openOptions: Open = async (from) => {
  const sft = tinyModel('language', 5);
  const reward = tinyModel('scalar', 6);
  const settings = {
    ...({ ...PPO, episodes: 4 * PPO.rolloutBatch, klPlace: 'loss', klEstimator: 'k2' } as const),
    ...{ adaptiveKl: { target: 1e-3, horizon: 64 }, ptxTargetRatio: 0.3 },
    ...({ valueTrunk: 'shared', scorePosition: 'after-last' } as const),
  };
  const open = await openPpo({ sft, reward, prompts, ptx }, settings, from);
  const close = () => [open, sft, reward].forEach((each) => each.dispose());
  return { loop: open.loop, close };
};
/** Of a method beside PPO, with the tiny SFT model as reference and a reward model for what it writes. */
const openMethod =
  (begin: (reference: Model, reward: Model, from?: Snapshot) => Promise<OpenMethod>): Open =>
  async (from) => {
    const [reference, reward] = [tinyModel('language', 5), tinyModel('scalar', 6)];
    const open = await begin(reference, reward, from);
    return { loop: open.loop, close: () => [open, reference, reward].forEach((x) => x.dispose()) };
  };

const METHOD = { shape, temperature: 1, beta: 0.05, learningRate: 1e-3, seed: 1 };
const { optimizer, missingEos, clip, warmupIterations } = PPO;

/** Three steps over the end of an epoch. */
const openDpo = openMethod((reference, reward, from) => {
  const score: PpoData['score'] = (sequences) => scoreSequences(reward, sequences, shape);
  const pairs = pairsFromRankings(rankings(4));
  const settings = { ...METHOD, loss: 'sigmoid', epochs: 2, batchSize: 6, optimizer } as const;
  return DPO.open({ reference, prompts, score, pairs }, settings, from);
});

/** Groups of four, two minibatches and two inner epochs an iteration. */
const openGrpo = openMethod((reference, reward, from) => {
  const score: PpoData['score'] = (sequences) => scoreSequences(reward, sequences, shape);
  const settings = {
    ...{ ...METHOD, missingEos, clip, warmupIterations, optimizer },
    ...{ iterations: 3, promptsPerBatch: 4, groupSize: 4, minibatches: 2, innerEpochs: 2 },
    lossType: 'grpo',
  } as const;
  return GRPO.open({ reference, prompts, score, pairs: [] }, settings, from);
});

/** What a checkpoint gives back: the state as JSON text, the tensors as bytes of their own. */
function throughStorage({ tensors, state }: Snapshot): Snapshot {
  return {
    tensors: new Map([...tensors].map(([name, tensor]) => [name, structuredClone(tensor)])),
    state: JSON.parse(JSON.stringify(state)) as Snapshot['state'],
  };
}

/** Declares the tests for one backend, which `use` starts. */
export function describeRepeats(backend: string, use: () => Promise<unknown>): void {
  describe(`runs of one seed on ${backend}`, () => {
    beforeAll(async () => {
      await use();
    });

    test.each([
      ['SFT', openSft, 2],
      ['reward model', openReward, 1],
      ['PPO-ptx', openPtx, 2],
      ['PPO with all options that have a state', openOptions, 2],
      ['DPO', openDpo, 2],
      ['GRPO', openGrpo, 2],
    ] as const)(
      'O17, D54, D22: %s twice, and stopped, saved and resumed, give the same records and snapshot to the bit',
      async (_, open, stopAfter) => {
        const straight = await open();
        const series = await take(straight.loop);
        const end = await straight.loop.snapshot();
        const stopped = await open();
        const begun = await take(stopped.loop, stopAfter);
        const snapshot = await stopped.loop.snapshot();
        const kept = throughStorage(snapshot);
        // The stopped loop goes on by itself, and what it does changes nothing in the snapshot.
        expect([...begun, ...(await take(stopped.loop))]).toEqual(series);
        expect(snapshot).toEqual(kept);
        const resumed = await open(kept);
        expect([...begun, ...(await take(resumed.loop))]).toEqual(series);
        for (const { loop } of [stopped, resumed]) {
          const other = await loop.snapshot();
          expect(other.state).toEqual(end.state);
          expect(sameBits(other.tensors, end.tensors)).toBe(true);
        }
        expect(series.length).toBeGreaterThan(stopAfter);
        expect(series.every(({ values }) => Object.values(values).every(Number.isFinite))).toBe(
          true,
        );
        // Equal ends are not those of runs that stood still.
        expect(sameBits(kept.tensors, end.tensors)).toBe(false);
        for (const { close } of [straight, stopped, resumed]) close();
      },
    );
  });
}
