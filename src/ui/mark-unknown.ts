/**
 * Splits a prompt into pieces and says of each word whether the model can have read it. Pure: the list of the
 * world's words comes from the worker.
 */

/** `capitals`: the world has this word, but only in lower case. */
export type WordState = 'known' | 'unseen' | 'capitals';

export interface MarkedPiece {
  readonly text: string;
  readonly state: WordState;
}

/** The list of known words as {@link markWords} takes it. */
export function wordSet(words: readonly string[]): ReadonlySet<string> {
  return new Set(words);
}

/** Letters and digits; an apostrophe inside does not end a word. */
const WORD = /([\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*)/u;

function stateOf(piece: string, known: ReadonlySet<string>): WordState {
  const parts = piece.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (parts.every((part) => known.has(part))) return 'known';
  return parts.every((part) => known.has(part.toLowerCase())) ? 'capitals' : 'unseen';
}

/**
 * The pieces joined give the text back. While `typing`, a last word that may still become a known one is not
 * judged yet. Without a list of words nothing is marked.
 */
export function markWords(
  text: string,
  known: ReadonlySet<string>,
  typing: boolean,
): MarkedPiece[] {
  const pieces = text.split(WORD).filter((piece) => piece !== '');
  return pieces.map((piece, i) => {
    const state = known.size === 0 ? 'known' : stateOf(piece, known);
    const unfinished = typing && i === pieces.length - 1 && state === 'unseen';
    return { text: piece, state: unfinished && canBecome(piece, known) ? 'known' : state };
  });
}

function canBecome(start: string, known: ReadonlySet<string>): boolean {
  const wanted = start.toLowerCase();
  return [...known].some((word) => word.startsWith(wanted));
}

/** The words of one state, each once, in order. */
export function wordsIn(pieces: readonly MarkedPiece[], state: WordState): string[] {
  return [...new Set(pieces.filter((piece) => piece.state === state).map(({ text }) => text))];
}
