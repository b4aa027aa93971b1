/**
 * One run as a document of its own, for a student to hand in: facts, settings with the paper's values, curves, samples,
 * votes, judges, self-checks. It is HTML that is well-formed XML too, without scripts and without anything from elsewhere;
 * a policy inside it forbids both. Everything that a person or a model wrote is escaped.
 */
import {
  SETTING_ENTRIES,
  settingValue,
  type SettingEntry,
  type Settings,
} from '../config/settings.ts';
import type { SettingGroup } from '../config/spec.ts';
import type { SelfChecks } from '../records/run.ts';
import type { SampleSet } from '../records/run-view.ts';
import type { Interval, Suite } from '../records/suite.ts';
import type { RunSummary, ShownRun } from '../worker/protocol.ts';
import { displayed, formatNumber, formatPercent } from './format.ts';
import { escaped } from './markup.ts';
import { rateWords, runFacts, timeWords, type VoteSummary } from './run-words.ts';
import { runDrawings } from './run-drawings.ts';
import { checkWords } from './self-check-meanings.ts';
import { GROUP_TITLES, STAGE_GROUPS } from './setting-groups.ts';
import { chartsOf, stepWordOfRun } from './stage-charts.ts';
import { taxWords } from './tax-words.ts';

export interface RunReport {
  readonly run: RunSummary;
  readonly shown: ShownRun;
  readonly votes: readonly VoteSummary[];
  /** What the gold judges say of this run's checkpoints; null when they were not asked. */
  readonly suite: Suite | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

const STYLE = `
:root { color: #1b2025; background: #ffffff; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; }
table { width: 100%; margin-bottom: 1.5rem; border-collapse: collapse; font-size: 0.875em; }
caption { padding-bottom: 0.5rem; text-align: left; color: #555d66; }
th, td { padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #d8dad4; text-align: left; vertical-align: top; }
svg { width: 100%; height: auto; border: 1px solid #d8dad4; }
blockquote { margin: 0.25rem 0 1rem; padding-left: 0.75rem; border-left: 3px solid #d8dad4; white-space: pre-wrap; unicode-bidi: isolate; }
figure { margin: 0 0 1.5rem; }
figcaption, .small { font-size: 0.875em; color: #555d66; }
.changed { font-weight: 650; }
@page { margin: 15mm; }
@media print { body { margin: 0; max-width: none; } figure, tr, blockquote { break-inside: avoid; } h2, h3 { break-after: avoid; } }
`;

const text = (value: string): string => escaped(displayed(value));

function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const header = head.map((cell) => `<th scope="col">${text(cell)}</th>`).join('');
  const body = rows.map(
    ([first = '', ...rest]) =>
      `<tr><th scope="row">${first}</th>${rest.map((cell) => `<td>${cell}</td>`).join('')}</tr>`,
  );
  return `<table><caption>${text(caption)}</caption><thead><tr>${header}</tr></thead><tbody>${body.join('\n')}</tbody></table>`;
}

function section(title: string, ...content: readonly string[]): string {
  return `<section><h2>${text(title)}</h2>${content.join('\n')}</section>`;
}

function valueWords({ spec }: SettingEntry, settings: Settings, key: string): string {
  const value = settingValue(settings, key);
  const unit = spec.unit === '' ? '' : ` ${spec.unit}`;
  if (typeof value === 'number') return `${formatNumber(value, 6)}${unit}`;
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : value;
}

function settingRows(settings: Settings, group: SettingGroup): string[][] {
  return SETTING_ENTRIES.filter((entry) => entry.group === group).map((entry) => {
    const { key, spec } = entry;
    const value = text(valueWords(entry, settings, key));
    const changed = settingValue(settings, key) !== spec.default;
    const reference = spec.reference === '' ? '' : ` (${spec.reference})`;
    return [
      `${text(spec.label)} <code>${text(key)}</code>`,
      changed ? `<span class="changed">${value}</span>` : value,
      text(String(spec.default)),
      text(`${spec.paper}${reference}`),
    ];
  });
}

function settingsSection({ stage, settings }: RunSummary): string {
  if (settings === null) {
    return section('Settings', '<p>They are of another version and can no longer be read.</p>');
  }
  const tables = STAGE_GROUPS[stage].map((group) =>
    table(
      `${GROUP_TITLES[group]}. What differs from the default is bold.`,
      ['Setting', 'This run', 'Default', 'Paper'],
      settingRows(settings, group),
    ),
  );
  return section('Settings', ...tables);
}

function curvesSection(run: RunSummary, { records }: ShownRun): string {
  const charts = chartsOf(run);
  const marks = run.turns.map(({ iteration }) => iteration);
  const rows = [{ name: run.name, rows: records }];
  const drawings = runDrawings(charts, rows, stepWordOfRun(run), marks);
  const figures = drawings.map(
    ({ svg, summary }) => `<figure>${svg}<figcaption>${text(summary)}</figcaption></figure>`,
  );
  return section('Curves', ...(figures.length > 0 ? figures : ['<p>Nothing was measured.</p>']));
}

