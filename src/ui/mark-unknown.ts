/** Splits a text at words of a list, whole words only and whatever their case, so that they can be marked. */

export interface MarkedPiece {
  readonly text: string;
  readonly unknown: boolean;
}

/** The pieces joined give the text back. */
export function markUnknown(text: string, unknown: readonly string[]): MarkedPiece[] {
  const wanted = new Set(unknown.map((word) => word.toLowerCase()));
  return text
    .split(/([\p{L}\p{N}_'’-]+)/u)
    .filter((piece) => piece !== '')
    .map((piece) => ({ text: piece, unknown: wanted.has(piece.toLowerCase()) }));
}
