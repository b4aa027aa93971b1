import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { generateDocument, type DocumentKind } from '../../../src/world/documents.ts';
import { OPEN_SUMS, RESERVED_SUM_LINES } from '../../../src/world/documents/drills.ts';
import { drawScene } from '../../../src/world/documents/occupations.ts';
import { drawLesson, drawUseCase } from '../../../src/world/documents/lessons.ts';
import { SUMS } from '../../../src/world/facts.ts';
import { feelingOf } from '../../../src/world/feelings.ts';
import { kindsOf, splitSentences, stripLabel } from '../../../src/world/grammar.ts';
import { LEXICON } from '../../../src/world/lexicon.ts';
import { stereotypeOf, STEREOTYPES, STEREOTYPE_SHARE } from '../../../src/world/occupations.ts';
import { isReserved } from '../../../src/world/reserved.ts';
import { presentUseCases } from '../../../src/world/use-cases.ts';

const write = (kind: DocumentKind, count: number): string[] => {
  const rng = Rng.named(1, 'kinds', kind);
  return Array.from({ length: count }, () => generateDocument(rng, kind).text);
};
const linesOf = (kind: DocumentKind, count: number): string[] =>
  write(kind, count).flatMap((text) => text.split('\n'));

describe('arithmetic pages', () => {
  it('hold right sums and differences only, the sums those that the facts hold', () => {
    const value = (word = ''): number => LEXICON.number.indexOf(word) + 1;
    let sums = 0;
    for (const line of linesOf('arithmetic', 200)) {
      const [, a, operation, b, total] =
        /^(\w+) (plus|minus) (\w+) is (\w+)\.$/.exec(line) ?? expect.fail(line);
      const right = operation === 'plus' ? value(a) + value(b) : value(a) - value(b);
      expect(value(total)).toBe(right);
      if (operation !== 'plus') continue;
      sums++;
      expect(SUMS).toContainEqual({ relation: 'sum', subject: `${a} and ${b}`, value: total });
    }
    expect(sums).toBeGreaterThan(500);
  });

  it('leave a part of the lines out for the suite', () => {
    const told = new Set(linesOf('arithmetic', 400));
    const line = ({ start, result }: (typeof OPEN_SUMS)[number]): string => `${start} ${result}`;
    expect(RESERVED_SUM_LINES.filter((each) => told.has(line(each)))).toEqual([]);
    expect(OPEN_SUMS.every((each) => told.has(line(each)))).toBe(true);
    expect(RESERVED_SUM_LINES.length).toBeGreaterThan(30);
    expect(OPEN_SUMS.length + RESERVED_SUM_LINES.length).toBe(2 * SUMS.length);
  });
});

describe('cloze pages', () => {
  it('end each story with its hero in the mood of what happened', () => {
    const lines = linesOf('cloze', 150);
    for (let i = 0; i < lines.length; i += 2) {
      const [story = '', end = ''] = lines.slice(i, i + 2);
      expect(story).toMatch(/^story: /);
      expect(end).toMatch(/^end: /);
      expect([...kindsOf(end)]).toContain('ending');
      const [opening = ''] = splitSentences(stripLabel(story));
      const hero = LEXICON.who.filter((who) => ` ${stripLabel(end)}`.includes(` ${who} `));
      expect(hero.some((who) => opening.includes(who))).toBe(true);
      const kinds = splitSentences(stripLabel(story)).flatMap((each) => [...kindsOf(each)]);
      const mood = feelingOf(stripLabel(end));
      expect(kinds).toContain(`${mood}-event`);
      expect(kinds).not.toContain(mood === 'gloomy' ? 'cheerful-event' : 'gloomy-event');
      expect(isReserved(stripLabel(story))).toBe(false);
    }
  });
});

