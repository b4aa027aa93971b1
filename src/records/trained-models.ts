/**
 * What `models.json` says of the trained models that come with the page: how they were made, and each file with its size
 * and hash. `npm run reproduce -- --models DIR` writes it, the page checks what it fetches by it. Types and validator only.
 */
import * as v from 'valibot';
import type { JsonValue } from './run.ts';

/** The stages whose results are shipped, in the order in which they are made from each other. */
export const TRAINED_STAGES = ['sft', 'reward', 'ppo'] as const;
export type TrainedStage = (typeof TRAINED_STAGES)[number];

/** Their folder, below that of the page. */
export const TRAINED_FOLDER = 'models/trained';
export const TRAINED_MANIFEST = 'models.json';

export interface TrainedModel {
  readonly stage: TrainedStage;
  /** As people see it. */
  readonly name: string;
  /** In the same folder: weights under GPT-2's names, in half precision. */
  readonly file: string;
  /** Optimizer steps, of PPO iterations, that it was trained for. */
  readonly step: number;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export interface TrainedModels {
  readonly version: 1;
  /** What makes them again, with the options that decide them. */
  readonly command: string;
  /** Settings of all three runs, their seed among them. */
  readonly settings: JsonValue;
  /** Of the policy. */
  readonly parameters: number;
  /** SHA-256 of the base model's weights, which they were trained from, for people; and of its vocabulary, for the page. */
  readonly base: string;
  readonly vocabulary: string;
  /** One for each of {@link TRAINED_STAGES}, in that order. */
  readonly models: readonly TrainedModel[];
}

/** Bytes of a file that is still fetched whole; the shipped ones have a twentieth of it. */
const LARGEST = 25e6;

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'no SHA-256'));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

const model = v.strictObject({
  stage: v.picklist(TRAINED_STAGES),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(60)),
  file: v.pipe(v.string(), v.regex(/^[a-z0-9-]+\.safetensors$/, 'no name of a weights file')),
  step: count,
  bytes: v.pipe(count, v.maxValue(LARGEST)),
  sha256: hash,
});

const trainedModels = v.strictObject({
  version: v.literal(1),
  command: v.string(),
  settings: v.custom<JsonValue>((value) => typeof value === 'object' && value !== null),
  parameters: count,
  base: hash,
  vocabulary: hash,
  models: v.pipe(
    v.array(model),
    v.check(
      (models) => models.map(({ stage }) => stage).join() === TRAINED_STAGES.join(),
      `not one model for each of ${TRAINED_STAGES.join(', ')}`,
    ),
  ),
});

/** Throws Error with a sentence about the part that is not as it has to be. Settings are the caller's to check. */
export function parseTrainedModels(value: unknown): TrainedModels {
  const parsed = v.safeParse(trainedModels, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Error(`${v.getDotPath(issue) ?? 'The content'}: ${issue.message}.`);
}
