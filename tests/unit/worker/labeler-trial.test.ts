/** Holding one labeler out: who is trained on and tested with, and that nothing else computes meanwhile. */
import { describe, expect, it } from 'vitest';
import { PERSON, type Ranking } from '../../../src/records/ranking.ts';
import { withoutLabeler } from '../../../src/worker/labeler-trial.ts';
import { ranking } from './fake-workbench.ts';
import { freshName, testSession, train } from './session-world.ts';

/** Both labelers rank the same prompts; only Ben has ranked the last. */
function rankings(): Ranking[] {
  const by = (labeler: string, count: number) =>
    Array.from({ length: count }, (_, i): Ranking => {
      const row = ranking(`${labeler}-${i}`, labeler);
      return { ...row, prompt: { ...row.prompt, text: `prompt ${i}`, userId: PERSON } };
    });
  return [...by('anna', 12), ...by('ben', 13)];
}

describe('what is left', () => {
  it('is trained on without a ranking of theirs, and split by prompt as the reward model is', () => {
    const parts = withoutLabeler(rankings(), 'ben', 0.3);
    expect(new Set(parts.training.map(({ labeler }) => labeler))).toEqual(new Set(['anna']));
    expect(parts.training.length + parts.others.length).toBe(12);
    expect(parts.others.length).toBeGreaterThan(0);
    expect(parts.theirs).toHaveLength(13);
    const seen = new Set(parts.training.map(({ prompt }) => prompt.text));
    expect(parts.unseen.map(({ prompt }) => prompt.text)).toEqual(
      parts.theirs.map(({ prompt }) => prompt.text).filter((text) => !seen.has(text)),
    );
    // The one that only Ben has ranked, and those held out.
    expect(parts.unseen).toHaveLength(1 + parts.others.length);
  });
});

const LINES = ['anna', 'ben'].map((name) => ({
  ...{ name, format: 'jsonl' as const },
  text: JSON.stringify({ prompt: 'is it?', completions: ['yes', 'no'], ranks: [1, 2] }),
}));

async function lab() {
  const test = await testSession({ name: freshName() });
  const { handlers } = test.session;
  await train(test, 'sft');
  await handlers['labels.import']({ kind: 'rankings', files: LINES, classmates: true });
  const { settings } = await handlers['project.open']({ project: 'p' });
  const labels = { ...settings.labels, source: 'person' as const };
  await handlers['settings.set']({ settings: { ...settings, labels } });
  return { ...test, handlers };
}

describe('the command', () => {
  it('hands over the rankings that the settings ask for, and gives the trial', async () => {
    const { handlers } = await lab();
    const { trial } = await handlers['labeler.holdOut']({ labeler: 'imported:ben' });
    expect(trial).toMatchObject({
      ...{ labeler: 'imported:ben', trainedComparisons: 1, theirs: { accuracy: 1, n: 1 } },
    });
  });

  it('keeps others from computing until it is stopped, and leaves the place free', async () => {
    const { handlers, bench } = await lab();
    bench.judgingWaits = true;
    const trial = handlers['labeler.holdOut']({ labeler: 'imported:ben' });
    const start = () => handlers['stage.start']({ stage: 'sft', fresh: true });
    await expect(start()).rejects.toThrow(/A labeler is being held out/);
    await expect(handlers['labeler.holdOut']({ labeler: 'imported:anna' })).rejects.toThrow(
      /being held out/,
    );
    await handlers['labeler.stop']({});
    expect(await trial).toEqual({ trial: null });
    bench.judgingWaits = false;
    expect((await handlers['labeler.holdOut']({ labeler: 'imported:anna' })).trial).not.toBeNull();
  });

  it('ends when the engine is started again', async () => {
    const { handlers, bench } = await lab();
    bench.judgingWaits = true;
    const trial = handlers['labeler.holdOut']({ labeler: 'imported:ben' });
    const { settings } = await handlers['project.open']({ project: 'p' });
    await handlers['engine.start']({ settings });
    expect(await trial).toEqual({ trial: null });
  });

  it('needs a model trained on demonstrations', async () => {
    const { session } = await testSession({ name: freshName() });
    await expect(session.handlers['labeler.holdOut']({ labeler: 'anna' })).rejects.toThrow(
      /First train on demonstrations/,
    );
  });
});
