/**
 * The "web" of this world: documents of several kinds for pre-training, without end marks.
 * It decides how often each kind appears; what a kind looks like is in documents/.
 */
import type { Rng } from '../data/rng.ts';
import { arithmeticPage, clozePage } from './documents/drills.ts';
import { frogspeakPage } from './documents/frogspeak.ts';
import { homework } from './documents/homework.ts';
import { occupationPage } from './documents/occupations.ts';
import {
  encyclopedia,
  forum,
  mythPage,
  passagePage,
  questionsAndAnswers,
} from './documents/pages.ts';
import { poem, story } from './documents/stories.ts';
import { list, politeDialogue, recipe, reviews, rudeDialogue } from './documents/talk.ts';
import { worksheet } from './documents/worksheets.ts';

interface DocumentSource {
  /** Relative frequency. */
  readonly weight: number;
  /** A page, or several pages of one document. */
  readonly write: (rng: Rng) => string | readonly string[];
}

const SOURCES = {
  story: { weight: 24, write: story },
  encyclopedia: { weight: 14, write: encyclopedia },
  forum: { weight: 10, write: forum },
  'polite dialogue': { weight: 8, write: politeDialogue },
  'rude dialogue': { weight: 4, write: rudeDialogue },
  'questions and answers': { weight: 13, write: questionsAndAnswers },
  myths: { weight: 10, write: mythPage },
  list: { weight: 2, write: list },
  recipe: { weight: 2, write: recipe },
  poem: { weight: 2, write: poem },
  worksheet: { weight: 16, write: worksheet },
  homework: { weight: 58, write: homework },
  reviews: { weight: 6, write: reviews },
  passages: { weight: 7, write: passagePage },
  frogspeak: { weight: 6, write: frogspeakPage },
  arithmetic: { weight: 2.5, write: arithmeticPage },
  cloze: { weight: 3, write: clozePage },
  occupations: { weight: 3, write: occupationPage },
} as const satisfies Record<string, DocumentSource>;

export type DocumentKind = keyof typeof SOURCES;

export interface WorldDocument {
  readonly kind: DocumentKind;
  /** Pages that each end with an end mark; one for most kinds. Lines are separated by "\n". */
  readonly parts: readonly string[];
  /** The parts one below the other, 20 to 220 words. */
  readonly text: string;
}

export const documentKinds = Object.keys(SOURCES) as DocumentKind[];

const WORDS_MIN = 20;
const WORDS_MAX = 220;

/** Draws a document, of a given kind or of a kind drawn by frequency. Too short or too long ones are drawn again. */
export function generateDocument(rng: Rng, kind?: DocumentKind): WorldDocument {
  const weights = documentKinds.map((each) => SOURCES[each].weight);
  const chosen = kind ?? documentKinds[rng.weighted(weights)] ?? 'story';
  for (;;) {
    const parts = [SOURCES[chosen].write(rng)].flat();
    const text = parts.join('\n');
    const length = text.split(/\s+/).length;
    if (length >= WORDS_MIN && length <= WORDS_MAX) return { kind: chosen, parts, text };
  }
}

/** Parts of a document of any kind, as pre-training packs them. */
export function writeDocument(rng: Rng): readonly string[] {
  return generateDocument(rng).parts;
}
