// What an agent can do with the mesh, as tools for a model: each is a few calls of the API. MCP servers offer these.
import { ERRORS, MeshError } from '#machines/nouns/error-codes';
import { LIMITS } from '#machines/nouns/limits';
import { isTerminalInvocation, isTerminalTeamRun } from '#machines/nouns/run';
import { z } from 'zod';
import type { Client } from './client.ts';
import { applyEvent, emptyView, type View } from './view.ts';

/** Who uses the tools: the call of this mesh under which it works, where that is known. */
export interface ToolUser {
  readonly runId: string | null;
}

export interface MeshTool<I extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: I;
  readonly isReadOnly: boolean;
  /** What it answers, JSON. Throws MeshError, whose words are for the model too. */
  readonly use: (client: Client, input: z.output<I>, user: ToolUser, signal: AbortSignal) => Promise<unknown>;
}

/** How long a tool waits for an end by itself, in seconds: clients give up on a tool after a minute. */
const WAIT_S = { default: 45, max: 600 } as const;
/** Between two looks at what it waits for, in milliseconds. */
const LOOK_MS = { first: 50, last: 1_000 } as const;
/** Lines of a trace that one answer holds, and characters of each. */
const TRACE_LINES = { default: 100, max: 1_000 } as const;
const LINE_CHARS = 2_000;

const waitSeconds = z
  .number()
  .min(0)
  .max(WAIT_S.max)
  .optional()
  .describe(`how long to wait for the end (default ${String(WAIT_S.default)}); then ask mesh_status`);

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason instanceof Error ? signal.reason : new MeshError('cancelled'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });

/** Looks until `hasEnded` or the time is over; answers the last look. */
const lookUntil = async <T>(
  look: () => Promise<T>,
  hasEnded: (value: T) => boolean,
  seconds: number,
  signal: AbortSignal,
): Promise<T> => {
  const end = performance.now() + seconds * 1_000;
  for (let wait: number = LOOK_MS.first; ; wait = Math.min(LOOK_MS.last, wait * 2)) {
    const value = await look();
    if (hasEnded(value) || performance.now() >= end) return value;
    await pause(wait, signal);
  }
};

const viewOf = async (client: Client, id: string, signal: AbortSignal): Promise<View> => {
  let view = emptyView();
  for await (const event of client.trace(id, 0, signal)) view = applyEvent(view, event);
  return view;
};

const originOf = ({ runId }: ToolUser): { readonly origin?: { readonly run_id: string } } =>
  runId === null ? {} : { origin: { run_id: runId } };

const callStatus = async (client: Client, runId: string, signal: AbortSignal): Promise<unknown> => {
  const call = await client.call('invocations.get', { params: { run_id: runId }, signal });
  const view = await viewOf(client, runId, signal);
  return {
    run_id: call.run_id,
    agent: call.agent,
    state: call.state,
    answer: view.calls[0]?.answer ?? null,
    error: call.error,
  };
};

const teamStatus = async (client: Client, teamRunId: string, signal: AbortSignal): Promise<unknown> => {
  const run = await client.call('team-runs.get', { params: { team_run_id: teamRunId }, signal });
  return {
    team_run_id: run.team_run_id,
    team: run.team,
    status: run.status,
    step: run.step,
    steps: run.steps.map(({ id, state, agent, output }) => ({ id, state, agent, output })),
    failure: run.failure,
  };
};

/** The status of a call or a team run by its id. Throws unknown_run. */
const statusOf = async (client: Client, id: string, signal: AbortSignal): Promise<unknown> => {
  try {
    return await teamStatus(client, id, signal);
  } catch (error) {
    if (!(error instanceof MeshError) || error.code !== 'unknown_run') throw error;
    return callStatus(client, id, signal);
  }
};

const tool = <I extends z.ZodObject>(made: MeshTool<I>): MeshTool => made;

const id = z.string().min(1).max(64).describe('run_id or team_run_id');

