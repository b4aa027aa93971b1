/** What each of a run's checks on its own arithmetic means, in words for the badge. */

export interface CheckWords {
  readonly label: string;
  readonly meaning: string;
}

const WORDS: Readonly<Record<string, CheckWords>> = {
  'kl 0 at start': {
    label: 'KL starts at 0',
    meaning:
      'At the first batch policy and reference are the same model, so every token must have the same probability under both. The value is the largest distance of their ratio from 1.',
  },
  'padding changes nothing': {
    label: 'Padding changes nothing',
    meaning:
      'The same text with more padding must get the same probabilities and values. The value is the largest difference.',
  },
  'cache equals full forward': {
    label: 'Cache equals full pass',
    meaning:
      'Answers are written token by token with remembered intermediate results. A full pass over the finished answer must give every token the same probability. The value is the largest difference of log-probabilities.',
  },
  'critic starts as reward model': {
    label: 'Value function starts as reward model',
    meaning:
      'The value function begins as a copy of the reward model, so both must give the same scores. The value is the largest difference.',
  },
  'first ratio is 1': {
    label: 'First ratio is 1',
    meaning:
      'Before the first update the policy is the one that wrote the answers, so the probability ratio of every token must be 1. The value is how far it is from that.',
  },
  'first approx-kl is 0': {
    label: 'First update starts at KL 0',
    meaning: 'For the same reason, the KL between before and after the first update starts at 0.',
  },
  'first clip fraction is 0': {
    label: 'Nothing is clipped at first',
    meaning: 'With ratios of 1 no token can be outside the clip range.',
  },
  'first implicit rewards are 0': {
    label: 'First implicit rewards are 0',
    meaning:
      'DPO reads a reward off how much likelier an answer is under the policy than under the reference. Before the first update both are the same model, so the mean for preferred and for rejected answers must be 0. The value is the larger of the two.',
  },
  'reference unchanged': {
    label: 'Reference unchanged',
    meaning:
      'The frozen model that KL is measured against must not move: its weights are summed up bit by bit each iteration.',
  },
  'no gradient into the reward': {
    label: 'Rewards are constants',
    meaning:
      'An update must move the policy and the critic only. The reward model is asked about the same answers before and after it and must say the same to the bit, and the rewards, penalties and advantages of the batch must stay as they were. The value is how much changed.',
  },
  'gradients add up': {
    label: 'Both gradients are in one step',
    meaning:
      'PPO-ptx adds the gradient of pre-training text to the gradient of PPO and takes one step. The length of the sum must be the one that the lengths of the two parts and the angle between them give. The value is the share by which it is not.',
  },
  'pre-training gradient has its share': {
    label: 'Pre-training gradient has its share',
    meaning:
      'The value is the length of the pre-training gradient times its coefficient over the length of the PPO gradient. At 0 the pre-training text has no say; far above 1 the reward has little.',
  },
  'finite numbers': {
    label: 'All numbers are finite',
    meaning:
      'No record, reward, value or advantage of this run is an overflow or undefined. The value counts those that are. A check that has failed once stays failed.',
  },
};

/** The name of a check as part of an id: letters, digits and hyphens. */
export function checkId(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

/** Words of a check; one that has none here is shown under its own name. */
export function checkWords(name: string): CheckWords {
  return WORDS[name] ?? { label: name, meaning: 'Value and tolerance are those of the run.' };
}
