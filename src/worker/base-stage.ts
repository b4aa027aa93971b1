/**
 * The loop that trains a base model from a person's own text: the same pre-training as the shipped one's, measured on
 * the end of the text, with samples that go on from its openings. Loaded when such a model is first trained.
 */
import { BASE_SIZES } from '../config/base-sizes.ts';
import { baseSettings, sequenceShape } from '../config/stage-settings.ts';
import { Rng } from '../data/rng.ts';
import {
  documentsOf,
  heldOutPassages,
  passageSource,
  splitTokens,
  tokenStream,
} from '../data/text-rows.ts';
import { initialTensors, Model } from '../model/parameters.ts';
import type { PinnedSample } from '../records/run.ts';
import { unprefixed } from '../rlhf/loop.ts';
import { measuredLoop } from '../rlhf/measures.ts';
import { complete, promptTokens } from '../rlhf/pipeline.ts';
import { heldOutLoss, pretrainLoop } from '../rlhf/pretrain.ts';
import { InputError } from './failure.ts';
import { stageLoop, type StageBench, type StageParts } from './stage-loops.ts';
import type { StageLoop, StageRequest } from './stages.ts';

/** Openings that are gone on from while it learns. */
const OPENINGS = 3;
const WORDS_OF_AN_OPENING = 4;

/** The first words of some documents, spread over the text. */
function openingsOf(text: string): string[] {
  const starts = documentsOf(text).map((part) =>
    (part.match(/\S+/g) ?? []).slice(0, WORDS_OF_AN_OPENING).join(' '),
  );
  const different = [...new Set(starts)];
  const every = Math.max(1, Math.floor(different.length / OPENINGS));
  return different.filter((_, i) => i % every === 0).slice(0, OPENINGS);
}

/** The same draws each time, so that only the model makes the difference. */
function openingSampler(
  { shelf }: StageBench,
  { settings }: StageRequest,
  model: Model,
  text: string,
): StageParts['sampler'] {
  const { tokenizer } = shelf.files;
  const shape = sequenceShape(settings);
  const texts = openingsOf(text).filter(
    (opening) => promptTokens(tokenizer, opening).length <= shape.promptLength,
  );
  if (texts.length === 0) return null;
  const call = {
    shape,
    temperature: 1,
    seed: settings.general.seed,
    scope: 'openings',
    policy: '',
  };
  return async (): Promise<readonly PinnedSample[]> => {
    const completions = await complete(model, tokenizer, texts, call);
    return completions.map(({ text: response, ended }, i) => ({
      promptId: `opening-${i}`,
      prompt: texts[i] ?? '',
      response,
      ended,
    }));
  };
}

/** New or from a snapshot; the caller disposes it. Throws InputError or FormatError. */
export function pretrainStage(bench: StageBench, request: StageRequest): StageLoop {
  const { settings, text, snapshot } = request;
  const { base, general } = settings;
  if (text === null) throw new InputError('First choose a text of your own (Model).');
  const { config, tokenizer } = bench.shelf.files;
  const { width, layers } = BASE_SIZES[base.size];
  const shape = { ...config, width, layers };
  const length = base.passageTokens;
  const parts = splitTokens(tokenStream(text.text, tokenizer), base.heldOutShare, length);
  const source = passageSource(
    parts.training,
    { batch: base.batchSize, length },
    { seed: general.seed, scope: 'train' },
  );
  const heldOut = [heldOutPassages(parts.heldOut, length)];
  const start =
    snapshot === null
      ? initialTensors(shape, 'language', Rng.named(general.seed, 'weights'))
      : unprefixed(snapshot.tensors, 'model.');
  const model = new Model(shape, 'language', start);
  const loop = pretrainLoop(model, source, baseSettings(settings), snapshot ?? undefined);
  const measure = async () => ({ eval_loss: await heldOutLoss(model, heldOut) });
  return stageLoop(
    {
      loop: measuredLoop(loop, measure, snapshot === null),
      sampler: openingSampler(bench, request, model, text.text),
      finish: () => Promise.resolve(),
      dispose: () => {
        loop.dispose();
        model.dispose();
      },
    },
    bench.now,
  );
}
