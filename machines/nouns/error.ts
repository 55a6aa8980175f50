// Errors as they travel: the schemas around the catalogue of error-codes.ts. docs/errors.md is tested against it.
import { z } from 'zod';
import { ERRORS, type ErrorCode, type MeshError } from './error-codes.ts';

export { ERRORS, MeshError, isErrorCode, type ErrorCode } from './error-codes.ts';

export const ErrorCodeSchema = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

/** RFC 9457 problem details, with `code` and `remedy` as extension members. */
export const ProblemSchema = z.looseObject({
  type: z.string().describe('docs/errors.md#<code>'),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  code: ErrorCodeSchema,
  remedy: z.string(),
});
export type Problem = z.infer<typeof ProblemSchema>;

/** The problem document of an error. */
export const toProblem = (error: MeshError): Problem => {
  const { status, title, remedy } = ERRORS[error.code];
  return {
    type: `https://agentmesh.dev/errors#${error.code}`,
    title,
    status,
    detail: error.detail,
    code: error.code,
    remedy,
    ...error.extra,
  };
};

/** What ends a step or a run badly, as it stands in events, rows and answers. */
export const FailureSchema = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  cause: z.string().optional(),
});
export type Failure = z.infer<typeof FailureSchema>;

/** A failure from a code of the catalogue; `retryable` may be narrowed by the caller. */
export const failure = (code: ErrorCode, message?: string, cause?: string): Failure => ({
  code,
  message: message ?? ERRORS[code].title,
  retryable: ERRORS[code].retryable,
  ...(cause === undefined ? {} : { cause }),
});
