// The methods of A2A over the engine: a task is a team run, so what a task survives is what a run survives.
import {
  type AgentCard,
  type ListTasksRequest,
  type SendMessageRequest,
  type Task,
  TaskState,
} from '@a2a-js/sdk';
import {
  A2AError,
  ExtendedAgentCardNotConfiguredError,
  PushNotificationNotSupportedError,
  RequestMalformedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import type { A2ARequestHandler, ServerCallContext, User } from '@a2a-js/sdk/server';
import type { Caller, Engine } from '#engine/index';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import { isTerminalTeamRun, type TeamRun, type TeamRunSummary } from '#machines/nouns/run';
import { readAsk } from './ask.ts';
import { answerTask } from './follow-up.ts';
import { CANCELLED_BY_ASKER, startOnce } from './repeats.ts';
import { directAnswer, isSettled, taskOf, taskState } from './task.ts';
import { updatesOf } from './updates.ts';
import { waitsOf } from './waiting.ts';
import type { Look, Watches } from './watch.ts';

/** The user of a request: the caller that the door made. */
export class MeshUser implements User {
  readonly caller: Caller;
  readonly isAuthenticated = true;
  readonly userName: string;

  constructor(caller: Caller) {
    this.caller = caller;
    this.userName = caller.detail;
  }
}

const callerOf = ({ user }: ServerCallContext): Caller => {
  if (!(user instanceof MeshUser)) throw new MeshError('forbidden');
  return user.caller;
};

/** Page size of ListTasks when none is asked for (A2A 1.0, section 3.1.4). */
const PAGE_DEFAULT = 50;

const asA2a = (error: unknown): unknown => {
  if (!(error instanceof MeshError)) return error;
  const options = { message: error.detail };
  switch (error.code) {
    case 'unknown_run':
      return new TaskNotFoundError(options);
    case 'not_enabled':
      return new TaskNotCancelableError(options);
    // It was answered, or asks no more, since it was looked at.
    case 'approval_decided':
    case 'approval_expired':
    case 'approval_withdrawn':
      return new UnsupportedOperationError(options);
    case 'internal':
    case 'stopping':
    case 'disk_full':
    case 'storage_failed':
      return new A2AError(options);
    default:
      return new RequestMalformedError(options);
  }
};

const translated = async <T>(work: () => T | Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw asA2a(error);
  }
};

async function* translatedStream<T>(work: () => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* work();
  } catch (error) {
    throw asA2a(error);
  }
}

const noPush = (): Promise<never> => Promise.reject(new PushNotificationNotSupportedError());

export interface RequestParts {
  readonly engine: Engine;
  readonly watches: Watches;
  /** The card of this door. */
  readonly card: () => Promise<AgentCard>;
  /** The team of messages that name no skill. */
  readonly defaultTeam: string | null;
}

