/** Replaces the part of a Markdown file that a command writes, between two marks, and leaves the rest to people. */

/** Raised when a file has no place for what was measured. */
export class SheetError extends Error {
  override readonly name = 'SheetError';
}

/** `text` with the lines between `<!-- NAME begin -->` and `<!-- NAME end -->` replaced. Throws SheetError. */
export function replaceBlock(text: string, name: string, body: string): string {
  const [begin, end] = [`<!-- ${name} begin -->`, `<!-- ${name} end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new SheetError(`The file has no lines "${begin}" and "${end}".`);
  return `${text.slice(0, from + begin.length)}\n\n${body.trim()}\n\n${text.slice(to)}`;
}
