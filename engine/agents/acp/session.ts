// One turn at an ACP agent: a session of its own, the prompt, and what comes until the agent stops.
import { methods, RequestError } from '@agentclientprotocol/sdk';
import { z } from 'zod';
import { AgentFault } from '../../processes/agent-fault.ts';
import type { Ending, Manner, Stage } from '../../processes/conversation.ts';
import { endingOf, failureOf, isCancelled } from './ending.ts';
import { answered, type AcpLine } from './line.ts';
import { askOf, canAllowOnce, responseTo } from './permission.ts';
import { applySettings, SessionSchema } from './settings.ts';
import { Updates } from './updates.ts';
import type { PermissionRequest, PermissionResponse } from './wire.ts';

/** An agent that starts slowly on a busy machine needs seconds; one that says nothing for a minute speaks no ACP. */
const HANDSHAKE_MS = 60_000;
/** One that was greeted before and does not give another session by now is given up for a new process. */
const NEXT_SESSION_MS = 10_000;

const PromptedSchema = z.object({ stopReason: z.string(), usage: z.unknown().optional() });

/** The manner of talking of ACP, for one run in `cwd` over the line to a program. */
export const acpManner =
  (cwd: string) =>
  (stage: Stage, line: AcpLine): Manner => {
    const { clock, request, sink, story } = stage;
    const { settings = {} } = request.target.entry;
    const { agent } = line;
    const updates = new Updates(story, clock);
    let sessionId: string | null = null;
    let isPrompted = false;
    let isOver = false;
    let wasCancelled = false;
    let hasEndedWell = false;
    let questions = 0;
    let openQuestions = 0;
    let asking = 'initialize';
    const { promise: ended, resolve, reject } = Promise.withResolvers<Ending | 'gone'>();
    ended.catch(() => undefined);

    const ask = async (question: PermissionRequest, signal: AbortSignal): Promise<PermissionResponse> => {
      openQuestions += 1;
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
      } finally {
        openQuestions -= 1;
      }
    };

    /** Greets the agent where nobody has, and opens a session in the state that the entry asks for. */
    const open = async (): Promise<string> => {
      const limitMs = line.greeted === null ? HANDSHAKE_MS : NEXT_SESSION_MS;
      const forget = clock.after(limitMs, () => {
        reject(
          new AgentFault(
            'invalid_agent_response',
            `The program did not answer ${asking} within ${String(limitMs / 1_000)} s; does it speak ACP?`,
          ),
        );
      });
      try {
        const { authenticate } = settings;
        await line.greet(authenticate === undefined ? null : String(authenticate), (what) => {
          asking = what;
        });
        asking = 'session/new';
        const session = answered(
          SessionSchema,
          await agent.request(methods.agent.session.new, { cwd, mcpServers: [] }),
          asking,
        );
        line.opened(session.sessionId);
        ({ sessionId } = session);
        asking = 'the settings';
        await applySettings(agent, session, settings);
        return session.sessionId;
      } finally {
        forget();
      }
    };

    const turn = async (): Promise<void> => {
      const id = await open();
      asking = 'session/prompt';
      const answer = agent.request(methods.agent.session.prompt, {
        sessionId: id,
        prompt: [{ type: 'text', text: request.prompt }],
        // Whoever writes an agent for AgentMesh finds the step’s data and its key here; others pass over them.
        _meta: {
          'agentmesh.dev/data': request.data,
          'agentmesh.dev/key': request.key,
          'agentmesh.dev/run': request.runId,
        },
      });
      isPrompted = true;
      stage.sent();
      await stage.remember(id, { session: id });
      const { stopReason, usage } = answered(PromptedSchema, await answer, asking);
      await updates.end(usage);
      const ending = endingOf(stopReason);
      // Cancelled though nobody asked for it, or for a reason that nobody knows: that is odd.
      hasEndedWell = ending.status !== 'cancelled' && ending.error?.code !== 'invalid_agent_response';
      resolve(ending);
    };

    const stopped = async (error: unknown): Promise<void> => {
      if (error instanceof RequestError) {
        await updates.end(null);
        // Agents should answer a cancel with a stop reason; some answer with an error.
        if (wasCancelled || isCancelled(error)) resolve({ status: 'cancelled' });
        else {
          const failure = failureOf(error, asking, line.greeted?.authMethods);
          resolve({ status: failure.code === 'agent_rejected' ? 'rejected' : 'failed', error: failure });
        }
      } else if (isOver) resolve('gone');
      else reject(error);
    };

    line.seat({
      sessionId: () => sessionId,
      onUpdate: (params) => updates.take(params, sessionId),
      onPermission: ask,
    });

    return {
      ended,
      begin: () => void turn().catch(stopped).catch(reject),
      take: (value) => line.take(value),
      cancel() {
        if (!isPrompted || sessionId === null) return false;
        wasCancelled = true;
        void agent.notify(methods.agent.session.cancel, { sessionId }).catch(() => undefined);
        return true;
      },
      over() {
        isOver = true;
        line.over();
      },
      // Tools of a turn that was cancelled may still be about, and a question without an answer is of this run.
      stay: () =>
        hasEndedWell && !wasCancelled && openQuestions === 0 && sessionId !== null
          ? line.leave(sessionId)
          : false,
    };
  };
