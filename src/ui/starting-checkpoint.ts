/**
 * Starting from the checkpoint that a link names by its hash: whether this browser has it, and making it what the
 * laboratory goes on from. Nothing is replaced: what goes on is a run of its own.
 */
import { failureOf } from './failure.ts';
import type { Laboratory } from './laboratory.svelte.ts';

export type Start =
  | { readonly type: 'missing' }
  /** `run` is what goes on from it: a new run, or null when it was gone on from already. */
  | { readonly type: 'taken'; readonly name: string; readonly run: string | null }
  | { readonly type: 'refused'; readonly name: string; readonly reason: string };

type Desk = Pick<Laboratory, 'call' | 'reopen'>;

export async function startFrom(laboratory: Desk, hash: string): Promise<Start> {
  const { checkpoints } = await laboratory.call('checkpoint.hashes', {});
  const found = checkpoints.filter((row) => row.hash === hash);
  const newest = found.at(-1);
  if (newest === undefined) return { type: 'missing' };
  const { runs } = await laboratory.call('runs.list', {});
  const used = runs
    .flatMap(({ checkpoints }) => checkpoints)
    .find(({ id, use }) => use !== '' && found.some((row) => row.id === id));
  if (used !== undefined) return { type: 'taken', name: used.name, run: null };
  try {
    const forked = await laboratory.call('run.fork', {
      checkpoint: newest.id,
      settings: 'present',
    });
    await laboratory.reopen();
    const run = forked.runs.find(({ id }) => id === forked.run);
    return { type: 'taken', name: newest.name, run: run?.name ?? forked.run };
  } catch (error) {
    return { type: 'refused', name: newest.name, reason: failureOf(error).message };
  }
}
