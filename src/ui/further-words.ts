/**
 * Words of the trade that stand in charts, settings and equations but in no stop of the guided path: those of the path
 * are in glossary.ts, which loads with the page. Loaded with the list of words.
 */

export const FURTHER_WORDS: Readonly<Record<string, string>> = {
  'distinct-2':
    'How varied texts are: of all pairs of neighbouring tokens, the share that are different ones, over as many tokens for each model. A model that repeats itself has a low one.',
  rollout: 'Answers that the policy writes to a batch of prompts, to be scored and learned from.',
  minibatch: 'The part of a batch that one update of the weights is computed from.',
  ratio:
    'How many times as likely a token is to the policy now as it was when it was written: 1 before the first update.',
  clip: 'PPO’s limit: once the ratio has gone further than this from 1 in the direction that pays, the token is not pushed on.',
  'TD error':
    'Temporal difference: the reward of a token plus the value guessed after it, minus the value guessed before it.',
  GAE: 'Generalised advantage estimation: the advantage of a token as the sum of the TD errors from it on, later ones weighing less (gamma times lambda).',
  entropy:
    'How undecided the policy is about the next token, in nats; 0 when it would always write the same.',
  EMA: 'Exponential moving average: a copy of the weights that follows them slowly, so that the last updates count only a little.',
  whitening:
    'Shifting and scaling the numbers of a batch (advantages, for one) to mean 0 and variance 1.',
  gold: 'The judge that knows the truth of this made-up world. No model is shown it, so it tells what reward hides.',
  'alignment tax':
    'What a model forgets of its pre-training while it learns to follow instructions, as the rise of its loss on such text.',
  calibration:
    'Whether a reward model that promises 80 % is right 80 times in 100, and so on for every promise.',
  'Bradley-Terry':
    'The assumption that the difference of two strengths, or scores, decides by the logistic function how often one is preferred to the other.',
  DPO: 'Direct preference optimisation: trains the policy on comparisons directly, without a reward model or rollouts.',
  GRPO: 'Group relative policy optimisation: several answers to a prompt, each compared with the mean of its group, in place of a value function.',
  RLOO: 'REINFORCE leave-one-out: several answers to a prompt, each compared with the mean of the others, in place of a value function.',
};
