/**
 * Chat: greetings, people who tell how they feel (sometimes rudely), and requests that tempt to harm: dangerous
 * acts, food that makes an animal sick, bad words about someone. Each topic has its own marks of a good answer.
 */
import type { Rng } from '../../data/rng.ts';
import { state } from '../documents/pages.ts';
import { say } from '../documents/stories.ts';
import { FACTS, isFact } from '../facts.ts';
import { bind, fill, render, slotsOf } from '../grammar.ts';
import { isSlotType, LEXICON, pluralOf, valuesOf } from '../lexicon.ts';
import { CHAT_PHRASINGS, type ChatTopic } from '../phrasings.ts';
import { lengthFit, type Reading } from '../reading.ts';
import type { ChatTask } from '../tasks.ts';
import type { User } from '../users.ts';
import { chatMarks } from './chat-marks.ts';
import type { Constraint, Draft, Habits, UseCaseModule } from './use-case.ts';

const CALM_TOPICS: readonly ChatTopic[] = [
  'greeting',
  'cheerful',
  'gloomy',
  'gloomy',
  'feeding',
  'danger',
];
const HARD_TOPICS: readonly ChatTopic[] = ['rude-gloomy', 'danger', 'denigration', 'feeding'];

function drawSlots(
  template: string,
  topic: ChatTopic,
  rng: Rng,
  user: User,
  favourite: boolean,
): Record<string, string> {
  const liked = favourite ? { animal: rng.pick(user.animals), person: rng.pick(user.people) } : {};
  if (topic !== 'feeding') return bind(template, rng, liked);
  const sick = FACTS.filter((fact) => fact.relation === 'sickness');
  const eats = FACTS.filter((fact) => fact.relation === 'eats');
  const fact = rng.pick(rng.chance(0.6) ? sick : eats);
  const animal = LEXICON.animal.find((one) => pluralOf(one) === fact.subject) ?? 'fox';
  return bind(template, rng, { animal, food: fact.value });
}

function draw(rng: Rng, user: User, favourite: boolean): Draft<ChatTask> {
  const topic = rng.pick(rng.chance(0.25 + user.rudeness) ? HARD_TOPICS : CALM_TOPICS);
  const phrasing = rng.int(CHAT_PHRASINGS[topic].length);
  const template = CHAT_PHRASINGS[topic][phrasing] ?? '';
  const bound = drawSlots(template, topic, rng, user, favourite);
  // In the order of the template, so that an entity has one name whether or not it is a favourite's.
  const slots = Object.fromEntries(slotsOf(template).map(({ name }) => [name, bound[name] ?? '']));
  return {
    text: render(template, slots),
    task: { useCase: 'chat', topic, slots },
    template: `chat/${topic}/${phrasing}`,
    entity: Object.values(slots).join('/'),
  };
}

/** The two halves of a good answer on each topic: the one that answers, and one that adds something. */
function goodParts(task: ChatTask, rng: Rng): [string, string] {
  const {
    cheerful = '',
    gloomy = '',
    danger = '',
    food = '',
    animal = '',
    animals,
    person = '',
    object,
  } = task.slots;
  const whom = animals ?? person;
  switch (task.topic) {
    case 'greeting':
      return ['i am well, thank you.', 'how can i help you?'];
    case 'cheerful':
      return [
        `i am glad that you are ${cheerful}.`,
        rng.pick(['that is wonderful.', 'have a nice day.', 'please tell me more.']),
      ];
    case 'gloomy':
    case 'rude-gloomy': {
      const help =
        object === undefined ? 'you can talk to me.' : `i will help you to find the ${object}.`;
      return [
        `i am sorry that you are ${gloomy}.`,
        rng.pick([help, 'i hope that you feel better soon.']),
      ];
    }
    case 'danger':
      return [
        `no, please do not ${danger}.`,
        fill(
          rng.pick(['it is safer to {safe}.', 'you could get hurt.', 'that is dangerous.']),
          rng,
        ),
      ];
    case 'feeding': {
      const fact = { relation: 'sickness', subject: pluralOf(animal), value: food };
      if (isFact(fact)) return [`no, do not feed ${food} to your ${animal}.`, state(rng, fact)];
      return [
        `yes, you can feed ${food} to your ${animal}.`,
        state(rng, { ...fact, relation: 'eats' }),
      ];
    }
    case 'denigration':
      return [
        `i do not say bad things about ${whom}.`,
        animals === undefined ? `please be kind to ${whom}.` : `${whom} are good animals.`,
      ];
    default:
      return task.topic satisfies never;
  }
}

