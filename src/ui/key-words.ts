/** The keys of keys.ts in words, for the list that `?` opens. A row without words does not compile. Loaded late. */
import {
  CHART_KEYS,
  LECTURE_KEYS,
  PAGE_KEYS,
  PHASE_KEYS,
  EDIT_KEYS,
  PROMPT_KEYS,
  RANK_KEYS,
  RATE_KEYS,
  RECURSION_KEYS,
  VOTE_KEYS,
  type KeyTable,
} from './keys.ts';

export interface KeyWords {
  /** As printed on the keys; one of them is pressed, with what is held before it. */
  readonly keys: readonly string[];
  readonly held: string | null;
  readonly does: string;
}
export interface KeyGroup {
  readonly title: string;
  /** Where the keys work. */
  readonly where: string;
  readonly rows: readonly KeyWords[];
}

const PRINTED: Readonly<Record<string, string>> = {
  ' ': 'Space',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  PageUp: 'Page up',
  PageDown: 'Page down',
  Escape: 'Esc',
};

/** What is printed on a key. */
export function printed(key: string): string {
  return PRINTED[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

function group<Action extends string>(
  title: string,
  where: string,
  table: KeyTable<Action>,
  words: Readonly<Record<NoInfer<Action>, string>>,
): KeyGroup {
  const rows = table.map(({ action, keys, control }) => ({
    keys: keys.map(printed),
    held: control === true ? 'Ctrl' : null,
    does: words[action],
  }));
  return { title, where, rows };
}

export const KEY_GROUPS: readonly KeyGroup[] = [
  group('Anywhere', 'While nothing is being typed and no dialog is open.', PAGE_KEYS, {
    keys: 'This list of keys',
    lecture: 'Lecture mode',
    reset: 'Start over, after a question',
  }),
  group('Lecture mode', 'While it is open.', LECTURE_KEYS, {
    back: 'Chart before',
    next: 'Next chart',
    play: 'Train, or pause',
    step: 'One step',
    reset: 'Start over, after a question',
    leave: 'Leave lecture mode',
  }),
  group('Ask the model', 'While the focus is in the prompt.', PROMPT_KEYS, { ask: 'Ask' }),
  group('Edit a demonstration', 'While the focus is in its fields.', EDIT_KEYS, {
    leave: 'Leave it as it was',
  }),
  group('Rank', 'While the focus is on an answer.', RANK_KEYS, {
    place: 'Give the answer this place',
    up: 'Move the answer up',
    down: 'Move the answer down',
    previous: 'To the answer above',
    following: 'To the answer below',
    tie: 'As good as the answer above, or no longer',
    save: 'Save the ranking',
    skip: 'Skip the prompt',
    undo: 'Take the last ranking back',
  }),
  group('Blind comparison', 'While the focus is in the pair.', VOTE_KEYS, {
    left: 'Left is better',
    right: 'Right is better',
    tie: 'Tie',
    'both-bad': 'Both bad',
  }),
  group('One answer alone', 'While the focus is in the answer that is scored.', RATE_KEYS, {
    score: 'Score it from 1 (worst) to 7',
    next: 'Next answer, once it is scored',
    back: 'Answer before',
  }),
  group('Phases of step 3', 'While the focus is in “Inside one iteration”.', PHASE_KEYS, {
    phase: 'Next phase',
  }),
  group('A chart', 'While the focus is on its drawing.', CHART_KEYS, {
    back: 'One point back',
    next: 'One point on',
    'far-back': 'A tenth back',
    'far-next': 'A tenth on',
    first: 'First point',
    last: 'Last point',
    leave: 'Take the cursor away',
  }),
  group('Steps of the advantages', 'While the focus is on their buttons.', RECURSION_KEYS, {
    back: 'One step back',
    next: 'One step on',
    first: 'To the start',
    last: 'To the end',
  }),
];
