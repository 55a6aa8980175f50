// An error for people and for programs: what happened, its stable code, what to do; always on stderr.
import { ERRORS, EXIT, MeshError, type ErrorCode, type ExitCode } from '#machines/nouns/error-codes';
import { escapeLine, escapeText } from './escape.ts';
import type { Style } from './style.ts';

/** A command line that cannot be understood. Exit code 2, with what was meant, if that can be guessed. */
export class UsageProblem extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.name = 'UsageProblem';
    this.remedy = remedy;
  }
}

export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
  readonly docs: string;
  readonly exit: ExitCode;
}

const suggestionsOf = (error: MeshError): readonly string[] => {
  const { suggestions } = error.extra;
  return Array.isArray(suggestions)
    ? suggestions.filter((name): name is string => typeof name === 'string')
    : [];
};

const enabledOf = (error: MeshError): readonly string[] => {
  const { enabled } = error.extra;
  return Array.isArray(enabled) ? enabled.filter((name): name is string => typeof name === 'string') : [];
};

const remedyOf = (error: MeshError): string => {
  const { remedy } = error.extra;
  if (typeof remedy === 'string') return remedy;
  const suggestions = suggestionsOf(error);
  if (suggestions.length > 0 && !/did you mean/i.test(error.detail))
    return `Did you mean ${suggestions.join(' or ')}? ${ERRORS[error.code].remedy}`;
  if (error.code === 'not_enabled') {
    const enabled = enabledOf(error);
    return enabled.length === 0
      ? 'It has ended and takes nothing more.'
      : `It now takes: ${enabled.join(', ')}.`;
  }
  return ERRORS[error.code].remedy;
};

/** What any thrown value means to the user of a command. */
export const problemOf = (error: unknown): Problem => {
  const docsOf = (code: ErrorCode): string => `docs/errors.md#${code}`;
  if (error instanceof UsageProblem)
    return {
      code: 'bad_request',
      message: error.message,
      remedy: error.remedy,
      docs: docsOf('bad_request'),
      exit: EXIT.usage,
    };
  const known =
    error instanceof MeshError
      ? error
      : new MeshError('internal', error instanceof Error ? error.message : String(error));
  return {
    code: known.code,
    message: known.detail,
    remedy: remedyOf(known),
    docs: docsOf(known.code),
    exit: ERRORS[known.code].exit,
  };
};

/** The lines for people: `error: what (code)`, then what to do. */
export const problemText = (problem: Problem, style: Style): string =>
  `${style.bad('error:')} ${escapeText(problem.message)} ${style.dim(`(${problem.code})`)}\n${escapeText(problem.remedy)}`;

/** The line for programs. */
export const problemJson = ({ code, message, remedy, docs }: Problem): string =>
  JSON.stringify({ code, message: escapeLine(message), remedy, docs });
