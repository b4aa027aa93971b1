/**
 * Files of prompts or labels that a person chose, ready for the worker: what each is called, its format by its ending,
 * and its text. Nothing is checked here but the names.
 */
import type { CommandMap } from '../worker/protocol.ts';

type LabelFile = CommandMap['labels.import']['args']['files'][number];

/** For the browser's chooser. */
export const LABEL_FILE_TYPES = '.jsonl,.ndjson,.json,.csv,.tsv';

const LONGEST_NAME = 60;

/** A file's name without its endings: who the labeler is when a class's files are merged. */
export function labelerOfFile(fileName: string): string {
  const stem = fileName.replace(/(\.[a-z]+)+$/i, '').trim();
  return (stem === '' ? fileName : stem).slice(0, LONGEST_NAME);
}

/** Different names for all, so that two files called the same stay two labelers: `anna`, `anna (2)`. */
export function distinctNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}

const isCsv = (fileName: string): boolean => /\.(csv|tsv)$/i.test(fileName);

export async function labelFiles(files: Iterable<File>): Promise<LabelFile[]> {
  const chosen = [...files];
  const names = distinctNames(chosen.map(({ name }) => labelerOfFile(name)));
  return Promise.all(
    chosen.map(async (file, i) => ({
      name: names[i] ?? file.name,
      format: isCsv(file.name) ? ('csv' as const) : ('jsonl' as const),
      text: await file.text(),
    })),
  );
}
