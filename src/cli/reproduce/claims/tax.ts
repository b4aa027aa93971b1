/**
 * The alignment tax (paper, sections 1 and 4.2, appendix E.6): PPO alone loses on public tasks, mixing in pre-training text
 * repairs most of it, and a higher KL price does not.
 */
import { policyWords } from '../../../records/answerer-words.ts';
import { taxSuites } from '../../../world/suites.ts';
import { REFERENCES, type ResultCondition } from '../../../records/results.ts';
import type { ClaimSpec, ClaimView, MeasuredRow } from '../claim.ts';
import { lossOnDocuments, NO_TEXTS } from '../document-loss.ts';
import type { SeedLab } from '../lab.ts';
import { taxBehind } from '../row-sources.ts';
import { sampleOf, type Value } from '../sample.ts';
import { GOLD, meanRow } from '../rows.ts';
import { conditionOf, moved, said } from '../saying.ts';
import { pooledItems, suiteRow, suiteValues, type SuiteRun } from '../suite-rows.ts';
import { itemSet, shortPages, type ItemSet } from '../suite-runs.ts';
import { answeredBy, contextOf, isControl } from './preferred.ts';
import { REFERENCE_HOW, referenceLabel, referenceRows, referenceRun, setRun } from './suites.ts';

const MODELS = ['base', 'sft', 'ppo', 'ppo-ptx', 'ppo-noise', 'ppo-gold'] as const;

/** Those who are asked with all examples as well. */
const LONG: readonly string[] = ['base', 'sft', 'ppo', 'ppo-ptx'];

const betaPolicy = (beta: number): string => `ppo-beta-${beta}`;

/** What a policy does on public tasks and on documents. */
interface Taxed {
  readonly policy: string;
  readonly runs: readonly SuiteRun[];
  /** Right or wrong over all suites; every suite has as many items. */
  readonly score: readonly Value[];
  /** Pages with all their examples; null where they were not asked. */
  readonly long: readonly SuiteRun[] | null;
  /** Nats per token of held-out documents, by batch. */
  readonly loss: readonly Value[];
}

const scores = (runs: readonly SuiteRun[]): Value[] =>
  runs.flatMap((run) => suiteValues(run, 'score'));

async function greedyRuns(
  lab: SeedLab,
  sets: readonly ItemSet[],
  policy: string,
): Promise<SuiteRun[]> {
  const runs: SuiteRun[] = [];
  for (const items of sets) runs.push(await setRun(lab, items, policy, 'greedy'));
  return runs;
}

/** Every suite's items, as short pages and with all examples. */
interface Pages {
  readonly short: readonly ItemSet[];
  readonly long: readonly ItemSet[];
}

const pagesOf = (lab: SeedLab): Pages => ({
  short: taxSuites.map((suite) => shortPages(lab, suite)),
  long: taxSuites.map((suite) => itemSet(lab, suite)),
});

async function taxed(lab: SeedLab, { short, long }: Pages, policy: string): Promise<Taxed> {
  const runs = await greedyRuns(lab, short, policy);
  return {
    policy,
    runs,
    score: scores(runs),
    long: LONG.includes(policy) ? await greedyRuns(lab, long, policy) : null,
    loss: await lossOnDocuments(lab, policy),
  };
}

const PLAIN = { paper: null, control: false, missing: null, items: [] } as const;

function meanRows({ policy, runs, score, long, loss }: Taxed): MeasuredRow[] {
  const name = policyWords(policy);
  const control = isControl(policy);
  const share = {
    ...PLAIN,
    control,
    unit: 'share',
    neutral: null,
    judge: 'public-task suites',
    temperature: 'greedy',
  } as const;
  return [
    {
      ...share,
      id: `score:${policy}`,
      label: `${name}: right on public tasks`,
      sample: sampleOf('mean', score),
      items: pooledItems(runs),
    },
    ...(long === null
      ? []
      : [
          {
            ...share,
            id: `score-long:${policy}`,
            label: `${name}: right on public tasks, pages with all examples`,
            sample: sampleOf('mean', scores(long)),
            items: pooledItems(long),
          },
        ]),
    ...runs.map((run) =>
      suiteRow('mean', [run], 'score', {
        id: `${run.suite}:${policy}`,
        label: `${name}: ${run.suite}`,
        judge: `suite ${run.suite}`,
        control,
      }),
    ),
    {
      ...{ ...PLAIN, control },
      id: `loss:${policy}`,
      label: `${name}: loss on held-out documents`,
      unit: 'nats',
      neutral: null,
      judge: 'held-out documents',
      temperature: '-',
      sample: sampleOf('mean', loss),
      noTexts: NO_TEXTS,
    },
  ];
}

