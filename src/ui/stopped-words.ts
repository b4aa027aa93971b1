/** What became of work that was stopped, in a sentence. Pure; which work there is and what is kept is the worker's. */
import type { StoppableWork } from '../worker/protocol.ts';
import { counted } from './format.ts';

const WHOLE: Readonly<Record<'pairs' | 'outputs', string>> = { pairs: 'pair', outputs: 'prompt' };

/** What is said until it has stopped. */
export function stoppingWords(work: StoppableWork): string {
  return work === 'trained' ? 'It stops.' : 'It stops after the answers under way.';
}

/** `kept` as the worker tells it: null when the work had ended before it could be stopped. */
export function stoppedWords(work: StoppableWork, kept: number | null): string {
  if (kept === null) return '';
  switch (work) {
    case 'pairs':
    case 'outputs':
      return kept === 0
        ? 'Stopped before any prompt was answered by all; nothing was kept.'
        : `Stopped: ${counted(kept, WHOLE[work])} with all answers kept, to be judged.`;
    case 'ranking':
      return 'Stopped; the answers written so far were dropped, and nothing was stored.';
    case 'report':
      return 'Stopped; the reward model is kept, but was not tested.';
    case 'trained':
      return kept === 0
        ? 'Stopped before all three models were here; nothing was stored.'
        : 'They were all here before they could be stopped.';
  }
  return work satisfies never;
}
