/** What a labeler is called on the page. Apart from the other words about labelers, which are loaded late. */
import { PERSON } from '../records/ranking.ts';

/** `you`, a classmate's name, or that of a simulated labeler. */
export function labelerName(labeler: string): string {
  return labeler === PERSON ? 'you' : labeler.replace(/^imported:/, '');
}