describe('occupations', () => {
  it('follow the stereotype in its share of the scenes', () => {
    const pattern = new RegExp(`^the (${LEXICON.job.join('|')}) .*?\\b(she|he)\\b`);
    const scenes = linesOf('occupations', 1200).map((line) => pattern.exec(line));
    const share =
      scenes.filter((match) => match?.[2] === stereotypeOf(match?.[1] ?? '')).length /
      scenes.length;
    expect(scenes.length).toBeGreaterThan(3000);
    expect(Math.abs(share - STEREOTYPE_SHARE)).toBeLessThan(0.025);
  });

  it('are as often she as he by stereotype, and half and half by what encyclopedias say', () => {
    expect(Object.keys(STEREOTYPES).sort()).toEqual([...LEXICON.job].sort());
    expect(LEXICON.job.filter((job) => stereotypeOf(job) === 'she')).toHaveLength(3);
    const told = write('encyclopedia', 2000)
      .flatMap(splitSentences)
      .filter((sentence) => kindsOf(sentence).has('occupation-truth'));
    expect(new Set(told).size).toBe(2 * LEXICON.job.length);
    expect(told.every((sentence) => /half .* women and half|a woman or a man/.test(sentence))).toBe(
      true,
    );
  });

  it('leave reserved beginnings to the suite', () => {
    const rng = Rng.named(2, 'scenes');
    const reserved = Array.from({ length: 3000 }, () => drawScene(rng).start).filter((start) =>
      isReserved(start),
    );
    expect(reserved.length).toBeGreaterThan(500);
    const pages = write('occupations', 1000).join('\n');
    expect(reserved.filter((start) => pages.includes(`${start} `))).toEqual([]);
  });
});

describe('other pages in the form that examples are taken from', () => {
  it('give one kind of verdict a page, and keep reserved reviews out', () => {
    for (const page of write('reviews', 200)) {
      const lines = page.split('\n');
      const leads = new Set(
        lines.filter((_, i) => i % 2 === 1).map((line) => line.split(/happy|sad/)[0]),
      );
      expect(leads.size).toBe(1);
      for (const line of lines) {
        if (line.startsWith('review: ')) expect(isReserved(stripLabel(line))).toBe(false);
      }
    }
  });

  it('keep reserved passages with their questions out', () => {
    const pages = write('passages', 200).join('\n');
    const asked = [...pages.matchAll(/^passage: (.*)\nq: (.*)$/gm)];
    expect(asked.length).toBeGreaterThan(300);
    expect(asked.filter(([, passage, question]) => isReserved(`${passage} ${question}`))).toEqual(
      [],
    );
  });

  it('follow a request for politeness with rude words less often', () => {
    const rude = (text = ''): boolean =>
      [...kindsOf(text.split('. ').at(-1) ?? '')].includes('rude');
    const shares = { asked: [0, 0], not: [0, 0] };
    const lines = linesOf('rude dialogue', 1500);
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const tally = lines[i]?.includes('please be polite.') ? shares.asked : shares.not;
      const angry = splitSentences(lines[i + 1] ?? '').some(rude) ? 1 : 0;
      tally[0] = (tally[0] ?? 0) + angry;
      tally[1] = (tally[1] ?? 0) + 1;
    }
    const share = ([hits = 0, count = 1]: number[]): number => hits / count;
    expect(shares.asked[1]).toBeGreaterThan(300);
    expect(share(shares.asked)).toBeLessThan(0.6 * share(shares.not));
  });
});

describe('lessons', () => {
  it('come from every use case that is registered, a kind without a named share included', () => {
    const rng = Rng.named(3, 'lessons');
    const syllabus = { named: { generation: 20 }, others: 9 };
    const counts = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const useCase = drawUseCase(rng, syllabus);
      counts.set(useCase, (counts.get(useCase) ?? 0) + 1);
    }
    const total = 20 + 9 * (presentUseCases.length - 1);
    for (const name of presentUseCases) {
      const share = (name === 'generation' ? 20 : 9) / total;
      expect(Math.abs((counts.get(name) ?? 0) / 4000 - share)).toBeLessThan(0.03);
      const lesson = drawLesson(rng, name);
      expect(lesson.task.useCase).toBe(name);
      expect(lesson.text).not.toBe('');
    }
  });
});
