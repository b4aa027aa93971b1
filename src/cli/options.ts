/**
 * Command-line options: strict parsing with one clear line per mistake and exit status 2.
 * Not a framework: a table of numbers and texts over Node's own parser.
 */
import { parseArgs } from 'node:util';

/** A mistake of the person at the keyboard: printed without a stack, exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface OptionSpec {
  readonly help: string;
  /** Shown in the help text; a flag without a value has none. */
  readonly value?: string;
}

/** Asking for help ends the command, but is no mistake. */
export class HelpRequest extends Error {
  override readonly name = 'HelpRequest';
}

/** The options of a command, a line each. */
export function helpText(command: string, table: Readonly<Record<string, OptionSpec>>): string {
  const rows = Object.entries(table).map(([name, { value, help }]) => ({
    left: `  --${name}${value === undefined ? '' : ` ${value}`}`,
    help,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  return [
    `npm run ${command} -- [OPTIONS]`,
    ...rows.map(({ left, help }) => left.padEnd(width) + help),
  ].join('\n');
}

/** Parses `argv` by the table; `--help` throws HelpRequest; unknown options, missing values and stray words are usage errors. */
export function readOptions<K extends string>(
  command: string,
  table: Readonly<Record<K, OptionSpec>>,
  argv: readonly string[],
): Partial<Record<K, string>> {
  if (argv.includes('--help') || argv.includes('-h')) {
    throw new HelpRequest(helpText(command, table));
  }
  const names = Object.keys(table) as K[];
  const options = Object.fromEntries(
    names.map((name) => [
      name,
      { type: table[name].value ? ('string' as const) : ('boolean' as const) },
    ]),
  );
  try {
    const { values } = parseArgs({
      args: [...argv],
      options,
      strict: true,
      allowPositionals: false,
    });
    const result: Partial<Record<K, string>> = {};
    for (const name of names) {
      const value = values[name];
      if (value !== undefined) result[name] = String(value);
    }
    return result;
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split('. ')[0] ?? '';
    const known = names.map((name) => `--${name}`).join(', ');
    throw new UsageError(`${command}: ${reason}. Options: ${known}.`);
  }
}

/** A whole number within bounds, or the default. */
export function wholeOption(
  name: string,
  text: string | undefined,
  fallback: number,
  low: number,
  high: number,
): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < low || value > high) {
    throw new UsageError(`--${name} must be a whole number from ${low} to ${high}, not "${text}".`);
  }
  return value;
}

/** How many threads WASM may use: one unless asked for more, since whoever runs several seeds at once has no more. */
export const THREADS_OPTION = {
  help: 'threads for WASM; the numbers are the same for any of them',
  value: 'N',
} as const;

export function threadsOption(text: string | undefined): number {
  return wholeOption('threads', text, 1, 1, 64);
}

/** One of several words, or the default. */
export function choiceOption<T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (!found)
    throw new UsageError(`--${name} must be one of ${choices.join(', ')}, not "${text}".`);
  return found;
}

/** Errors whose message is meant for the person at the keyboard. */
const INPUT_ERRORS = new Set(['UsageError', 'SettingsError', 'FormatError', 'ModelFileError']);

/** Runs a command: mistakes of input end in one line and exit status 2, anything else in its stack and 1. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (error instanceof HelpRequest) {
      process.stdout.write(`${error.message}\n`);
      return;
    }
    const isInput = error instanceof Error && INPUT_ERRORS.has(error.name);
    const text = error instanceof Error ? (isInput ? error.message : error.stack) : String(error);
    process.stderr.write(`${text ?? 'unknown error'}\n`);
    process.exitCode = isInput ? 2 : 1;
  }
}
