/**
 * The commands of the world's viewer. They need neither project nor engine; what they do is in world-view.ts, which is
 * loaded when one of them is first asked for.
 */
import type { WorldHandlers } from './dispatch.ts';

const view = () => import('./world-view.ts');

export const worldHandlers: WorldHandlers = {
  'world.overview': async (args) => (await view()).overview(args),
  'world.document': async (args) => (await view()).document(args),
  'world.prompts': async (args) => (await view()).prompts(args),
  'world.answers': async (args) => (await view()).answers(args),
  'world.verdict': async (args) => (await view()).verdict(args),
};
