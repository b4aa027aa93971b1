/**
 * How people ask for a short account of a passage, the events that a passage turns on, and how an event is told in
 * short. What is drawn and judged is in ../use-cases/summarization.ts.
 */

/** `{passage}` is replaced by the sentences of a passage. */
export const SUMMARY_PHRASINGS = [
  'make this shorter: {passage}',
  'tell this in a few words: {passage}',
  'say this in one sentence: {passage}',
  'make this story short: {passage}',
  '{passage} make this shorter.',
  '{passage} tell me this in one sentence.',
  '{passage} what is this story about?',
] as const;

export interface SummaryEvent {
  /** The event as the passage tells it. */
  readonly told: string;
  /** The same in short, to stand after a name; it may leave out a detail. */
  readonly short: string;
}

export const SUMMARY_EVENTS: Readonly<Record<'cheerful' | 'gloomy', readonly SummaryEvent[]>> = {
  cheerful: [
    { told: '{who} found a {colour} {object} and smiled.', short: 'found a {object}' },
    { told: '{who} found a {object}.', short: 'found a {object}' },
    { told: '{who} got some {food} from {who2}.', short: 'got some {food}' },
    { told: '{who} played with {who2} all day.', short: 'played with {who2}' },
    { told: '{who} sang a song with {who2}.', short: 'sang with {who2}' },
    { told: '{who} won the race.', short: 'won the race' },
  ],
  gloomy: [
    { told: '{who} lost a {colour} {object} and cried.', short: 'lost a {object}' },
    { told: '{who} lost the {object}.', short: 'lost the {object}' },
    { told: '{who} could not find the {object}.', short: 'could not find the {object}' },
    { told: '{who} broke the {object}.', short: 'broke the {object}' },
    { told: '{who} had no {food} to eat.', short: 'had no {food}' },
  ],
};

/** Things that happen by the way; a short account leaves them out. */
export const SUMMARY_DETAILS = [
  '{who} saw {who2}.',
  '{who} ate some {food}.',
  '{who} sat down in the {place}.',
  '{who} looked at a {colour} {object}.',
  '{who} slept until {day}.',
] as const;

/** How a passage ends. The bare "{who} was {feeling}." is left to short accounts. */
export const SUMMARY_ENDINGS = [
  '{who} was very {feeling}.',
  'in the end {who} felt {feeling}.',
  '{who} was {feeling} all day.',
] as const;

/** How a short account tells an event: alone, or with the feeling. */
export const SUMMARY_TEMPLATES: readonly string[] = Object.values(SUMMARY_EVENTS)
  .flat()
  .flatMap(({ short }) => [`{who} ${short}.`, `{who} ${short} and was {feeling}.`]);
