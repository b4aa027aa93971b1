/** Where the time of a training step goes, kernel by kernel: ours, and the same with stock ops. */
import { median } from '../../records/spread.ts';
import { CONTENDER_NAMES, type BenchBackend, type ConfigName, type Contender } from './configs.ts';
import type { Kernels } from './messages.ts';
import { profileJob, type RoundSettings } from './rounds.ts';
import { short, type Table } from './tables.ts';

export interface Profile {
  readonly contender: Contender;
  readonly config: ConfigName;
  readonly rounds: readonly Kernels[];
}

/** Kernels that take less than this share of the step are one line together. */
const SMALL = 0.01;

/** Profiles of the training step of one size. */
export async function measureProfiles(
  backend: BenchBackend,
  config: ConfigName,
  settings: RoundSettings,
  say: (line: string) => void,
): Promise<Profile[]> {
  const profiles: Profile[] = [];
  for (const contender of ['ours', 'stock-ops'] as const) {
    say(`${backend} ${config} train: time by kernel of ${contender}`);
    const task = { contender, backend, job: 'train' as const, config, warmup: settings.warmup };
    profiles.push({ contender, config, rounds: await profileJob(task, settings) });
  }
  return profiles;
}

/** Kernels by their median time over rounds, the longest first, small ones summed up. */
export function profileTable({ contender, config, rounds }: Profile): Table {
  const names = new Set(rounds.flatMap(({ kernels }) => Object.keys(kernels)));
  const all = [...names].map((name) => ({
    name,
    calls: median(rounds.map(({ kernels }) => kernels[name]?.calls ?? 0)),
    ms: median(rounds.map(({ kernels }) => kernels[name]?.ms ?? 0)),
  }));
  const total = all.reduce((sum, { ms }) => sum + ms, 0);
  const large = all.filter(({ ms }) => ms >= SMALL * total).sort((a, b) => b.ms - a.ms);
  const small = all.filter(({ ms }) => ms < SMALL * total);
  const rest = small.reduce(
    (sum, { calls, ms }) => ({ calls: sum.calls + calls, ms: sum.ms + ms }),
    {
      calls: 0,
      ms: 0,
    },
  );
  const lines = [
    ...large,
    { name: `${small.length} others`, ...rest },
    { name: 'all', calls: all.reduce((sum, { calls }) => sum + calls, 0), ms: total },
  ];
  return {
    title: `Training step by kernel, config ${config}: ${CONTENDER_NAMES[contender]}`,
    head: ['kernel', 'calls', 'ms', '% of all'],
    rows: lines.map(({ name, calls, ms }) => [
      name,
      short(calls),
      short(ms),
      short((100 * ms) / total),
    ]),
    notes: [],
  };
}
