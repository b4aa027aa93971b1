/**
 * The person's own version of a demonstration that comes with the world: it takes that one's place in training. Which one
 * it replaces is in its id, so that files and rows of own demonstrations hold it without a column of its own.
 */
import type { Demonstration } from './prompt.ts';

/** Id of the own version; the world's ids say nothing of its seed, and another seed's demonstration is another. */
export function versionId(seed: number, shipped: string): string {
  return `version/${seed}/${shipped}`;
}

export function isVersion({ id }: Pick<Demonstration, 'id'>): boolean {
  return id.startsWith('version/');
}

/** The world's demonstrations, each replaced by its own version where there is one, then the rest of the person's own. */
export function withOwnVersions(
  seed: number,
  shipped: readonly Demonstration[],
  own: readonly Demonstration[],
): Demonstration[] {
  const rest = new Map(own.map((row) => [row.id, row]));
  const placed = shipped.map((row) => {
    const id = versionId(seed, row.id);
    const version = rest.get(id);
    rest.delete(id);
    return version ?? row;
  });
  return [...placed, ...rest.values()];
}
