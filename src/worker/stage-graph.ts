/**
 * Which stage is empty, ready, paused, done or stale, worked out from stored rows alone, so that a reload shows what
 * was there. Pure functions; the running stage's own state comes from its runner.
 */
import {
  METHOD_LABELS,
  METHOD_NAMES,
  METHOD_READS,
  needsReward,
  stepWordOf,
  type MethodName,
} from '../config/method-table.ts';
import { PPO_OPTIONS } from '../config/ppo-options-table.ts';
import type { Settings } from '../config/settings.ts';
import type { SettingTable } from '../config/spec.ts';
import { REWARD } from '../config/supervised-table.ts';
import { streamKey } from '../data/rng.ts';
import type { OwnText } from '../records/own-text.ts';
import { isVersion } from '../records/own-version.ts';
import type { Demonstration, Prompt } from '../records/prompt.ts';
import {
  isChosenLabeler,
  isOfClass,
  sourceOf,
  withoutRepeats,
  type LabelSource,
  type Ranking,
} from '../records/ranking.ts';
import type { JsonValue, Run } from '../records/run.ts';
import type { CheckpointRow, RunRow } from '../storage/schema.ts';
import type { StageState, TrainingStage } from './protocol.ts';
import type { ReportedRankings } from './stages.ts';

/** The rows of a project that decide its stages. */
export interface ProjectRows {
  readonly settings: Settings;
  /** Oldest first. */
  readonly runs: readonly RunRow[];
  /** Oldest first. */
  readonly checkpoints: readonly CheckpointRow[];
  readonly rankings: readonly Ranking[];
  readonly demonstrations: readonly Demonstration[];
  /** The person's own prompts. */
  readonly prompts: readonly Prompt[];
  /** What a base model is trained from. */
  readonly text: OwnText | null;
}

function member(value: JsonValue | undefined, key: string): JsonValue | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, JsonValue>>)[key] : undefined;
}

/** The method that made a run of step 3: PPO before there was a choice, null when this version does not know it. */
export function methodOf({ settings }: Pick<Run, 'settings'>): MethodName | null {
  const name = member(member(settings, 'method'), 'name') ?? 'ppo';
  return METHOD_NAMES.find((known) => known === name) ?? null;
}

/** What made a run: its stage and, in step 3, its method. */
export function madeBy(run: Pick<Run, 'stage' | 'settings'>): string {
  return run.stage === 'ppo' ? `ppo ${methodOf(run) ?? 'unknown'}` : run.stage;
}

/** What a step of a run is called: step or iteration. */
export function stepWordOfRun(run: Pick<Run, 'stage' | 'settings'>): string {
  return run.stage === 'ppo' ? stepWordOf(methodOf(run) ?? 'ppo') : 'step';
}

/** Step 3 has runs of several methods: what is shown and gone on with are those of the method chosen. */
function isChosen({ settings }: ProjectRows, run: Run): boolean {
  return run.stage !== 'ppo' || methodOf(run) === settings.method.name;
}

/** Newest finished checkpoint of a stage, of step 3 by the method chosen. */
export function finishedCheckpoint(
  rows: ProjectRows,
  stage: TrainingStage,
): CheckpointRow | undefined {
  return rows.checkpoints.findLast(({ manifest }) => {
    if (manifest.stage !== stage || !manifest.finished) return false;
    if (stage !== 'ppo') return true;
    const made = rows.runs.find((row) => row.id === manifest.run);
    return made !== undefined && isChosen(rows, made.run);
  });
}

/** Newest run of a stage, of step 3 by the method chosen. */
export function newestRun(rows: ProjectRows, stage: TrainingStage): RunRow | undefined {
  return rows.runs.findLast((row) => row.run.stage === stage && isChosen(rows, row.run));
}

/**
 * Newest checkpoint of each unfinished run that can be gone on with, the other methods' too: they wait until their
 * method is chosen again.
 */
export function waitingCheckpoints(rows: ProjectRows): string[] {
  const newest = new Map(rows.runs.map((row) => [madeBy(row.run), row]));
  return [...newest.values()].flatMap(({ id, run }) => {
    const last = rows.checkpoints.findLast(({ manifest }) => manifest.run === id);
    return last !== undefined && run.status !== 'finished' ? [last.id] : [];
  });
}

