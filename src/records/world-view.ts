/** What the synthetic world shows of itself: rows of its viewer, as the worker answers them. No text is made here. */
import type { Prompt, PromptKind, Split, UseCase } from './prompt.ts';

export interface FactView {
  readonly relation: string;
  readonly subject: string;
  readonly value: string;
  /** False for a myth: something that many in the world wrongly believe. */
  readonly true: boolean;
  /** One way in which it is said. */
  readonly sentence: string;
}

/** Something drawn by frequency: a kind of document, a use case. */
export interface ShareView<Name extends string = string> {
  readonly name: Name;
  /** From 0 to 1; all of them together make 1. */
  readonly share: number;
}

export interface UserView {
  readonly id: string;
  readonly split: Split;
  readonly animals: readonly string[];
  readonly people: readonly string[];
  readonly foods: readonly string[];
  /** Share of the wishes that are for something cheerful. */
  readonly cheer: number;
  /** Adds to the share of chats that are rude or ask for something harmful. */
  readonly rudeness: number;
  /** Share of the prompts that are about the user's own favourites. */
  readonly loyalty: number;
}

export interface LabelerView {
  readonly id: string;
  readonly group: 'training' | 'heldout';
  readonly weights: {
    readonly helpful: number;
    readonly truthful: number;
    readonly harmless: number;
  };
  /** In units of gold: what 20 words of length, three signs of cheer, or a single sentence add. */
  readonly tastes: { readonly length: number; readonly cheer: number; readonly bluntness: number };
  /** The smaller, the surer: of two answers this far apart in worth the better one is put first 73 % of the time. */
  readonly temperature: number;
  /** Share of rankings filled in blindly. */
  readonly chance: number;
}

export interface WorldOverview {
  readonly facts: readonly FactView[];
  readonly documents: readonly ShareView[];
  readonly useCases: readonly ShareView<UseCase>[];
  /** In no training prompt, on purpose. */
  readonly heldOutUseCase: UseCase;
  readonly users: readonly UserView[];
  readonly labelers: readonly LabelerView[];
  /** Prompts of each split that can be browsed. */
  readonly prompts: Readonly<Record<Split, number>>;
}

export interface DocumentView {
  readonly kind: string;
  /** Pages that each end with an end mark. */
  readonly parts: readonly string[];
}

/** Null where everything passes. */
export interface PromptFilter {
  readonly split: Split;
  readonly useCase: UseCase | null;
  readonly kind: PromptKind | null;
  readonly user: string | null;
}

export interface PromptPage {
  readonly prompts: readonly Prompt[];
  /** Prompts that pass the filter, on all pages. */
  readonly total: number;
}

/** How an answer that the world writes is meant. */
export const ANSWER_MANNERS = ['ideal', 'person', 'poor', 'slip'] as const;
export interface WorldAnswer {
  readonly manner: (typeof ANSWER_MANNERS)[number];
  readonly text: string;
}
