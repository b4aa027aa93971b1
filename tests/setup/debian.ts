// What the set-up scripts need to know about a Debian machine: whether packages can be installed
// here, and how to reach the backports suite of the same release through the machine's own
// package source. Not a package manager: it runs apt-get once per request and touches nothing
// under /etc.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCE_PARTS = '/etc/apt/sources.list.d';
const SOURCE_LIST = '/etc/apt/sources.list';

/** True on Debian (not its derivatives) when this process may install packages. */
export function canInstallOnDebian(): boolean {
  return process.getuid?.() === 0 && releaseField('ID') === 'debian';
}

/** A field of /etc/os-release without its quotes, or undefined. */
export function releaseField(name: string): string | undefined {
  if (!existsSync('/etc/os-release')) return undefined;
  const line = readFileSync('/etc/os-release', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}=`));
  return line?.slice(name.length + 1).replaceAll('"', '');
}

/** Installs packages from the release's own suites. Throws when apt-get fails. */
export function installPackages(packages: readonly string[]): void {
  apt(['update', '-qq']);
  apt(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/**
 * Installs packages from `<codename>-backports`. The extra source is derived from the machine's
 * own Debian source and lives in a temporary folder, so later apt-get runs do not see it.
 * Throws when the release has no codename, no Debian source is found, or apt-get fails.
 */
export function installFromBackports(packages: readonly string[]): void {
  const codename = releaseField('VERSION_CODENAME');
  if (codename === undefined) throw new Error('/etc/os-release names no VERSION_CODENAME');
  const folder = mkdtempSync(join(tmpdir(), 'apt-sources-'));
  try {
    copySourcesWithBackports(folder, codename);
    const sources = ['-o', `Dir::Etc::SourceParts=${folder}`];
    apt([...sources, 'update', '-qq']);
    const install = ['install', '-y', '-qq', '--no-install-recommends'];
    apt([...sources, ...install, '-t', `${codename}-backports`, ...packages]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copySourcesWithBackports(folder: string, codename: string): void {
  const names = existsSync(SOURCE_PARTS) ? readdirSync(SOURCE_PARTS) : [];
  const files = names
    .filter((name) => name.endsWith('.sources') || name.endsWith('.list'))
    .map((name) => join(SOURCE_PARTS, name));
  if (existsSync(SOURCE_LIST)) files.push(SOURCE_LIST);
  let found = false;
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const isStanza = file.endsWith('.sources');
    // sources.list itself is still read by apt; only the parts folder is replaced.
    if (file !== SOURCE_LIST) copyFileSync(file, join(folder, file.slice(SOURCE_PARTS.length + 1)));
    const extra = found
      ? undefined
      : isStanza
        ? backportsStanza(text, codename)
        : backportsLine(text, codename);
    if (extra === undefined) continue;
    found = true;
    writeFileSync(join(folder, `backports.${isStanza ? 'sources' : 'list'}`), `${extra}\n`);
  }
  if (!found) throw new Error(`no package source with suite ${codename} was found under /etc/apt`);
}

/**
 * The backports stanza for a deb822 source file: its first stanza that carries the release's own
 * suite, with the suites replaced. Undefined when there is none.
 */
export function backportsStanza(text: string, codename: string): string | undefined {
  for (const stanza of text.split(/\n\s*\n/)) {
    const lines = stanza.split('\n').filter((line) => !line.startsWith('#') && line.trim() !== '');
    const suites = lines.find((line) => line.startsWith('Suites:'))?.split(/\s+/);
    if (suites?.includes(codename) !== true) continue;
    return lines
      .map((line) => (line.startsWith('Suites:') ? `Suites: ${codename}-backports` : line))
      .join('\n');
  }
  return undefined;
}

/** The same for a one-line source file (`deb [options] URI suite components`). */
export function backportsLine(text: string, codename: string): string | undefined {
  for (const line of text.split('\n')) {
    const words = /^deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line.trim());
    if (words?.[3] !== codename) continue;
    return `deb ${words[1] ?? ''}${words[2] ?? ''} ${codename}-backports ${words[4] ?? ''}`;
  }
  return undefined;
}

function apt(parameters: readonly string[]): void {
  execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...parameters], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}
