// What can go wrong between us and a NanoClaw installation, as an error that already knows its failure.
import { failure, type ErrorCode, type Failure } from '#machines/nouns/error';

/** A fault that already knows its failure. */
export class Fault extends Error {
  readonly failure: Failure;

  /** `retryable` is given where it is not what the code says. */
  constructor(code: ErrorCode, message: string, more: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, { cause: more.cause });
    const told = failure(code, message, more.cause === undefined ? undefined : wordsOf(more.cause));
    this.failure = more.retryable === undefined ? told : { ...told, retryable: more.retryable };
  }
}

/** What an error says, in a line. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The system’s code of an error, such as ENOENT; null when it has none. */
export const systemCode = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
