/**
 * `npm run reproduce`: trains and measures what the paper's claims need, seed by seed, and writes the results as a
 * Markdown page with pictures and as one JSON for the page. Whatever is finished is kept in the work folder: a second
 * call goes on, and two calls with different seeds may share a folder.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseResults, type ResultClaim, type Results } from '../records/results.ts';
import { parameterCount } from '../model/parameters.ts';
import { loadModel, loadTokenizer } from './model-files.ts';
import { startNodeEngine } from './node-engine.ts';
import { runCommand, UsageError } from './options.ts';
import { packageVersions } from './package-versions.ts';
import type { ClaimSpec, Measured } from './reproduce/claim.ts';
import { CLAIMS } from './reproduce/claims.ts';
import { keptOr, readJson } from './reproduce/json-file.ts';
import { claimWork, SeedLab, type Shared } from './reproduce/lab.ts';
import { resultsMarkdown } from './reproduce/markdown.ts';
import { readReproduceOptions, type ReproduceOptions } from './reproduce/options.ts';
import type { Speaker } from './reproduce/pages.ts';
import { resultOf } from './reproduce/report.ts';
import { claimsWithoutAnswers, writeStoredAnswers } from './reproduce/stored-answers.ts';
import { plotSvg } from './reproduce/svg.ts';
import { writeTrainedModels } from './reproduce/trained-models.ts';

const speakerOf = (folder: string): Speaker => ({
  model: loadModel(folder, 'language'),
  tokenizer: loadTokenizer(folder),
});

const fingerprint = (folder: string): string =>
  createHash('sha256')
    .update(readFileSync(join(folder, 'model.safetensors')))
    .digest('hex')
    .slice(0, 16);

/** A work folder belongs to one plan, base model and larger base model; another seed or claim is no other plan. */
function expectSamePlan({ plan, work, base, large }: ReproduceOptions): void {
  const described = { ...plan, base: fingerprint(base) };
  const other =
    claimWork(work, 'plan.json', JSON.parse(JSON.stringify(described)) as typeof described) ??
    (large === null ? null : claimWork(work, 'large.json', { large: fingerprint(large) }));
  if (other !== null) {
    throw new UsageError(
      `${work} holds what was measured with another plan, other settings or another base model (${other}). ` +
        'Choose another folder with --work, or delete that one.',
    );
  }
}

const measuredFile = (work: string, claim: string, seed: number): string =>
  join(work, 'claims', `${claim}-seed-${seed}.json`);

const isMissing = (measured: Measured | null): boolean =>
  measured?.rows.every(({ sample }) => sample === null) ?? false;

/** What is missing for the claims and seeds asked for, a seed at a time. */
async function measureAll(
  { claims, seeds, work }: ReproduceOptions,
  shared: Shared,
): Promise<void> {
  for (const seed of seeds) {
    const lab = new SeedLab(shared, seed);
    for (const claim of claims) {
      const started = performance.now();
      const file = measuredFile(work, claim.id, seed);
      // What could not be measured before may be now: a larger base model may have come.
      if (isMissing(readJson(file) as Measured | null)) rmSync(file);
      await keptOr(file, () => claim.measure(lab));
      const seconds = Math.round((performance.now() - started) / 1000);
      process.stderr.write(`seed ${seed}, ${claim.id}: measured (${seconds} s)\n`);
    }
    await lab.dispose();
  }
}

/** Every claim that some of the seeds measured, in this call or before. */
function claimResults({ seeds, work, answers }: ReproduceOptions): ResultClaim[] {
  return CLAIMS.flatMap((claim: ClaimSpec) => {
    const measured = seeds.flatMap((seed) => {
      const kept = readJson(measuredFile(work, claim.id, seed)) as Measured | null;
      return kept === null ? [] : [{ seed, measured: kept }];
    });
    return measured.length === 0 ? [] : [resultOf(claim, measured, answers !== null)];
  });
}

/** What an earlier report drew there; nothing else in that folder is touched. */
function removePlots(folder: string): void {
  for (const file of readdirSync(folder)) {
    if (CLAIMS.some(({ id }) => new RegExp(`^${id}-\\d+\\.svg$`).test(file)))
      rmSync(join(folder, file));
  }
}

