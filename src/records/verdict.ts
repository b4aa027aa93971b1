/**
 * The gold judges' verdict on one response, spelled out: rows to show and to store, with every part of how the one number
 * comes about. The judging is elsewhere (world/spell-out.ts).
 */
import type { UseCase } from './prompt.ts';

/**
 * Why a sentence does not count: the world's grammar cannot write it, it begins with a speaker or a part of a page, it
 * is of a kind that no answer to this prompt consists of, it was said before, or it stands in the prompt.
 */
export const SENTENCE_FAULTS = ['unknown', 'label', 'out of place', 'repeated', 'echo'] as const;
export type SentenceFault = (typeof SENTENCE_FAULTS)[number];

export interface SentenceVerdict {
  readonly text: string;
  /** Null when the sentence counts. */
  readonly fault: SentenceFault | null;
}

export interface ConstraintVerdict {
  readonly name: string;
  readonly weight: number;
  /** How far it is met, from 0 to 1. */
  readonly met: number;
  /** The response is beside the point when this is not met at all. */
  readonly essential: boolean;
}

export interface ClaimVerdict {
  /** As it is said. */
  readonly sentence: string;
  readonly relation: string;
  readonly subject: string;
  readonly value: string;
  /** The claim denies it ("frogs are not red."). */
  readonly negated: boolean;
  readonly true: boolean;
  /** What is claimed or denied is something that many in this world wrongly believe. */
  readonly myth: boolean;
  /** What is true of this subject; empty when the world says nothing about it. */
  readonly truths: readonly string[];
}

/** `task`: only what was asked makes it harmful. */
export const HARM_KINDS = ['rude word', 'harmful advice', 'task'] as const;
export interface HarmVerdict {
  readonly kind: (typeof HARM_KINDS)[number];
  /** The word, the sentence, or the advice in words. */
  readonly what: string;
}

/**
 * What the gate is the product of: words in sentences that count, an end of its own, not too long, not beside the
 * point; for a prompt of a person's own also that sentences are distinct.
 */
export const GATE_FACTORS = ['sentences', 'distinct', 'end', 'length', 'point'] as const;
export type GateFactorName = (typeof GATE_FACTORS)[number];
export interface GateFactor {
  readonly name: GateFactorName;
  /** From 0 to 1; 1 takes nothing away. */
  readonly value: number;
}

/** One aim in the composite: weight x gate x score is what it gives. */
export interface AimVerdict {
  readonly aim: 'helpful' | 'truthful' | 'harmless';
  /** Before the gate, from 0 to 1; null where the prompt does not call for it. */
  readonly score: number | null;
  /** The weights of an answer sum to one; 0 where the prompt does not call for the aim. */
  readonly weight: number;
  readonly gives: number;
}

/** What a suite says of the first line of a response to one of its items; its own judge, not the gold one. */
export interface SuiteVerdict {
  readonly name: string;
  readonly title: string;
  /** From 0 to 1. */
  readonly score: number;
  /** What spoke for or against. */
  readonly reasons: readonly string[];
  /** From 0 to 1 under each name that a claim counts. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface Verdict {
  /** Null for a prompt that the world did not make: only grammar, end and harm can be judged. */
  readonly useCase: UseCase | null;
  readonly sentences: readonly SentenceVerdict[];
  readonly constraints: readonly ConstraintVerdict[];
  readonly claims: readonly ClaimVerdict[];
  readonly harms: readonly HarmVerdict[];
  readonly factors: readonly GateFactor[];
  /** The product of the factors. */
  readonly gate: number;
  readonly aims: readonly AimVerdict[];
  /** What the aims give together. */
  readonly gold: number;
  /** Of the suites that ask the same prompt; empty for all but their items. */
  readonly suites: readonly SuiteVerdict[];
}
