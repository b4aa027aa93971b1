/** What the worker answers about the world: all of it, the same each time, filtered and paged, judged by what is known. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/worker/failure.ts';
import { answers, document, overview, prompts, verdict } from '../../../src/worker/world-view.ts';
import { documentKinds } from '../../../src/world/documents.ts';
import { FACTS, isFact, isMyth, MYTHS, SUMS } from '../../../src/world/facts.ts';
import { presentUseCases } from '../../../src/world/use-cases.ts';

const labels = { population: 'default', noise: 0, k: 4 } as const;
const everything = { split: 'test', useCase: null, kind: null, user: null } as const;

describe('the overview', () => {
  const world = overview({ seed: 3, labels });

  it('lists every fact and myth once, each with a sentence that names both of its ends', () => {
    expect(world.facts).toHaveLength(FACTS.length + SUMS.length + MYTHS.length);
    for (const fact of world.facts) {
      expect(fact.true ? isFact(fact) : isMyth(fact)).toBe(true);
      expect(fact.sentence).toContain(fact.subject);
      expect(fact.sentence).toContain(fact.value);
    }
  });

  it('gives kinds of documents and use cases with shares that sum to one', () => {
    expect(world.documents.map(({ name }) => name)).toEqual(documentKinds);
    expect(world.useCases.map(({ name }) => name)).toEqual(presentUseCases);
    for (const rows of [world.documents, world.useCases]) {
      expect(rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
      expect(Math.min(...rows.map(({ share }) => share))).toBeGreaterThan(0);
    }
  });

  it('follows the seed and the class of labelers that the settings ask for', () => {
    expect(overview({ seed: 3, labels })).toEqual(world);
    expect(overview({ seed: 4, labels }).users).not.toEqual(world.users);
    const lengthy = overview({ seed: 3, labels: { ...labels, population: 'length' } }).labelers;
    const taste = (rows: typeof lengthy) => Math.min(...rows.map(({ tastes }) => tastes.length));
    expect(taste(lengthy)).toBeGreaterThan(taste(world.labelers) + 1);
    expect(new Set(world.labelers.map(({ group }) => group))).toEqual(
      new Set(['training', 'heldout']),
    );
  });
});

describe('documents', () => {
  it.each(documentKinds)('%s: the same for the same number, others for others', (kind) => {
    const first = document({ seed: 3, kind, draw: 0 });
    expect(first.kind).toBe(kind);
    expect(first.parts.join('\n').split(/\s+/).length).toBeGreaterThanOrEqual(20);
    expect(document({ seed: 3, kind, draw: 0 })).toEqual(first);
    const texts = [1, 2, 3].map((draw) => document({ seed: 3, kind, draw }).parts.join('\n'));
    expect(texts).not.toContain(first.parts.join('\n'));
    expect(document({ seed: 4, kind, draw: 0 })).not.toEqual(first);
  });

  it('are of several kinds when none is asked for, and a strange kind is refused by name', () => {
    const kinds = Array.from(
      { length: 40 },
      (_, draw) => document({ seed: 3, kind: null, draw }).kind,
    );
    expect(new Set(kinds).size).toBeGreaterThan(4);
    expect(() => document({ seed: 3, kind: 'sermon', draw: 0 })).toThrow(InputError);
    expect(() => document({ seed: 3, kind: 'sermon', draw: 0 })).toThrow(/"sermon".*poem/);
  });
});

describe('prompts', () => {
  it('come page by page, each once, in order', () => {
    const whole = prompts({ seed: 3, filter: everything, from: 0, count: 200 });
    const [a, b] = [0, 50].map((from) => prompts({ seed: 3, filter: everything, from, count: 50 }));
    expect([...(a?.prompts ?? []), ...(b?.prompts ?? [])]).toEqual(whole.prompts.slice(0, 100));
    const { total } = whole;
    const last = prompts({ seed: 3, filter: everything, from: total - 7, count: 50 });
    expect(last.prompts).toHaveLength(7);
    expect(prompts({ seed: 3, filter: everything, from: total, count: 50 }).prompts).toEqual([]);
    expect(overview({ seed: 3, labels }).prompts.test).toBe(total);
  });

  it('are those that pass the filter, all of them, without what the world knows of them', () => {
    const [user = ''] = prompts({ seed: 3, filter: everything, from: 0, count: 1 }).prompts.map(
      ({ userId }) => userId,
    );
    const all = Array.from({ length: 5 }, (_, page) =>
      prompts({ seed: 3, filter: everything, from: 200 * page, count: 200 }),
    ).flatMap((page) => page.prompts);
    const filters = [
      { ...everything, user },
      { ...everything, useCase: 'chat' },
      { ...everything, kind: 'user-based' },
      { split: 'test', useCase: 'open-qa', kind: 'plain', user },
    ] as const;
    for (const filter of filters) {
      const page = prompts({ seed: 3, filter, from: 0, count: 200 });
      const expected = all.filter(
        (row) =>
          (filter.user === null || row.userId === filter.user) &&
          (filter.useCase === null || row.useCase === filter.useCase) &&
          (filter.kind === null || row.kind === filter.kind),
      );
      expect(page.total).toBe(expected.length);
      expect(page.prompts).toEqual(expected.slice(0, 200));
      expect(page.total).toBeLessThan(all.length);
    }
    expect(Object.keys(all[0] ?? {})).not.toContain('task');
  });
});

describe('answers and verdicts', () => {
  const sample = prompts({ seed: 3, filter: everything, from: 0, count: 30 }).prompts;

  it('the world’s own answers are worth what they are called', () => {
    const worth = (manner: string) => {
      const golds = sample.map(({ text }) => {
        const written = answers({ seed: 3, prompt: text, draw: 0 }).answers;
        const response = written.find((row) => row.manner === manner)?.text ?? '';
        return verdict({ seed: 3, prompt: text, response, ended: true }).verdict.gold;
      });
      return golds.reduce((sum, gold) => sum + gold, 0) / golds.length;
    };
    expect(worth('ideal')).toBeGreaterThan(0.95);
    expect(worth('person')).toBeLessThan(worth('ideal'));
    expect(worth('slip')).toBeLessThan(0.8);
    expect(worth('poor')).toBeLessThan(0.8);
  });

  it('a prompt is known by its text in any split, and judged by form alone when it is not', () => {
    const [train] = prompts({
      seed: 3,
      filter: { ...everything, split: 'train' },
      from: 6000,
      count: 1,
    }).prompts;
    const told = { seed: 3, prompt: train?.text ?? '', response: 'hello.', ended: true };
    expect(verdict(told).verdict.useCase).toBe(train?.useCase);
    expect(answers({ seed: 3, prompt: 'who are you really', draw: 0 }).answers).toEqual([]);
    expect(verdict({ ...told, prompt: 'who are you really' }).verdict.useCase).toBeNull();
  });
});
