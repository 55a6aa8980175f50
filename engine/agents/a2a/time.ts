// Waiting and limits of time, on the engine's clock.
import type { Clock } from '../../ports.ts';

/** Resolves after `ms`, or when `signal` aborts, whichever is first. */
export const pause = (clock: Clock, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const cancel = clock.after(ms, done);
    function done(): void {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
    if (signal?.aborted === true) done();
  });

/** Works under a signal that aborts after `ms`, or with `outer`. */
export const within = async <T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal | null,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const limit = new AbortController();
  const cancel = clock.after(ms, () => {
    limit.abort(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
  });
  try {
    return await work(outer === null ? limit.signal : AbortSignal.any([outer, limit.signal]));
  } finally {
    cancel();
  }
};

/** Resolves when `signal` aborts. */
export const untilAborted = (signal: AbortSignal): Promise<'cancel'> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve('cancel');
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve('cancel');
        },
        { once: true },
      );
  });
