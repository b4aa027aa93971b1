/**
 * The registry of suites: what a model can still do, and how truthful, harmless and fair it is, on held-out items.
 * Adding one: a file in suites/, a line here.
 */
import type { Suite } from './suites/suite.ts';

/** Every suite, in the order in which tables show them; a pair suite is also in {@link pairSuites}. */
export const suites: readonly Suite[] = [];