/**
 * Chance level and ceiling over all suites and of each. A page's examples change neither: it is the same item with the same
 * right answer.
 */
function taxReferenceRows(lab: SeedLab, sets: readonly ItemSet[]): MeasuredRow[] {
  const pooled = REFERENCES.map((reference): MeasuredRow => {
    const runs = sets.map((items) => referenceRun(lab, items, reference));
    return {
      ...{ ...PLAIN, reference },
      id: `score:${reference}`,
      label: referenceLabel(reference, 'right on public tasks, with few examples or all'),
      unit: 'share',
      neutral: null,
      judge: 'public-task suites',
      temperature: '-',
      sample: sampleOf('mean', scores(runs)),
      items: pooledItems(runs),
    };
  });
  const single = sets.flatMap((items) => {
    const { name } = items.suite;
    return referenceRows(lab, items, 'score', { prefix: name, words: name });
  });
  return [...pooled, ...single];
}

/** What `policy` loses against SFT (more is worse), and what `other` wins back of PPO's loss. */
function changeRows(sft: Taxed, ppo: Taxed, other: Taxed): MeasuredRow[] {
  const name = policyWords(other.policy);
  const common = { ...PLAIN, control: isControl(other.policy) };
  const suites = { ...common, judge: 'public-task suites', temperature: 'greedy' };
  const documents = {
    ...common,
    judge: 'held-out documents',
    temperature: '-',
    noTexts: NO_TEXTS,
  };
  const drops: MeasuredRow[] = [
    {
      ...suites,
      id: `drop:${other.policy}`,
      label: `${name}: drop on public tasks against SFT`,
      unit: 'points',
      neutral: 0,
      sample: sampleOf('difference', sft.score, other.score),
      items: pooledItems(sft.runs, other.runs),
    },
    {
      ...documents,
      id: `rise:${other.policy}`,
      label: `${name}: rise of the loss against SFT`,
      unit: 'nats',
      neutral: 0,
      sample: sampleOf('difference', other.loss, sft.loss),
    },
  ];
  if (other.policy === 'ppo') return drops;
  return [
    ...drops,
    {
      ...suites,
      id: `recovered:${other.policy}`,
      label: `${name}: share of PPO's drop on public tasks won back`,
      unit: 'share',
      neutral: 0,
      sample: sampleOf('recovered', sft.score, ppo.score, other.score),
      items: pooledItems(sft.runs, ppo.runs, other.runs),
    },
    {
      ...documents,
      id: `repaired:${other.policy}`,
      label: `${name}: share of PPO's rise of the loss won back`,
      unit: 'share',
      neutral: 0,
      sample: sampleOf('recovered', sft.loss, ppo.loss, other.loss),
    },
  ];
}

/** What `policy` loses against the base model, SFT's part included. */
function baseDropRow(base: Taxed, other: Taxed): MeasuredRow {
  return {
    ...{ ...PLAIN, control: isControl(other.policy) },
    id: `drop-base:${other.policy}`,
    label: `${policyWords(other.policy)}: drop on public tasks against base`,
    unit: 'points',
    neutral: 0,
    judge: 'public-task suites',
    temperature: 'greedy',
    sample: sampleOf('difference', base.score, other.score),
    items: pooledItems(base.runs, other.runs),
  };
}

