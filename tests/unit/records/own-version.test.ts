/** Own versions of the world's demonstrations: whose place each takes, and that none is lost or trained on twice. */
import { describe, expect, test } from 'vitest';
import { isVersion, versionId, withOwnVersions } from '../../../src/records/own-version.ts';
import type { Demonstration } from '../../../src/records/prompt.ts';

const row = (id: string, response: string): Demonstration => ({
  id,
  prompt: {
    ...{ id: `${id}-prompt`, text: `ask ${id}`, useCase: 'other', kind: 'plain' },
    ...{ userId: 'u', split: 'train', source: 'world' },
  },
  response,
  author: 'a',
});

const shipped = [row('one', '1'), row('two', '2'), row('three', '3')];
const said = (own: readonly Demonstration[], seed = 7) =>
  withOwnVersions(seed, shipped, own).map(({ response }) => response);

describe('own versions', () => {
  test('take the place of what they replace; other own ones come after', () => {
    const own = [row('mine', 'new'), row(versionId(7, 'two'), 'better')];
    expect(said(own)).toEqual(['1', 'better', '3', 'new']);
    expect(said([])).toEqual(['1', '2', '3']);
  });

  test('of another seed, or of one that is not trained on, count as any other', () => {
    expect(said([row(versionId(8, 'two'), 'other world')])).toEqual(['1', '2', '3', 'other world']);
    expect(said([row(versionId(7, 'nine'), 'beyond')])).toEqual(['1', '2', '3', 'beyond']);
  });

  test('are told by their ids', () => {
    expect(isVersion({ id: versionId(7, 'two') })).toBe(true);
    expect(isVersion({ id: 'two' })).toBe(false);
  });
});
