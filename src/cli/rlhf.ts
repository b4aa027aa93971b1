/**
 * `npm run rlhf -- --preset micro|quick|long|paper|exact --seed N`: the whole loop, or exact mode, without a browser;
 * progress on stderr, a typed JSON report in a file or on stdout.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel, loadTokenizer } from './model-files.ts';
import { startNodeEngine } from './node-engine.ts';
import { runCommand } from './options.ts';
import { packageVersions } from './package-versions.ts';
import type { Report } from './report.ts';
import type { ExactReport } from '../rlhf/exact/report.ts';
import { runExact } from './rlhf-exact.ts';
import { readRunOptions } from './rlhf-options.ts';
import { runScenario, type ScenarioReport } from './rlhf-scenario.ts';
import { runPipeline } from './rlhf-run.ts';

function write(report: Report | ExactReport | ScenarioReport, file: string | null): void {
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (file === null) process.stdout.write(text);
  else writeFileSync(file, text);
}

async function main(): Promise<void> {
  const options = readRunOptions(process.argv.slice(2));
  if (options.kind === 'exact') {
    write(await runExact(options, packageVersions()), options.report);
    return;
  }
  const { scenario, run, threads, path, report: file } = options;
  const { preset, settings, control, backend, base } = run;
  const tokenizer = loadTokenizer(base);
  const started = performance.now();
  const engine = await startNodeEngine(backend, threads);
  const model = loadModel(base, 'language');
  const { backend: used, device } = engine;
  const machine = {
    seed: settings.general.seed,
    backend: used,
    device,
    versions: packageVersions(),
  };
  if (scenario !== null) {
    const played = await runScenario(
      scenario,
      { base: model, tokenizer, folder: { path } },
      settings,
    );
    const wallSeconds = (performance.now() - started) / 1000;
    write({ preset, ...machine, ...played, wallSeconds }, file);
    return;
  }
  // A control beside a run does not change what the run itself is.
  if (path !== null && !existsSync(join(path, 'run.json'))) {
    writeFileSync(join(path, 'run.json'), JSON.stringify(run, null, 2));
  }
  const result = await runPipeline(model, tokenizer, settings, {
    folder: { path },
    control,
  });
  const report: Report = {
    settings,
    preset,
    control,
    method: settings.method.name,
    ...machine,
    ...result,
    wallSeconds: (performance.now() - started) / 1000,
  };
  write(report, file);
}

await runCommand(main);
