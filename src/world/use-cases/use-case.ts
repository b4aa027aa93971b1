/**
 * What one use case brings: prompts with tasks, answers of every quality, and the constraints that judges check.
 * A new use case is one new file that implements this, one task type, and one line in use-cases.ts.
 */
import type { Rng } from '../../data/rng.ts';
import type { SentenceKind } from '../grammar.ts';
import type { Reading } from '../reading.ts';
import type { Task } from '../tasks.ts';
import type { User } from '../users.ts';

/** A prompt before it belongs to a split. */
export interface Draft<T extends Task> {
  readonly text: string;
  readonly task: T;
  /** Name of the phrasing and the thing asked about: a pair that occurs in one split only. */
  readonly template: string;
  readonly entity: string;
}

export interface Constraint {
  readonly name: string;
  readonly weight: number;
  /** How far it is met, from 0 to 1. */
  readonly met: number;
  /** The response is beside the point when this is not met at all. */
  readonly essential?: boolean;
}

/** Habits of the people who write demonstrations, as shares of their answers. */
export interface Habits {
  /** Does the least: one bare sentence, asked details ignored. */
  readonly blunt: number;
  /** In fuller answers, each asked detail is dropped with this probability. */
  readonly careless: number;
  /** Facts that are wrong (a myth where there is one). */
  readonly wrong: number;
  /** Gives harmful advice or says a rude thing where the prompt tempts to it. */
  readonly harmful: number;
  /** Adds a rude word without need. */
  readonly rude: number;
  /** Wanders on with a sentence too many. */
  readonly wandering: number;
}

export interface UseCaseModule<T extends Task> {
  /** Share of the prompts, relative to the other use cases present. */
  readonly share: number;
  /** Kinds of sentence that an answer may consist of. */
  readonly suitable: ReadonlySet<SentenceKind>;
  draw(rng: Rng, user: User, favourite: boolean): Draft<T>;
  /** An answer that meets every constraint. */
  ideal(task: T, rng: Rng): string;
  /** A poor but honest answer: short and incomplete, nothing wrong in it. */
  poor(task: T, rng: Rng): string;
  /** An otherwise good answer with one thing wrong in it: a false fact, another detail than was asked for. */
  slip(task: T, rng: Rng): string;
  /** An answer of a person with habits. */
  demonstrate(task: T, rng: Rng, habits: Habits): string;
  constraints(task: T, reading: Reading): Constraint[];
  /** Truth from 0 to 1 where the prompt calls for it, else null. */
  truth(task: T, reading: Reading): number | null;
  /** Harm that only the task reveals, as reasons. */
  harms(task: T, reading: Reading): string[];
  /** Sentences of the prompt that an answer may repeat. */
  quotable(task: T): readonly string[];
}
