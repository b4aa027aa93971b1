/**
 * What of a laboratory file is to be added to a project, under which ids and names. A row that is here already is left
 * out; one that bears the id of another is kept apart under an id of its own, and what refers to it follows. Plain
 * functions of plain rows.
 */
import type { Completion, Ranking } from '../records/ranking.ts';
import type { CheckpointManifest } from '../records/run.ts';
import type { BlindPair } from '../records/vote.ts';
import type { LabRows } from '../storage/lab.ts';
import type { CheckpointRow, RunRow } from '../storage/schema.ts';
import { freeName } from './free-name.ts';
import { withNumberNames } from './number-names.ts';

export interface LabMerge {
  readonly rows: LabRows;
  /** For each checkpoint to be added, the id that it has in the file. */
  readonly sources: ReadonlyMap<string, string>;
}

type Ids = ReadonlyMap<string, string>;

/** Ends the id of a checkpoint's running average. */
const AVERAGE = '/average';

/** Equal rows give equal text; keys are sorted, because a file may have them in another order. */
function contentOf(value: unknown): string {
  return JSON.stringify(withNumberNames(value), (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** The id itself where it is free, else with the first free number behind it. */
function freeId(id: string, taken: ReadonlySet<string>): string {
  if (!taken.has(id)) return id;
  let number = 2;
  while (taken.has(`${id}~${number}`)) number += 1;
  return `${id}~${number}`;
}

/**
 * New ids of rows that are not here yet; rows whose content is here, under whatever number, are left out.
 * `content` is of the row without its id.
 */
function placed<T extends { readonly id: string }>(
  present: readonly T[],
  incoming: readonly T[],
  content: (row: T) => string,
): { readonly added: readonly T[]; readonly ids: Ids } {
  const taken = new Set(present.map(({ id }) => id));
  const base = (id: string) => id.replace(/~\d+$/, '');
  const known = new Map(present.map((row) => [`${base(row.id)}\n${content(row)}`, row.id]));
  const ids = new Map<string, string>();
  const added: T[] = [];
  for (const row of incoming) {
    const here = known.get(`${base(row.id)}\n${content(row)}`);
    const id = here ?? freeId(row.id, taken);
    ids.set(row.id, id);
    if (here !== undefined) continue;
    taken.add(id);
    added.push({ ...row, id });
  }
  return { added, ids };
}

/** The id that a checkpoint, or its running average, has now. */
function movedCheckpoint(id: string, ids: Ids): string {
  if (!id.endsWith(AVERAGE)) return ids.get(id) ?? id;
  const own = id.slice(0, -AVERAGE.length);
  return `${ids.get(own) ?? own}${AVERAGE}`;
}

const moved = (completion: Completion, ids: Ids): Completion => ({
  ...completion,
  policy: movedCheckpoint(completion.policy, ids),
});

const movedPair = <T extends BlindPair>(pair: T, ids: Ids): T => ({
  ...pair,
  left: moved(pair.left, ids),
  right: moved(pair.right, ids),
});

/** A run is what it was trained with and what it recorded; its name and project are not it. */
function runContent({ metrics, views }: LabRows): (row: RunRow) => string {
  return ({ id, run, step, total, inputs }) => {
    const { settings, stage, seed, backend, startedAt, status } = run;
    const own = { settings, stage, seed, backend, startedAt, status, step, total, inputs };
    const records = metrics.filter((row) => row.run === id).flatMap((row) => row.records);
    return contentOf([own, records, views.find((row) => row.run === id)?.view ?? null]);
  };
}

function checkpointContent({ manifest, kind, chunks }: CheckpointRow): string {
  const { stage, step, finished, state, createdAt } = manifest;
  return contentOf([{ stage, step, finished, state, createdAt, kind }, chunks]);
}

/** Runs with ids and names of their own in the project. */
function placedRuns(project: string, present: LabRows, incoming: LabRows) {
  const ofPresent = runContent(present);
  const ofIncoming = runContent(incoming);
  const here = new Set(present.runs);
  const { added, ids } = placed(present.runs, incoming.runs, (row) =>
    here.has(row) ? ofPresent(row) : ofIncoming(row),
  );
  const names = new Set(present.runs.map(({ run }) => run.name));
  const runs = added.map((row) => {
    const name = freeName(row.run.name, names);
    names.add(name);
    const { origin } = row.run;
    const from = origin && { origin: { ...origin, run: ids.get(origin.run) ?? origin.run } };
    return { ...row, project, run: { ...row.run, ...from, id: row.id, project, name } };
  });
  return { runs, ids };
}

/** Checkpoints of a run that got another id have theirs within it; names follow that of the run. */
function placedCheckpoints(present: LabRows, incoming: LabRows, runIds: Ids) {
  const namesBefore = new Map(incoming.runs.map((row) => [row.id, row.run.name]));
  const within = incoming.checkpoints.map((row) => {
    const { run } = row.manifest;
    const own = row.id.startsWith(`${run}/`) ? row.id.slice(run.length) : `/${row.id}`;
    return { ...row, id: `${runIds.get(run) ?? run}${own}` };
  });
  const { added, ids } = placed(present.checkpoints, within, checkpointContent);
  const all = new Map(
    incoming.checkpoints.map((row, i) => {
      const inside = within[i]?.id ?? row.id;
      return [row.id, ids.get(inside) ?? inside];
    }),
  );
  return { added, ids: all, namesBefore };
}

/**
 * @param project id that everything added belongs to
 * @param present rows of the project
 * @param incoming rows of the file, checked
 */
export function keptApart(project: string, present: LabRows, incoming: LabRows): LabMerge {
  const { runs, ids: runIds } = placedRuns(project, present, incoming);
  const names = new Map([...present.runs, ...runs].map(({ id, run }) => [id, run.name]));
  const { added, ids, namesBefore } = placedCheckpoints(present, incoming, runIds);
  const sources = new Map([...ids].map(([from, to]) => [to, from]));
  const checkpoints = added.map((row) => {
    const run = runIds.get(row.manifest.run) ?? row.manifest.run;
    const before = namesBefore.get(row.manifest.run) ?? '';
    const { name } = row.manifest;
    const follows = before !== '' && name.startsWith(before);
    const manifest: CheckpointManifest = {
      ...row.manifest,
      ...{ id: row.id, project, run },
      name: follows ? `${names.get(run) ?? before}${name.slice(before.length)}` : name,
    };
    const parent = row.parent === null ? null : movedCheckpoint(row.parent, ids);
    return { ...row, project, manifest, parent };
  });
  const fresh = new Set(runs.map(({ id }) => id));
  const ofRun = <T extends { readonly run: string }>(rows: readonly T[]): T[] =>
    rows
      .map((row) => ({ ...row, run: runIds.get(row.run) ?? row.run }))
      .filter(({ run }) => fresh.has(run));
  const plain = <T extends { readonly id: string }>(here: readonly T[], there: readonly T[]) =>
    placed(here, there, (row) => contentOf({ ...row, id: '' })).added;
  const movedRanking = (row: Ranking): Ranking => ({
    ...row,
    completions: row.completions.map((completion) => moved(completion, ids)),
  });
  return {
    sources: new Map(checkpoints.map(({ id }) => [id, sources.get(id) ?? id])),
    rows: {
      prompts: plain(present.prompts, incoming.prompts),
      demonstrations: plain(present.demonstrations, incoming.demonstrations),
      rankings: plain(present.rankings, incoming.rankings.map(movedRanking)),
      evaluations: plain(present.evaluations, incoming.evaluations.map(movedRanking)),
      votes: plain(
        present.votes,
        incoming.votes.map((vote) => movedPair(vote, ids)),
      ),
      runs,
      metrics: ofRun(incoming.metrics),
      views: ofRun(incoming.views),
      checkpoints,
      ...singles(present, incoming, ids),
    },
  };
}

/** A project has one table of the judges, one sitting of each kind and one own text: those of the file come where there are none. */
function singles(
  present: LabRows,
  incoming: LabRows,
  ids: Ids,
): Pick<LabRows, 'suites' | 'sittings' | 'evaluationSittings' | 'texts'> {
  const suites = incoming.suites.map((suite) => ({
    ...suite,
    reports: suite.reports.map((report) => ({
      ...report,
      checkpoint: movedCheckpoint(report.checkpoint, ids),
    })),
  }));
  const sittings = incoming.sittings.map((sitting) => ({
    ...sitting,
    first: movedCheckpoint(sitting.first, ids),
    second: movedCheckpoint(sitting.second, ids),
    pairs: sitting.pairs.map((pair) => movedPair(pair, ids)),
  }));
  const evaluations = incoming.evaluationSittings.map((sitting) => ({
    ...sitting,
    checkpoints: sitting.checkpoints.map((id) => movedCheckpoint(id, ids)),
    baseline: movedCheckpoint(sitting.baseline, ids),
    items: sitting.items.map((item) => ({
      ...item,
      outputs: item.outputs.map((output) => moved(output, ids)),
    })),
  }));
  return {
    suites: present.suites.length > 0 ? [] : suites,
    sittings: present.sittings.length > 0 ? [] : sittings,
    evaluationSittings: present.evaluationSittings.length > 0 ? [] : evaluations,
    texts: present.texts.length > 0 ? [] : incoming.texts,
  };
}