/** What a higher KL price costs: how good the answers to people's prompts are. */
async function goldRows(lab: SeedLab, betas: readonly string[]): Promise<MeasuredRow[]> {
  const rows: MeasuredRow[] = [];
  for (const policy of ['sft', 'ppo', 'ppo-ptx', ...betas]) {
    const words = { id: `gold:${policy}`, label: `gold of ${policyWords(policy)}`, control: false };
    rows.push(meanRow(contextOf(lab), await answeredBy(lab, policy, '1'), GOLD, words));
  }
  return rows;
}

const isReal = (view: ClaimView, id: string): boolean => (view.row(id).pooled?.low ?? 0) > 0;

const REAL: ResultCondition['words'] =
  'PPO without ptx drops on public tasks against SFT, interval above 0';

const betaRows = (view: ClaimView): string[] =>
  view.rows.map(({ id }) => id).filter((id) => id.startsWith('recovered:ppo-beta-'));

/** Where there is no drop, there is nothing to win back, and nothing more is asked. */
function conditions(view: ClaimView): ResultCondition[] {
  const drop = conditionOf(view, 'drop:ppo', REAL, { side: 'above' });
  if (drop.grade === 'missed' || drop.grade === 'not measured') return [drop];
  return [
    drop,
    conditionOf(view, 'recovered:ppo-ptx', 'PPO-ptx wins at least half of the drop back', {
      side: 'above',
      value: 0.5,
    }),
    ...betaRows(view).map((id) => {
      const { pooled } = view.row(id);
      const beta = id.split('-').at(-1) ?? '';
      const words = `without ptx, beta ${beta} wins less than half of the drop back`;
      if (pooled === null) return { rows: [id], words, grade: 'not measured' as const };
      const grade = pooled.high < 0.5 ? 'met' : pooled.value < 0.5 ? 'partly' : 'missed';
      return { rows: [id], words, grade: grade as ResultCondition['grade'] };
    }),
  ];
}

const DROPS = { up: 'drops by', down: 'gains', none: 'neither drops nor gains' };
const DROP = { up: 'a drop of', down: 'a gain of', none: 'no drop' };
const MOVES = { up: 'rises by', down: 'falls by', none: 'does not move' };

/** The KL price of PPO and PPO-ptx, which the higher ones are held against; null of seeds that did not keep it. */
const usualBeta = ({ data }: ClaimView): number | null =>
  (data[0]?.data as { readonly beta: number } | undefined)?.beta ?? null;

/** What a higher KL price does instead of pre-training text, and what it costs. */
function priceWords(view: ClaimView, real: boolean): string {
  const betas = betaRows(view).map((id) => {
    const policy = id.replace('recovered:', '');
    return `${policyWords(policy)}: ${moved(view, `drop:${policy}`, DROP)}${real ? `, won back ${said(view, id)}` : ''}`;
  });
  const prices = betaRows(view).map((id) => {
    const policy = id.replace('recovered:', '');
    return `${said(view, `gold:${policy}`)} with beta ${policy.split('-').at(-1)}`;
  });
  const usual = usualBeta(view);
  return (
    `A higher KL price instead${usual === null ? '' : ` (beta is ${usual} in PPO and PPO-ptx)`}: ${betas.join('; ')}. ` +
    `The price: gold on people's prompts is ${said(view, 'gold:sft')} for SFT, ${said(view, 'gold:ppo')} for PPO without ptx, ` +
    `${said(view, 'gold:ppo-ptx')} for PPO-ptx, ${prices.join(', ')}. `
  );
}

