/**
 * The public tasks in miniature, in the forms of the pre-training pages, with examples before each item: passages
 * with questions, sentiment, Frogspeak both ways, arithmetic and cloze. They play SQuAD, SST, WMT, DROP and
 * HellaSwag. Examples are of the kind that documents hold, the item itself is reserved for this purpose.
 */
import type { Rng } from '../../data/rng.ts';
import {
  clozeEnding,
  drawCloze,
  OPEN_SUMS,
  RESERVED_SUM_LINES,
  type Cloze,
} from '../documents/drills.ts';
import { pairLines, plainSentence, type Translation } from '../documents/frogspeak.ts';
import { drawPassage, passageKey, type Passage } from '../documents/pages.ts';
import { drawReview } from '../documents/talk.ts';
import { cheerOf } from '../feelings.ts';
import { kindsOf, patternOf, render, splitSentences } from '../grammar.ts';
import { isSlotType, LEXICON, valuesOf } from '../lexicon.ts';
import { mean } from '../mean.ts';
import { PASSAGE_FACTS } from '../phrasings.ts';
import { mentions } from '../reading.ts';
import { drawOpen, drawReserved } from '../reserved.ts';
import { distinctItems, firstLine, isClosed, verdict, type WithId } from './answers.ts';
import type { PageSuite, SuiteItem, SuiteJudgement } from './suite.ts';

interface PageDraft extends Omit<SuiteItem, 'id'> {
  /** What the first line has to be. */
  readonly answer: string;
}

interface PageTask<Draft extends PageDraft> {
  readonly name: string;
  readonly title: string;
  readonly chance: number;
  /** Lines of one example. */
  readonly exampleLines: number;
  readonly draw: (rng: Rng) => Draft;
  /** An answer of the right form drawn at random; null, or left out, where that is the answer to another item. */
  readonly blind?: (draft: Draft, rng: Rng) => string | null;
  /** Judges a closed first line; equality with the answer when left out. */
  readonly judge?: (draft: Draft, line: string) => SuiteJudgement;
}

const equals = ({ answer }: PageDraft, line: string): SuiteJudgement =>
  verdict(line === answer, `not "${answer}"`);

/** Leaves the first examples out, one after the other, until the page and its answer fit or the item alone is left. */
function shortened<Draft extends PageDraft>(
  draft: Draft,
  exampleLines: number,
  fits: (page: string) => boolean,
): Draft {
  let lines = draft.prompt.split('\n');
  while (lines.length > exampleLines && !fits(`${lines.join('\n')} ${draft.answer}`)) {
    lines = lines.slice(exampleLines);
  }
  return { ...draft, prompt: lines.join('\n') };
}

function pageSuite<Draft extends PageDraft>(task: PageTask<Draft>): PageSuite<WithId<Draft>> {
  const { name, title, chance, exampleLines, draw, judge = equals, blind = () => null } = task;
  return {
    name,
    title,
    form: 'page',
    chance,
    counts: {},
    items: (seed, count) => distinctItems(name, seed, count, draw),
    judge: (item, response, ended) =>
      isClosed(response, ended)
        ? judge(item, firstLine(response))
        : verdict(false, 'the line was cut off'),
    ideal: ({ answer }) => answer,
    blind: (item, rng) => blind(item, rng),
    within: (item, fits) => shortened(item, exampleLines, fits),
  };
}

/** A page of examples and the item, whose last line is left open after its label. */
function page(examples: readonly (readonly string[])[], asked: readonly string[]): string {
  return [...examples.flat(), ...asked].join('\n');
}

const times = <Value>(count: number, draw: () => Value): Value[] =>
  Array.from({ length: count }, draw);

function passageLines({ sentences, question }: Passage): [string, string] {
  return [`passage: ${sentences.join(' ')}`, `q: ${question}`];
}

/** The answer to a passage's question with any value of the right kind. */
function blindCopy({ prompt }: PageDraft, rng: Rng): string | null {
  const asked = prompt.match(/(?<=^q: ).*$/gm)?.at(-1) ?? '';
  for (const { text, key, answer } of PASSAGE_FACTS.flatMap(({ questions }) => questions)) {
    const groups = patternOf(text).exec(asked)?.groups;
    if (!groups || !isSlotType(key)) continue;
    return render(answer, { ...groups, [key]: rng.pick(valuesOf(key)) });
  }
  return null;
}

