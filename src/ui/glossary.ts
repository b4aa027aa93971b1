/** The words of the trade, each in one or two sentences, in the field's standard terms. */

export const GLOSSARY = {
  'base model':
    'A language model as it comes from pre-training: it goes on with any text and follows no instruction.',
  token: 'A piece of text, a word or part of one: what the model reads and writes one at a time.',
  sampling:
    'Drawing the next token by lot, each with the probability that the model gives it. The temperature says how evenly; greedy means always taking the likeliest.',
  demonstration: 'A prompt with an answer that a person wrote, as an example to imitate.',
  'supervised fine-tuning':
    'SFT: training a base model further on demonstrations. Step 1 of the paper.',
  loss: 'The number that training makes smaller. For a language model: minus the log of the probability that it gave to the right token.',
  nat: 'Unit of information with natural logarithms: a choice among e, about 2.7, equally likely things. 1 nat is 1.44 bits.',
  checkpoint: 'A model as it was at some moment of its training, stored.',
  policy:
    'The model in training, seen as what decides which token comes next. A word of reinforcement learning.',
  ranking: 'Several answers to one prompt, put in order by one labeler.',
  comparison: 'Two answers of a ranking, of which one is better.',
  labeler:
    'Someone who ranks: you, a simulated member of the class, or a person whose file was loaded.',
  agreement: 'How often two labelers, asked the same, prefer the same answer.',
  ceiling:
    'The best accuracy that anyone who does not know the labeler could reach, since labels are partly chance.',
  'reward model': 'RM: a model that gives a whole answer one number, trained on comparisons.',
  'held out': 'Kept back from training, so that measuring on it is honest.',
  PPO: 'Proximal policy optimisation: reinforcement learning in small steps, cut off where the policy would move too far at once.',
  'KL divergence':
    'How far two models are apart: the mean of the log of the ratio of their probabilities, over what the first one writes. In nats.',
  reference: 'The frozen model of step 1, from which the distance is measured.',
  score: 'What the reward model says of an answer. Demonstrations score 0 on average.',
  'value function':
    'A model that guesses, while an answer is being written, how much reward it will get.',
  advantage: 'How much better something turned out than the value function had guessed.',
  beta: 'The price of each nat of KL divergence, in points of reward.',
  'over-optimisation':
    'More reward and worse answers: the policy has found what the reward model likes and people do not.',
  'pre-training mix':
    'PPO-ptx: text of pre-training mixed into reinforcement, so that the model does not forget what else it could do.',
  'win rate': 'The share of comparisons that a model wins; ties count one half.',
  interval:
    'Where the true value lies if 95 of 100 such intervals are to be right. More votes make it narrower.',
} as const satisfies Readonly<Record<string, string>>;

export type GlossaryTerm = keyof typeof GLOSSARY;
