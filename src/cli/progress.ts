/** Progress on stderr: one line that rewrites itself on a terminal, a line now and then elsewhere. */

const seconds = (ms: number): string => {
  const s = Math.round(ms / 1000);
  return s < 90 ? `${s} s` : `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
};

export class Progress {
  readonly #label: string;
  readonly #now: () => number;
  readonly #started: number;
  /** The first step that was told, and when: a run that was resumed did those before it some other time. */
  #first: { readonly done: number; readonly at: number } | null = null;
  #shown = -Infinity;

  constructor(label: string, now: () => number) {
    this.#label = label;
    this.#now = now;
    this.#started = now();
  }

  /** `note` is what to watch, such as the loss. */
  update(done: number, total: number, note = ''): void {
    const now = this.#now();
    this.#first ??= { done, at: now };
    const terminal = process.stderr.isTTY;
    if (done < total && now - this.#shown < (terminal ? 200 : 10_000)) return;
    this.#shown = now;
    const own = done - this.#first.done;
    const pace = (now - this.#first.at) / own;
    const left = own > 0 && done < total ? `, ${seconds(pace * (total - done))} left` : '';
    const line = `${this.#label} ${done}/${total} (${seconds(now - this.#started)}${left}) ${note}`;
    process.stderr.write(
      terminal && done < total ? `\r\x1b[K${line}` : `${terminal ? '\r\x1b[K' : ''}${line}\n`,
    );
  }
}
