/**
 * The sizes of a base model trained in the tab, and which of them this machine can train in the time that a person has.
 * Plain arithmetic on a measurement; the settings are in base-table.ts. All sizes have the shipped vocabulary, context
 * and number of heads, so that a checkpoint's weights alone tell its shape.
 */
import { secondsPerStep, type MachineMeasurement } from '../records/measurement.ts';
import type { Settings } from './settings.ts';

export type BaseSizeName = Settings['base']['size'];

export interface BaseSize {
  readonly width: number;
  readonly layers: number;
  /** With the shipped vocabulary of 1,024 and context of 256, tied embedding counted once. */
  readonly parameters: number;
}

/** Smallest first. */
export const BASE_SIZES: Readonly<Record<BaseSizeName, BaseSize>> = {
  tiny: { width: 32, layers: 1, parameters: 53_728 },
  small: { width: 64, layers: 2, parameters: 182_016 },
  middle: { width: 96, layers: 4, parameters: 570_432 },
  large: { width: 128, layers: 4, parameters: 957_184 },
  huge: { width: 256, layers: 6, parameters: 5_066_752 },
};

/** A lesson's worth of waiting, in seconds. */
export const BASE_PATIENCE = 300;

type Planned = Pick<Settings['base'], 'steps' | 'batchSize' | 'passageTokens'>;
type Measured = Pick<MachineMeasurement, 'sizes'>;

/** Expected seconds of a whole run of this size; null when no training step was measured. */
export function baseSeconds(
  measured: Measured,
  size: BaseSizeName,
  { steps, batchSize, passageTokens }: Planned,
): number | null {
  const { parameters } = BASE_SIZES[size];
  const step = secondsPerStep(measured, { parameters, tokens: batchSize * passageTokens });
  return step === null ? null : step * steps;
}

/**
 * The largest size whose run should end within `patience` seconds; the smallest where none does. Null when no training
 * step was measured.
 */
export function suggestedSize(
  measured: Measured,
  plan: Planned,
  patience = BASE_PATIENCE,
): BaseSizeName | null {
  let best: BaseSizeName | null = null;
  for (const name of Object.keys(BASE_SIZES) as BaseSizeName[]) {
    const seconds = baseSeconds(measured, name, plan);
    if (seconds === null) return null;
    if (best === null || seconds <= patience) best = name;
  }
  return best;
}

/** How often a run reads each token of a text of so many, on average. */
export function passesOver(tokens: number, { steps, batchSize, passageTokens }: Planned): number {
  return (steps * batchSize * passageTokens) / tokens;
}
