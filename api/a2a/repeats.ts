// One message sent twice is one task, until its asker has shown that it knows the task. A2A 1.0, section 3.3.1.
import { createHash } from 'node:crypto';
import { type Message, Message as MessageJson, type SendMessageRequest } from '@a2a-js/sdk';
import type { Engine } from '#engine/index';
import type { EventV1 } from '#machines/nouns/event';
import { LIMITS } from '#machines/nouns/limits';
import type { TeamRun } from '#machines/nouns/run';

/** Why a run was cancelled that its asker cancelled. */
export const CANCELLED_BY_ASKER = 'asked over A2A';

/** One id with another content is another message: ids are the clients' own, and not all of them are careful. */
const keyOf = (params: SendMessageRequest, message: Message, before: string): string => {
  const content = JSON.stringify([params.tenant, params.metadata, MessageJson.toJSON(message)]);
  return `a2a-${createHash('sha256').update(before).update(content).digest('hex')}`;
};

const wasCancelled = (engine: Engine, { team_run_id: id, status }: TeamRun): boolean =>
  (status === 'cancelled' || status === 'cancelling') &&
  (['cancelling', 'cancelled'] as const).some((state) =>
    engine.events
      .page({ team_run_id: id, kind: 'status', status: state }, 0, LIMITS.eventsPageMax)
      .lines.some((line) => {
        const { payload, metadata } = JSON.parse(line) as EventV1;
        const data = payload['data'] as { readonly reason?: unknown } | undefined;
        return metadata['source'] === 'engine' && data?.reason === CANCELLED_BY_ASKER;
      }),
  );

/** Whether its asker knows the run: it has answered a question of it over A2A, or cancelled it. */
const isKnownToAsker = (engine: Engine, run: TeamRun): boolean =>
  engine.teamRuns.exchange(run.team_run_id).some((said) => said.by === 'person' && said.messageId !== null) ||
  wasCancelled(engine, run);

/**
 * Starts the run of a message, or answers the one that it has started before, over restarts too: who repeats a message has
 * not heard of its task. Who has gone on with that task means a new one by the same words.
 */
export const startOnce = async (
  engine: Engine,
  params: SendMessageRequest,
  message: Message,
  start: (idempotencyKey: string) => Promise<TeamRun>,
): Promise<TeamRun> => {
  for (let before = ''; ;) {
    const run = await start(keyOf(params, message, before));
    if (!isKnownToAsker(engine, run)) return run;
    before = run.team_run_id;
  }
};
