/** A measurement of a machine as files: JSON with every round, CSV with a row per size. Plain values in, text out. */
import {
  partTokensPerSecond,
  roundMilliseconds,
  type MachineMeasurement,
  type SizeMeasurement,
  type TimedPart,
} from '../records/measurement.ts';
import { csvLines } from './chart-csv.ts';

export function measurementJson(measurement: MachineMeasurement): string {
  return `${JSON.stringify(measurement, null, 2)}\n`;
}

const COLUMNS = [
  'started_at',
  'backend',
  'device',
  'browser',
  'cores',
  'was_hidden',
  'parameters',
  'context',
  'width',
  'layers',
  'heads',
  'train_step_ms',
  'train_tokens_per_s',
  'sample_ms',
  'sample_tokens_per_s',
  'ppo_iteration_ms',
  'ppo_tokens_per_s',
  'left_out',
];

function row({ conditions }: MachineMeasurement, size: SizeMeasurement): string[] {
  const { startedAt, backend, device, browser, cores, wasHidden } = conditions;
  const { parameters, contextLength, width, layers, heads, parts } = size;
  const numbers = (part: TimedPart): (number | null)[] => [
    roundMilliseconds(parts[part]),
    partTokensPerSecond(parts[part]),
  ];
  const leftOut = Object.entries(parts).flatMap(([part, outcome]) =>
    'leftOut' in outcome ? [`${part}: ${outcome.leftOut}`] : [],
  );
  const cells = [
    ...[startedAt, backend, device, browser, cores, wasHidden],
    ...[parameters, contextLength, width, layers, heads],
    ...[...numbers('train'), ...numbers('sample'), ...numbers('ppo')],
    leftOut.join('; '),
  ];
  return cells.map((cell) => (cell === null ? '' : String(cell)));
}

/** RFC 4180; empty where nothing was measured. */
export function measurementCsv(measurement: MachineMeasurement): string {
  return csvLines([COLUMNS, ...measurement.sizes.map((size) => row(measurement, size))]);
}
