/** Backends whose device was lost, and those that are not taken again by themselves because of it. Counting only. */
import { BACKEND_NAMES, type BackendName } from './protocol.ts';

/** Device losses after which a backend is not taken again by itself. */
const LOSSES_BORNE = 2;

export class DeviceLosses {
  readonly #losses = new Map<BackendName, number>();

  count(backend: BackendName): void {
    this.#losses.set(backend, (this.#losses.get(backend) ?? 0) + 1);
  }

  /** Chosen by name, a backend gets another chance. */
  forgive(backend: BackendName): void {
    this.#losses.delete(backend);
  }

  /** Backends to pass over, each with the sentence that says why. */
  get avoid(): ReadonlyMap<BackendName, string> {
    return new Map(
      [...this.#losses]
        .filter(([, times]) => times >= LOSSES_BORNE)
        .map(([name]) => [name, `${BACKEND_NAMES[name]} lost its device ${LOSSES_BORNE} times.`]),
    );
  }
}