/** The methods, for the transports of the SDK. */
export const createRequests = ({ engine, watches, card, defaultTeam }: RequestParts): A2ARequestHandler => {
  /** Starts a run, or answers one that asks. */
  const take = async (
    params: SendMessageRequest,
    context: ServerCallContext,
  ): Promise<{ readonly id: string }> => {
    const { message } = params;
    if (message === undefined || message.messageId === '')
      throw new RequestMalformedError({ message: 'message.messageId is required' });
    if (params.configuration?.taskPushNotificationConfig !== undefined)
      throw new PushNotificationNotSupportedError();
    if (message.taskId !== '') return answerTask(engine, callerOf(context), message);
    const ask = readAsk(params, message, await engine.templates.list(), defaultTeam);
    const asked = {
      via: 'a2a',
      origin: ask.origin,
      messageId: message.messageId,
      message: ask.message,
      ...(message.contextId === '' ? {} : { contextId: message.contextId }),
    } as const;
    const { team_run_id: id } = await startOnce(engine, params, message, (idempotencyKey) =>
      engine.teamRuns.start(callerOf(context), {
        template: { name: ask.template },
        inputs: ask.inputs,
        idempotencyKey,
        asked,
      }),
    );
    return { id };
  };

  const untilSettled = async (id: string, holds: (run: TeamRun) => boolean): Promise<TeamRun> => {
    for await (const { run } of watches.follow(id)) if (holds(run)) return run;
    throw new MeshError('stopping');
  };

  /** Looks from now on, so that nothing between the start and the first look is told as new. */
  const looks = (id: string): AsyncIterable<Look> => watches.follow(id);

  const list = (params: ListTasksRequest): { tasks: Task[]; nextPageToken: string; total: number } => {
    const size = params.pageSize ?? PAGE_DEFAULT;
    if (!Number.isInteger(size) || size < 1 || size > 100)
      throw new RequestMalformedError({ message: 'pageSize must be between 1 and 100' });
    const after = params.statusTimestampAfter ?? '';
    if (after !== '' && Number.isNaN(Date.parse(after)))
      throw new RequestMalformedError({ message: 'statusTimestampAfter must be a timestamp (RFC 3339)' });
    const fits = (run: TeamRunSummary): boolean =>
      (params.status === TaskState.TASK_STATE_UNSPECIFIED ||
        taskState(run, waitsOf(engine, run)) === params.status) &&
      (after === '' || Date.parse(run.updated_at) > Date.parse(after));
    const ids: string[] = [];
    let before: string | undefined;
    for (;;) {
      const page = engine.teamRuns.list({
        limit: LIMITS.listPageMax,
        ...(params.contextId === '' ? {} : { contextId: params.contextId }),
        ...(before === undefined ? {} : { before }),
      });
      ids.push(...page.filter(fits).map((run) => run.team_run_id));
      before = page.at(-1)?.team_run_id;
      if (page.length < LIMITS.listPageMax || ids.length >= LIMITS.a2aListedTasks) break;
    }
    const begin = params.pageToken === '' ? 0 : ids.indexOf(params.pageToken) + 1;
    if (params.pageToken !== '' && begin === 0)
      throw new RequestMalformedError({ message: 'pageToken is not one that was answered' });
    const shown = ids.slice(begin, begin + size);
    const wanted = { artifacts: params.includeArtifacts === true, historyLength: params.historyLength };
    return {
      tasks: shown.map((id) => taskOf(engine, engine.teamRuns.get(id), wanted)),
      nextPageToken: begin + size < ids.length ? (shown.at(-1) ?? '') : '',
      total: ids.length,
    };
  };

  return {
    getAgentCard: card,
    getAuthenticatedExtendedAgentCard: () => Promise.reject(new ExtendedAgentCardNotConfiguredError()),
    sendMessage: (params, context) =>
      translated(async () => {
        const { id } = await take(params, context);
        const historyLength = params.configuration?.historyLength;
        const wanted = { artifacts: true, historyLength };
        if (params.configuration?.returnImmediately === true)
          return taskOf(engine, engine.teamRuns.get(id), wanted);
        const run = await untilSettled(id, isSettled);
        return directAnswer(engine, run) ?? taskOf(engine, run, wanted);
      }),
    sendMessageStream: (params, context) =>
      translatedStream(async function* () {
        const { id } = await take(params, context);
        const historyLength = params.configuration?.historyLength;
        yield* updatesOf(engine, looks(id), { historyLength, endsWaiting: true });
      }),
    getTask: ({ id, historyLength }) =>
      translated(() => taskOf(engine, engine.teamRuns.get(id), { artifacts: true, historyLength })),
    cancelTask: ({ id }, context) =>
      translated(async () => {
        const { status } = engine.teamRuns.get(id);
        if (isTerminalTeamRun(status))
          throw new TaskNotCancelableError({ message: `Task ${id} has ended (${status})` });
        await engine.teamRuns.cancel(callerOf(context), id, CANCELLED_BY_ASKER);
        const ended = await untilSettled(id, (run) => isTerminalTeamRun(run.status));
        return taskOf(engine, ended, { artifacts: true });
      }),
    resubscribe: ({ id }) =>
      translatedStream(async function* () {
        const { status } = engine.teamRuns.get(id);
        if (isTerminalTeamRun(status))
          throw new UnsupportedOperationError({ message: `Task ${id} has ended (${status})` });
        yield* updatesOf(engine, looks(id), { endsWaiting: false });
      }),
    listTasks: (params) =>
      translated(() => {
        const { tasks, nextPageToken, total } = list(params);
        return { tasks, nextPageToken, pageSize: params.pageSize ?? PAGE_DEFAULT, totalSize: total };
      }),
    createTaskPushNotificationConfig: noPush,
    getTaskPushNotificationConfig: noPush,
    listTaskPushNotificationConfigs: noPush,
    deleteTaskPushNotificationConfig: noPush,
  };
};
