/** What looks like personal data, and what only has numbers in it. */
import { describe, expect, it } from 'vitest';
import { personalDataIn } from '../../../src/world/personal-data.ts';

describe('personal data', () => {
  it.each([
    ['write to jane.doe+x@mail.example.org please', ['email']],
    ['call +44 20 7946 0958', ['phone']],
    ['call (030) 1234567 89', ['phone']],
    ['my number is 555-0123.', ['phone']],
    ['number 07700900123', ['phone']],
    ['she lives at 12 Old Mill Road, near the sea', ['address']],
    ['send it to 221b baker street', ['address']],
    ['10 High St and bob@example.com', ['email', 'address']],
  ])('finds it in %j', (text, kinds) => expect(personalDataIn(text)).toEqual(kinds));

  it.each([
    'count: 1 2 3 4 5 6 7 8 9 10 11 12',
    '12 foxes cross the road',
    '3 owls sat on my street',
    'the bear has 12 apples and 400 stones',
    'in 1999 and 2026-11-23',
    'meet me @ the pond at 5',
    'write a story about a happy fox',
  ])('finds none in %j', (text) => expect(personalDataIn(text)).toEqual([]));
});
