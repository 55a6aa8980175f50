// The exit code of a command that waited for a run.
import { ERRORS, EXIT, isErrorCode, type ExitCode } from '#machines/nouns/error-codes';

/** What a failed run exits with: a code of its own for cancelled and timed out, else 12 as the earlier tools had it. */
export const exitOfRun = (status: string | null, code: string | null): ExitCode => {
  if (status === 'completed') return EXIT.ok;
  if (status === 'cancelled') return EXIT.cancelled;
  if (status !== 'failed' && status !== 'blocked') return EXIT.failure;
  const exit = code !== null && isErrorCode(code) ? ERRORS[code].exit : EXIT.invocationFailed;
  return exit === EXIT.timedOut || exit === EXIT.cancelled || exit === EXIT.storage
    ? exit
    : EXIT.invocationFailed;
};