function samplesOf({ step, samples }: SampleSet, stepWord: string): string {
  const items = samples.map(({ prompt, response, ended, score }) => {
    const scored = score === undefined ? '' : `, score ${formatNumber(score)}`;
    const about = `${stepWord} ${step}${ended ? '' : ', cut'}${scored}`;
    return `<p><strong>${text(prompt)}</strong> <span class="small">${text(about)}</span></p><blockquote>${text(response)}</blockquote>`;
  });
  return items.join('\n');
}

function samplesSection(run: RunSummary, { view }: ShownRun): string {
  const latest = view?.latest ?? null;
  if (latest === null) return section('Samples', '<p>This run wrote no samples.</p>');
  const word = stepWordOfRun(run);
  const first = view?.first ?? null;
  const atStart = first === null || first.step === latest.step ? [] : [first];
  return section(
    'Samples for the pinned prompts',
    ...atStart.map((set) => `<h3>At the start</h3>${samplesOf(set, word)}`),
    `<h3>At the end</h3>${samplesOf(latest, word)}`,
  );
}

const intervalWords = ({ mean, low, high, n }: Interval): string =>
  n === 0
    ? 'not asked'
    : `${formatNumber(mean)} (${formatNumber(low)} to ${formatNumber(high)}; n ${n})`;

function votesSection(votes: readonly VoteSummary[]): string {
  if (votes.length === 0) {
    return section('Blind votes', '<p>No votes were cast about the models of this run.</p>');
  }
  const rows = votes.map(({ own, other, rate }) => [text(own), text(other), text(rateWords(rate))]);
  const caption = 'Votes of a person who did not see which model wrote what; ties count one half.';
  return section('Blind votes', table(caption, ['Model', 'Against', 'Result'], rows));
}

function judgesSection(suite: Suite | null): string {
  if (suite === null) return '';
  const rows = suite.reports.map((report) => [
    text(`${report.name}${report.greedy ? ', greedy' : ''}`),
    ...[report.gold, report.helpful, report.truthful, report.harmless].map((of) =>
      text(intervalWords(of)),
    ),
    text(taxWords(report.tax)),
    text(formatNumber(report.length)),
  ]);
  const head = [
    ...['Model', 'Gold', 'Helpful', 'Truthful', 'Harmless'],
    ...['Tax (nats per token, above the base)', 'Length (tokens)'],
  ];
  const pairs = suite.pairs.map(({ name, rate }) => [
    text(name),
    text(
      `${formatPercent(rate.mean)} (95 % interval ${formatPercent(rate.low)} to ${formatPercent(rate.high)}; n ${rate.n})`,
    ),
  ]);
  const means = table('Means from 0 to 1 with 95 % intervals, over held-out prompts.', head, rows);
  const rates = table('How often the first is judged better.', ['Pair', 'Win rate'], pairs);
  return section('Automatic judges', means, ...(pairs.length > 0 ? [rates] : []));
}

function checksSection(checks: SelfChecks): string {
  const rows = Object.entries(checks).map(([name, { ok, value, tolerance }]) => {
    const words = checkWords(name);
    return [
      text(words.label),
      ok ? 'holds' : '<span class="changed">FAILS</span>',
      text(formatNumber(value)),
      text(formatNumber(tolerance)),
      text(words.meaning),
    ];
  });
  if (rows.length === 0) return section('Self-checks', '<p>This run made none.</p>');
  const head = ['Check', 'Result', 'Value', 'Allowed', 'Meaning'];
  return section('Self-checks', table('The run’s checks on its own arithmetic.', head, rows));
}

/** The whole document. */
export function runReport({ run, shown, votes, suite, at }: RunReport): string {
  const facts = runFacts(run).map(({ name, value }) => [text(name), text(value)]);
  return [
    '<!DOCTYPE html>',
    '<html xmlns="http://www.w3.org/1999/xhtml" lang="en">',
    '<head>',
    '<meta charset="utf-8" />',
    `<meta http-equiv="Content-Security-Policy" content="${escaped(POLICY)}" />`,
    '<meta name="viewport" content="width=device-width" />',
    `<title>${text(run.name)}: report of a run</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${text(run.name)}</h1>`,
    `<p class="small">Report of a run of RLHF Playground, made ${timeWords(at)}.</p>`,
    table('What this run is.', ['Fact', 'Value'], facts),
    settingsSection(run),
    curvesSection(run, shown),
    samplesSection(run, shown),
    votesSection(votes),
    judgesSection(suite),
    checksSection(shown.view?.checks ?? {}),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
