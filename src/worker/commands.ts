/**
 * Reading commands on the worker's side: a message passes only when it is exactly one member of the Command union,
 * with its settings in range. Stops compiling when the protocol grows.
 */
import * as v from 'valibot';
import { EXACT, EXACT_REWARD_LIMIT, EXACT_REWARDS } from '../config/exact-table.ts';
import { MEASURED_PARTS, MEASURED_SIZE_NAMES } from '../config/measured-sizes.ts';
import { parseSettings, SETTINGS, type Settings } from '../config/settings.ts';
import { OUTPUTS } from '../records/human-evaluation.ts';
import { PROMPT_KINDS, SPLITS, USE_CASES } from '../records/prompt.ts';
import { TURNABLE } from '../records/turn.ts';
import { InputError } from './failure.ts';
import { BACKENDS, type Command, type CommandMap, type CommandName } from './protocol.ts';

const whole = (min: number, max: number) => {
  const words = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(words), v.integer(words), v.minValue(min, words), v.maxValue(max, words));
};
const number = (min: number, max: number) => {
  const words = `must be a number from ${min} to ${max}`;
  return v.pipe(v.number(words), v.minValue(min, words), v.maxValue(max, words));
};
const seed = whole(0, 2147483647);
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(400));
const text = v.pipe(v.string(), v.maxLength(20000));
const k = whole(2, 9);
const stage = v.picklist(['pretrain', 'sft', 'reward', 'ppo']);
const nothing = v.strictObject({});
const namedFile = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  file: v.instance(Blob),
});
const onStage = v.strictObject({ stage });
/** parseSettings throws its own sentence, which passes through. */
const settings = v.pipe(
  v.unknown(),
  v.transform((input): Settings => parseSettings(input)),
);

/** Runs whose series are asked for at once. */
const MOST_SHOWN = 64;

const exactRun = whole(1, Number.MAX_SAFE_INTEGER);
const exactTable = v.strictObject({
  rewards: v.pipe(
    v.array(number(-EXACT_REWARD_LIMIT, EXACT_REWARD_LIMIT)),
    v.length(EXACT_REWARDS.length, `must be ${EXACT_REWARDS.length} numbers`),
  ),
  beta: number(EXACT.beta.min, EXACT.beta.max),
  seed,
  rate: number(EXACT.rate.min, EXACT.rate.max),
  iterations: number(EXACT.iterations.min, EXACT.iterations.max),
});

const { population, noise } = SETTINGS.labels;
/** Numbers an unending row of documents or answers. */
const draw = whole(0, Number.MAX_SAFE_INTEGER);

export const ARGUMENT_CHECKS = {
  'engine.start': v.strictObject({ backend: v.exactOptional(v.picklist(BACKENDS)), settings }),
  'project.open': v.strictObject({ project: id }),
  'settings.set': v.strictObject({ settings }),
  'world.words': nothing,
  'world.overview': v.strictObject({
    seed,
    labels: v.strictObject({
      population: v.picklist(population.choices),
      noise: number(noise.min, noise.max),
      k,
    }),
  }),
  'world.document': v.strictObject({ seed, kind: v.nullable(id), draw }),
  'world.prompts': v.strictObject({
    seed,
    filter: v.strictObject({
      split: v.picklist(SPLITS),
      useCase: v.nullable(v.picklist(USE_CASES)),
      kind: v.nullable(v.picklist(PROMPT_KINDS)),
      user: v.nullable(id),
    }),
    from: whole(0, 1e6),
    count: whole(1, 200),
  }),
  'world.answers': v.strictObject({ seed, prompt: text, draw }),
  'world.verdict': v.strictObject({
    seed,
    prompt: text,
    kind: v.exactOptional(text),
    response: text,
    ended: v.boolean(),
  }),
  'model.sample': v.strictObject({
    checkpoint: id,
    prompt: v.pipe(text, v.minLength(1, 'must not be empty: write one first')),
    count: whole(1, 64),
    temperature: number(0, 5),
    among: v.exactOptional(v.strictObject({ topK: whole(0, 65536), topP: number(0.01, 1) })),
    seed,
  }),
  'prompts.examples': v.strictObject({ count: whole(1, 1000) }),
  'demonstrations.list': v.strictObject({ count: whole(1, 20000) }),
  'ranking.next': v.strictObject({ count: whole(1, 64), k }),
  'labels.simulate': v.strictObject({ count: whole(1, SETTINGS.labels.prompts.max), k }),
  'labels.stop': nothing,
  'labels.changed': nothing,
  // How large a file may be is checked where it is read, with a sentence of its own.
  'labels.import': v.strictObject({
    kind: v.picklist(['prompts', 'demonstrations', 'rankings']),
    files: v.pipe(
      v.array(
        v.strictObject({
          name: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
          format: v.picklist(['jsonl', 'csv']),
          text: v.string(),
        }),
      ),
      v.minLength(1),
      v.maxLength(1000),
    ),
    classmates: v.boolean(),
  }),
  'labels.export': v.strictObject({
    kind: v.picklist(['prompts', 'demonstrations', 'rankings', 'preferences']),
  }),
  'base.text': nothing,
  'base.take': namedFile,
  'base.export': v.strictObject({ checkpoint: id }),
  'base.import': namedFile,
  'stage.start': v.strictObject({ stage, fresh: v.boolean() }),
  'stage.pause': onStage,
  'stage.step': onStage,
  'stage.stop': onStage,
  'stage.phase': onStage,
  // Its range is that of the setting, which is checked with the run's other settings.
  'run.turn': v.strictObject({ name: v.picklist(TURNABLE), value: v.number('must be a number') }),
  'run.checkpoints': nothing,
  'run.back': v.strictObject({ checkpoint: id }),
  'run.answer': v.strictObject({ run: id, step: whole(0, 1e9), answer: whole(0, 1e6) }),
  'reward.score': v.strictObject({ prompt: text, response: text }),
  'reward.report': nothing,
  'work.stop': v.strictObject({
    work: v.picklist(['pairs', 'outputs', 'ranking', 'report', 'trained']),
  }),
  'labeler.holdOut': v.strictObject({ labeler: id }),
  'labeler.stop': nothing,
  'judge.pairs': v.strictObject({ left: id, right: id, count: whole(1, 1000), seed }),
  'judge.outputs': v.strictObject({
    checkpoints: v.pipe(
      v.array(id),
      v.minLength(OUTPUTS.least),
      v.maxLength(OUTPUTS.most),
      v.check((ids) => new Set(ids).size === ids.length, 'must be different'),
    ),
    count: whole(1, 1000),
    seed,
  }),
  'judge.board': nothing,
  'judge.suite': v.strictObject({
    checkpoints: v.pipe(v.array(id), v.minLength(1), v.maxLength(32)),
    prompts: whole(1, SETTINGS.evaluate.prompts.max),
  }),
  'judge.stop': nothing,
  'checkpoint.delete': v.strictObject({ checkpoint: id }),
  'runs.list': nothing,
  'runs.show': v.strictObject({ runs: v.pipe(v.array(id), v.maxLength(MOST_SHOWN)) }),
  'run.rename': v.strictObject({ run: id, name: v.string() }),
  'run.delete': v.strictObject({ run: id }),
  'run.fork': v.strictObject({ checkpoint: id, settings: v.picklist(['own', 'present']) }),
  'checkpoint.hashes': nothing,
  'checkpoint.export': v.strictObject({ checkpoint: id }),
  'checkpoint.import': namedFile,
  'trained.load': nothing,
  'checkpoint.bundle': v.strictObject({ checkpoint: id }),
  'lab.export': nothing,
  'lab.import': v.strictObject({ file: v.instance(Blob), settings: v.boolean() }),
  'exact.solve': v.strictObject({ table: exactTable }),
  'exact.begin': v.strictObject({
    run: exactRun,
    table: exactTable,
    methods: v.pipe(v.array(id), v.minLength(1), v.maxLength(32)),
  }),
  'exact.drive': v.strictObject({
    run: exactRun,
    wish: v.picklist(['run', 'step', 'pause', 'stop']),
  }),
  'exact.report': v.strictObject({ run: exactRun }),
  'machine.open': v.strictObject({
    size: v.picklist(MEASURED_SIZE_NAMES),
    part: v.picklist(MEASURED_PARTS),
  }),
  'machine.round': nothing,
  'machine.close': nothing,
} satisfies { [N in CommandName]: v.GenericSchema<unknown, CommandMap[N]['args']> };

