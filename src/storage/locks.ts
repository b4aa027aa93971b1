/**
 * One writer per project: an exclusive Web Lock that the first tab holds until it closes.
 * A second tab learns within seconds that it may only read.
 */

/** The part of `navigator.locks` that is used. */
export interface LockProvider {
  request(
    name: string,
    options: { ifAvailable: true; mode: 'exclusive' },
    callback: (lock: unknown) => Promise<void>,
  ): Promise<unknown>;
}

export interface ProjectLock {
  /** False when another tab has the project. */
  readonly held: boolean;
  release(): void;
}

/** How often, and how long apart, a project that is taken is asked for. */
export interface LockPatience {
  readonly tries: number;
  readonly milliseconds: number;
}

/**
 * A page that is reloaded while it trains leaves a worker behind that holds the project until its step is over or the
 * browser ends it, which Chromium does after two seconds.
 */
const OUTLAST_A_RELOAD: LockPatience = { tries: 20, milliseconds: 200 };

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

function tryOnce(name: string, locks: LockProvider): Promise<ProjectLock> {
  return new Promise((resolve, reject) => {
    locks
      .request(name, { ifAvailable: true, mode: 'exclusive' }, (lock) => {
        if (lock === null) {
          resolve({ held: false, release: () => undefined });
          return Promise.resolve();
        }
        return new Promise<void>((release) => {
          resolve({ held: true, release });
        });
      })
      .catch(reject);
  });
}

/**
 * Asks for the project until it is free or patience ends. Where the browser has no Web Locks the project counts as
 * held, because refusing to work there at all would be worse than the risk of a second tab.
 */
export async function acquireProjectLock(
  project: string,
  locks: LockProvider | undefined,
  { tries, milliseconds }: LockPatience = OUTLAST_A_RELOAD,
): Promise<ProjectLock> {
  if (locks === undefined) return { held: true, release: () => undefined };
  const name = `rlhf-playground/${project}`;
  let lock = await tryOnce(name, locks);
  for (let tried = 1; !lock.held && tried < tries; tried += 1) {
    await wait(milliseconds);
    lock = await tryOnce(name, locks);
  }
  return lock;
}