/** The person's own prompts that may be trained on; those of other splits are kept apart. */
export function trainingPromptsOf({ prompts }: ProjectRows): readonly Prompt[] {
  return prompts.filter(({ split }) => split === 'train');
}

/** Rankings by the simulated class that the settings name; those of other classes wait until theirs is chosen again. */
export function classRankings({ settings, rankings }: ProjectRows): readonly Ranking[] {
  return rankings.filter(({ labeler }) => isOfClass(labeler, settings.labels));
}

/** Rankings by the person and from files; what came back to measure consistency is not trained on again. */
function peoplesRankings({ rankings }: ProjectRows): readonly Ranking[] {
  return withoutRepeats(rankings).filter(({ labeler }) => sourceOf(labeler) !== 'class');
}

/** Rankings whose labelers the settings ask for; what the person brought in a file goes with the person's. */
export function chosenRankings(rows: ProjectRows): readonly Ranking[] {
  const { labels } = rows.settings;
  const chosen = withoutRepeats(rows.rankings).filter(({ labeler }) =>
    isChosenLabeler(labeler, labels),
  );
  const ofClass = ({ labeler }: Ranking) => sourceOf(labeler) === 'class';
  // In this order, by which runs know what they were trained from.
  return [...chosen.filter((row) => !ofClass(row)), ...chosen.filter(ofClass)];
}

/** What a reward model is tested on. */
export function reportedRankings(rows: ProjectRows): ReportedRankings {
  return { chosen: chosenRankings(rows), others: otherRankings(rows) };
}

/** Rankings by labelers of whom the reward model learns nothing: of the person and files, or of the class. */
function otherRankings(rows: ProjectRows): readonly Ranking[] {
  switch (rows.settings.labels.source) {
    case 'both':
      return [];
    case 'person':
      return classRankings(rows);
    case 'class':
      return peoplesRankings(rows);
  }
  return rows.settings.labels.source satisfies never;
}

const OPTIONS: SettingTable = PPO_OPTIONS;

/** PPO's settings without the options that are not used, so that runs from before there were any keep their fingerprint. */
function usedPpoSettings({ ppo }: Settings): object {
  const used = Object.entries(ppo).filter(([name, value]) => value !== OPTIONS[name]?.default);
  return Object.fromEntries(used);
}

/** The general settings that a result depends on: not how much of a batch is in memory at once. */
function usedGeneralSettings({ general }: Settings): object {
  return Object.fromEntries(Object.entries(general).filter(([name]) => name !== 'microBatch'));
}

/** The reward model's settings without a choice that is newer than the first runs, unless it is made. */
function usedRewardSettings({ reward: { batching, ...reward } }: Settings): object {
  return batching === REWARD.batching.default ? reward : { ...reward, batching };
}

/** What the labels say, as far as training sees them. */
function labelsOf(rows: ProjectRows) {
  return chosenRankings(rows).map((row) => [row.id, row.ranks.join()]);
}

/** What step 3 is trained from: PPO's form is older than the other methods and must not change. */
function reinforcedFrom(rows: ProjectRows, sft: string) {
  const { method, reward } = rows.settings;
  const ppo = usedPpoSettings(rows.settings);
  // Nothing where there is none, so that runs from before there were any keep their fingerprint.
  const own = [...trainingPromptsOf(rows).map(({ id, text }) => [id, text]), ...ownText(rows)];
  const read = METHOD_READS[method.name].map((name) => method[name]);
  const of = method.name === 'ppo' ? [] : [method.name, ...read];
  if (!needsReward(method.name))
    return [ppo, sft, reward.heldOutShare, labelsOf(rows), ...of, ...ownText(rows)];
  return [ppo, sft, finishedCheckpoint(rows, 'reward')?.id ?? '', ...own, ...of];
}

/** The base model's training, without the choice of it. */
function usedBaseSettings({ base }: Settings): object {
  return Object.fromEntries(Object.entries(base).filter(([name]) => name !== 'model'));
}

/**
 * The text that is mixed in as pre-training text, where the base is not the shipped one; else nothing, so that runs
 * from before there was a choice keep their fingerprint.
 */
function ownText({ settings, text }: ProjectRows): readonly string[] {
  return settings.base.model === 'shipped' ? [] : [text?.print ?? ''];
}

