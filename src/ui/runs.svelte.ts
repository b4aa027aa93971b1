/**
 * The runs of the project as the part *Runs* shows them: the list, which are chosen for comparison, their series, and
 * the verbs. What a verb does happens in the worker; this part is made when it is first opened.
 */
import type { CommandMap, LabAdditions, RunSummary, ShownRun } from '../worker/protocol.ts';
import type { Laboratory } from './laboratory.svelte.ts';

export class RunShelf {
  readonly #laboratory: Laboratory;
  #runs: readonly RunSummary[] | null = $state.raw(null);
  #chosen: readonly string[] = $state.raw([]);
  #opened: string | null = $state.raw(null);
  #shown: readonly ShownRun[] = $state.raw([]);
  #busy = $state.raw(false);

  constructor(laboratory: Laboratory) {
    this.#laboratory = laboratory;
  }

  /** Oldest first; null before they were read. */
  get runs(): readonly RunSummary[] | null {
    return this.#runs;
  }
  /** Chosen for comparison, in the order of the list. */
  get chosen(): readonly RunSummary[] {
    return (this.#runs ?? []).filter(({ id }) => this.#chosen.includes(id));
  }
  /** The run whose details are shown. */
  get opened(): RunSummary | null {
    return this.#runs?.find(({ id }) => id === this.#opened) ?? null;
  }
  /** True while something asked for here is under way. */
  get busy(): boolean {
    return this.#busy;
  }

  isChosen(id: string): boolean {
    return this.#chosen.includes(id);
  }

  /** Series and view of a run; undefined until they are read. */
  shownOf(id: string): ShownRun | undefined {
    return this.#shown.find(({ run }) => run === id);
  }

  /** Reads the list, and what is looked at, again. */
  async load(): Promise<void> {
    const reply = await this.#laboratory.ask('runs.list', {});
    if (reply === null) return;
    this.#shown = [];
    await this.#take(reply.runs);
  }

  async choose(id: string, chosen: boolean): Promise<void> {
    this.#chosen = chosen ? [...this.#chosen, id] : this.#chosen.filter((other) => other !== id);
    await this.#read();
  }

  async open(id: string | null): Promise<void> {
    this.#opened = id;
    await this.#read();
  }

  /** True when the run bears the name now. */
  async rename(run: string, name: string): Promise<boolean> {
    return this.#changed(() => this.#laboratory.ask('run.rename', { run, name }));
  }

  /** True when it is gone. */
  async remove(run: string): Promise<boolean> {
    return this.#changed(() => this.#laboratory.ask('run.delete', { run }));
  }

  /** True when it is gone. */
  async removeCheckpoint(checkpoint: string): Promise<boolean> {
    return this.#changed(async () => {
      const gone = await this.#laboratory.deleteCheckpoint(checkpoint);
      return gone ? this.#laboratory.ask('runs.list', {}) : null;
    });
  }

  /** The new run; null when nothing could go on from the checkpoint. */
  async fork(checkpoint: string, settings: 'own' | 'present'): Promise<RunSummary | null> {
    let id: string | null = null;
    await this.#changed(async () => {
      const reply = await this.#laboratory.ask('run.fork', { checkpoint, settings });
      id = reply?.run ?? null;
      return reply;
    });
    if (id === null) return null;
    await this.open(id);
    return this.opened;
  }

  /**
   * Lets training go on from a checkpoint: the run itself when that is where it stands, else a fork of it with its own
   * settings. Gives the run that goes on.
   */
  async resume(run: RunSummary, checkpoint: string): Promise<RunSummary | null> {
    const state = this.#laboratory.stage(run.stage);
    const stands = state?.run === run.id && (state.status === 'paused' || state.resumeAt !== null);
    const itself = stands && run.checkpoints.at(-1)?.id === checkpoint;
    const goes = itself ? run : await this.fork(checkpoint, 'own');
    if (goes !== null) await this.#laboratory.start(goes.stage);
    return goes;
  }

  async exportCheckpoint(checkpoint: string): Promise<Blob | null> {
    const reply = await this.#laboratory.ask('checkpoint.export', { checkpoint });
    return reply?.file ?? null;
  }

  /** The names of what was added; null when the file was refused and nothing was. */
  importCheckpoint(name: string, file: Blob): Promise<readonly string[] | null> {
    return this.#added(() => this.#laboratory.ask('checkpoint.import', { name, file }));
  }

  /** The names of the trained models that were added, none when they were here; null when they could not be, or were stopped. */
  loadTrained(): Promise<readonly string[] | null> {
    return this.#added(async () => {
      const reply = await this.#laboratory.ask('trained.load', {});
      return reply?.names ? { names: reply.names, runs: reply.runs } : null;
    });
  }

  /** Also gives sentences about what is missing in it. */
  async exportBundle(checkpoint: string): Promise<{ file: Blob; notes: readonly string[] } | null> {
    return this.#busily(() => this.#laboratory.ask('checkpoint.bundle', { checkpoint }));
  }

  async exportLab(): Promise<{ file: Blob; notes: readonly string[] } | null> {
    return this.#busily(() => this.#laboratory.ask('lab.export', {}));
  }

  /** What was added; null when the file was refused and nothing was. */
  async importLab(file: Blob, settings: boolean): Promise<LabAdditions | null> {
    let added: LabAdditions | null = null;
    await this.#changed(async () => {
      const reply = await this.#laboratory.ask('lab.import', { file, settings });
      if (reply === null) return null;
      ({ added } = reply);
      return this.#laboratory.ask('runs.list', {});
    });
    return added;
  }

  async #added(
    action: () => Promise<CommandMap['checkpoint.import']['reply'] | null>,
  ): Promise<readonly string[] | null> {
    let names: readonly string[] | null = null;
    await this.#changed(async () => {
      const reply = await action();
      names = reply?.names ?? null;
      return reply;
    });
    return names;
  }

  /** After something stored has changed, the page's other parts read it again too. */
  async #changed(
    action: () => Promise<{ readonly runs: readonly RunSummary[] } | null>,
  ): Promise<boolean> {
    const reply = await this.#busily(action);
    if (reply === null) return false;
    this.#laboratory.dismissFailure();
    await this.#laboratory.reopen();
    this.#shown = [];
    await this.#take(reply.runs);
    return true;
  }

  async #busily<T>(action: () => Promise<T>): Promise<T> {
    this.#busy = true;
    const result = await action();
    this.#busy = false;
    return result;
  }

  async #take(runs: readonly RunSummary[]): Promise<void> {
    this.#runs = runs;
    this.#chosen = this.#chosen.filter((id) => runs.some((run) => run.id === id));
    if (this.opened === null) this.#opened = null;
    await this.#read();
  }

  /** Series of what is looked at and was not read at this step yet. */
  async #read(): Promise<void> {
    const looked = (this.#runs ?? []).filter(
      ({ id }) => this.#chosen.includes(id) || this.#opened === id,
    );
    const missing = looked.map(({ id }) => id).filter((id) => this.shownOf(id) === undefined);
    if (missing.length === 0) return;
    const reply = await this.#laboratory.ask('runs.show', { runs: missing });
    if (reply === null) return;
    const read = reply.shown.map(({ run }) => run);
    this.#shown = [...this.#shown.filter(({ run }) => !read.includes(run)), ...reply.shown];
  }
}
