/**
 * What a prompt of this world asks for, exactly: one task type per use case, carrying the constraints that the
 * gold judges check. A prompt that a person typed has no task. No text is made or judged here.
 */
import type { Prompt } from '../records/prompt.ts';
import type { Fact } from './facts.ts';
import type { ChatTopic } from './phrasings.ts';
import type { ExtractKind } from './phrasings/extract.ts';

export interface GenerationTask {
  readonly useCase: 'generation';
  /** "the fox" or "anna". */
  readonly hero: string;
  readonly feeling: string;
  /** Number of sentences asked for, null when none is. */
  readonly sentences: number | null;
  readonly object: string | null;
  readonly place: string | null;
  /** A second character: "the wolf". */
  readonly companion: string | null;
}

export interface OpenQaTask {
  readonly useCase: 'open-qa';
  readonly form: 'question' | 'check' | 'why';
  /** Subject and relation asked about; its value is the one in the question (checks, whys) or a true one. */
  readonly asked: Fact;
  /** Whether `asked` is true. A why-question about a falsehood has a false premise. */
  readonly premise: boolean;
}

export interface ClosedQaTask {
  readonly useCase: 'closed-qa';
  readonly sentences: readonly string[];
  readonly answer: string;
  readonly key: string;
  readonly keyType: string;
  readonly source: string;
}

export interface ChatTask {
  readonly useCase: 'chat';
  readonly topic: ChatTopic;
  /** Slot values of the prompt: feeling, danger, food, animal, animals, person as far as they occur. */
  readonly slots: Readonly<Record<string, string>>;
}

export interface ClassificationTask {
  readonly useCase: 'classification';
  readonly verdict: 'happy' | 'sad';
}

export interface BrainstormingTask {
  readonly useCase: 'brainstorming';
  /** What the items are: slot types whose values are listed; several where anything of them will do. */
  readonly items: readonly ('animals' | 'food' | 'object' | 'person')[];
  /** Number of items asked for. */
  readonly count: number;
  /** What must be true of every item; null where any one will do. */
  readonly asked: Pick<Fact, 'relation' | 'value'> | null;
  /** Whom gifts are for, as facts name it: "cows" or "anna". Any gifts hold something that it likes to eat. */
  readonly recipient: string | null;
}

export interface ExtractTask {
  readonly useCase: 'extract';
  readonly kind: ExtractKind;
  readonly sentences: readonly string[];
  /** Everything of the kind in the text, in order and without articles. */
  readonly wanted: readonly string[];
}

export interface RowTask {
  readonly useCase: 'other';
  readonly form: 'count' | 'continue';
  /** The words of the right answer, in order. */
  readonly row: readonly string[];
}

export interface GreetTask {
  readonly useCase: 'other';
  readonly form: 'greet';
  /** "hello", "good morning" or "hi". */
  readonly greeting: string;
  readonly person: string;
  readonly feeling: string;
}

export type OtherTask = RowTask | GreetTask;

export interface RewriteTask {
  readonly useCase: 'rewrite';
  readonly form: 'mood' | 'polite' | 'replace' | 'words';
  /** The sentences of the text to rewrite. */
  readonly source: readonly string[];
  /** What each of them may become; every sentence listed is right. */
  readonly targets: readonly (readonly string[])[];
  /** Full answers with one thing wrong: another name, thing or feeling, or one that the text had. */
  readonly slips: readonly string[];
  /** The fact that is said in other words, null for every other form. */
  readonly fact: Fact | null;
}

export interface SummarizationTask {
  readonly useCase: 'summarization';
  readonly passage: readonly string[];
  /** "the fox" or "anna". */
  readonly hero: string;
  readonly pronoun: string;
  /** What happened, as the passage tells it (with the pronoun), and in short after a name: "lost the ball". */
  readonly event: string;
  readonly short: string;
  readonly feeling: string;
  /** One sentence was asked for. */
  readonly oneSentence: boolean;
}

export type Task =
  | GenerationTask
  | OpenQaTask
  | ClosedQaTask
  | ChatTask
  | ClassificationTask
  | BrainstormingTask
  | ExtractTask
  | OtherTask
  | RewriteTask
  | SummarizationTask;

/** Use cases for which prompts and judges exist. */
export type PresentUseCase = Task['useCase'];

/** A prompt made by this world. `template` and `entity` together never occur in two splits. */
export type WorldPrompt = Prompt & {
  readonly task: Task;
  readonly template: string;
  readonly entity: string;
};

/** True when the world made the prompt, so that every gold judge applies. */
export function isWorldPrompt(prompt: Prompt): prompt is WorldPrompt {
  return prompt.source === 'world' && 'task' in prompt;
}
