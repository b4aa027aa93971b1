/**
 * Which claims about the world a text makes, and whether they are true. Only statements and denials of
 * relations.ts count; questions, stories and invented passages claim nothing about the world.
 */
import { isFact, type Fact } from './facts.ts';
import { patternOf, splitSentences, stripLabel, stripLeads } from './grammar.ts';
import { RELATIONS, pronounForm, typed } from './relations.ts';

export interface Claim extends Fact {
  /** The claim denies the fact ("frogs are not red."). */
  readonly negated: boolean;
}

interface ClaimPattern {
  readonly relation: string;
  readonly pattern: RegExp;
  readonly negated: boolean;
}

const PATTERNS: readonly ClaimPattern[] = RELATIONS.flatMap((relation) => {
  const compile = (form: string, negated: boolean): ClaimPattern[] =>
    [form, pronounForm(relation, form)]
      .filter((text) => text !== null)
      .map((text) => ({
        relation: relation.name,
        pattern: patternOf(typed(relation, text)),
        negated,
      }));
  return [
    ...relation.statements.flatMap((form) => compile(form, false)),
    ...relation.denials.flatMap((form) => compile(form, true)),
  ];
});

/** Plural animals named so far, for "they". */
const PLURALS = patternOf('{animals}').source.slice(1, -1).replace('?<animals>', '');
const PLURAL = new RegExp(`\\b${PLURALS}\\b`, 'g');

/** The claim of one bare sentence, null when it makes none or its "they" refers to nothing. */
function claimOf(bare: string, they: string | undefined): Claim | null {
  for (const { relation, pattern, negated } of PATTERNS) {
    const match = pattern.exec(bare);
    if (!match) continue;
    const { s: subject = they, v: value } = match.groups as { s?: string; v: string };
    if (subject !== undefined) return { relation, subject, value, negated };
  }
  return null;
}

/** A claim with the sentence that makes it. */
export interface SaidClaim {
  readonly sentence: string;
  readonly claim: Claim;
}

/**
 * The claims of a text in order, with their sentences. "they" refers to the subject of the last claim, or in its
 * absence to the first plural animal of the sentence before; a "they" that refers to nothing makes no claim.
 * @param context text before it (a prompt), whose last plural animal "they" may refer to.
 */
export function saidClaims(text: string, context = ''): SaidClaim[] {
  const claims: SaidClaim[] = [];
  let they = context.match(PLURAL)?.at(-1);
  for (const sentence of splitSentences(text)) {
    const bare = stripLeads(stripLabel(sentence));
    const claim = claimOf(bare, they);
    if (claim) claims.push({ sentence, claim });
    const named = bare.match(PLURAL)?.[0];
    if (named !== undefined) they = claim?.subject ?? named;
  }
  return claims;
}

/** The claims of a text in order; see {@link saidClaims}. */
export function extractClaims(text: string, context = ''): Claim[] {
  return saidClaims(text, context).map(({ claim }) => claim);
}

/** A claim is true when the world's facts hold it, a denial when they do not. */
export function isTrue(claim: Claim): boolean {
  return isFact(claim) !== claim.negated;
}
