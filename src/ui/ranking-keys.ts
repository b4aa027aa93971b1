/** What a key means at the ranking desk. Pure: which text has the focus is the caller's. */
import { actionOf, RANK_KEYS } from './keys.ts';
import { listed, moveBy, moveTo, place, toggleTie, type RankingOrder } from './ranking-order.ts';

export type RankingAction =
  | { readonly type: 'order'; readonly order: RankingOrder; readonly news: string }
  | { readonly type: 'focus'; readonly index: number }
  | { readonly type: 'save' | 'skip' | 'undo' };

/** The letter that a text is known by on screen. */
export function letterOf(index: number): string {
  return String.fromCharCode(65 + index);
}

/** Null for a key that means nothing here. `focused` is the shown index of the text with the focus. */
export function actionOfKey(
  key: string,
  order: RankingOrder,
  focused: number,
): RankingAction | null {
  const action = actionOf(RANK_KEYS, { key });
  const list = listed(order);
  const at = list.indexOf(focused);
  switch (action) {
    case 'place':
      return placed(order, focused, Number(key));
    case 'up':
      return moved(moveBy(order, focused, -1), focused);
    case 'down':
      return moved(moveBy(order, focused, 1), focused);
    case 'previous':
      return { type: 'focus', index: list[Math.max(0, at - 1)] ?? focused };
    case 'following':
      return { type: 'focus', index: list[Math.min(list.length - 1, at + 1)] ?? focused };
    case 'tie':
      return tie(order, focused);
    case 'save':
    case 'skip':
    case 'undo':
      return { type: action };
    case null:
      return null;
  }
  return action satisfies never;
}

/** Gives the lowest place that nobody has; nothing for a text that has one. */
export function placeNext(order: RankingOrder, index: number): RankingAction | null {
  if (order.places[index] !== null) return null;
  const free = order.places.findIndex((_, i) => !order.places.includes(i + 1));
  return placed(order, index, free + 1);
}

export function placed(order: RankingOrder, index: number, to: number): RankingAction | null {
  if (to > order.places.length) return null;
  const shared = order.places.some((place, i) => place === to && i !== index);
  const news = `${letterOf(index)}: place ${to}${shared ? ', tied' : ''}.`;
  return { type: 'order', order: place(order, index, to), news };
}

export function moved(order: RankingOrder, index: number): RankingAction {
  return { type: 'order', order, news: `${letterOf(index)}: place ${order.places[index] ?? '?'}.` };
}

export function dropped(order: RankingOrder, index: number, to: number): RankingAction {
  return moved(moveTo(order, index, to), index);
}

export function tie(order: RankingOrder, index: number): RankingAction {
  const changed = toggleTie(order, index);
  const place = changed.places[index];
  const tied = changed.places.some((other, i) => i !== index && other === place);
  const news = `${letterOf(index)}: place ${place ?? '?'}${tied ? ', tied' : ''}.`;
  return { type: 'order', order: changed, news };
}
