/**
 * Where every single item of a row is stored, told by the row's id when the report is written: so that rows measured
 * before their items were stored have them too. What is stored there is stored-comparisons.ts, stored-beside.ts,
 * stored-bias.ts; rows made from answers alone name their sources themselves (rows.ts, suite-rows.ts).
 */
import type { ResultPairs, ResultRow, ResultSource } from '../../records/results.ts';

/** What tells where a row's items are, or why not all of them are stored. */
export type RowBehind = Pick<ResultRow, 'source' | 'noTexts'>;

/** Of a row of a claim whose rows have these ids. */
export type BehindRow = (id: string, ids: readonly string[]) => RowBehind;

export const COMPARISONS = 'comparisons';

const compared = (...pairs: readonly ResultPairs[]): RowBehind => ({
  source: { set: COMPARISONS, keys: [], pairs },
});

const predict = (of: readonly string[], by: readonly string[]): ResultPairs => ({
  how: 'predict',
  of,
  by,
});

/** Names of rankings and scores in the set of comparisons. */
export const GROUP_NUMBERS = [1, 2, 3, 4, 5] as const;
type GroupNumber = (typeof GROUP_NUMBERS)[number];
export const groupName = (g: GroupNumber): string => `group-${g}`;
export const groupTwo = (g: GroupNumber): readonly [string, string] => [
  `group-${g}-one`,
  `group-${g}-other`,
];
export const withoutGroup = (g: GroupNumber): string => `without-group-${g}`;
export const byChanceName = (group: string): string => `${group}-by-chance`;

/** Claim `labeler-agreement`. */
export const agreementBehind: BehindRow = (id) => {
  const agree = (of: string, by: readonly string[] = []) =>
    compared({ how: 'agree', of: [of], by, distinct: true });
  const [what = '', group = what] = id.split(':');
  if (what === 'temperature') return {};
  if (what === 'chance') return agree(byChanceName(group));
  return what === 'gold' ? agree(group, ['gold']) : agree(group);
};

/** Claim `held-out-labelers`: `training:ppo-ptx>sft`, and the difference of both groups. */
export const preferenceBehind: BehindRow = (id) => {
  const [group = '', pair = ''] = id.split(':');
  const rankings = group === 'difference' ? ['training', 'heldout'] : [group];
  const keys = pair.split('>').map((policy) => `${policy}@1`);
  return { source: { set: 'test', keys, rankings } };
};

const ALL_GROUPS = GROUP_NUMBERS.map(groupName);

/** By each fold's reward model, about the group that it never saw; or about the four others. */
const folds = (own: boolean): ResultPairs[] =>
  GROUP_NUMBERS.map((g) =>
    predict(own ? ALL_GROUPS.filter((name) => name !== groupName(g)) : [groupName(g)], [
      withoutGroup(g),
    ]),
  );

const UNSEEN = predict(['unseen'], GROUP_NUMBERS.map(withoutGroup));

/** The two halves of each group's labelers about the same answers, and every two groups. */
const WITHIN = GROUP_NUMBERS.map((g): ResultPairs => {
  const [one, two] = groupTwo(g);
  return { how: 'agree', of: [one], by: [two] };
});
const BETWEEN: ResultPairs = { how: 'agree', of: GROUP_NUMBERS.map((g) => groupTwo(g)[0]), by: [] };

/** Claim `reward-groups`. */
export const groupsBehind: BehindRow = (id) => {
  const g = GROUP_NUMBERS.find((number) => id.endsWith(`-${number}`));
  if (g !== undefined && id.startsWith('group-')) return compared(folds(false)[g - 1]!);
  switch (id) {
    case 'in-group':
      return compared(...folds(true));
    case 'held-out':
      return compared(...folds(false));
    case 'difference':
      return compared(...folds(true), ...folds(false));
    case 'unseen':
      return compared(UNSEEN);
    case 'agree-within':
      return compared(...WITHIN);
    case 'agree-between':
      return compared(BETWEEN);
    case 'agree-difference':
      return compared(...WITHIN, BETWEEN);
    case 'chance:groups':
      return compared(predict(ALL_GROUPS, ['labels-by-chance']));
    case 'gold:groups':
      return compared(predict(ALL_GROUPS, ['gold']));
    case 'chance:unseen':
      return compared(predict(['unseen'], ['labels-by-chance']));
    case 'gold:unseen':
      return compared(predict(['unseen'], ['gold']));
    default:
      return id.startsWith('ceiling-')
        ? compared({ how: 'expect', of: [g === undefined ? 'unseen' : groupName(g)], by: [] })
        : {};
  }
};