/** The tools, in the order in which a model should meet them. */
export const MESH_TOOLS: readonly MeshTool[] = [
  tool({
    name: 'mesh_list_agents',
    title: 'List agents',
    description:
      'The agents on the mesh: name, whether it answers, what it can do. Use the exact name with mesh_run.',
    input: z.strictObject({ skill: z.string().optional().describe('only those with this skill id') }),
    isReadOnly: true,
    use: async (client, { skill }, _user, signal) => {
      const agents = await client.call('agents.list', { signal });
      return agents
        .filter(({ skills }) => skill === undefined || skills.some((each) => each.id === skill))
        .map(({ name, kind, presence, description, skills }) => ({
          name,
          kind,
          presence,
          description,
          skills: skills.map((each) => ({ id: each.id, description: each.description })),
        }));
    },
  }),
  tool({
    name: 'mesh_list_teams',
    title: 'List teams',
    description: 'The teams that can be started with mesh_start_team, with the inputs that each takes.',
    input: z.strictObject({}),
    isReadOnly: true,
    use: async (client, _input, _user, signal) => {
      const templates = await client.call('templates.list', { signal });
      return templates
        .filter(({ problems }) => problems === 0)
        .map(({ name, description, steps, inputs }) => ({ name, description, steps, inputs }));
    },
  }),
  tool({
    name: 'mesh_run',
    title: 'Ask an agent',
    description:
      'Sends one prompt to one agent and answers what it says. The call is recorded and can be traced.',
    input: z.strictObject({
      agent: z.string().min(1).describe('exact name from mesh_list_agents'),
      prompt: z.string().min(1).max(LIMITS.promptBytes),
      from: z.string().min(1).optional().describe('your own name on the mesh, if you are one of its agents'),
      timeout_seconds: z.number().min(1).max(86_400).optional().describe('time limit of the call itself'),
      wait_seconds: waitSeconds,
    }),
    isReadOnly: false,
    use: async (client, input, user, signal) => {
      const call = await client.call('invocations.start', {
        body: {
          to: input.agent,
          prompt: input.prompt,
          from: input.from,
          timeout_ms:
            input.timeout_seconds === undefined ? undefined : Math.round(input.timeout_seconds * 1_000),
          ...originOf(user),
        },
        signal,
      });
      await lookUntil(
        () => client.call('invocations.get', { params: { run_id: call.run_id }, signal }),
        ({ state }) => isTerminalInvocation(state),
        input.wait_seconds ?? WAIT_S.default,
        signal,
      );
      return callStatus(client, call.run_id, signal);
    },
  }),
  tool({
    name: 'mesh_start_team',
    title: 'Start a team',
    description:
      'Starts a team and answers its status; it goes on by itself, over restarts too. Ask mesh_status for its end.',
    input: z.strictObject({
      team: z.string().min(1).describe('exact name from mesh_list_teams'),
      inputs: z.record(z.string(), z.unknown()).optional(),
      wait_seconds: waitSeconds,
    }),
    isReadOnly: false,
    use: async (client, input, user, signal) => {
      const run = await client.call('team-runs.start', {
        body: { template: { name: input.team }, inputs: input.inputs ?? {}, ...originOf(user) },
        signal,
      });
      await lookUntil(
        () => client.call('team-runs.get', { params: { team_run_id: run.team_run_id }, signal }),
        ({ status }) => isTerminalTeamRun(status),
        input.wait_seconds ?? WAIT_S.default,
        signal,
      );
      return teamStatus(client, run.team_run_id, signal);
    },
  }),
  tool({
    name: 'mesh_status',
    title: 'Status of a run',
    description: 'How a call or a team run stands: its state, its answer or its outputs, and why it failed.',
    input: z.strictObject({ id }),
    isReadOnly: true,
    use: (client, input, _user, signal) => statusOf(client, input.id, signal),
  }),
  tool({
    name: 'mesh_trace',
    title: 'Trace of a run',
    description:
      'What happened in a run, line by line: states, messages, tools, errors, in the order in which it was recorded.',
    input: z.strictObject({
      id,
      last: z
        .int()
        .min(1)
        .max(TRACE_LINES.max)
        .optional()
        .describe(`how many lines (default ${String(TRACE_LINES.default)})`),
    }),
    isReadOnly: true,
    use: async (client, input, _user, signal) => {
      const { items } = await viewOf(client, input.id, signal);
      const shown = items.slice(-(input.last ?? TRACE_LINES.default));
      return {
        left_out: items.length - shown.length,
        lines: shown.map(({ ts, step, agent, kind, title, text }) => ({
          ts,
          step,
          agent,
          kind,
          title,
          text: text.length > LINE_CHARS ? `${text.slice(0, LINE_CHARS)}…` : text,
        })),
      };
    },
  }),
  tool({
    name: 'mesh_cancel',
    title: 'Cancel a run',
    description: 'Asks the agent or the team to stop. It has ended when mesh_status says so.',
    input: z.strictObject({ id, reason: z.string().max(LIMITS.reasonChars).optional() }),
    isReadOnly: false,
    use: async (client, input, _user, signal) => {
      const body = { reason: input.reason };
      try {
        await client.call('team-runs.cancel', { params: { team_run_id: input.id }, body, signal });
      } catch (error) {
        if (!(error instanceof MeshError) || error.code !== 'unknown_run') throw error;
        await client.call('invocations.cancel', { params: { run_id: input.id }, body, signal });
      }
      return statusOf(client, input.id, signal);
    },
  }),
];

/** The answer of a tool as MCP has it: the JSON as text, and for an error its words and what to do next. */
export const useTool = async (
  made: MeshTool,
  client: Client,
  input: Readonly<Record<string, unknown>>,
  user: ToolUser,
  signal: AbortSignal,
): Promise<{ content: { type: 'text'; text: string }[]; isError?: true }> => {
  try {
    const value = await made.use(client, input, user, signal);
    return { content: [{ type: 'text', text: JSON.stringify(value, null, 2) }] };
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return {
      content: [{ type: 'text', text: `${error.code}: ${error.detail}. ${ERRORS[error.code].remedy}` }],
      isError: true,
    };
  }
};