/** Draws the plots into a folder beside the page; gives the files of each claim, relative to the page. */
function writePlots(out: string, claims: readonly ResultClaim[]): Map<string, string[]> {
  const name = basename(out).replace(/\.md$/, '');
  const folder = join(dirname(out), name);
  mkdirSync(folder, { recursive: true });
  removePlots(folder);
  const files = new Map<string, string[]>();
  for (const { id, plots, rows } of claims) {
    plots.forEach((plot, i) => {
      const svg = plotSvg(plot, rows);
      if (svg === null) return;
      const file = `${id}-${i + 1}.svg`;
      writeFileSync(join(folder, file), svg);
      files.set(id, [...(files.get(id) ?? []), `${name}/${file}`]);
    });
  }
  return files;
}

/** Every answer of every seed, if they are asked for; says of which figures it has none. */
async function writeAnswers(
  { seeds, work, answers }: ReproduceOptions,
  shared: Shared,
  claims: readonly ResultClaim[],
): Promise<void> {
  if (answers === null) return;
  for (const seed of seeds) {
    const lab = new SeedLab(shared, seed);
    const stored = await writeStoredAnswers(lab, answers);
    await lab.dispose();
    for (const id of claimsWithoutAnswers(claims, seed, stored)) {
      process.stderr.write(
        `seed ${seed}, ${id}: not every answer behind it was kept. Delete ${measuredFile(work, id, seed)} and call again to have them.\n`,
      );
    }
  }
}

/** The models behind the first seed's figures, if they are asked for. */
async function writeModels(
  { seeds: [seed = 1], models, base }: ReproduceOptions,
  shared: Shared,
): Promise<void> {
  if (models === null) return;
  const lab = new SeedLab(shared, seed);
  const { folder, command } = models;
  const written = await writeTrainedModels(lab, folder, base, command);
  await lab.dispose();
  const bytes = written.models.reduce((sum, model) => sum + model.bytes, 0);
  process.stderr.write(`Written: three models, ${(bytes / 1e6).toFixed(1)} MB: ${folder}\n`);
}

/** Which larger base model it was, if there was one. */
function largeOf(folder: string | null, large: Speaker | null): Pick<Results, 'large'> {
  if (folder === null || large === null) return {};
  const parameters = parameterCount(large.model.config);
  return { large: { parameters, fingerprint: fingerprint(folder) } };
}

function writeReport(
  options: ReproduceOptions,
  machine: Pick<Results, 'backend' | 'device' | 'large'>,
  claims: readonly ResultClaim[],
): void {
  const { plan, seeds, command, out, json } = options;
  const results: Results = {
    version: 1,
    form: plan.form,
    command,
    preset: plan.preset,
    seeds,
    prompts: plan.counts.prompts,
    ranked: { sft: plan.settings.labels.prompts, policy: plan.counts.policyPrompts },
    ...machine,
    versions: packageVersions(),
    finishedAt: new Date().toISOString(),
    claims,
  };
  // What was written must be what the page will read.
  parseResults(JSON.parse(JSON.stringify(results)));
  mkdirSync(dirname(json), { recursive: true });
  writeFileSync(json, `${JSON.stringify(results)}\n`);
  mkdirSync(dirname(out), { recursive: true });
  const plots = writePlots(out, claims);
  const left = CLAIMS.filter(({ id }) => !claims.some((claim) => claim.id === id)).map(
    ({ id }) => id,
  );
  writeFileSync(
    out,
    resultsMarkdown(results, ({ id }) => plots.get(id) ?? [], left),
  );
  for (const { id, verdict } of claims) process.stderr.write(`${id}: ${verdict}\n`);
  process.stderr.write(`Written: ${out}, ${json}\n`);
}

async function main(): Promise<void> {
  const options = readReproduceOptions(process.argv.slice(2));
  const { plan, work, base, large, backend, threads } = options;
  expectSamePlan(options);
  const engine = await startNodeEngine(backend, threads);
  const shared: Shared = {
    plan,
    work,
    base: speakerOf(base),
    large: large === null ? null : speakerOf(large),
  };
  await measureAll(options, shared);
  const claims = claimResults(options);
  await writeAnswers(options, shared, claims);
  await writeModels(options, shared);
  const { backend: computing, device } = engine;
  writeReport(options, { backend: computing, device, ...largeOf(large, shared.large) }, claims);
}

await runCommand(main);
