/** The files of the page in groups that mean something to a person, with how each group stands. Pure. */
import type { CheckedFile, CheckedFiles } from '../offline/messages.ts';

export interface FileGroup {
  readonly title: string;
  readonly files: number;
  /** Of those, stored and unchanged. */
  readonly sound: number;
  /** As stored. */
  readonly bytes: number;
}

const GROUPS: readonly { readonly title: string; readonly holds: RegExp }[] = [
  { title: 'Models', holds: /^models\// },
  { title: 'WebAssembly', holds: /\.wasm$/ },
  { title: 'Program, with what loads late', holds: /\.js$/ },
  { title: 'Pages, styles and pictures', holds: /./ },
];

/** Every file is in the first group that holds it; groups without files are left out. */
export function fileGroups(checked: CheckedFiles): readonly FileGroup[] {
  const groupOf = ({ url }: CheckedFile) => GROUPS.find(({ holds }) => holds.test(url))?.title;
  return GROUPS.flatMap(({ title }) => {
    const own = checked.filter((file) => groupOf(file) === title);
    if (own.length === 0) return [];
    return {
      title,
      files: own.length,
      sound: own.filter(({ state }) => state === 'stored').length,
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
}
