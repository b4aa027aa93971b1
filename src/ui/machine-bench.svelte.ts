/**
 * *Measure this machine* in the page: asks the worker for one round after the other, over sizes and parts, and keeps
 * what it has heard. Stopping is not asking for the next round. The arithmetic is in records/measurement.ts.
 */
import {
  MEASURED_PARTS,
  MEASURED_REACHES,
  MEASURED_SIZES,
  type MeasuredSize,
  type MeasuredSizeName,
} from '../config/measured-sizes.ts';
import {
  reasonToLeaveOut,
  roundsOf,
  secondsLeftOf,
  type MachineConditions,
  type MachineMeasurement,
  type PartOutcome,
  type PlannedPart,
  type SizeMeasurement,
  type TimedPart,
} from '../records/measurement.ts';
import { BACKEND_NAMES } from '../worker/protocol.ts';
import { failureOf } from './failure.ts';
import type { Laboratory } from './laboratory.svelte.ts';

/** What the page knows of the browser. */
export interface BrowserFacts {
  readonly browser: string;
  readonly cores: number;
  isHidden(): boolean;
}

interface Planned extends PlannedPart {
  readonly size: MeasuredSizeName;
}

export type BenchStatus = 'idle' | 'running' | 'stopped' | 'done';

/** What is timed, in plain words. */
export const PART_WORDS: Readonly<Record<TimedPart, string>> = {
  train: 'training step',
  sample: 'writing answers',
  ppo: 'PPO iteration',
};

/** Tokens that a round of a part learns from or writes. */
function tokensOf({ contextLength, batch, sample, ppo }: MeasuredSize, part: TimedPart): number {
  if (part === 'train') return batch * contextLength;
  return part === 'sample' ? sample.rows * sample.written : ppo.prompts * ppo.newTokens;
}

function planOf(reach: string): Planned[] {
  return (MEASURED_REACHES[reach] ?? []).flatMap((size) =>
    MEASURED_PARTS.map((part) => {
      const declared = MEASURED_SIZES[size];
      return { size, part, parameters: declared.parameters, tokens: tokensOf(declared, part) };
    }),
  );
}

export class MachineBench {
  readonly #laboratory: Pick<Laboratory, 'call' | 'engine'>;
  readonly #facts: BrowserFacts;
  readonly #now: () => Date;
  #status: BenchStatus = $state.raw('idle');
  #measurement: MachineMeasurement | null = $state.raw(null);
  #plan: readonly Planned[] = $state.raw([]);
  /** Parts that are over. */
  #done = $state.raw(0);
  /** Share of the rounds of the part under way that is over. */
  #share = $state.raw(0);
  #problem: string | null = $state.raw(null);
  #stopping = $state.raw(false);

  #sizes = $derived(this.#measurement?.sizes ?? []);

  constructor(
    laboratory: Pick<Laboratory, 'call' | 'engine'>,
    facts: BrowserFacts,
    now: () => Date,
  ) {
    this.#laboratory = laboratory;
    this.#facts = facts;
    this.#now = now;
  }

  get status(): BenchStatus {
    return this.#status;
  }
  /** True from the press on stop until the round under way is over. */
  get stopping(): boolean {
    return this.#stopping;
  }
  /** What has been measured so far; null before the first part. */
  get measurement(): MachineMeasurement | null {
    return this.#measurement;
  }
  /** Why it ended before its time, as a sentence; null when it did not. */
  get problem(): string | null {
    return this.#problem;
  }
  /** Parts, the one under way by its rounds. */
  get progress(): { readonly done: number; readonly total: number } {
    return { done: this.#done + this.#share, total: this.#plan.length };
  }
  /** What is being timed now, in words; null while nothing is. */
  get doing(): string | null {
    const planned = this.#status === 'running' ? this.#plan[this.#done] : undefined;
    if (planned === undefined) return null;
    return `${PART_WORDS[planned.part]}, ${planned.parameters.toLocaleString('en-US')} parameters`;
  }
  /** Null while nothing like what is left has been timed. */
  get secondsLeft(): number | null {
    return secondsLeftOf(this.#sizes, this.#plan.slice(this.#done));
  }

  /** Measures the sizes of a reach (config/measured-sizes.ts), smallest first, in the place of what was measured before. */
  async start(reach: string): Promise<void> {
    if (this.#status === 'running') return;
    this.#status = 'running';
    this.#stopping = false;
    this.#problem = null;
    this.#plan = planOf(reach);
    this.#done = 0;
    this.#share = 0;
    this.#measurement = { conditions: this.#conditions(), complete: false, sizes: [] };
    try {
      for (const planned of this.#plan) {
        await this.#measure(planned);
        if (this.#stopping) break;
        this.#done += 1;
        this.#share = 0;
      }
    } catch (error) {
      this.#problem = failureOf(error).message;
    }
    await this.#close();
    const complete = this.#done === this.#plan.length;
    this.#measurement = { ...this.#measurement, complete };
    this.#status = complete ? 'done' : 'stopped';
    this.#stopping = false;
  }

  /** Ends the measurement after the round under way; what is measured stays. */
  stop(): void {
    this.#stopping = this.#status === 'running';
  }

  #conditions(): MachineConditions {
    const { engine } = this.#laboratory;
    return {
      startedAt: this.#now().toISOString(),
      backend: engine === null ? '' : BACKEND_NAMES[engine.backend],
      device: engine?.device ?? '',
      browser: this.#facts.browser,
      cores: this.#facts.cores,
      wasHidden: this.#facts.isHidden(),
    };
  }

  /** A part that is stopped keeps the rounds that it has, if any. */
  async #measure(planned: Planned): Promise<void> {
    const leftOut = reasonToLeaveOut(this.#sizes, planned);
    if (leftOut !== null) {
      this.#keep(planned, { leftOut });
      return;
    }
    const rounds = roundsOf(this.#sizes, planned);
    const { size, part } = planned;
    const { tokens } = await this.#laboratory.call('machine.open', { size, part });
    const milliseconds: number[] = [];
    for (let round = 0; round <= rounds && !this.#stopping; round++) {
      const timed = await this.#laboratory.call('machine.round', {});
      this.#share = (round + 1) / (rounds + 1);
      // The first compiles, fills caches and reserves memory.
      if (round === 0) continue;
      milliseconds.push(timed.milliseconds);
      this.#keep(planned, { milliseconds: [...milliseconds], tokens });
    }
  }

  #keep({ size, part }: Planned, outcome: PartOutcome): void {
    const measurement = this.#measurement;
    if (measurement === null) return;
    const { parameters, contextLength, width, layers, heads } = MEASURED_SIZES[size];
    const before = measurement.sizes.find(({ name }) => name === size);
    const row: SizeMeasurement = {
      ...{ name: size, parameters, contextLength, width, layers, heads },
      parts: { ...before?.parts, [part]: outcome },
    };
    const wasHidden = measurement.conditions.wasHidden || this.#facts.isHidden();
    this.#measurement = {
      ...measurement,
      conditions: { ...measurement.conditions, wasHidden },
      sizes: [...measurement.sizes.filter(({ name }) => name !== size), row],
    };
  }

  /** The worker may be gone, or never have begun; then there is nothing to close. */
  async #close(): Promise<void> {
    try {
      await this.#laboratory.call('machine.close', {});
    } catch (error) {
      this.#problem ??= failureOf(error).message;
    }
  }
}
