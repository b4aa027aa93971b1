// The ranking files of a class, as students hand them in: everybody has ranked the same answers under the same prompts.
const ANSWERS = ['yes .', 'no .', 'a bird is happy .'];

/** One student's file, ready to be chosen in a file dialog: the three answers under each of `prompts` prompts. */
export function classFile(name: string, prompts: number, ranks: readonly [number, number, number]) {
  const rows = Array.from({ length: prompts }, (_, i) =>
    JSON.stringify({ prompt: `is bird ${i} happy ?`, completions: ANSWERS, ranks }),
  );
  return { name, mimeType: 'application/x-ndjson', buffer: Buffer.from(rows.join('\n')) };
}
