/** Suites of the world by name. */
import type { Suite } from '../../world/suites/suite.ts';
import { suites } from '../../world/suites.ts';

/** Throws RangeError when the world has none of that name. */
export function suiteOf(name: string): Suite {
  const found = suites.find((suite) => suite.name === name);
  if (found === undefined) throw new RangeError(`the world has no suite ${name}`);
  return found;
}
