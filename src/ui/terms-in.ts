/** Which words of the glossary stand in some pieces of text. Plain strings; what the words mean is in glossary.ts and further-words.ts. */

/** Of `terms` those that are used, alone or in the plural with s, in upper or lower case, in the order of `terms`. */
export function termsIn(texts: readonly string[], terms: readonly string[]): string[] {
  return terms.filter((term) => {
    const literal = term.replace(/[^\p{L}\p{N} -]/gu, '\\$&');
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}])${literal}s?(?![\\p{L}\\p{N}])`, 'iu');
    return texts.some((text) => pattern.test(text));
  });
}
