/** What those who answered are called where people read it: policies by name, and stored answers by policy and drawing. */

const CONTROL = 'control: ';

const POLICY_WORDS: Readonly<Record<string, string>> = {
  base: 'the base',
  prompted: 'the prompted base',
  public: 'the public-task model',
  large: 'the larger base',
  'large-prompted': 'the larger base, prompted',
  sft: 'SFT',
  ppo: 'PPO without ptx',
  'ppo-ptx': 'PPO-ptx',
  'ppo-noise': `${CONTROL}PPO-ptx on noise`,
  'ppo-gold': `${CONTROL}PPO-ptx on the gold judge`,
};

/** Policies that there are many of, by the form of their names. */
const NUMBERED: readonly (readonly [RegExp, (...parts: readonly string[]) => string])[] = [
  [/^ppo-beta-(.+)$/, (beta) => `PPO without ptx, beta ${beta}`],
  [/^over-(\d+)-beta-(.+)$/, (n, beta) => `PPO, beta ${beta}, reward of ${n} comparisons`],
  [/^epoch-(\d+)$/, (epoch) => `SFT, long run, epoch ${epoch}`],
  [/^usual-epoch-(\d+)$/, (epoch) => `SFT, usual run, epoch ${epoch}`],
  [/^sft-(\d+)$/, (k) => `SFT, completion ${k}`],
];

/** A policy's name in words; one that is not known keeps its own. */
export function policyWords(policy: string): string {
  const known = POLICY_WORDS[policy];
  if (known !== undefined) return known;
  for (const [form, words] of NUMBERED) {
    const found = form.exec(policy);
    if (found !== null) return words(...found.slice(1));
  }
  return policy;
}

/** Something of a policy, with the mark of a control in front: `control: gold of PPO-ptx on noise`. */
export function policyLabel(policy: string, say: (name: string) => string): string {
  const words = policyWords(policy);
  return words.startsWith(CONTROL) ? `${CONTROL}${say(words.slice(CONTROL.length))}` : say(words);
}

const WRITERS: Readonly<Record<string, string>> = {
  chance: 'chance: an answer without reading',
  ceiling: 'ceiling: the ideal answer',
  demonstrators: "a demonstrator's answer",
  demonstration: 'a demonstration',
};

function drawingWords(drawing: string): string {
  const best = /^best-of-(\d+)$/.exec(drawing)?.[1];
  if (best !== undefined) return `best of ${best} by likelihood`;
  return drawing === 'greedy' ? drawing : `temperature ${drawing}`;
}

/** Who answered, from a policy's name or the key of stored answers: `ppo-ptx@1`, `sft@greedy`, `base:stereotype@-`. */
export function answererWords(key: string): string {
  const [policy = key, drawing] = key.split('@');
  if (drawing === undefined) return WRITERS[policy] ?? policyWords(policy);
  if (drawing !== '-') return `${policyWords(policy)}, ${drawingWords(drawing)}`;
  const [model = policy, pronoun] = policy.split(':');
  if (pronoun === undefined) return WRITERS[policy] ?? policyWords(policy);
  const name = model === 'chance' ? 'without reading' : policyWords(model);
  return `${name}, ${pronoun === 'stereotype' ? 'the stereotype' : 'the other pronoun'}`;
}