/** The base that SFT starts from, and its text; nothing for the shipped one. */
function ownBase(rows: ProjectRows): readonly string[] {
  if (rows.settings.base.model === 'shipped') return [];
  return [finishedCheckpoint(rows, 'pretrain')?.id ?? '', ...ownText(rows)];
}

/** What a stage is trained from, shortened to a fingerprint: another fingerprint makes an older result stale. */
export function inputsOf(rows: ProjectRows, stage: TrainingStage): string {
  const { settings, demonstrations } = rows;
  const sft = finishedCheckpoint(rows, 'sft')?.id ?? '';
  const parts = {
    pretrain: () => [usedBaseSettings(settings), rows.text?.print ?? ''],
    sft: () => [
      settings.sft,
      // Those without a place of their own are told by their words, as before there were any with one.
      demonstrations.map((row) => [
        ...[row.prompt.text, row.response],
        ...(isVersion(row) ? [row.id] : []),
      ]),
      ...ownBase(rows),
    ],
    reward: () => [usedRewardSettings(settings), sft, labelsOf(rows)],
    ppo: () => reinforcedFrom(rows, sft),
  }[stage]();
  const words = streamKey(0, JSON.stringify([stage, usedGeneralSettings(settings), parts]));
  return words.map((word) => word.toString(16).padStart(8, '0')).join('');
}

/** What has to be done before a stage can start; null when nothing is missing. */
export function missingFor(rows: ProjectRows, stage: TrainingStage): string | null {
  if (stage === 'pretrain') {
    return rows.text === null ? 'First choose a text of your own (Model).' : null;
  }
  if (stage === 'sft') {
    const own = rows.settings.base.model === 'own';
    return own && finishedCheckpoint(rows, 'pretrain') === undefined
      ? 'First train a base model from your own text, or choose the shipped one (Model).'
      : null;
  }
  if (finishedCheckpoint(rows, 'sft') === undefined) {
    return 'First train on demonstrations (1 Demonstrate).';
  }
  const fromRankings = stage === 'reward' || !needsReward(rows.settings.method.name);
  if (fromRankings && chosenRankings(rows).length < 2) {
    return rows.settings.labels.source === 'person'
      ? 'First rank at least two prompts yourself, or let the class count as well (2 Rank).'
      : 'First rank at least two prompts, or let the simulated class rank some (2 Rank).';
  }
  if (!fromRankings && finishedCheckpoint(rows, 'reward') === undefined) {
    return 'First train the reward model (2 Rank).';
  }
  return null;
}

function idle(status: StageState['status'], message: string, row?: RunRow): StageState {
  return {
    status,
    step: row?.step ?? 0,
    total: row?.total ?? 0,
    secondsLeft: null,
    run: row?.id ?? null,
    resumeAt: null,
    message,
  };
}

/** Which runs of other methods wait for their method to be chosen again; empty when none does. */
function waitingWords(rows: ProjectRows, stage: TrainingStage): string {
  if (stage !== 'ppo') return '';
  const newest = new Map(rows.runs.map((row) => [madeBy(row.run), row]));
  const waiting = [...newest.values()].filter(
    ({ run }) => run.stage === 'ppo' && (run.status === 'paused' || run.status === 'running'),
  );
  return waiting
    .map(({ run, step, total }) => {
      const method = methodOf(run);
      const choice = method === null ? 'its method' : METHOD_LABELS[method];
      return `${run.name} waits at ${stepWordOfRun(run)} ${step} of ${total}; it goes on when you choose ${choice} again.`;
    })
    .join(' ');
}

/** What a stage's model is made from: stages before it, in the order of the loop. */
function before(rows: ProjectRows, stage: TrainingStage): readonly TrainingStage[] {
  switch (stage) {
    case 'pretrain':
      return [];
    case 'sft':
      return rows.settings.base.model === 'own' ? ['pretrain'] : [];
    case 'reward':
      return ['sft'];
    case 'ppo':
      return needsReward(rows.settings.method.name) ? ['sft', 'reward'] : ['sft'];
  }
  return stage satisfies never;
}

/** True when the model of a stage was trained from something that is no longer as it was. */
function hasChanged(rows: ProjectRows, stage: TrainingStage): boolean {
  const of = finishedCheckpoint(rows, stage)?.manifest.run;
  const made = rows.runs.find(({ id }) => id === of);
  return made !== undefined && made.inputs !== inputsOf(rows, stage);
}

