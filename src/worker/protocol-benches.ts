/**
 * The commands that need no project: a look at the world, exact mode, and timing this machine. Types only, a part of
 * protocol.ts.
 */
import type { ExactSolution, ExactState, ExactTable } from '../records/exact.ts';
import type { Verdict } from '../records/verdict.ts';
import type {
  DocumentView,
  PromptFilter,
  PromptPage,
  WorldAnswer,
  WorldOverview,
} from '../records/world-view.ts';
import type { MeasuredPartName, MeasuredSizeName } from '../config/measured-sizes.ts';
import type { Settings } from '../config/settings.ts';

export interface BenchCommands {
  /** Every word, in lower case, that a text of this world can hold; a word in capitals is in none. */
  'world.words': { args: Record<string, never>; reply: { words: readonly string[] } };
  /** The world as it is for a seed and a class of labelers. */
  'world.overview': {
    args: { seed: number; labels: Pick<Settings['labels'], 'population' | 'noise' | 'k'> };
    reply: WorldOverview;
  };
  /** The document of a number; of a kind drawn by frequency for null. */
  'world.document': {
    args: { seed: number; kind: string | null; draw: number };
    reply: DocumentView;
  };
  /** A page of the prompts that pass. */
  'world.prompts': {
    args: { seed: number; filter: PromptFilter; from: number; count: number };
    reply: PromptPage;
  };
  /** What the world itself would answer; nothing to a prompt that it did not make. */
  'world.answers': {
    args: { seed: number; prompt: string; draw: number };
    reply: { answers: readonly WorldAnswer[] };
  };
  /**
   * What the gold judges say of an answer, and why; and the suites whose item the prompt is. `kind`, the use case or the
   * suite of a stored item, leaves the others out.
   */
  'world.verdict': {
    args: { seed: number; prompt: string; kind?: string; response: string; ended: boolean };
    reply: { verdict: Verdict };
  };
  /** Exact mode: pi* and the methods' own targets for a table. Nothing runs. */
  'exact.solve': { args: { table: ExactTable }; reply: ExactSolution };
  /** Puts a run of these methods, under a number of the page's choice, in the place of the one before. */
  'exact.begin': {
    args: { run: number; table: ExactTable; methods: readonly string[] };
    reply: { state: ExactState };
  };
  /** Runs to the end or for one iteration of each method; pauses or ends after the iteration under way. */
  'exact.drive': {
    args: { run: number; wish: 'run' | 'step' | 'pause' | 'stop' };
    reply: { state: ExactState };
  };
  /** The JSON report of the command line for this run, as far as it has come. */
  'exact.report': { args: { run: number }; reply: { text: string } };
  /** Takes up work of this size to be timed, in the place of the one before; nothing else may compute until it is closed. */
  'machine.open': {
    args: { size: MeasuredSizeName; part: MeasuredPartName };
    /** Tokens that a round learns from or writes. */
    reply: { parameters: number; tokens: number };
  };
  /** One round of the work that is taken up. */
  'machine.round': { args: Record<string, never>; reply: { milliseconds: number } };
  'machine.close': { args: Record<string, never>; reply: Record<string, never> };
}
