// A further message to a task: the answer to what an agent of the run asks. A2A 1.0, section 3.4.
import type { Message } from '@a2a-js/sdk';
import { RequestMalformedError, UnsupportedOperationError } from '@a2a-js/sdk/errors';
import type { Caller, Engine } from '#engine/index';
import { LIMITS } from '#machines/nouns/limits';
import { isTerminalTeamRun, type TeamRun } from '#machines/nouns/run';
import { ROUTES } from '../contract/routes.ts';
import { authorize } from '../guard/authorize.ts';
import { askedPart } from './parts.ts';
import { isForAsker, waitsOf } from './waiting.ts';

/** What a message says, for an agent that asked: its texts, else its data as JSON. */
const answerOf = (message: Message): string => {
  const parts = message.parts.map(askedPart);
  const text = parts
    .flatMap((part) => ('text' in part ? [part.text] : []))
    .join('\n')
    .trim();
  if (text !== '') return text;
  const data = parts.flatMap((part) => ('data' in part ? [part.data] : []));
  return data.length === 0 ? '' : JSON.stringify(data.length === 1 ? data[0] : data);
};

const whyNot = (run: TeamRun, waitsForPeople: boolean): string => {
  const task = `Task ${run.team_run_id}`;
  if (isTerminalTeamRun(run.status))
    return `${task} has ended (${run.status}); send a message without taskId for a new one`;
  return waitsForPeople
    ? `${task} waits for a person of the mesh (agentmesh approvals), and takes no message until then`
    : `${task} takes no message now; it goes on by itself`;
};

/**
 * Gives a message to the agent that asked first. The same message again (id and words) is the same answer.
 * @throws UnsupportedOperationError when nobody asks, RequestMalformedError for another context or an empty answer,
 * MeshError unknown_run and forbidden
 */
export const answerTask = async (
  engine: Engine,
  caller: Caller,
  message: Message,
): Promise<{ readonly id: string }> => {
  const run = engine.teamRuns.get(message.taskId);
  const id = run.team_run_id;
  const context = run.asked_by?.context_id ?? id;
  if (message.contextId !== '' && message.contextId !== context)
    throw new RequestMalformedError({ message: `Task ${id} belongs to another context` });
  const answer = answerOf(message);
  const isRepeat = engine.teamRuns
    .exchange(id)
    .some((said) => said.by === 'person' && said.messageId === message.messageId && said.text === answer);
  if (isRepeat) return { id };
  const waits = waitsOf(engine, run);
  const question = waits.find(isForAsker);
  if (question === undefined) throw new UnsupportedOperationError({ message: whyNot(run, waits.length > 0) });
  authorize(caller, ROUTES['approvals.decide']);
  if (answer === '')
    throw new RequestMalformedError({ message: 'message.parts holds neither text nor data to answer with' });
  if (answer.length > LIMITS.approvalAnswerChars)
    throw new RequestMalformedError({
      message: `An answer has at most ${String(LIMITS.approvalAnswerChars)} characters`,
    });
  await engine.approvals.decide(caller, question.approval_id, {
    decision: 'allow',
    answer,
    hash: question.operation_hash,
    messageId: message.messageId,
  });
  return { id };
};
