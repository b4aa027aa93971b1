/**
 * Which rankings a reward model trains on and which are kept aside to measure it. By user, as in the paper; nothing is
 * drawn, so page and command line split the same rankings alike.
 */
import { streamKey } from '../data/rng.ts';
import { PERSON, type Ranking } from '../records/ranking.ts';

/** With fewer users than this, holding some of them out would hold out all rankings or none. */
const FEW_USERS = 8;

/**
 * Held-out rankings, by the user who sent the prompt, so that no user is on both sides (S5). Where the file or the
 * person did not say who sent it, or users are few, by the prompt, so that no prompt is on both sides.
 */
export function splitRankings(
  rankings: readonly Ranking[],
  share: number,
): { readonly training: readonly Ranking[]; readonly heldOut: readonly Ranking[] } {
  const few = new Set(rankings.map(({ prompt }) => prompt.userId)).size < FEW_USERS;
  const isHeldOut = ({ prompt: { userId, text } }: Ranking) => {
    const unit = few || userId === PERSON ? text : userId;
    return streamKey(0, 'held-out rankings', unit)[0] / 0x100000000 < share;
  };
  return {
    training: rankings.filter((ranking) => !isHeldOut(ranking)),
    heldOut: rankings.filter(isHeldOut),
  };
}
