/**
 * The text of a file that may be packed with gzip, unpacked by the browser itself. A host that says `Content-Encoding`
 * has had the file unpacked on the way: the bytes decide, not the name. What the text means is the caller's business.
 */

/** Why there is no text: bytes that are not whole, more text than is asked for, or a browser that cannot unpack. */
export type UnpackProblem = 'damaged' | 'too large' | 'no unpacker';

type Unpacked =
  | { readonly text: string; readonly problem: null }
  | { readonly text: null; readonly problem: UnpackProblem };

const failed = (problem: UnpackProblem): Unpacked => ({ text: null, problem });

/** Every gzip file begins so, and no text in UTF-8 does. */
const isPacked = ([first, second]: Uint8Array): boolean => first === 0x1f && second === 0x8b;

/**
 * The text in UTF-8 of a file's bytes, packed or not. It stops where the text grows beyond a limit, so that a small file
 * cannot fill the memory.
 * @param most bytes of text that are read at most
 */
export async function unpackText(bytes: Uint8Array<ArrayBuffer>, most: number): Promise<Unpacked> {
  const packed = isPacked(bytes);
  if (packed && typeof DecompressionStream === 'undefined') return failed('no unpacker');
  const plain = new Blob([bytes]).stream();
  const reader = (packed ? plain.pipeThrough(new DecompressionStream('gzip')) : plain).getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let read = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text: text + decoder.decode(), problem: null };
      read += value.length;
      if (read > most) {
        await reader.cancel();
        return failed('too large');
      }
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    return failed('damaged');
  }
}
