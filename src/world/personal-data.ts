/**
 * Finds what looks like personal data in a text: e-mail addresses, phone numbers, street addresses.
 * A filter by pattern, as careful as patterns are: it misses names, and may take a long code for a phone number.
 */

export type PersonalData = 'email' | 'phone' | 'address';

const EMAIL = /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,4}/u;

/**
 * A run of two to six groups of digits with single separators, or one long group. Groups of one digit are
 * only allowed as a country code, so that counting ("1 2 3 4 5 6 7 8 9") is no phone number.
 */
const PHONE =
  /(?<![\p{L}\p{N}])(?:\+?\d{1,3}[ .-]?)?(?:\(\d{2,5}\)[ .-]?)?\d{2,}(?:[ .\-/]\d{2,}){0,5}(?!\p{N})/gu;
const PHONE_DIGITS = { min: 9, max: 15 };
/** Local form, three and four digits: 555-0123. */
const LOCAL_PHONE = /(?<![\p{N}.-])\d{3}[-.]\d{4}(?![\p{N}-])/u;

/**
 * House number, one to three words of a name, kind of street. Words that cannot be part of a street's name
 * keep "12 foxes cross the road" out.
 */
const ADDRESS =
  /(?<!\p{N})\d{1,5}[a-z]?\s(?:(?!(?:the|a|an|on|in|at|of|to|from|by|near|this|that|my|your|his|her|our|their|and|or|is|are)\s)[\p{L}.'’-]{1,30}\s){1,3}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|terrace|close)(?![\p{L}\p{N}])/iu;

/** Kinds of personal data that the text seems to hold; empty when none. */
export function personalDataIn(text: string): PersonalData[] {
  const found: PersonalData[] = [];
  if (EMAIL.test(text)) found.push('email');
  if (LOCAL_PHONE.test(text) || [...text.matchAll(PHONE)].some(([run]) => isPhone(run))) {
    found.push('phone');
  }
  if (ADDRESS.test(text)) found.push('address');
  return found;
}

function isPhone(run: string): boolean {
  const digits = run.replace(/\D/g, '').length;
  return digits >= PHONE_DIGITS.min && digits <= PHONE_DIGITS.max;
}
