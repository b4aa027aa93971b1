/**
 * JSON.parse that refuses an object with the same key twice, where JSON.parse keeps the last in silence.
 * It checks syntax and keys only; shapes are the business of each format's own validator.
 */

/** A token that matters for finding keys: a whole string, a bracket, a colon or a comma. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs;

/**
 * @throws SyntaxError for malformed text, with the engine's message, and for a repeated key
 */
export function parseStrictJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw new SyntaxError(`The key "${repeated}" is there twice`);
  return value;
}

/** The first key that an object of this valid JSON text has twice. */
function repeatedKey(text: string): string | undefined {
  // One entry per open bracket: the keys so far of an object, undefined for an array.
  const open: (Set<string> | undefined)[] = [];
  let lastString: string | undefined;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && lastString !== undefined) {
      const key = JSON.parse(lastString) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
    lastString = token.startsWith('"') ? token : undefined;
  }
  return undefined;
}
