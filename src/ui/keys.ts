/**
 * Every key of the page, declared once. Each handler looks its keys up here, and the list that `?` opens is made of the
 * same rows (key-words.ts, loaded late, has the words), so that list and page cannot say different things.
 */

export interface KeyRow<Action extends string> {
  readonly action: Action;
  /** As `KeyboardEvent.key` names them; letters in lower case, meant with and without shift. */
  readonly keys: readonly string[];
  /** Only together with Ctrl or the command key. */
  readonly control?: true;
}
export type KeyTable<Action extends string> = readonly KeyRow<Action>[];

type ActionIn<T extends KeyTable<string>> = T[number]['action'];

/** Anywhere, unless something is being typed or a dialog is open; can be turned off. */
export const PAGE_KEYS = [
  { action: 'keys', keys: ['?'] },
  { action: 'lecture', keys: ['l'] },
  { action: 'reset', keys: ['r'] },
] as const satisfies KeyTable<string>;
export type PageAction = ActionIn<typeof PAGE_KEYS>;

export const LECTURE_KEYS = [
  // Those with the page in their name are what a presenter's remote control sends.
  { action: 'back', keys: ['ArrowLeft', 'PageUp'] },
  { action: 'next', keys: ['ArrowRight', 'PageDown'] },
  { action: 'play', keys: [' ', 'p'] },
  { action: 'step', keys: ['s'] },
  { action: 'reset', keys: ['r'] },
  { action: 'leave', keys: ['Escape'] },
] as const satisfies KeyTable<string>;
export type LectureAction = ActionIn<typeof LECTURE_KEYS>;

export const RANK_KEYS = [
  { action: 'place', keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'] },
  { action: 'up', keys: ['ArrowUp'] },
  { action: 'down', keys: ['ArrowDown'] },
  { action: 'previous', keys: ['ArrowLeft'] },
  { action: 'following', keys: ['ArrowRight'] },
  { action: 'tie', keys: ['='] },
  { action: 'save', keys: ['Enter'] },
  { action: 'skip', keys: ['s'] },
  { action: 'undo', keys: ['u'] },
] as const satisfies KeyTable<string>;

export const VOTE_KEYS = [
  { action: 'left', keys: ['ArrowLeft'] },
  { action: 'right', keys: ['ArrowRight'] },
  { action: 'tie', keys: ['t'] },
  { action: 'both-bad', keys: ['b'] },
] as const satisfies KeyTable<string>;

/** While one output is rated alone. */
export const RATE_KEYS = [
  { action: 'score', keys: ['1', '2', '3', '4', '5', '6', '7'] },
  { action: 'next', keys: ['Enter'] },
  { action: 'back', keys: ['Backspace'] },
] as const satisfies KeyTable<string>;

export const CHART_KEYS = [
  { action: 'back', keys: ['ArrowLeft', 'ArrowDown'] },
  { action: 'next', keys: ['ArrowRight', 'ArrowUp'] },
  { action: 'far-back', keys: ['PageDown'] },
  { action: 'far-next', keys: ['PageUp'] },
  { action: 'first', keys: ['Home'] },
  { action: 'last', keys: ['End'] },
  { action: 'leave', keys: ['Escape'] },
] as const satisfies KeyTable<string>;
export type ChartAction = ActionIn<typeof CHART_KEYS>;

/** The backward recursion of the advantages. */
export const RECURSION_KEYS = [
  { action: 'back', keys: ['ArrowLeft'] },
  { action: 'next', keys: ['ArrowRight'] },
  { action: 'first', keys: ['Home'] },
  { action: 'last', keys: ['End'] },
] as const satisfies KeyTable<string>;

export const PHASE_KEYS = [{ action: 'phase', keys: ['n'] }] as const satisfies KeyTable<string>;

export const PROMPT_KEYS = [
  { action: 'ask', keys: ['Enter'], control: true },
] as const satisfies KeyTable<string>;

export const EDIT_KEYS = [
  { action: 'leave', keys: ['Escape'] },
] as const satisfies KeyTable<string>;

/** What of a KeyboardEvent counts. */
export interface Pressed {
  readonly key: string;
  readonly ctrlKey?: boolean;
  readonly metaKey?: boolean;
  readonly altKey?: boolean;
}

/** What a press means by a table; null when nothing, as with a modifier that belongs to the browser. */
export function actionOf<Action extends string>(
  table: KeyTable<Action>,
  { key, ctrlKey = false, metaKey = false, altKey = false }: Pressed,
): Action | null {
  if (altKey) return null;
  const held = ctrlKey || metaKey;
  const named = key.length === 1 ? key.toLowerCase() : key;
  const row = table.find(({ keys, control = false }) => control === held && keys.includes(named));
  return row?.action ?? null;
}
