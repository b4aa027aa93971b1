// The backports source is derived from the machine's own Debian source, in both formats that apt
// reads. No package is installed here.
import { expect, test } from 'vitest';
import { backportsLine, backportsStanza } from '../../setup/debian.ts';

const STANZAS = `Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`;

test('the stanza of the release keeps its address and key and changes its suite', () => {
  expect(backportsStanza(STANZAS, 'bookworm')).toBe(
    [
      'Types: deb',
      'URIs: http://mirror.example/debian',
      'Suites: bookworm-backports',
      'Components: main',
      'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
    ].join('\n'),
  );
});

test('a file without the release gives nothing', () => {
  expect(backportsStanza(STANZAS, 'trixie')).toBeUndefined();
  expect(backportsLine('# deb http://mirror.example/debian trixie main', 'trixie')).toBeUndefined();
});

test('the one-line form keeps options and components', () => {
  const text = 'deb [signed-by=/k.gpg] http://mirror.example/debian trixie main contrib\n';
  expect(backportsLine(text, 'trixie')).toBe(
    'deb [signed-by=/k.gpg] http://mirror.example/debian trixie-backports main contrib',
  );
});
