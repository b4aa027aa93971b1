/**
 * The counts and shares of docs/world.md, from the world itself: what there is how many of, how often each kind of
 * document and each use case is drawn. Text only; world-sheet.ts puts it into the page, a test finds it stale.
 */
import { USE_CASES } from '../records/prompt.ts';
import { documentKinds, documentShares } from '../world/documents.ts';
import { FACTS, MYTHS, SUMS } from '../world/facts.ts';
import { SENTENCE_TEMPLATES, WORD_TYPES } from '../world/grammar.ts';
import { GROUP_TEMPERATURE, labelerPopulation, PAPER_AGREEMENT } from '../world/labelers.ts';
import { LEXICON, RUDE_WORDS } from '../world/lexicon.ts';
import { USER_CAP } from '../world/prompts.ts';
import { testPrompts, trainingPrompts } from '../world/prompt-sets.ts';
import { RELATIONS } from '../world/relations.ts';
import { presentUseCases, useCaseShares } from '../world/use-cases.ts';
import { worldUsers } from '../world/users.ts';

type Row = readonly [string, string];

/** Any seed: how many there are does not depend on it. */
const SEED = 1;

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A Markdown table with its columns padded, as the formatter writes it. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = head.map((_, i) =>
    Math.max(3, ...[head, ...rows].map((row) => (row[i] ?? '').length)),
  );
  const line = (row: readonly string[], pad = ' '): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0, pad)).join(' | ')} |`;
  return [
    line(head),
    line(
      head.map(() => ''),
      '-',
    ),
    ...rows.map((row) => line(row)),
  ].join('\n');
}

function things(): Row[] {
  const users = worldUsers(SEED);
  const labelers = labelerPopulation(SEED);
  const inSplit = (name: string): number => users.filter(({ split }) => split === name).length;
  const inGroup = (name: string): number => labelers.filter(({ group }) => group === name).length;
  const byGroup = (words: (name: 'training' | 'heldout') => string): string =>
    `${words('training')}, ${words('heldout')}`;
  const count = (name: keyof typeof LEXICON): string => String(LEXICON[name].length);
  return [
    ['animals', count('animal')],
    ['people', count('person')],
    ['foods', count('food')],
    ['objects', count('object')],
    ['places', count('place')],
    ['colours, sizes, sounds', `${count('colour')}, ${count('size')}, ${count('sound')}`],
    ['feelings, cheerful and gloomy', `${count('cheerful')}, ${count('gloomy')}`],
    ['relations', String(RELATIONS.length)],
    ['facts, without sums', String(FACTS.length)],
    ['sums up to twenty', String(SUMS.length)],
    ['myths', String(MYTHS.length)],
    ['templates of sentences', String(SENTENCE_TEMPLATES.length)],
    ['different words', String(WORD_TYPES.size)],
    ['rude words', String(RUDE_WORDS.length)],
    ['kinds of documents', String(documentKinds.length)],
    ["use cases, of the paper's", `${presentUseCases.length} of ${USE_CASES.length}`],
    [
      'people who send prompts: training, validation, test',
      [inSplit('train'), inSplit('validation'), inSplit('test')].join(', '),
    ],
    ['prompts of one person at most', String(USER_CAP)],
    ['labelers: training, held out', byGroup((name) => String(inGroup(name)))],
    [
      "temperature of labelers' noise: training, held out",
      byGroup((name) => String(GROUP_TEMPERATURE[name])),
    ],
    [
      'two labelers of a group shall agree: training, held out',
      byGroup((name) => percent(PAPER_AGREEMENT[name])),
    ],
  ];
}

/** Of each use case how many plain, user-based and few-shot prompts stand in the pools of one seed. */
function kinds(): Row[] {
  const prompts = [...trainingPrompts(SEED), ...testPrompts(SEED, 1000)];
  return presentUseCases.map((useCase) => {
    const own = prompts.filter((prompt) => prompt.useCase === useCase);
    const counts = (['plain', 'user-based', 'few-shot'] as const).map(
      (kind) => own.filter((prompt) => prompt.kind === kind).length,
    );
    return [useCase, counts.join(', ')];
  });
}

/** The counts as Markdown. */
export function worldCounts(): string {
  const shares = useCaseShares();
  return [
    markdownTable(['what', 'how many'], things()),
    markdownTable(
      ['kind of document', 'share of the draws'],
      documentShares().map(({ name, share }) => [name, percent(share)]),
    ),
    markdownTable(
      ['use case', 'share of the prompts'],
      presentUseCases.map((name) => [name, percent(shares[name])]),
    ),
    markdownTable(['use case', 'plain, user-based, few-shot prompts of seed 1'], kinds()),
  ].join('\n\n');
}

/** The page with these tables between its two marks of that name. Throws when it has none. */
export function withTables(page: string, name: 'counts' | 'suites', tables: string): string {
  const [begin, end] = [`<!-- ${name} begin -->`, `<!-- ${name} end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`the page has no ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${tables}\n\n${page.slice(to)}`;
}
