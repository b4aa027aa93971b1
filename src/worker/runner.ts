/**
 * Drives one training loop: run, one step, one phase of a step, pause, stop, checkpoints on the way, and what the page
 * hears about it. Only whole steps are saved: one that rests half done lives in memory and is done again after a reload.
 * It knows nothing of stages' order, of the database or of tensors: making, saving and reporting are handed in.
 */
import type { MetricRecord, Run } from '../records/run.ts';
import type { Turn } from '../records/turn.ts';
import type { StepRecord } from '../rlhf/loop.ts';
import { isPhase, phaseRecord, type PhaseEnd, type PhaseRecord } from '../rlhf/phases.ts';
import { StorageError } from '../storage/errors.ts';
import type { RunRow } from '../storage/schema.ts';
import { failureOf, TrainingError } from './failure.ts';
import type { StageState, StageStatus, TrainingStage } from './protocol.ts';
import type { StageLoop } from './stages.ts';

export interface RunnerHooks {
  /** What a step is called. */
  readonly stepWord: string;
  /** Milliseconds. */
  now(): number;
  /** Lets waiting messages in; resolves after them. */
  yieldToMessages(): Promise<void>;
  openLoop(): Promise<StageLoop>;
  /** Stores a checkpoint with the run and its records, all or nothing. */
  save(
    loop: StageLoop,
    row: RunRow,
    metrics: readonly MetricRecord[],
    finished: boolean,
  ): Promise<void>;
  /** Stores only the run, when there is no new step to store with it; must not throw. */
  saveRun(row: RunRow): Promise<void>;
  step(row: RunRow, record: StepRecord): void;
  /** A phase was done on its own, or training rests after it; null when a half-done step is given up. */
  phase(row: RunRow, record: PhaseRecord | null): void;
  changed(state: StageState): void;
  failed(error: unknown): void;
}

/** When to save between pauses: whichever comes first. */
export interface CheckpointPace {
  /** Until the first checkpoint of a run, in milliseconds; as between two when absent. */
  readonly first?: number;
  readonly steps: number;
  readonly milliseconds: number;
}

type Wish = 'run' | 'step' | 'phase' | 'pause' | 'stop';

/** Losses that must stay numbers; anything else in a record may be undefined for a step. */
const LOSSES = ['loss', 'loss/policy_avg', 'loss/value_avg'];

/** Turns that a failed step waits for word that its device is lost. */
const TURNS_FOR_A_LOSS = 3;

/** Share of the newest step in the running average of step times. */
const NEWEST_STEP_SHARE = 0.2;

