/** The report as a Markdown page: every claim with its table, targets, verdict, paragraph and plots. Pure. */
import { answererWords } from '../../records/answerer-words.ts';
import { fewerSeedsWords } from '../../records/result-figures.ts';
import type { ResultClaim, ResultItem, ResultRow, Results } from '../../records/results.ts';
import { rowWords, valueWords } from './saying.ts';

const cell = (words: string): string => words.replaceAll('|', '\\|').replaceAll('\n', ' ↵ ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lineOf = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [lineOf(head), lineOf(head.map(() => '---')), ...rows.map(lineOf)].join('\n');
}

const bare = ({ unit }: ResultRow, value: number): string =>
  valueWords(unit, value).replace(/ .*/, '');

/** Lowest and highest seed: the spread that intervals do not hold. */
function seedRange(row: ResultRow): string {
  const values = row.seeds.map(({ value }) => value);
  if (values.length < 2) return '';
  return `${bare(row, Math.min(...values))} to ${bare(row, Math.max(...values))}`;
}

/** Controls in italics, what is of no model in brackets. */
function labelOf({ label, control, reference }: ResultRow): string {
  if (reference !== undefined) return `[${label}]`;
  return control ? `_${label}_` : label;
}

function rowCells(row: ResultRow): string[] {
  return [
    labelOf(row),
    row.judge,
    row.temperature,
    row.paper === null ? '' : valueWords(row.unit, row.paper),
    rowWords(row),
    row.seeds.map(({ value }) => bare(row, value)).join(', '),
    seedRange(row),
    row.pooled === null ? '' : String(row.pooled.n),
  ];
}

