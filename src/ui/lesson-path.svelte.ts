/**
 * Where a person is on the guided path and what they predicted; remembered in this browser. What happened is read
 * from the page each time, so an answer always speaks of what is there now.
 */
import type { JudgeDesk } from './judge-desk.svelte.ts';
import type { Laboratory } from './laboratory.svelte.ts';
import type { LessonFacts } from './lesson-facts.ts';
import { LESSONS, type Lesson, type LessonOutcome } from './lessons.ts';
import type { RankingDesk } from './ranking-desk.svelte.ts';
import type { RewardBench } from './reward-bench.svelte.ts';
import type { Sampling } from './sampling.svelte.ts';

const KEY = 'rlhf-playground/lessons';

interface Remembered {
  readonly open: boolean;
  readonly at: number;
  /** Option predicted, by lesson. */
  readonly predictions: Readonly<Record<string, string>>;
}

const START: Remembered = { open: false, at: 0, predictions: {} };

/** What was stored, or the start where that cannot be read or speaks of lessons that there are no more. */
export function readRemembered(text: string | null): Remembered {
  if (text === null) return START;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return START;
    const { open, at, predictions } = value as Partial<Record<keyof Remembered, unknown>>;
    const index = typeof at === 'number' && LESSONS[at] !== undefined ? at : 0;
    const given =
      typeof predictions === 'object' && predictions !== null ? Object.entries(predictions) : [];
    return {
      open: open === true,
      at: index,
      predictions: Object.fromEntries(given.filter((entry) => isOption(entry))),
    };
  } catch {
    return START;
  }
}

function isOption(entry: readonly [string, unknown]): entry is [string, string] {
  const lesson = LESSONS.find(({ id }) => id === entry[0]);
  return lesson?.options.some(({ id }) => id === entry[1]) ?? false;
}

export interface LessonSources {
  readonly laboratory: Laboratory;
  readonly sampling: Sampling;
  readonly ranking: RankingDesk;
  readonly bench: RewardBench;
  readonly judge: JudgeDesk;
}

export class LessonPath {
  #state: Remembered = $state.raw(START);
  readonly #sources: LessonSources;
  readonly #store: Pick<Storage, 'getItem' | 'setItem'>;

  #lesson: Lesson = $derived(LESSONS[this.#state.at] ?? firstLesson());
  #facts = $derived.by(() => this.#gather());
  #happened: LessonOutcome | null = $derived(this.#lesson.outcome(this.#facts));

  constructor(sources: LessonSources, store: Pick<Storage, 'getItem' | 'setItem'>) {
    this.#sources = sources;
    this.#store = store;
    this.#state = readRemembered(store.getItem(KEY));
  }

  get open(): boolean {
    return this.#state.open;
  }
  get at(): number {
    return this.#state.at;
  }
  get count(): number {
    return LESSONS.length;
  }
  get lesson(): Lesson {
    return this.#lesson;
  }
  /** Id of the option that was predicted for this lesson. */
  get prediction(): string | undefined {
    return this.#state.predictions[this.#lesson.id];
  }
  /** True when it has happened here already, whether or not a prediction was made. */
  get happened(): boolean {
    return this.#happened !== null;
  }
  /** What happened; null until a prediction was made. */
  get outcome(): LessonOutcome | null {
    return this.prediction === undefined ? null : this.#happened;
  }
  /** Predictions made, and how many of those whose outcome is known were right. */
  get tally(): { readonly made: number; readonly known: number; readonly right: number } {
    const { predictions } = this.#state;
    const known = LESSONS.flatMap((lesson) => {
      const predicted = predictions[lesson.id];
      const outcome = predicted === undefined ? null : lesson.outcome(this.#facts);
      return outcome === null ? [] : [outcome.right === predicted];
    });
    return {
      made: Object.keys(predictions).length,
      known: known.length,
      right: known.filter(Boolean).length,
    };
  }

  toggle(): void {
    this.#keep({ open: !this.#state.open });
  }

  predict(option: string): void {
    this.#keep({ predictions: { ...this.#state.predictions, [this.#lesson.id]: option } });
  }

  /** Goes to a stop; one that does not exist changes nothing. */
  goTo(at: number): void {
    if (LESSONS[at] !== undefined) this.#keep({ at });
  }

  startOver(): void {
    this.#keep({ at: 0, predictions: {} });
  }

  #keep(change: Partial<Remembered>): void {
    this.#state = { ...this.#state, ...change };
    this.#store.setItem(KEY, JSON.stringify(this.#state));
  }

  #gather(): LessonFacts {
    const { laboratory, sampling, ranking, bench, judge } = this.#sources;
    const { answers } = sampling;
    const base = laboratory.policies.find(({ shipped }) => shipped);
    const finished = (stage: 'sft' | 'ppo'): boolean =>
      ['done', 'stale'].includes(laboratory.stage(stage)?.status ?? 'empty');
    return {
      answers:
        answers === null
          ? null
          : {
              byBase: answers.checkpoint === base?.name,
              checkpoint: answers.checkpoint,
              responses: answers.responses,
            },
      sftDone: finished('sft'),
      sft: laboratory.training.sft.rows,
      k: laboratory.settings.labels.k,
      rankings: ranking.own.length + ranking.ofClass + ranking.imported,
      reward: bench.report,
      ppoDone: finished('ppo'),
      ppo: laboratory.training.ppo.rows,
      judged: judge.revealed ? judge.rate : null,
    };
  }
}

function firstLesson(): Lesson {
  const [first] = LESSONS;
  if (first === undefined) throw new RangeError('there are no lessons');
  return first;
}
