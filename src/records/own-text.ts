/** A text of the person's own that a base model is trained from, as it is stored. One to a laboratory. */
export interface OwnText {
  /** Of its file, or what it was called when it was pasted. */
  readonly name: string;
  readonly text: string;
  /** Fingerprint of the text, lower-case hexadecimal: another one makes what was trained from it stale. */
  readonly print: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What is told of it. */
export interface OwnTextFacts {
  readonly name: string;
  readonly characters: number;
  readonly lines: number;
  /** Parted by blank lines. */
  readonly documents: number;
  /** By the vocabulary that comes with the page. */
  readonly tokens: number;
}