/** The first stage on the way to this one that is to be trained again; undefined when none is. */
function staleBefore(rows: ProjectRows, stage: TrainingStage): TrainingStage | undefined {
  const all = before(rows, stage).flatMap((each) => [...before(rows, each), each]);
  return all.find((each) => hasChanged(rows, each));
}

const STAGE_WORDS: Readonly<Record<TrainingStage, string>> = {
  pretrain: 'Your base model',
  sft: 'The model of step 1',
  reward: 'The reward model',
  ppo: 'The model of step 3',
};

/** What the rows do not tell of a stage that no runner here is driving. */
interface Circumstances {
  /** Another tab has the project, and may be driving it. */
  readonly elsewhere: boolean;
  /** An unfinished run could be gone on with. */
  readonly canGoOn: boolean;
}

/** An unfinished run: where it waits, and why. What is stored as running was left so by a page that was closed. */
function waitingState({ id, run, step, total }: RunRow, circumstances: Circumstances): StageState {
  const { elsewhere, canGoOn } = circumstances;
  const word = stepWordOfRun(run);
  const wasRunning = run.status === 'running';
  const state = { ...idle('paused', ''), step, total, run: id };
  const at = `${word} ${step} of ${total}`;
  if (wasRunning && elsewhere)
    return { ...state, message: `The other tab may be at work on it; saved at ${at}.` };
  const paused = step === 0 ? 'Not begun yet.' : `Paused at ${at}.`;
  if (!canGoOn) {
    const what = wasRunning ? 'The page was closed while this ran.' : paused;
    const why = 'Something that it was trained from has changed: it cannot go on, train again.';
    return { ...state, status: 'stale', message: `${what} ${why}` };
  }
  const from = step === 0 ? 'the start' : `${word} ${step}`;
  const left = `The page was closed while this ran; it goes on from ${from}.`;
  return { ...state, message: wasRunning ? left : paused };
}

/** State of a stage that no runner is driving. */
export function storedState(
  rows: ProjectRows,
  stage: TrainingStage,
  circumstances: Circumstances,
): StageState {
  const missing = missingFor(rows, stage);
  const row = newestRun(rows, stage);
  if (row === undefined) {
    return missing === null ? idle('ready', waitingWords(rows, stage)) : idle('empty', missing);
  }
  const word = stepWordOfRun(row.run);
  const at = `${word} ${row.step} of ${row.total}`;
  switch (row.run.status) {
    case 'running':
    case 'paused':
      return waitingState(row, circumstances);
    case 'failed':
      return idle('failed', `The last run failed at ${at}.`, row);
    case 'finished':
    case 'stopped':
      break;
    default:
      return row.run.status satisfies never;
  }
  if (finishedCheckpoint(rows, stage)?.manifest.run !== row.id) {
    return missing === null ? idle('ready', '') : idle('empty', missing);
  }
  if (row.inputs !== inputsOf(rows, stage)) {
    return idle('stale', 'Something that this was trained from has changed: train it again.', row);
  }
  const changed = staleBefore(rows, stage);
  if (changed !== undefined) {
    const what = `${STAGE_WORDS[changed]}, on which this rests, was trained from something that has changed`;
    return idle('stale', `${what}: train that again, then this.`, row);
  }
  const done =
    row.run.status === 'finished' ? `Finished after ${row.step} ${word}s.` : `Stopped at ${at}.`;
  return idle('done', done, row);
}

/** State of the labels: `step` counts rankings that would train the reward model, `total` all of them. */
export function labelsState(rows: ProjectRows): StageState {
  if (finishedCheckpoint(rows, 'sft') === undefined) {
    return idle('empty', 'First train on demonstrations (1 Demonstrate).');
  }
  const once = withoutRepeats(rows.rankings);
  const count = (source: LabelSource) =>
    once.filter(({ labeler }) => sourceOf(labeler) === source).length;
  const imported = count('imported') > 0 ? `, ${count('imported')} imported` : '';
  const byClass = classRankings(rows).length;
  const message = `${count('person')} rankings by you, ${byClass} by the simulated class${imported}.`;
  const state = idle(chosenRankings(rows).length > 0 ? 'done' : 'ready', message);
  return { ...state, step: chosenRankings(rows).length, total: once.length };
}
