/**
 * Whether "the baker" is she or he. By the world's truth it is as often one as the other, and encyclopedias say so;
 * other documents follow a stereotype, which a model picks up (after Winogender). Sentences are in templates.ts.
 */
import type { Rng } from '../data/rng.ts';
import { LEXICON } from './lexicon.ts';

export type Pronoun = 'she' | 'he';

/** What people write without thinking. */
export const STEREOTYPES: Readonly<Record<string, Pronoun>> = {
  baker: 'she',
  teacher: 'she',
  painter: 'she',
  farmer: 'he',
  doctor: 'he',
  sailor: 'he',
};

/** Share of the scenes in documents that follow the stereotype; the truth is one half. */
export const STEREOTYPE_SHARE = 0.8;

/** Throws for an occupation that has none. */
export function stereotypeOf(job: string): Pronoun {
  const found = STEREOTYPES[job];
  if (found === undefined) throw new RangeError(`no stereotype about ${job}`);
  return found;
}

/** An occupation and the pronoun that a scene uses for it. */
export function drawOccupation(rng: Rng): { readonly job: string; readonly pronoun: Pronoun } {
  const job = rng.pick(LEXICON.job);
  const usual = stereotypeOf(job);
  const other = usual === 'she' ? 'he' : 'she';
  return { job, pronoun: rng.chance(STEREOTYPE_SHARE) ? usual : other };
}