function why(view: ClaimView): string {
  const real = isReal(view, 'drop:ppo');
  const ptx = real
    ? `PPO-ptx wins back ${said(view, 'recovered:ppo-ptx')} of the drop (above 100 % it ends above SFT; the control on noise, which ` +
      `reads as much pre-training text, wins back ${said(view, 'recovered:ppo-noise')}).`
    : 'The interval does not lie above 0, so reinforcement takes no measurable drop that could be won back.';
  const atSft = isReal(view, 'drop-base:sft')
    ? 'So a tax is paid at SFT already. '
    : 'SFT itself takes no measurable tax. ';
  return (
    `Against base, SFT ${moved(view, 'drop-base:sft', DROPS)}, PPO without ptx ${moved(view, 'drop-base:ppo', DROPS)} and PPO-ptx ` +
    `${moved(view, 'drop-base:ppo-ptx', DROPS)}. ${atSft}` +
    `SFT is right on ${said(view, 'score:sft')} of the public tasks (base ${said(view, 'score:base')}), PPO without ptx on ` +
    `${said(view, 'score:ppo')}: ${moved(view, 'drop:ppo', DROP)}. ${ptx} ${priceWords(view, real)}` +
    `Loss on held-out documents ${moved(view, 'rise:ppo', MOVES)} without ptx and ${moved(view, 'rise:ppo-ptx', MOVES)} with it. ` +
    'With all their examples, pages are longer than any row that SFT or PPO-ptx is trained on, and the positions behind are ' +
    `forgotten at SFT already: base ${said(view, 'score-long:base')}, SFT ${said(view, 'score-long:sft')}, PPO without ptx ` +
    `${said(view, 'score-long:ppo')}, PPO-ptx ${said(view, 'score-long:ppo-ptx')}. Rows as short as these are ours, for speed.`
  );
}

export const TAX: ClaimSpec = {
  id: 'alignment-tax',
  behind: taxBehind(taxSuites.map(({ name }) => name)),
  title: 'The alignment tax and its repair',
  paper: {
    sentence:
      'PPO alone regresses on public tasks (SQuAD, DROP, HellaSwag, translation); mixing in pre-training updates repairs ' +
      'most of it, and raising the KL coefficient does not.',
    figure: 'SQuADv2 69.75 → 51.95 → 69.93, DROP 35.27 → 27.78 → 33.34 (GPT-3, PPO, PPO-ptx)',
    where: 'section 4.2, table 14, figures 33 and 34',
  },
  how:
    'Suites in the formats of pre-training pages (passage questions, sentiment, Frogspeak both ways, arithmetic, cloze), ' +
    'answered greedily, all suites alike; and loss on held-out documents. A page has as many examples as fit, with the answer, ' +
    'into a row of the pre-training text that SFT and PPO-ptx mix in. The drop is SFT minus PPO without ptx. Intervals ' +
    `resample items. ${REFERENCE_HOW}`,
  howHere: (view) => {
    const beta = usualBeta(view);
    return beta === null
      ? ''
      : `PPO and PPO-ptx pay the usual KL price, beta ${beta}; rows that name a beta pay that one.`;
  },
  here: {
    scenario: 'alignment-tax',
    settings: {},
    words: 'Watch the loss on pre-training text of the two arms part.',
  },
  async measure(lab) {
    const betas = lab.counts.taxBetas.map(betaPolicy);
    const names = [...MODELS, ...betas];
    const pages = pagesOf(lab);
    const all: Taxed[] = [];
    for (const name of names) all.push(await taxed(lab, pages, name));
    const of = (name: string): Taxed => all.find(({ policy }) => policy === name)!;
    const others = names.filter((name) => name !== 'base' && name !== 'sft');
    const changes = others.flatMap((name) => changeRows(of('sft'), of('ppo'), of(name)));
    const fromBase = ['sft', 'ppo', 'ppo-ptx'].map((name) => baseDropRow(of('base'), of(name)));
    const gold = await goldRows(lab, betas);
    const means = [...all.flatMap(meanRows), ...taxReferenceRows(lab, pages.short)];
    const { beta } = lab.settings.ppo;
    return { rows: [...changes, ...fromBase, ...means, ...gold], data: { beta } };
  },
  conditions,
  why,
  hidden: (view) =>
    isReal(view, 'drop:ppo')
      ? []
      : view.rows.map(({ id }) => id).filter((id) => id.startsWith('recovered:')),
  plots: (view) => {
    const ids = view.rows.map(({ id }) => id);
    return [
      {
        kind: 'intervals',
        title: 'Right on public tasks, %',
        rows: ids.filter((id) => id.startsWith('score:')),
      },
      {
        kind: 'intervals',
        title: 'Loss on held-out documents, nats per token',
        rows: ids.filter((id) => id.startsWith('loss:')),
      },
    ];
  },
};
