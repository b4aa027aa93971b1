/** Text as XML and HTML may hold it, for the documents that the page makes: drawings and reports. */

/** Any but the characters that XML 1.0 allows; halves of surrogate pairs are none. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** `text` for between tags and in quoted attributes; what XML forbids becomes U+FFFD. */
export function escaped(text: string): string {
  return text
    .replaceAll(FORBIDDEN, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
