/**
 * The order that a person is putting K texts into, as a pure reducer: places by number, moves, ties, undo.
 * Texts are known by their index as shown (0..K-1); who wrote them and the order of generation are not here.
 */

export interface RankingOrder {
  /** Place given to each text, 1 is best, equal numbers are ties; null while it has none. */
  readonly places: readonly (number | null)[];
  /** The state before the last change; null at the start. */
  readonly before: RankingOrder | null;
}

export function emptyOrder(k: number): RankingOrder {
  return { places: Array.from({ length: k }, () => null), before: null };
}

/** Shown indices from best to worst; texts without a place come last, in the order shown. */
export function listed({ places }: RankingOrder): number[] {
  const key = (i: number): number => places[i] ?? Infinity;
  return places.map((_, i) => i).sort((a, b) => (key(a) === key(b) ? a - b : key(a) - key(b)));
}

/** Gives text `i` the place 1..K. A place that another text already has makes a tie. */
export function place(order: RankingOrder, i: number, place: number): RankingOrder {
  if (place < 1 || place > order.places.length || order.places[i] === place) return order;
  return { places: order.places.with(i, place), before: order };
}

/**
 * Moves text `i` so that it is the `to`-th of the list (from 0), and places every text by the list: what is
 * on screen is the ranking. Texts that were tied stay tied, except the one moved.
 */
export function moveTo(order: RankingOrder, i: number, to: number): RankingOrder {
  const from = listed(order);
  const target = Math.max(0, Math.min(to, from.length - 1));
  if (from.indexOf(i) === target && order.places[i] !== null) return order;
  const without = from.filter((other) => other !== i);
  const list = without.toSpliced(target, 0, i);
  return { places: placesOf(list, order.places, i), before: order };
}

/** One place up (-1) or down (1) in the list. */
export function moveBy(order: RankingOrder, i: number, by: -1 | 1): RankingOrder {
  return moveTo(order, i, listed(order).indexOf(i) + by);
}

/** Ties text `i` with the one above it in the list, or parts the two again. */
export function toggleTie(order: RankingOrder, i: number): RankingOrder {
  const list = listed(order);
  const at = list.indexOf(i);
  const above = list[at - 1];
  if (above === undefined) return order;
  const tied = order.places[i] !== null && order.places[i] === order.places[above];
  const apart = placesOf(list, order.places, i);
  const own = apart[i] ?? 1;
  const places = tied
    ? apart
    : apart.map((place, other) =>
        other === i ? own - 1 : list.indexOf(other) > at ? place - 1 : place,
      );
  return { places, before: order };
}

export function undo(order: RankingOrder): RankingOrder {
  return order.before ?? order;
}

export function isComplete({ places }: RankingOrder): boolean {
  return places.every((place) => place !== null);
}

/**
 * Ranks without gaps (1, 1, 2, 3), one per shown text. Throws RangeError while a text has no place.
 */
export function denseRanks({ places }: RankingOrder): number[] {
  const given = places.map((place) => {
    if (place === null) throw new RangeError('a text has no place yet');
    return place;
  });
  const distinct = [...new Set(given)].sort((a, b) => a - b);
  return given.map((place) => distinct.indexOf(place) + 1);
}

/** Strict preferences that a ranking gives: K(K-1)/2 less its ties. */
export function comparisonCount(ranks: readonly number[]): { won: number; tied: number } {
  let tied = 0;
  ranks.forEach((rank, i) => {
    tied += ranks.slice(i + 1).filter((other) => other === rank).length;
  });
  return { won: (ranks.length * (ranks.length - 1)) / 2 - tied, tied };
}

/** Places by a list; neighbours that had the same place keep sharing it unless one of them is `loose`. */
function placesOf(
  list: readonly number[],
  places: readonly (number | null)[],
  loose: number,
): number[] {
  const result = places.map(() => 0);
  let place = 0;
  list.forEach((i, at) => {
    const above = list[at - 1];
    const tied =
      above !== undefined &&
      i !== loose &&
      above !== loose &&
      places[i] !== null &&
      places[i] === places[above];
    if (!tied) place += 1;
    result[i] = place;
  });
  return result;
}