function itemLines({ prompt, kind, outputs }: ResultItem): string {
  const said = outputs.map(({ policy, text, ended, score, reasons }) => {
    const number = score === null ? '' : ` (${score.toFixed(2)})`;
    const words = reasons.length === 0 ? 'nothing against it' : reasons.join('; ');
    return `  - ${answererWords(policy)}${number}: \`${cell(text).replaceAll('`', "'") || '(empty)'}\`${ended === false ? ' …' : ''} - ${words}`;
  });
  return [`- ${kind}: \`${cell(prompt).replaceAll('`', "'")}\``, ...said].join('\n');
}

/** Items of the first row that has any: enough to see what is behind a number. All are in the files of --answers. */
function itemsOf({ rows }: ResultClaim): string[] {
  const row = rows.find(({ items = [] }) => items.length > 0);
  if (!row?.items) return [];
  return [`Some single items of "${row.label}":`, row.items.map(itemLines).join('\n')];
}

function claimLines(
  claim: ResultClaim,
  plots: readonly string[],
  seeds: readonly number[],
): string {
  const { title, paper, how, rows, conditions, verdict, why } = claim;
  const fewer = fewerSeedsWords(rows, seeds);
  return [
    `## ${title}: ${verdict}`,
    `The paper (${paper.where}): ${paper.sentence} **${paper.figure}**`,
    `Here: ${how}`,
    ...(fewer === '' ? [] : [fewer]),
    table(
      ['', 'judge', 'temperature', 'paper', 'ours [95 %]', 'each seed', 'range over seeds', 'n'],
      rows.map(rowCells),
    ),
    table(
      ['target', 'came out'],
      conditions.map(({ words, grade }) => [words, grade]),
    ),
    why,
    ...plots.map((file) => `![${title}](${file})`),
    ...itemsOf(claim),
  ].join('\n\n');
}

const FORM_WORDS: Readonly<Record<Results['form'], string>> = {
  full: '',
  fast: '**A fast run: fewer seeds and prompts than the targets ask for.** ',
  micro: '**A micro run: it shows that every part works and says nothing about quality.** ',
};

/** How many of the prompts fit and were judged; nothing where no such row was measured. */
function fitting({ claims }: Results): string {
  const row = claims.flatMap(({ rows }) => rows).find(({ id }) => id === 'ppo-ptx>base@1');
  return row === undefined ? '' : `, of which ${row.seeds.map(({ n }) => n).join(', ')} fit`;
}

/** Of whose answers the reward model is (paper, section 3.1); nothing where the file does not say. */
function rankedWords({ ranked }: Results): string {
  if (ranked === undefined) return '';
  const { sft, policy } = ranked;
  const second =
    policy === 0
      ? ''
      : ` and then of ${policy} by a first policy, trained against a reward model of the former: "steps 2 and 3 can be ` +
        'iterated" (paper, section 3.1)';
  return `The reward model learns from rankings of ${sft} prompts' answers by SFT${second}. `;
}

/** Which larger base model was given; nothing where the file does not say, or none was. */
function largeWords({ large }: Results): string {
  if (large === undefined) return '';
  const { parameters, fingerprint } = large;
  return `The larger base model has ${parameters.toLocaleString('en-US')} parameters; the SHA-256 of its file begins with \`${fingerprint}\`. `;
}

/** On what the settings were chosen, as docs/quick-runs.md tells it: on some of the very seeds that are reported. */
function chosenWords({ preset, seeds }: Results): string {
  const always =
    'the policy rate on the runs of the first table there, by their KL; the ranking temperature on 200 prompts of one seed. ';
  if (preset !== 'long') return `Chosen beforehand (docs/quick-runs.md): ${always}`;
  const reported = seeds.includes(3) ? ', one of those reported' : '';
  return (
    'Chosen beforehand (docs/quick-runs.md): KL price, episodes, number of rankings and the second round on validation ' +
    `prompts of seed 3 alone${reported}; ${always}` +
    'Tried afterwards on these very test prompts and not kept: sixteen epochs of SFT. '
  );
}

function headLines(results: Results): string[] {
  const { form, command, seeds, prompts, preset, backend, device, versions, finishedAt } = results;
  const versionWords = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    "# The paper's claims, reproduced in miniature",
    `${FORM_WORDS[form]}Made by \`${command}\` on ${finishedAt.slice(0, 10)} (${device === '' ? backend : device}; ` +
      `${versionWords.join(', ')}), preset \`${preset}\`, seeds ${seeds.join(', ')}, ${prompts} held-out prompts drawn for each seed${fitting(results)}. ` +
      'Do not edit: run the command again.',
    `${rankedWords(results)}${largeWords(results)}Intervals are 95 % bootstraps over users or items of the runs that were trained, all seeds together: they do not hold ` +
      'the spread over seeds, so that each seed stands beside. ' +
      `${chosenWords(results)}Homework documents of the base model hold tasks of every use case, extract too, with answers: "held out" means held ` +
      'out from demonstrations, rankings and reinforcement. A ' +
      'target is met only if the pooled figure reaches it and every seed lies on the right side of "no difference". It is ' +
      'met partly if all seeds together reach it and one of them does not, or if the direction alone is beyond doubt (where a ' +
      'number was asked for, it is missed), else missed. Differences are told by their direction and without a sign: an ' +
      'interval with an end below 0 does not rule out the other direction. A claim is as good as the worst of its targets. ' +
      'Controls, in italics, are PPO-ptx on a noise reward and on the gold judge itself; in tables of labelers and reward models ' +
      'they are labels given by chance and the gold judge in place of labeler or reward model. Rows in brackets are of no ' +
      "model: the chance level and the ceiling of a suite (all suites: docs/world.md), from the same items as the models' rows; of " +
      'gold, ideal answers to the same prompts, and those of demonstrators.',
  ];
}

/** `plots` gives the picture files of a claim, relative to the page. */
export function resultsMarkdown(
  results: Results,
  plots: (claim: ResultClaim) => readonly string[],
  left: readonly string[],
): string {
  const { claims } = results;
  const overview = table(
    ['claim', 'the paper', 'verdict here'],
    claims.map(({ title, paper, verdict }) => [title, paper.figure, verdict]),
  );
  const missing =
    left.length === 0 ? [] : [`Claims that this run did not measure: ${left.join(', ')}.`];
  return `${[
    ...headLines(results),
    overview,
    ...missing,
    ...claims.map((claim) => claimLines(claim, plots(claim), results.seeds)),
  ].join('\n\n')}\n`;
}