export const passageQa = pageSuite({
  name: 'passage-qa',
  title: 'Questions about a passage',
  chance: mean(
    PASSAGE_FACTS.flatMap(({ questions }) =>
      questions.map(({ key }) => (isSlotType(key) ? 1 / valuesOf(key).length : 0)),
    ),
  ),
  exampleLines: 3,
  draw: (rng) => {
    const draw = (): Passage => drawPassage(rng, 2);
    const examples = times(2, () => drawOpen(draw, passageKey));
    const asked = drawReserved(draw, passageKey);
    return {
      prompt: page(
        examples.map((each) => [...passageLines(each), `a: ${each.answer}`]),
        [...passageLines(asked), 'a:'],
      ),
      answer: asked.answer,
    };
  },
  blind: blindCopy,
});

export const sentiment = pageSuite({
  name: 'sentiment',
  title: 'Feeling of a review',
  chance: 0.5,
  exampleLines: 2,
  draw: (rng) => {
    const draw = () => drawReview(rng);
    const key = ({ text }: { readonly text: string }): string => text;
    const examples = times(4, () => drawOpen(draw, key));
    const asked = drawReserved(draw, key);
    return {
      prompt: page(
        examples.map(({ text, verdict: feeling }) => [`review: ${text}`, `feeling: ${feeling}.`]),
        [`review: ${asked.text}`, 'feeling:'],
      ),
      answer: `${asked.verdict}.`,
    };
  },
  blind: (_, rng) => rng.pick(['happy.', 'sad.']),
});

function translation(rng: Rng, direction: Translation): PageDraft {
  const draw = (): string => plainSentence(rng);
  const examples = times(4, () => pairLines(drawOpen(draw, String), direction));
  const [given, wanted] = pairLines(drawReserved(draw, String), direction);
  const colon = wanted.indexOf(': ');
  return {
    prompt: page(examples, [given, wanted.slice(0, colon + 1)]),
    answer: wanted.slice(colon + 2),
  };
}

export const frogspeakToPlain = pageSuite({
  name: 'frogspeak-to-plain',
  title: 'Frogspeak to plain',
  chance: 0,
  exampleLines: 2,
  draw: (rng) => translation(rng, 'to-plain'),
});

export const plainToFrogspeak = pageSuite({
  name: 'plain-to-frogspeak',
  title: 'Plain to Frogspeak',
  chance: 0,
  exampleLines: 2,
  draw: (rng) => translation(rng, 'to-frogspeak'),
});

export const arithmetic = pageSuite({
  name: 'arithmetic',
  title: 'Sums and differences',
  chance: 1 / 20,
  exampleLines: 1,
  draw: (rng) => {
    const examples = rng.shuffled(OPEN_SUMS).slice(0, 6);
    const { start, result } = rng.pick(RESERVED_SUM_LINES);
    return {
      prompt: page(
        examples.map((each) => [`${each.start} ${each.result}`]),
        [start],
      ),
      answer: result,
    };
  },
  blind: (_, rng) => `${rng.pick(LEXICON.number)}.`,
});

interface ClozeDraft extends PageDraft {
  /** The hero, and "it" or the like in its place. */
  readonly names: readonly string[];
  readonly mood: Cloze['mood'];
}

/** Any ending about the hero that has the mood of the story. */
function judgeEnding({ names, mood }: ClozeDraft, line: string): SuiteJudgement {
  const [ending = '', ...more] = splitSentences(line);
  if (more.length > 0 || !kindsOf(ending).has('ending') || ending !== line)
    return verdict(false, 'not one ending');
  if (!names.some((name) => mentions(ending, name))) return verdict(false, 'not about the hero');
  const cheer = cheerOf(ending);
  return verdict(mood === 'cheerful' ? cheer > 0 : cheer < 0, 'the feeling does not fit the story');
}

export const cloze = pageSuite<ClozeDraft>({
  name: 'cloze',
  title: 'Ending that fits a story',
  chance: 0.5,
  exampleLines: 2,
  draw: (rng) => {
    const draw = (): Cloze => drawCloze(rng);
    const key = ({ story }: Cloze): string => story;
    const examples = times(2, () => drawOpen(draw, key));
    const asked = drawReserved(draw, key);
    return {
      prompt: page(
        examples.map((each) => [`story: ${each.story}`, `end: ${clozeEnding(rng, each)}`]),
        [`story: ${asked.story}`, 'end:'],
      ),
      answer: clozeEnding(rng, asked),
      names: [asked.hero.name, asked.hero.pronoun],
      mood: asked.mood,
    };
  },
  judge: judgeEnding,
  blind: ({ names: [hero = ''] }, rng) => `${hero} was ${rng.pick(LEXICON.feeling)}.`,
});
