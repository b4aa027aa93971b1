/**
 * How answers name things: a numbered line, a thing alone, or two or three in a row. Used by every use case whose
 * answer is a list. What is asked for is not here.
 */

/** Noun phrases that an item may be; `#` stands for the digit that tells slots of one sentence apart. */
const NOUNS = [
  '{animals#}',
  'the {animal#}',
  '{person#}',
  '{food#}',
  'a {object#}',
  'the {object#}',
  'the {place#}',
] as const;

function formsOf(noun: string): string[] {
  const [one = '', two = '', three = ''] = ['', '2', '3'].map((digit) => noun.replace('#', digit));
  return [`{digit}: ${one}.`, `${one}.`, `${one} and ${two}.`, `${one}, ${two} and ${three}.`];
}

/** "1: the fox.", "the fox.", "the fox and the hen.", "the fox, the hen and the cow.", and so for other nouns. */
export const ITEM_TEMPLATES: readonly string[] = NOUNS.flatMap(formsOf);
