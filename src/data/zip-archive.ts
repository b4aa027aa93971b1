/**
 * Files in one zip: packed for a person to keep, and unpacked with the suspicion that a file from anyone deserves. Names
 * are plain relative paths, sizes are bounded before anything is unpacked. What the files mean is the caller's business.
 */
import { strToU8, unzipSync, zipSync, type Zippable } from 'fflate';
import { FormatError } from './format-error.ts';

/** Ends the names of files that are written as they are: weights do not get smaller. */
const STORED = '.safetensors';
const LEVEL = 6;

export interface ArchiveLimits {
  readonly files: number;
  /** Unpacked, of one file and of all together. */
  readonly fileBytes: number;
  readonly totalBytes: number;
}

const NAME = /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/;

/** @throws RangeError when a name is none that {@link unpackFiles} would take */
export function packFiles(
  files: ReadonlyMap<string, Uint8Array | string>,
): Uint8Array<ArrayBuffer> {
  const entries: Zippable = {};
  for (const [name, content] of files) {
    if (!NAME.test(name)) throw new RangeError(`not a name for a file in a zip: ${name}`);
    const bytes = typeof content === 'string' ? strToU8(content) : content;
    entries[name] = [bytes, { level: name.endsWith(STORED) ? 0 : LEVEL, mtime: '1980-01-01' }];
  }
  return new Uint8Array(zipSync(entries));
}

function refused(problem: string): FormatError {
  return new FormatError(
    `This file cannot be read. ${problem}`,
    'Nothing was imported. Choose another file, or export it again where it came from.',
  );
}

/**
 * All files of a zip by name. Throws {@link FormatError} that names the file inside and the problem: an end that is
 * missing, a path that leads out, a name that comes twice, sizes beyond the limits.
 */
export function unpackFiles(bytes: Uint8Array, limits: ArchiveLimits): Map<string, Uint8Array> {
  const sizes = new Map<string, number>();
  let total = 0;
  const check = ({ name, originalSize }: { name: string; originalSize: number }): boolean => {
    if (name.endsWith('/')) return false;
    if (!NAME.test(name))
      throw refused(`It holds a file with a path that is not allowed: ${name}.`);
    if (sizes.has(name)) throw refused(`It holds ${name} twice.`);
    sizes.set(name, originalSize);
    total += originalSize;
    if (sizes.size > limits.files) throw refused(`It holds more than ${limits.files} files.`);
    if (originalSize > limits.fileBytes) {
      throw refused(`${name} in it is larger than ${megabytes(limits.fileBytes)} MB.`);
    }
    if (total > limits.totalBytes) {
      throw refused(`Unpacked it is larger than ${megabytes(limits.totalBytes)} MB.`);
    }
    return true;
  };
  let unpacked: Readonly<Record<string, Uint8Array>>;
  try {
    unpacked = unzipSync(bytes, { filter: check });
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw refused(`It is no zip, or its end is missing (${detail}).`);
  }
  const files = new Map(Object.entries(unpacked));
  for (const [name, size] of sizes) {
    if (files.get(name)?.length !== size) throw refused(`${name} in it is damaged.`);
  }
  return files;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