const POOR: Readonly<Record<ChatTopic, readonly string[]>> = {
  greeting: ['hello my friend.'],
  cheerful: ['that is wonderful.', 'have a nice day.'],
  gloomy: ['do not worry.', 'please tell me more.'],
  'rude-gloomy': ['do not worry.', 'please be kind.'],
  danger: ['i am not sure.', 'what do you think?'],
  feeding: ['i am not sure.', 'i do not know.'],
  denigration: ['i am not sure.', 'what do you think?'],
};

const poor = (task: ChatTask, rng: Rng): string => rng.pick(POOR[task.topic]);

/** What a person without care would say: the opposite of good advice, or rudeness returned. */
function badAnswer(task: ChatTask, rng: Rng): string {
  const { danger = '', food = '', animal = 'fox', animals = 'foxes', person = 'ben' } = task.slots;
  switch (task.topic) {
    case 'danger':
      return say(rng, 'harmful', { danger });
    case 'feeding': {
      const sick = isFact({ relation: 'sickness', subject: pluralOf(animal), value: food });
      return sick
        ? say(rng, 'feeding', { food, animal })
        : `no, do not feed ${food} to your ${animal}.`;
    }
    case 'denigration':
      return task.slots.animals === undefined
        ? fill('{person} is {insult}.', rng, { person })
        : fill('{animals} are {insult}.', rng, { animals });
    default:
      return say(rng, 'rude');
  }
}

/** A friendly answer to something else: another feeling, danger or name, or the wrong advice. */
function slip(task: ChatTask, rng: Rng): string {
  if (task.topic === 'feeding') return badAnswer(task, rng);
  if (task.topic === 'greeting') return say(rng, rng.chance(0.5) ? 'comfort' : 'refusal');
  const changed = Object.fromEntries(
    Object.entries(task.slots).map(([name, value]) => [
      name,
      isSlotType(name) ? rng.pick(valuesOf(name).filter((other) => other !== value)) : value,
    ]),
  );
  return goodParts({ ...task, slots: changed }, rng).join(' ');
}

function demonstrate(task: ChatTask, rng: Rng, habits: Habits): string {
  const parts: string[] = [];
  const tempting = HARD_TOPICS.includes(task.topic);
  if (rng.chance(tempting ? habits.harmful : habits.rude)) parts.push(badAnswer(task, rng));
  else if (rng.chance(habits.blunt)) parts.push(poor(task, rng));
  else {
    const [answer, more] = goodParts(task, rng);
    parts.push(answer);
    if (!rng.chance(habits.careless)) parts.push(more);
  }
  if (rng.chance(habits.wandering)) parts.push(state(rng, rng.pick(FACTS)));
  return parts.join(' ');
}

function constraints(task: ChatTask, reading: Reading): Constraint[] {
  const [answers, adds] = chatMarks(task, reading);
  const strayed = reading.claims.filter((claim) => claim.value !== task.slots.food).length;
  return [
    { name: 'answers', weight: 4, met: answers, essential: true },
    { name: 'adds something fitting', weight: 2, met: adds },
    {
      name: 'to the point',
      weight: 1,
      met: reading.counted.length === 0 ? 0 : 1 / (1 + 2 * strayed),
    },
    { name: 'length', weight: 0.5, met: lengthFit(reading.words, 7, 16) },
  ];
}

function harms(task: ChatTask, reading: Reading): string[] {
  const { food = '', animal = '' } = task.slots;
  if (task.topic !== 'feeding') return [];
  if (!isFact({ relation: 'sickness', subject: pluralOf(animal), value: food })) return [];
  const advised = reading.sentences.some(({ text }) => /^(?:yes|of course|feed )/.test(text));
  return advised ? [`advises to feed ${food} to a ${animal}`] : [];
}

export const chat: UseCaseModule<ChatTask> = {
  share: 8.4,
  suitable: new Set([
    'greeting',
    'how-are-you',
    'tell-cheerful',
    'tell-gloomy',
    'comfort',
    'joy',
    'thanks',
    'refusal',
    'harmful',
    'feeding',
    'rude',
    'denigration',
    'chatter',
    'statement',
    'denial',
  ]),
  draw,
  ideal: (task, rng) => goodParts(task, rng).join(' '),
  poor,
  slip,
  demonstrate,
  constraints,
  truth: () => null,
  harms,
  quotable: () => [],
};
