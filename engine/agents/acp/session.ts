// One turn at an ACP agent: initialize, a session of its own, the prompt, and what comes until the agent stops.
import { methods, PROTOCOL_VERSION, RequestError, type ClientContext } from '@agentclientprotocol/sdk';
import { z } from 'zod';
import { AgentFault } from '../../processes/agent-fault.ts';
import type { Ending, Manner, Stage } from '../../processes/conversation.ts';
import { endingOf, failureOf, isCancelled } from './ending.ts';
import { askOf, canAllowOnce, responseTo } from './permission.ts';
import { applySettings, SessionSchema } from './settings.ts';
import { Updates } from './updates.ts';
import { openWire, type PermissionRequest, type PermissionResponse } from './wire.ts';

/** An agent that starts slowly on a busy machine needs seconds; one that says nothing for a minute speaks no ACP. */
const HANDSHAKE_MS = 60_000;

const InitializedSchema = z.object({
  protocolVersion: z.number(),
  authMethods: z.unknown().optional(),
  agentInfo: z
    .object({ name: z.string(), title: z.string().nullish().catch(undefined), version: z.string().catch('') })
    .nullish()
    .catch(undefined),
});
export type Initialized = z.infer<typeof InitializedSchema>;

const PromptedSchema = z.object({ stopReason: z.string(), usage: z.unknown().optional() });

/** An answer as it must be. Throws AgentFault. */
const answered = <T>(schema: z.ZodType<T>, answer: unknown, to: string): T => {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new AgentFault('invalid_agent_response', `The agent’s answer to ${to} is not what ACP says`);
};

/**
 * Greets the agent. Files and terminals of ours are not offered, so agents read, write and run things by their own
 * means, in their own sandbox. Throws AgentFault (also for another version of ACP), RequestError.
 */
export const initialize = async (agent: ClientContext): Promise<Initialized> => {
  const answer = await agent.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    clientInfo: { name: 'agentmesh', title: 'AgentMesh', version: '1' },
  });
  const initialized = answered(InitializedSchema, answer, 'initialize');
  if (initialized.protocolVersion !== PROTOCOL_VERSION)
    throw new AgentFault(
      'invalid_agent_response',
      `The agent speaks ACP ${String(initialized.protocolVersion)}, not ${String(PROTOCOL_VERSION)}`,
    );
  return initialized;
};

/** The manner of talking of ACP, for one run in `cwd`. */
export const acpManner =
  (cwd: string) =>
  (stage: Stage): Manner => {
    const { clock, request, sink, story } = stage;
    const { settings = {} } = request.target.entry;
    const updates = new Updates(story, clock);
    let sessionId: string | null = null;
    let isPrompted = false;
    let isOver = false;
    let wasCancelled = false;
    let questions = 0;
    let authMethods: unknown = [];
    let asking = 'initialize';
    const { promise: ended, resolve, reject } = Promise.withResolvers<Ending | 'gone'>();
    ended.catch(() => undefined);

    const ask = async (question: PermissionRequest, signal: AbortSignal): Promise<PermissionResponse> => {
      try {
        questions += 1;
        const approval = await askOf(question, updates.tools, cwd, questions, signal);
        if (!canAllowOnce(question))
          await story.status(`The agent offers no way to allow this once: ${approval.title}`);
        return responseTo(question, await sink.approval(approval));
      } catch (error) {
        // The SDK would make an answer of it; a fault ends the run instead.
        reject(error);
        return { outcome: { outcome: 'cancelled' } };
      }
    };

    const wire = openWire({
      say: (message) => {
        stage.say(message);
      },
      onUpdate: (params) => updates.take(params, sessionId),
      onPermission: ask,
    });

    const turn = async (): Promise<void> => {
      const { agent } = wire;
      const forget = clock.after(HANDSHAKE_MS, () => {
        reject(
          new AgentFault(
            'invalid_agent_response',
            `The program did not answer ${asking} within ${String(HANDSHAKE_MS / 1_000)} s; does it speak ACP?`,
          ),
        );
      });
      try {
        ({ authMethods } = await initialize(agent));
        const { authenticate } = settings;
        if (authenticate !== undefined) {
          asking = 'authenticate';
          await agent.request(methods.agent.authenticate, { methodId: String(authenticate) });
        }
        asking = 'session/new';
        const session = answered(
          SessionSchema,
          await agent.request(methods.agent.session.new, { cwd, mcpServers: [] }),
          asking,
        );
        ({ sessionId } = session);
        asking = 'the settings';
        await applySettings(agent, session, settings);
      } finally {
        forget();
      }
      asking = 'session/prompt';
      const answer = agent.request(methods.agent.session.prompt, {
        sessionId,
        prompt: [{ type: 'text', text: request.prompt }],
        // Whoever writes an agent for AgentMesh finds the data of the step here; others pass over it.
        _meta: { 'agentmesh.dev/data': request.data },
      });
      isPrompted = true;
      sink.sent();
      await stage.remember(sessionId, { session: sessionId });
      const { stopReason, usage } = answered(PromptedSchema, await answer, asking);
      await updates.end(usage);
      resolve(endingOf(stopReason));
    };

    const stopped = async (error: unknown): Promise<void> => {
      if (error instanceof RequestError) {
        await updates.end(null);
        // Agents should answer a cancel with a stop reason; some answer with an error.
        if (wasCancelled || isCancelled(error)) resolve({ status: 'cancelled' });
        else {
          const failure = failureOf(error, asking, authMethods);
          resolve({ status: failure.code === 'agent_rejected' ? 'rejected' : 'failed', error: failure });
        }
      } else if (isOver) resolve('gone');
      else reject(error);
    };

    return {
      ended,
      begin: () => void turn().catch(stopped).catch(reject),
      take: (value) => wire.take(value),
      cancel() {
        if (!isPrompted || sessionId === null) return false;
        wasCancelled = true;
        void wire.agent.notify(methods.agent.session.cancel, { sessionId }).catch(() => undefined);
        return true;
      },
      over() {
        isOver = true;
        wire.close();
      },
    };
  };