export class Runner {
  readonly stage: TrainingStage;
  readonly #hooks: RunnerHooks;
  readonly #pace: CheckpointPace;
  #row: RunRow;
  #status: StageStatus = 'paused';
  #message = '';
  #wish: Wish = 'pause';
  #loop: StageLoop | null = null;
  #records: AsyncGenerator<PhaseEnd | StepRecord, void, void> | null = null;
  /** True from the moment a step begins to its record; the last phase of it that was done. */
  #inside = false;
  #border: PhaseEnd | null = null;
  #told: PhaseEnd | null = null;
  #turned = false;
  #abandoned = false;
  #leave: () => void = () => undefined;
  /** Resolves when the run is abandoned. */
  readonly #left = new Promise<void>((resolve) => {
    this.#leave = resolve;
  });
  #exhausted = false;
  #completed = false;
  #pumping: Promise<void> | null = null;
  #unsaved: MetricRecord[] = [];
  #savedStep: number;
  #savedAt: number;
  /** What the run is stored as; one that is killed while it runs must be found as such. */
  #stored: Run['status'];
  #stepMilliseconds: number | null = null;
  /** In the step under way, without the rests in it. */
  #spent = 0;

  constructor(stage: TrainingStage, row: RunRow, hooks: RunnerHooks, pace: CheckpointPace) {
    this.stage = stage;
    this.#row = row;
    this.#hooks = hooks;
    this.#pace = pace;
    this.#savedStep = row.step;
    this.#savedAt = hooks.now();
    this.#stored = row.run.status;
  }

  get run(): string {
    return this.#row.id;
  }
  get status(): StageStatus {
    return this.#status;
  }
  /** True while steps exist that no checkpoint holds; such a runner must not be dropped. */
  get unsaved(): boolean {
    return this.#status === 'paused' && this.#loop !== null && this.#savedStep < this.#row.step;
  }

  /** The first step that has not begun. */
  get next(): number {
    return this.#row.step + (this.#inside ? 2 : 1);
  }
  /** The run as it is now; its step may be ahead of its last checkpoint. */
  get row(): RunRow {
    return this.#row;
  }

  get state(): StageState {
    const { step, total } = this.#row;
    const left = this.#stepMilliseconds;
    return {
      status: this.#status,
      step,
      total,
      secondsLeft:
        this.#status !== 'running' || left === null ? null : ((total - step) * left) / 1000,
      run: this.#row.id,
      resumeAt: null,
      message: this.#message,
    };
  }

  /** Trains until done, paused or stopped. */
  start(): void {
    this.#go('run');
  }
  /** Trains one step, then pauses. */
  step(): void {
    this.#go('step');
  }
  /** Trains one phase, then rests inside the step; a whole step where it has no phases. */
  phase(): void {
    this.#go('phase');
  }
  /** Puts a list of turned settings in the place of the one before; it is stored at the next rest between phases. */
  async turn(turns: readonly Turn[]): Promise<void> {
    this.#row = { ...this.#row, run: { ...this.#row.run, turns } };
    this.#loop?.turn?.(turns);
    this.#turned = true;
    if (this.#pumping === null) await this.#saveTurns();
  }
  /**
   * Resolves when the phase under way is over and what can be kept is saved. A step that has begun to change the models
   * goes on to its end, unless all steps before it are stored.
   */
  async pause(): Promise<void> {
    if (this.#pumping === null) return;
    this.#wish = 'pause';
    await Promise.race([this.#pumping, this.#left]);
  }
  /** Ends the run after the step under way: what it has learned by then becomes the stage's result. */
  async stop(): Promise<void> {
    if (this.#status === 'done' || this.#status === 'failed') return;
    this.#wish = 'stop';
    if (this.#pumping === null && this.#inside)
      this.#become('running', `Finishing the ${this.#hooks.stepWord}.`);
    this.#pumping ??= this.#pump();
    await Promise.race([this.#pumping, this.#left]);
  }

  /**
   * Gives up the loop without another step, because what it computed on is gone: the run is paused, and stored so, at
   * its last checkpoint. A step under way may never end; whatever comes of it is ignored.
   */
  async abandon(message: string): Promise<void> {
    if (this.#status === 'done' || this.#status === 'failed') return;
    this.#abandoned = true;
    const run = { ...this.#row.run, status: 'paused' as const };
    this.#row = { ...this.#row, step: this.#savedStep, run };
    this.#unsaved = [];
    this.dispose();
    await this.#hooks.saveRun(this.#row);
    this.#become('paused', message);
    this.#leave();
  }

  /** Frees the loop; call only when nothing is running. */
  dispose(): void {
    this.#loop?.dispose();
    this.#loop = null;
    this.#records = null;
    if (this.#border !== null) this.#hooks.phase(this.#row, null);
    this.#border = null;
    this.#inside = false;
  }

  #go(wish: 'run' | 'step' | 'phase'): void {
    if (this.#status === 'done' || this.#status === 'failed') return;
    this.#wish = wish;
    if (this.#pumping !== null) return;
    this.#become('running', this.#loop === null ? 'Getting ready.' : '');
    this.#pumping = this.#pump();
  }

  #become(status: StageStatus, message: string): void {
    this.#status = status;
    this.#message = message;
    this.#hooks.changed(this.state);
  }

  async #pump(): Promise<void> {
    try {
      await this.#hooks.yieldToMessages();
      const finished = await this.#train();
      if (!this.#abandoned) await this.#close(finished);
    } catch (error) {
      // The step may fail before the loss of its device is told.
      for (let i = 0; i < TURNS_FOR_A_LOSS; i++) await this.#hooks.yieldToMessages();
      if (!this.#abandoned) await this.#giveUp(error);
    } finally {
      this.#pumping = null;
    }
  }

  /** Steps until there are no more (true) or someone wishes otherwise (false). */
  async #train(): Promise<boolean> {
    if (this.#loop === null) {
      const opened = await this.#hooks.openLoop();
      if (this.#abandoned) {
        opened.dispose();
        return false;
      }
      this.#loop = opened;
      this.#row = { ...this.#row, total: this.#loop.total };
      opened.turn?.(this.#row.run.turns ?? []);
    }
    const loop = this.#loop;
    this.#records ??= loop.phases?.() ?? loop.steps();
    while (!this.#over() && (this.#wantsMore() || this.#row.step >= loop.total)) {
      if (this.#stored !== 'running') await this.#saveStatus('running');
      // A step that rests half done cannot be saved: what is before it is, now.
      const first = this.#wish === 'phase' && !this.#inside;
      if (first && this.#row.step > this.#savedStep) await this.#save('running', false);
      const started = this.#hooks.now();
      this.#inside = true;
      const next = await this.#records.next();
      if (this.#abandoned) return false;
      this.#spent += this.#hooks.now() - started;
      if (next.done === true) {
        this.#inside = false;
        this.#exhausted = true;
      } else {
        if (isPhase(next.value)) await this.#rest(next.value);
        else await this.#end(next.value);
        if (this.#turned) await this.#saveTurns();
        await this.#hooks.yieldToMessages();
      }
    }
    return this.#exhausted;
  }

  /** Between two phases. After the last one of a step its record follows at once. */
  async #rest(record: PhaseEnd): Promise<void> {
    this.#border = record;
    if (this.#wish !== 'phase') return;
    await this.#tellPhase(record);
    const last = record.minibatch >= record.minibatches;
    // Something else may have been asked for meanwhile.
    if (this.#wishes('phase') && !last) this.#wish = 'pause';
  }

  async #end(record: StepRecord): Promise<void> {
    this.#inside = false;
    this.#border = null;
    this.#take(record, this.#spent);
    this.#spent = 0;
    if (this.#wish === 'step' || this.#wish === 'phase') this.#wish = 'pause';
    else if (this.#checkpointDue()) await this.#save('running', false);
  }

  #wishes(wish: Wish): boolean {
    return this.#wish === wish;
  }

  async #tellPhase(end: PhaseEnd): Promise<void> {
    if (this.#told === end) return;
    this.#told = end;
    const record = await phaseRecord(end);
    if (!this.#abandoned) this.#hooks.phase(this.#row, record);
  }

  async #saveTurns(): Promise<void> {
    this.#turned = false;
    await this.#saveStatus(this.#status === 'paused' ? 'paused' : 'running');
  }

  /** With the step of the last checkpoint, because that is where a reload goes on. */
  async #saveStatus(status: Run['status']): Promise<void> {
    this.#stored = status;
    const run = { ...this.#row.run, status };
    await this.#hooks.saveRun({ ...this.#row, step: this.#savedStep, run });
  }

  #over(): boolean {
    return this.#exhausted || this.#abandoned;
  }

  #wantsMore(): boolean {
    if (this.#wish === 'stop') return this.#inside;
    return this.#wish !== 'pause' || (this.#inside && !this.#canRest());
  }

  /** Before its first optimizer step the loop still gives the snapshot of the step's beginning. */
  #canRest(): boolean {
    return this.#border?.phase !== 'minibatch' || this.#savedStep === this.#row.step;
  }

  #take(record: StepRecord, milliseconds: number): void {
    const share = this.#stepMilliseconds === null ? 1 : NEWEST_STEP_SHARE;
    this.#stepMilliseconds = (this.#stepMilliseconds ?? 0) * (1 - share) + milliseconds * share;
    this.#row = { ...this.#row, step: record.step, total: record.total };
    for (const name of LOSSES) {
      const value = record.values[name];
      if (value !== undefined && !Number.isFinite(value)) {
        throw new TrainingError(
          `${name} is no longer a number at ${this.#hooks.stepWord} ${record.step}: lower the learning rate and start afresh.`,
        );
      }
    }
    const finite = Object.entries(record.values).filter(([, value]) => Number.isFinite(value));
    const values = Object.fromEntries(finite);
    this.#unsaved.push({ stage: this.stage, step: record.step, values });
    this.#hooks.step(this.#row, record);
    this.#become('running', '');
  }

  #checkpointDue(): boolean {
    const { steps, milliseconds, first = milliseconds } = this.#pace;
    return (
      this.#row.step - this.#savedStep >= steps ||
      this.#hooks.now() - this.#savedAt >= (this.#savedStep === 0 ? first : milliseconds)
    );
  }

  async #save(status: Run['status'], finished: boolean): Promise<void> {
    if (this.#loop === null) return;
    if (finished && !this.#completed) {
      await this.#loop.finish();
      this.#completed = true;
    }
    const row = { ...this.#row, run: { ...this.#row.run, status } };
    await this.#hooks.save(this.#loop, row, this.#unsaved, finished);
    this.#row = row;
    this.#stored = status;
    this.#unsaved = [];
    this.#savedStep = row.step;
    this.#savedAt = this.#hooks.now();
  }

  async #close(finished: boolean): Promise<void> {
    const { step, total } = this.#row;
    const word = this.#hooks.stepWord;
    if (finished) {
      await this.#save('finished', true);
      this.#become('done', `Finished after ${step} ${word}s.`);
      this.dispose();
    } else if (this.#wish === 'stop' && step === 0) {
      this.#row = { ...this.#row, run: { ...this.#row.run, status: 'stopped' } };
      await this.#hooks.saveRun(this.#row);
      this.#become('done', `Stopped before the first ${word}; nothing was kept.`);
      this.dispose();
    } else if (this.#wish === 'stop') {
      await this.#save('stopped', true);
      this.#become('done', `Stopped at ${word} ${step} of ${total}.`);
      this.dispose();
    } else {
      if (step > this.#savedStep) await this.#save('paused', false);
      else await this.#saveStatus('paused');
      if (this.#border !== null) await this.#tellPhase(this.#border);
      const inside = this.#inside ? `, inside ${word} ${step + 1}` : '';
      this.#become('paused', `Paused at ${word} ${step} of ${total}${inside}.`);
    }
  }

  /** A store that refuses costs nothing: the loop stays as it is and can be saved later. Anything else ends the run. */
  async #giveUp(error: unknown): Promise<void> {
    this.#wish = 'pause';
    const { message } = failureOf(error);
    if (error instanceof StorageError && this.#loop !== null) {
      this.#become('paused', message);
    } else {
      this.#row = { ...this.#row, run: { ...this.#row.run, status: 'failed' } };
      await this.#hooks.saveRun(this.#row);
      this.#become('failed', message);
      this.dispose();
    }
    this.#hooks.failed(error);
  }
}
