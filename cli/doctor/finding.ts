// What a check of the doctor answers.
import { ERRORS, MeshError } from '#machines/nouns/error-codes';

export interface Finding {
  readonly check: string;
  /** skipped: it could not be looked at, because something that it needs is not there. */
  readonly result: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly found: string;
  /** What to do; empty when there is nothing to do. */
  readonly remedy: string;
  /** Whether `doctor --fix` does it. */
  readonly fixable: boolean;
}

/** A finding with the way to mend it, where that is safe: it takes rights away from others and nothing else. */
export interface Mendable extends Finding {
  readonly fix?: () => void;
}

export const ok = (check: string, found: string): Finding => ({
  check,
  result: 'ok',
  found,
  remedy: '',
  fixable: false,
});

export const bad = (
  check: string,
  found: string,
  remedy: string,
  result: 'failed' | 'warning' = 'failed',
): Finding => ({ check, result, found, remedy, fixable: false });

/** A finding that `doctor --fix` mends by `fix`. */
export const mendable = (finding: Finding, fix: () => void): Mendable => ({ ...finding, fixable: true, fix });

export const skipped = (check: string, found = 'no daemon to ask'): Finding => ({
  check,
  result: 'skipped',
  found,
  remedy: '',
  fixable: false,
});

export const failedBy = (check: string, error: unknown): Finding =>
  error instanceof MeshError
    ? bad(check, `${error.detail} (${error.code})`, ERRORS[error.code].remedy)
    : bad(check, error instanceof Error ? error.message : String(error), ERRORS.internal.remedy);
