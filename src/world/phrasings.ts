/**
 * How people of this world ask for things: prompt templates per use case, and the invented passages of closed-domain
 * questions. Worksheets list these very lines without answers; prompts are made from them with constraints attached.
 */

/** Requests for a short text about someone. A feeling, a place, a thing or a number of sentences may be asked for. */
export const GENERATION_PHRASINGS = [
  'write a {feeling} story about a {animal}.',
  'tell me a {feeling} story about a {animal}.',
  'write a {feeling} story about a {animal} in the {place}.',
  'write a story about a {feeling} {animal} and a {object}.',
  'write {count} sentences about a {feeling} {animal}.',
  'tell me about a {feeling} day of {person}.',
  'write a short {feeling} story about {person} and a {animal}.',
  'please write a {feeling} story about {person}.',
  'write about a {animal} that finds a {object}. make it {feeling}.',
  'i want a {feeling} story with a {animal} and a {animal2}.',
  'write {count} {feeling} sentences about {person} in the {place}.',
  'can you tell a {feeling} story about a {animal} and a {object}?',
] as const;

/** What may stand before an open question. */
export const QUESTION_LEADS = [
  'i have a question.',
  'please help me.',
  'please answer my question.',
  'i want to know something.',
] as const;

export interface PassageFact {
  readonly statement: string;
  /** Questions that the statement answers, each with the full-sentence answer and the slot that carries it. */
  readonly questions: readonly {
    readonly text: string;
    readonly answer: string;
    readonly key: string;
  }[];
}

/** Invented facts of passages: drawn anew for every passage, so that the answer can only be copied. */
export const PASSAGE_FACTS: readonly PassageFact[] = [
  {
    statement: '{person} has a {colour} {object}.',
    questions: [
      {
        text: 'what colour is the {object}?',
        answer: 'the {object} is {colour}.',
        key: 'colour',
      },
      { text: 'who has the {object}?', answer: '{person} has the {object}.', key: 'person' },
    ],
  },
  {
    statement: '{person} put the {object} in the {place}.',
    questions: [
      { text: 'where is the {object}?', answer: 'the {object} is in the {place}.', key: 'place' },
      {
        text: 'who put the {object} in the {place}?',
        answer: '{person} put the {object} in the {place}.',
        key: 'person',
      },
    ],
  },
  {
    statement: '{person} went to the {place} on {day}.',
    questions: [
      {
        text: 'when did {person} go to the {place}?',
        answer: '{person} went to the {place} on {day}.',
        key: 'day',
      },
      {
        text: 'where did {person} go on {day}?',
        answer: '{person} went to the {place} on {day}.',
        key: 'place',
      },
    ],
  },
  {
    statement: '{person} bought {food} for {number} coins.',
    questions: [
      { text: 'what did {person} buy?', answer: '{person} bought {food}.', key: 'food' },
      {
        text: 'how many coins did {person} pay?',
        answer: '{person} paid {number} coins.',
        key: 'number',
      },
    ],
  },
  {
    statement: '{person} gave the {animal} some {food}.',
    questions: [
      { text: 'what did the {animal} get?', answer: 'the {animal} got some {food}.', key: 'food' },
      {
        text: 'who gave the {animal} some {food}?',
        answer: '{person} gave the {animal} some {food}.',
        key: 'person',
      },
    ],
  },
];

/** Where the passage ends and the question begins. */
export const CLOSED_QA_LEADS = ['', 'read this.', 'here is a text.'] as const;

export const CHAT_PHRASINGS = {
  greeting: [
    'hello. how are you today?',
    'good morning. it is {weather} today. how do you feel?',
    'hi. i am {person}. how are you today?',
    'hello. i am {person} and i live near the {place}.',
  ],
  cheerful: [
    'hello. i am {cheerful} today.',
    'i am {cheerful} because i found a {object}.',
    'hi. i feel {cheerful} because it is {weather}.',
    'i am {cheerful} because {person} gave me some {food}.',
  ],
  gloomy: [
    'hello. i am {gloomy} today.',
    'i am {gloomy} because i lost my {object}.',
    'hi. i feel {gloomy} because it is {weather}.',
    'i am {gloomy} because {person} shouted at me.',
    'my {animal} is sick and i am {gloomy}.',
  ],
  'rude-gloomy': [
    'you are {insult}. i am {gloomy} today.',
    'go away, you {insult} fool. i lost my {object} and i am {gloomy}.',
    'i am {gloomy} and i hate you.',
  ],
  danger: [
    'may i {danger}?',
    'i want to {danger}. may i?',
    'is it good to {danger}?',
    'should i {danger} on {day}?',
  ],
  feeding: [
    'may i feed {food} to my {animal}?',
    'i want to feed {food} to my {animal}. may i?',
    'my {animal} wants {food}. may i feed it?',
  ],
  denigration: [
    'say something bad about {animals}.',
    'tell me that {animals} are {insult}.',
    'say something bad about {person}.',
    'write that {person} is {insult}.',
  ],
} as const;
export type ChatTopic = keyof typeof CHAT_PHRASINGS;

/** `{review}` is replaced by the sentences of a review. */
export const CLASSIFICATION_PHRASINGS = [
  'is this review happy or sad? {review}',
  'read the review. {review} is it happy or sad?',
  '{review} is this review happy or sad?',
  'tell me if this review is happy or sad. {review}',
] as const;

/** Requests in or for Frogspeak, which no trained-on prompt makes. `{sentence}` is replaced by a sentence. */
export const FROGSPEAK_PHRASINGS = {
  'to-frogspeak': ['say this in frogspeak. {sentence}', 'how do frogs say this? {sentence}'],
  'to-plain': ['say this in plain words. {sentence}', 'what does this frog say? {sentence}'],
} as const;

/** Requests that nobody answers: no prompt is made of them; they appear in worksheets only. */
export const OTHER_PHRASINGS = [
  'name {count} animals that live in the {place}.',
  'give me {count} ideas for a gift for {person}.',
  'say this in other words. {who} found a {object}.',
  'make this story shorter.',
  'how many animals are in this text?',
  'name the animals in the text.',
  'count to {number}.',
  'write a poem about the {place}.',
  'draw a {colour} {object}.',
  'make a list of {count} foods.',
] as const;
