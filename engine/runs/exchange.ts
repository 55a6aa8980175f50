// What was said between whoever asked for a team run and its agents: the request, questions, and answers to them.
import { APPROVAL_WORDS } from '#machines/nouns/approval';
import type { EventV1 } from '#machines/nouns/event';
import { LIMITS } from '#machines/nouns/limits';
import type { AskedRecord } from '#machines/nouns/origin';
import type { EventLog } from '../events/append.ts';
import type { Artifacts } from '../invocations/artifacts.ts';
import { wholeMessage } from './origin.ts';
import type { Said } from './told.ts';

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** The words of a question: whole, where its title is but their first line. */
const questionText = (title: string, operation: unknown): string => {
  const text = textOf(objectOf(operation)['text']);
  return text === null || text === '' ? title : text;
};

/** Wires it: the exchange of a run, oldest first. What a run said of permissions is no part of it. */
export const createExchange =
  (log: Pick<EventLog, 'page'>, artifacts: Pick<Artifacts, 'whole'>) =>
  (teamRunId: string, asked: AskedRecord | null): Said[] => {
    const eventsOf = (status: string): EventV1[] =>
      log
        .page({ team_run_id: teamRunId, kind: 'status', status }, 0, LIMITS.eventsPageMax)
        .lines.map((line) => JSON.parse(line) as EventV1)
        .filter(({ metadata }) => metadata['source'] === 'engine');
    const questions = eventsOf(APPROVAL_WORDS.asked).filter(
      ({ payload }) => objectOf(payload['data'])['kind'] === 'question',
    );
    const decided = questions.length === 0 ? [] : eventsOf(APPROVAL_WORDS.decided);
    const said = [
      ...questions.map(({ seq, payload }) => {
        const { approval_id: id, operation } = objectOf(payload['data']);
        const text = questionText(textOf(payload['text']) ?? '', operation);
        return { seq, said: { by: 'agent', approvalId: String(id), text } as const };
      }),
      ...decided.flatMap(({ seq, payload }) => {
        const { approval_id: id, answer, message_id: messageId } = objectOf(payload['data']);
        const text = textOf(answer);
        if (text === null) return [];
        const approvalId = String(id);
        return [{ seq, said: { by: 'person', approvalId, messageId: textOf(messageId), text } as const }];
      }),
    ].sort((one, other) => one.seq - other.seq);
    return [
      ...(asked?.message === undefined
        ? []
        : [
            {
              by: 'asker',
              messageId: asked.message_id,
              message: wholeMessage(asked.message, artifacts),
            } as const,
          ]),
      ...said.map(({ said: each }) => each),
    ];
  };
