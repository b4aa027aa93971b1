/** Which facts of the world pass what a person looks for. Pure; the facts themselves come from the worker. */
import type { FactView } from '../records/world-view.ts';

/** Empty strings let everything pass. */
export interface FactFilter {
  readonly relation: string;
  /** Part of a word in subject or value, in any case. */
  readonly words: string;
  readonly truth: '' | 'true' | 'false';
}

export function filterFacts(facts: readonly FactView[], filter: FactFilter): FactView[] {
  const words = filter.words.trim().toLowerCase();
  return facts.filter(
    (fact) =>
      (filter.relation === '' || fact.relation === filter.relation) &&
      (filter.truth === '' || fact.true === (filter.truth === 'true')) &&
      (fact.subject.includes(words) || fact.value.includes(words)),
  );
}

/** The relations in the order in which they first occur, each once. */
export function relationsOf(facts: readonly FactView[]): string[] {
  return [...new Set(facts.map(({ relation }) => relation))];
}
