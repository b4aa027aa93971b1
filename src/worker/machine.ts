/**
 * Measuring the machine, behind the protocol: one piece of work is held at a time, and the page asks for its rounds. It
 * only runs while nothing else computes; what it runs on is loaded when it is first asked for. It stores nothing.
 */
import { MEASURED_SIZES } from '../config/measured-sizes.ts';
import type { TimedWork } from '../rlhf/workload.ts';
import type { MachineHandlers } from './dispatch.ts';
import { InputError } from './failure.ts';
import type { Occupant } from './occupancy.ts';
import type { CommandMap } from './protocol.ts';

export interface MachineOptions {
  /** Milliseconds from any start. */
  readonly now: () => number;
  /** Throws InputError when something else computes; call the result to let others in. */
  readonly occupy: (occupant: Occupant) => () => void;
}

interface Held {
  work: TimedWork | null;
  readonly release: () => void;
  /** Rejects when the engine is gone; a round under way may then never end. */
  readonly gone: Promise<never>;
}

type Opened = CommandMap['machine.open']['args'];

async function workOf({ size, part }: Opened, now: () => number): Promise<TimedWork> {
  const [{ ppoWork, samplingWork, trainingWork }, { workloadSize }] = await Promise.all([
    import('../rlhf/workload.ts'),
    import('../rlhf/workload-size.ts'),
  ]);
  const declared = MEASURED_SIZES[size];
  const work = workloadSize(declared);
  switch (part) {
    case 'train':
      return trainingWork(work, now);
    case 'sample':
      return samplingWork(work, declared.sample.rows, now);
    case 'ppo':
      return ppoWork(work, false, now);
    default:
      return part satisfies never;
  }
}

export class MachineDesk {
  readonly handlers: MachineHandlers = {
    'machine.open': (args) => this.#open(args),
    'machine.round': () => this.#round(),
    'machine.close': () => {
      this.#close();
      return Promise.resolve({});
    },
  };
  readonly #options: MachineOptions;
  #held: Held | null = null;

  constructor(options: MachineOptions) {
    this.#options = options;
  }

  /** Puts this work in the place of the one before. */
  async #open(args: Opened): Promise<CommandMap['machine.open']['reply']> {
    this.#close();
    const held = this.#occupy();
    try {
      const work = await workOf(args, this.#options.now);
      if (this.#held === held) held.work = work;
      else work.dispose();
      const { parameters, tokens } = work;
      return { parameters, tokens };
    } catch (error) {
      if (this.#held === held) this.#close();
      throw error;
    }
  }

  #occupy(): Held {
    let leave: (error: InputError) => void = () => undefined;
    const gone = new Promise<never>((_resolve, reject) => {
      leave = reject;
    });
    // Nobody may be waiting for a round when it comes.
    gone.catch(() => undefined);
    const release = this.#options.occupy({
      sentence: 'This machine is being measured: wait for it or stop it (Engine).',
      left: (sentence) => {
        // Its tensors went with the engine.
        this.#held = null;
        leave(new InputError(`${sentence} Measure again.`));
      },
    });
    const held: Held = { work: null, release, gone };
    this.#held = held;
    return held;
  }

  async #round(): Promise<CommandMap['machine.round']['reply']> {
    const held = this.#held;
    const work = held?.work ?? null;
    if (held === null || work === null) {
      throw new InputError('Nothing is being measured: start the measurement again.');
    }
    try {
      const { milliseconds } = await Promise.race([work.round(), held.gone]);
      return { milliseconds };
    } catch (error) {
      if (this.#held === held) this.#close();
      throw error;
    }
  }

  #close(): void {
    const held = this.#held;
    this.#held = null;
    if (held === null) return;
    held.work?.dispose();
    held.release();
  }
}
