/**
 * Items of the page suites put as instructions, as FLAN and T0 put public tasks: without examples, in one of several
 * wordings. What plays FLAN and T0 here learns from these.
 */

/** The item that a page ends with: its lines without their labels. The last line, which is open, is left out. */
function askedLines(page: string, count: number): string[] {
  return page
    .split('\n')
    .slice(-1 - count, -1)
    .map((line) => line.slice(line.indexOf(': ') + 2));
}

type Wording = (page: string) => string;

const asked =
  (write: (text: string) => string): Wording =>
  (page) =>
    write(askedLines(page, 1)[0] ?? '');

const passage =
  (write: (passage: string, question: string) => string): Wording =>
  (page) => {
    const [text = '', question = ''] = askedLines(page, 2);
    return write(text, question);
  };

const lastLine = (page: string): string => page.split('\n').at(-1) ?? '';

const WORDINGS: Readonly<Record<string, readonly Wording[]>> = {
  'passage-qa': [
    passage((text, question) => `${text} ${question}`),
    passage((text, question) => `read this: ${text} ${question}`),
    passage((text, question) => `${question} use this text: ${text}`),
  ],
  sentiment: [
    asked((text) => `what feeling does this review have? ${text}`),
    asked((text) => `what kind of feeling is this: ${text}`),
    asked((text) => `${text} is that good or bad?`),
  ],
  'frogspeak-to-plain': [
    asked((text) => `say this in plain words: ${text}`),
    asked((text) => `write this in plain words: ${text}`),
  ],
  'plain-to-frogspeak': [
    asked((text) => `say this in frogspeak: ${text}`),
    asked((text) => `write this in frogspeak: ${text}`),
  ],
  arithmetic: [(page) => `what is ${lastLine(page)}`, (page) => `go on: ${lastLine(page)}`],
  cloze: [
    asked((text) => `how does this story end? ${text}`),
    asked((text) => `tell me only the end: ${text}`),
  ],
};

/** The instruction for item `index` of a suite. Throws RangeError for a suite that has no wording. */
export function instructionOf(suite: string, page: string, index: number): string {
  const wordings = WORDINGS[suite];
  if (wordings === undefined) throw new RangeError(`no instruction is written for ${suite}`);
  return wordings[index % wordings.length]!(page);
}