const LEARNT =
  'Of comparisons that were learnt only a few are stored: there are thousands of rankings, and the reward models would have to read them all again.';

/** Claim `shuffled-pairs`: of what was learnt nothing is stored, of a gap the half that is held out. */
export const shuffledBehind: BehindRow = (id) => {
  const [what = '', of = ''] = id.split(':');
  const held = (...by: readonly string[]) => compared(predict(['usual'], by));
  if (what === 'training' || of === 'training') return { noTexts: LEARNT };
  const by = of === 'difference' ? ['prompts', 'shuffled-pairs'] : [of];
  if (what === 'held-out') return held(...by);
  if (what === 'gap') return { ...held(...by), noTexts: LEARNT };
  return held(what === 'gold' ? 'gold' : 'labels-by-chance');
};

/** Claim `bias`: `stereotype:sft`, `change:ppo-ptx`, and chance and ceiling. */
export const biasBehind: BehindRow = (id) => {
  const [what = '', policy = ''] = id.split(':');
  if (id === 'stereotype:ceiling') return { source: { set: 'bias', keys: ['ceiling@-'] } };
  // The most even one is who looks at no occupation: chance and ceiling of evenness are the same.
  const model = policy === 'ceiling' ? 'chance' : policy;
  const models = what === 'change' ? [model, 'base'] : [model];
  return { source: { set: 'bias', keys: models.flatMap(biasKeys) } };
};

/** Both continuations as a model finds them likely, the stereotype first. */
export const biasKeys = (policy: string): readonly [string, string] => [
  `${policy}:stereotype@-`,
  `${policy}:other@-`,
];

export const DEMONSTRATIONS = 'demonstrations';
export const DEMONSTRATION_KEY = 'demonstration@-';
export const REWARD_SCORES = 'reward';

/** Claim `sft-epoch`: `reward:3`, `loss:usual-1`, `reward:change`, `chosen`. */
export const epochsBehind: BehindRow = (id, ids) => {
  const [kind = '', of = ''] = id.split(':');
  if (kind === 'gold') return {};
  const numbered = (pattern: RegExp) => ids.filter((each) => pattern.test(each)).length;
  const last = numbered(/^reward:\d+$/);
  const usual = Array.from(
    { length: numbered(/^reward:usual-\d+$/) },
    (_, k) => `usual-epoch-${k + 1}`,
  );
  const policies = (): readonly string[] => {
    if (kind === 'chosen') return usual;
    if (of === 'change') return [`epoch-${last}`, 'epoch-1'];
    return [/^\d+$/.test(of) ? `epoch-${of}` : of.replace('usual-', 'usual-epoch-')];
  };
  const models = policies();
  const source: ResultSource =
    kind === 'loss'
      ? { set: DEMONSTRATIONS, keys: models.map(() => DEMONSTRATION_KEY), scores: models }
      : {
          set: 'validation',
          keys: models.map((policy) => `${policy}@1`),
          scores: models.map(() => REWARD_SCORES),
        };
  return { source };
};

/** Claim `alignment-tax`: rows over all suites, which are told by the suites' own rows. */
export const taxBehind =
  (suites: readonly string[]): BehindRow =>
  (id) => {
    const [what = '', policy = ''] = id.split(':');
    const form = what === 'score-long' ? '' : '-short';
    const at = (...policies: readonly string[]) => ({
      source: suites.map((suite) => ({
        set: `suite-${suite}${form}`,
        keys: policies.map((name) => `${name}@${isReference(name) ? '-' : 'greedy'}`),
      })),
    });
    switch (what) {
      case 'score':
      case 'score-long':
        return at(policy);
      case 'drop':
        return at('sft', policy);
      case 'drop-base':
        return at('base', policy);
      case 'recovered':
        return at('sft', 'ppo', policy);
      default:
        return {};
    }
  };

const isReference = (name: string): boolean => name === 'chance' || name === 'ceiling';
