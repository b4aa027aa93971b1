/**
 * The base model from a person's own text, as the page has it: the text, which size this machine can train and how long
 * that takes, models in and out. Training itself is the laboratory's; the arithmetic is in config/base-sizes.ts.
 */
import { baseSeconds, suggestedSize, type BaseSizeName } from '../config/base-sizes.ts';
import { MEASURED_SIZES, type MeasuredSizeName } from '../config/measured-sizes.ts';
import type { Settings } from '../config/settings.ts';
import type { SizeMeasurement } from '../records/measurement.ts';
import type { OwnTextFacts } from '../records/own-text.ts';
import { BACKEND_NAMES } from '../worker/protocol.ts';
import { failureOf } from './failure.ts';
import type { Laboratory } from './laboratory.svelte.ts';

/** Timed when nothing was: between and around them lie the sizes to choose from. */
const TIMED: readonly MeasuredSizeName[] = ['0.1M', '0.9M'];
const ROUNDS = 2;

type Sizes = readonly SizeMeasurement[];

export class OwnBase {
  readonly #laboratory: Laboratory;
  #text: OwnTextFacts | null = $state.raw(null);
  #quick: { readonly backend: string; readonly sizes: Sizes } | null = $state.raw(null);
  #measuring = $state.raw(false);
  #left = false;
  #busy = $state.raw(false);
  #problem = $state.raw('');
  #news = $state.raw('');

  #sizes = $derived.by((): Sizes => {
    const { engine, measured } = this.#laboratory;
    if (engine === null) return [];
    const now = BACKEND_NAMES[engine.backend];
    if (measured?.conditions.backend === now && hasTraining(measured.sizes)) return measured.sizes;
    return this.#quick?.backend === now ? this.#quick.sizes : [];
  });

  constructor(laboratory: Laboratory) {
    this.#laboratory = laboratory;
  }

  /** Null while none is stored. */
  get text(): OwnTextFacts | null {
    return this.#text;
  }
  get measuring(): boolean {
    return this.#measuring;
  }
  /** True while a file is read or written. */
  get busy(): boolean {
    return this.#busy;
  }
  /** What was wrong with the last file or measurement, in a sentence; empty when nothing. */
  get problem(): string {
    return this.#problem;
  }
  get news(): string {
    return this.#news;
  }
  /** The size to train on this machine; null before it was measured. */
  get suggested(): BaseSizeName | null {
    return suggestedSize({ sizes: this.#sizes }, this.#laboratory.settings.base);
  }

  /** Expected seconds of a run of a size; null before this machine was measured. */
  secondsOf(size: BaseSizeName): number | null {
    return baseSeconds({ sizes: this.#sizes }, size, this.#laboratory.settings.base);
  }

  async load(): Promise<void> {
    await this.#attempt(async () => {
      this.#text = (await this.#laboratory.call('base.text', {})).text;
    });
  }

  /** Stores a text in the place of the one before. */
  async take(name: string, file: Blob): Promise<void> {
    await this.#attempt(async () => {
      this.#text = (await this.#laboratory.call('base.take', { name, file })).text;
      await this.#laboratory.labelsChanged();
      this.#news = `${name} is stored in this browser.`;
    });
  }

  /** Times training steps of two sizes, unless a measurement of this engine is there. */
  async measure(): Promise<void> {
    const { engine } = this.#laboratory;
    if (engine === null || this.#measuring || this.#sizes.length > 0) return;
    this.#measuring = true;
    const sizes: SizeMeasurement[] = [];
    try {
      for (const size of TIMED) sizes.push(await this.#timed(size));
      if (!this.#left) this.#quick = { backend: BACKEND_NAMES[engine.backend], sizes };
    } catch (error) {
      this.#problem = failureOf(error).message;
    }
    try {
      await this.#laboratory.call('machine.close', {});
    } catch (error) {
      this.#problem = failureOf(error).message;
    }
    this.#measuring = false;
  }

  async #timed(size: MeasuredSizeName): Promise<SizeMeasurement> {
    const { tokens } = await this.#laboratory.call('machine.open', { size, part: 'train' });
    const milliseconds: number[] = [];
    for (let round = 0; round <= ROUNDS && !this.#left; round++) {
      const timed = await this.#laboratory.call('machine.round', {});
      // The first compiles, fills caches and reserves memory.
      if (round > 0) milliseconds.push(timed.milliseconds);
    }
    const { parameters, contextLength, width, layers, heads } = MEASURED_SIZES[size];
    const shape = { parameters, contextLength, width, layers, heads };
    return { name: size, ...shape, parts: { train: { milliseconds, tokens } } };
  }

  /** Ends a measurement after the round under way: nobody waits for it any more. */
  leave(): void {
    this.#left = true;
  }

  /** Changes settings of the base model. */
  async set(base: Partial<Settings['base']>): Promise<void> {
    const { settings } = this.#laboratory;
    await this.#laboratory.setSettings({ ...settings, base: { ...settings.base, ...base } });
  }

  /** The file of a base model; null when it could not be made. */
  async export(checkpoint: string): Promise<Blob | null> {
    let file: Blob | null = null;
    await this.#attempt(async () => {
      ({ file } = await this.#laboratory.call('base.export', { checkpoint }));
    });
    return file;
  }

  async import(name: string, file: Blob): Promise<void> {
    await this.#attempt(async () => {
      await this.#laboratory.call('base.import', { name, file });
      await this.#laboratory.reopen();
      this.#news = `${name} is imported.`;
    });
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    this.#busy = true;
    this.#problem = '';
    this.#news = '';
    try {
      await action();
    } catch (error) {
      this.#problem = failureOf(error).message;
    }
    this.#busy = false;
  }
}

function hasTraining(sizes: Sizes): boolean {
  return sizes.some(({ parts: { train } }) => train !== undefined && !('leftOut' in train));
}
