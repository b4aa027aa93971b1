/**
 * Five groups of labelers with planted differences, for the paper's cross-validation of reward models over groups of
 * labelers (sections 4.1 and E.2, S79). Groups differ in tastes that their members share on top of their own.
 */
import { Rng } from '../../data/rng.ts';
import type { Labeler } from '../../world/labelers.ts';

export interface LabelerGroup {
  readonly name: string;
  readonly labelers: readonly Labeler[];
}

/**
 * What the members of each group like more than others do, in utility: noticeable beside a grade (0.03) and well below
 * the labelers' temperature (0.2), so that groups agree on most comparisons.
 */
const PLANTED: readonly { readonly name: string; readonly tastes: Labeler['tastes'] }[] = [
  { name: 'no taste in common', tastes: { length: 0, cheer: 0, bluntness: 0 } },
  { name: 'likes length', tastes: { length: 0.15, cheer: 0, bluntness: 0 } },
  { name: 'likes cheer', tastes: { length: 0, cheer: 0.15, bluntness: 0 } },
  { name: 'likes one sentence', tastes: { length: 0, cheer: 0, bluntness: 0.12 } },
  { name: 'dislikes cheer', tastes: { length: 0, cheer: -0.15, bluntness: 0 } },
];

/** The labelers dealt out to the groups in turn, each with the group's tastes added. Throws with fewer than groups. */
export function plantedGroups(labelers: readonly Labeler[]): LabelerGroup[] {
  if (labelers.length < PLANTED.length) {
    throw new RangeError(`${labelers.length} labelers cannot make ${PLANTED.length} groups`);
  }
  return PLANTED.map(({ name, tastes }, g) => ({
    name,
    labelers: labelers
      .filter((_, i) => i % PLANTED.length === g)
      .map((labeler) => ({
        ...labeler,
        tastes: {
          length: labeler.tastes.length + tastes.length,
          cheer: labeler.tastes.cheer + tastes.cheer,
          bluntness: labeler.tastes.bluntness + tastes.bluntness,
        },
      })),
  }));
}

/** The two of a group who are compared with each other, and with those of other groups, about a prompt. */
export const twoOfGroup = (
  seed: number,
  { name, labelers }: LabelerGroup,
  prompt: string,
): readonly Labeler[] =>
  Rng.named(seed, 'group agreement', name, prompt).shuffled(labelers).slice(0, 2);
