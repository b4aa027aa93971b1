/** Which suites of the world play which part, and their items. No model is asked here. */
import type { Suite, SuiteItem } from '../../world/suites/suite.ts';
import { suites } from '../../world/suites.ts';

/** A suite by name; null while the world has none of that name. */
export function suiteOf(name: string): Suite | null {
  return suites.find((suite) => suite.name === name) ?? null;
}

/** The suites that play public tasks: pages with an answer to write. */
export function publicSuites(): readonly Suite[] {
  return suites.filter(({ form, name }) => form === 'page' && name !== 'bias');
}

/** As many of the wanted items as the world has, at least one. */
export function itemsUpTo(suite: Suite, seed: number, wanted: number): SuiteItem[] {
  for (let count = wanted; ; count = Math.floor(count / 2)) {
    try {
      return suite.items(seed, count);
    } catch (error) {
      if (!(error instanceof RangeError) || count <= 1) throw error;
    }
  }
}