export const COMMAND_NAMES = Object.keys(ARGUMENT_CHECKS) as readonly CommandName[];

const request = whole(1, Number.MAX_SAFE_INTEGER);
const envelope = <N extends CommandName>(name: N) =>
  v.strictObject({ type: v.literal(name), request, args: ARGUMENT_CHECKS[name] });

const commandCheck = v.variant('type', [
  envelope('engine.start'),
  envelope('project.open'),
  envelope('settings.set'),
  envelope('world.words'),
  envelope('world.overview'),
  envelope('world.document'),
  envelope('world.prompts'),
  envelope('world.answers'),
  envelope('world.verdict'),
  envelope('model.sample'),
  envelope('prompts.examples'),
  envelope('demonstrations.list'),
  envelope('ranking.next'),
  envelope('labels.simulate'),
  envelope('labels.stop'),
  envelope('labels.changed'),
  envelope('labels.import'),
  envelope('labels.export'),
  envelope('base.text'),
  envelope('base.take'),
  envelope('base.export'),
  envelope('base.import'),
  envelope('stage.start'),
  envelope('stage.pause'),
  envelope('stage.step'),
  envelope('stage.stop'),
  envelope('stage.phase'),
  envelope('run.turn'),
  envelope('run.checkpoints'),
  envelope('run.back'),
  envelope('run.answer'),
  envelope('reward.score'),
  envelope('reward.report'),
  envelope('work.stop'),
  envelope('labeler.holdOut'),
  envelope('labeler.stop'),
  envelope('judge.pairs'),
  envelope('judge.outputs'),
  envelope('judge.board'),
  envelope('judge.suite'),
  envelope('judge.stop'),
  envelope('checkpoint.delete'),
  envelope('runs.list'),
  envelope('runs.show'),
  envelope('run.rename'),
  envelope('run.delete'),
  envelope('run.fork'),
  envelope('checkpoint.hashes'),
  envelope('checkpoint.export'),
  envelope('checkpoint.import'),
  envelope('trained.load'),
  envelope('checkpoint.bundle'),
  envelope('lab.export'),
  envelope('lab.import'),
  envelope('exact.solve'),
  envelope('exact.begin'),
  envelope('exact.drive'),
  envelope('exact.report'),
  envelope('machine.open'),
  envelope('machine.round'),
  envelope('machine.close'),
]);

/** Throws {@link InputError} or SettingsError with one sentence. */
export function parseCommand(message: unknown): Command {
  const result = v.safeParse(commandCheck, message);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (v.getDotPath(issue) ?? '').replace(/^args\./, '');
  throw new InputError(`This cannot be done: ${path} ${issue.message}. Change it and try again.`);
}

/** Name and number of a message that may not be a proper command, so that its failure can be answered. */
export function addressOf(message: unknown): { command: CommandName; request: number } | null {
  const check = v.object({ type: v.picklist(COMMAND_NAMES), request });
  const result = v.safeParse(check, message);
  return result.success ? { command: result.output.type, request: result.output.request } : null;
}
