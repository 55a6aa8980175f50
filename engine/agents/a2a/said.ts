// What an agent has said in the history of a task: on its way, as its answer, and of its failure.
import { Role, type Message, type Task } from '@a2a-js/sdk';
import { failure, isErrorCode, type Failure } from '#machines/nouns/error';
import type { EventPayload } from '#machines/nouns/event';
import { dataOf, textOf } from './artifacts.ts';
import { ENDS, WAITS } from './states.ts';
import { readTrace } from './trace-extension.ts';

/** Codes that an agent may claim for its failure; any other word is its own. */
const CLAIMABLE = ['agent_failed', 'agent_rejected', 'agent_needs_input', 'auth', 'invalid_input'];

/** The failure that an agent tells; `words`, the text beside it, says more than a message made for programs. */
export const claimedFailure = (payload: EventPayload<'error'>, words = ''): Failure => {
  const { code, retryable } = payload;
  const message = words === '' ? payload.message : words;
  const base =
    isErrorCode(code) && CLAIMABLE.includes(code)
      ? failure(code, message)
      : failure('agent_failed', message, code);
  return retryable === undefined ? base : { ...base, retryable };
};

/** Whether a message says something, and nothing about tools or thoughts. */
const isPlain = (message: Message): boolean =>
  textOf(message.parts) !== '' && readTrace(message.metadata, dataOf(message.parts)) === null;

/** What an agent said of its work. What the caller's next message answered was a question, and was asked as one. */
export const saidOf = ({ history, status }: Task): Message[] =>
  history.filter(
    ({ role, messageId }, at) =>
      role === Role.ROLE_AGENT &&
      history[at + 1]?.role !== Role.ROLE_USER &&
      (messageId === '' || messageId !== status?.message?.messageId),
  );

/** What of it is the answer, where a task rests and holds nothing else that could be. */
export const answerIn = ({ status, artifacts }: Task, said: readonly Message[]): Message | undefined => {
  const rests = status !== undefined && (ENDS.has(status.state) || WAITS.has(status.state));
  return rests && status.message === undefined && artifacts.length === 0 ? said.findLast(isPlain) : undefined;
};
