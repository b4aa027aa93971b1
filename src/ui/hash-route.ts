/**
 * The part of the page that an address names: `#/rank?ppo.beta=0.1`. Pure functions of the hash text; the
 * live route is in route.svelte.ts, and what the query means is in link-settings.ts.
 */

/** The paper's Figure 2 with what comes before and after it, in order. */
export const PARTS = ['model', 'demonstrate', 'rank', 'reinforce', 'judge'] as const;
export type StagePart = (typeof PARTS)[number];
/** Parts beside the stages that are loaded late: the runs of all of them, the world, the paper's claims. */
export const LATE_PARTS = ['runs', 'world', 'paper'] as const;
/** The scenario *Exact* has a task of its own and stands beside the stages too. */
const PARTS_BESIDE = ['exact', ...LATE_PARTS] as const;
export type Part = StagePart | (typeof PARTS_BESIDE)[number];

export const PART_TITLES: Readonly<Record<Part, string>> = {
  model: 'Model',
  demonstrate: '1 Demonstrate',
  rank: '2 Rank',
  reinforce: '3 Reinforce',
  judge: 'Judge',
  exact: 'Exact',
  runs: 'Runs',
  world: 'World',
  paper: 'Paper',
};

export interface Route {
  readonly part: Part;
  /** What follows `?`, undecoded; empty without one. */
  readonly query: string;
  /** What the address names and is no part of this page. */
  readonly unknown?: string;
}

function isPart(text: string): text is Part {
  return [...PARTS, ...PARTS_BESIDE].some((part) => part === text);
}

/** Unknown parts lead to the first one; `scenario=exact` leads to that scenario from anywhere. */
export function parseHash(hash: string): Route {
  const text = hash.replace(/^#\/?/, '');
  const mark = text.indexOf('?');
  const name = mark < 0 ? text : text.slice(0, mark);
  const query = mark < 0 ? '' : text.slice(mark + 1);
  const words = query.split('&');
  const others = words.filter((word) => word !== 'scenario=exact');
  if (others.length < words.length) return { part: 'exact', query: others.join('&') };
  if (name === '' || isPart(name)) return { part: name || 'model', query };
  return { part: 'model', query, unknown: name };
}

export function formatHash({ part, query }: Route): string {
  return query === '' ? `#/${part}` : `#/${part}?${query}`;
}
