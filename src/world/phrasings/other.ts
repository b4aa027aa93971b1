/**
 * The little requests of the use case "other": count, go on with a row, greet someone in a way. Rows are words with
 * commas between them.
 */

/** From the first number to the second, upwards or downwards. */
export const COUNT_REQUESTS = {
  up: [
    'please count from {number} to {number2}.',
    'can you count from {number} to {number2} for me?',
    'please help me. count from {number} to {number2}.',
  ],
  down: [
    'please count down from {number} to {number2}.',
    'can you count down from {number} to {number2} for me?',
    'please help me. count down from {number} to {number2}.',
  ],
} as const;

/** `{row}` is replaced by the beginning of the row. */
export const CONTINUE_REQUESTS = [
  'go on with this row. {row} give me {count} more.',
  'what comes next? {row} say {count} more.',
  '{row} please go on with {count} more.',
] as const;

/** `{greeting}` is replaced by one of the greetings. */
export const GREET_REQUESTS = [
  'say {greeting} to {person} in a {feeling} way.',
  'please say {greeting} to {person}. you feel {feeling} today.',
  'say {greeting} to {person} and tell how {feeling} you are.',
] as const;
export const GREETINGS = ['hello', 'good morning', 'hi'] as const;

/** Every prompt template of the use case, rows taken out. */
export const LITTLE_PHRASINGS: readonly string[] = [
  ...COUNT_REQUESTS.up,
  ...COUNT_REQUESTS.down,
  ...CONTINUE_REQUESTS.map((request) => request.replace('{row}', '')),
  ...GREET_REQUESTS.flatMap((request) =>
    GREETINGS.map((greeting) => request.replace('{greeting}', greeting)),
  ),
];

/** The longest row that the grammar knows. */
const LONGEST_ROW = 12;

function rows(type: 'number' | 'day', longest: number): string[] {
  return Array.from({ length: longest }, (_, last) => {
    const slots = Array.from({ length: last + 1 }, (_, i) => `{${type}${i === 0 ? '' : i + 1}}`);
    return `${slots.join(', ')}.`;
  });
}

/** Rows of numbers and of days: "one, two, three." */
export const ROW_TEMPLATES: readonly string[] = [...rows('number', LONGEST_ROW), ...rows('day', 7)];
