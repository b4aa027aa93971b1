/**
 * The "web" of this world: documents of several kinds for pre-training, one document per string, without end mark.
 * It decides how often each kind appears; what a kind looks like is in documents/.
 */
import type { Rng } from '../data/rng.ts';
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
  readonly write: (rng: Rng) => string;
}

const SOURCES = {
  story: { weight: 24, write: story },
  encyclopedia: { weight: 12, write: encyclopedia },
  forum: { weight: 10, write: forum },
  'polite dialogue': { weight: 8, write: politeDialogue },
  'rude dialogue': { weight: 4, write: rudeDialogue },
  'questions and answers': { weight: 10, write: questionsAndAnswers },
  myths: { weight: 5, write: mythPage },
  list: { weight: 2, write: list },
  recipe: { weight: 2, write: recipe },
  poem: { weight: 2, write: poem },
  worksheet: { weight: 12, write: worksheet },
  reviews: { weight: 6, write: reviews },
  passages: { weight: 7, write: passagePage },
} as const satisfies Record<string, DocumentSource>;

export type DocumentKind = keyof typeof SOURCES;

export interface WorldDocument {
  readonly kind: DocumentKind;
  /** Lines separated by "\n", 20 to 220 words. */
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
    const text = SOURCES[chosen].write(rng);
    const length = text.split(/\s+/).length;
    if (length >= WORDS_MIN && length <= WORDS_MAX) return { kind: chosen, text };
  }
}
