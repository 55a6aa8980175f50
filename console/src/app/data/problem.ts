// An error as the pages show it: what happened, what to do, and the fields of a form that it names.
import { ERRORS, MeshError } from '#machines/nouns/error-codes';

export interface ShownProblem {
  readonly code: string | null;
  /** English; the texts of the catalogue take its place where the code is known there. */
  readonly message: string;
  readonly remedy: string | null;
  /** Members that the problem document carried besides the standard ones. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** What to show for anything that was thrown. */
export const shownProblem = (error: unknown): ShownProblem =>
  error instanceof MeshError
    ? { code: error.code, message: error.detail, remedy: ERRORS[error.code].remedy, extra: error.extra }
    : {
        code: null,
        message: error instanceof Error ? error.message : String(error),
        remedy: null,
        extra: {},
      };
