// Which Firefox the browser tests take. None is started or installed here.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findFirefox } from '../../setup/firefox.ts';

const folder = mkdtempSync(join(tmpdir(), 'rlhf-playground-firefox-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function program(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  return path;
}

test('the one that is named wins over those on the path, and one that is not there over nothing', () => {
  const [firefox, esr, named] = [program('firefox'), program('firefox-esr'), program('named')];
  const PATH = ['/nowhere', folder].join(delimiter);
  expect(findFirefox({ PATH, FIREFOX_PATH: named })).toBe(named);
  expect(findFirefox({ PATH, FIREFOX_PATH: '/nowhere/firefox' })).toBe(esr);
  rmSync(esr);
  expect(findFirefox({ PATH })).toBe(firefox);
});

test('without any there is none, which the browser tests take for a failure', () => {
  expect(findFirefox({ PATH: '/nowhere' })).toBeUndefined();
});
