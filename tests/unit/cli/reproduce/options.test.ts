/** What the command takes and refuses, before any work begins. */
import { describe, expect, test } from 'vitest';
import { CLAIMS } from '../../../../src/cli/reproduce/claims.ts';
import { readReproduceOptions, seedList } from '../../../../src/cli/reproduce/options.ts';

describe('seeds', () => {
  test.each([
    ['3', [1, 2, 3]],
    ['2-4', [2, 3, 4]],
    ['2-2', [2]],
    ['5,1', [1, 5]],
    ['3,3', [3]],
  ])('%s', (text, seeds) => {
    expect(seedList(text)).toEqual(seeds);
  });

  test.each(['0', 'all', '4-2', '1,', '-1', '1.5', ''])('"%s" is refused', (text) => {
    expect(() => seedList(text)).toThrow('--seeds');
  });
});

describe('readReproduceOptions', () => {
  test('a full run writes the page of the repository, others never do', () => {
    const full = readReproduceOptions([]);
    expect(full.out).toBe('docs/results.md');
    expect(full.json).toBe('public/results/paper.json');
    expect(full.seeds).toEqual([1, 2, 3]);
    expect(full.plan.counts.prompts).toBeGreaterThanOrEqual(1000);
    for (const flag of ['--fast', '--micro']) {
      const { out, json, work } = readReproduceOptions([flag]);
      expect(out.startsWith(work)).toBe(true);
      expect(json.startsWith(work)).toBe(true);
    }
  });

  test('claims keep the order of the report, whatever the order asked for', () => {
    const [first, second] = CLAIMS;
    const { claims } = readReproduceOptions(['--claims', `${second!.id},${first!.id}`]);
    expect(claims).toEqual([first, second]);
    expect(readReproduceOptions([]).claims).toEqual(CLAIMS);
  });

  test('settings are laid over those of the form', () => {
    const { plan } = readReproduceOptions(['--fast', '--set', 'ppo.beta=0.2']);
    expect(plan.settings.ppo.beta).toBe(0.2);
    expect(plan.settings.ppo.episodes).toBe(768);
  });

  test('the report names the options that decide the figures, and no folder of this machine', () => {
    const words = ['--fast', '--seeds', '2-2', '--work', '/somewhere', '--threads', '2'];
    expect(readReproduceOptions(words).command).toBe('npm run reproduce -- --fast --seeds 2-2');
    expect(readReproduceOptions([]).command).toBe('npm run reproduce');
  });

  test('--models names what makes the models of the first seed again, and is refused without PPO', () => {
    expect(readReproduceOptions([]).models).toBeNull();
    const words = ['--fast', '--claims', 'ladder', '--seeds', '2-4', '--set', 'ppo.beta=0.3'];
    expect(readReproduceOptions([...words, '--models', '/here']).models).toEqual({
      folder: '/here',
      command:
        'npm run reproduce -- --fast --set ppo.beta=0.3 --seeds 2-2 --models DIR --out DIR/results.md --json DIR/results.json',
    });
    const other = ['--models', '/here', '--set', 'method.name=dpo'];
    expect(() => readReproduceOptions(other)).toThrow(/method\.name/);
  });

  test.each([
    [['--claims', 'nothing'], 'there is no nothing'],
    [['--fast', '--micro'], 'do not go together'],
    [['--preset', 'huge'], '--preset must be one of'],
    [['--set', 'ppo.bet=1'], 'no setting'],
    [['--backend', 'abacus'], '--backend must be one of'],
  ])('%j is refused with a sentence', (words, part) => {
    expect(() => readReproduceOptions(words)).toThrow(part);
  });
});
