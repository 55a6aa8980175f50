// One turn of Claude Code: the prompt as a line, its lines as events, its questions to people, its result.
import { z } from 'zod';
import { AgentFault } from '../../processes/agent-fault.ts';
import type { Ending, Manner, Stage } from '../../processes/conversation.ts';
import {
  CanUseTool,
  ControlCancelLine,
  ControlLine,
  MessageLine,
  ResultLine,
  StreamLine,
  SystemLine,
  type Control,
} from './lines.ts';
import { Listener } from './listener.ts';
import { decide } from './questions.ts';
import { endingOf, loginFailure, usageOf } from './result.ts';

/** Questions that may be open at once. */
const QUESTIONS_OPEN = 32;
/** A refused credential is tried again by Claude Code for minutes; from this try on it is believed. */
const REFUSED_TRIES = 2;

const Typed = z.object({ type: z.string() });

/** The manner of talking of Claude Code, for one run in `cwd`. */
export const claudeManner =
  (cwd: string) =>
  (stage: Stage): Manner => {
    const { request, sink, story } = stage;
    const listener = new Listener(story);
    const open = new Map<string, AbortController>();
    let wasAsked = false;
    let hasSession = false;
    const { promise: ended, resolve, reject } = Promise.withResolvers<Ending | 'gone'>();
    ended.catch(() => undefined);

    const begun = async (line: z.infer<typeof SystemLine>): Promise<void> => {
      const { session_id: session, model, claude_code_version: version, permissionMode } = line;
      await story.status(
        `Claude Code ${version ?? ''} begins${typeof model === 'string' ? ` with ${model}` : ''}`,
        {
          model,
          permission_mode: permissionMode,
        },
      );
      if (hasSession || typeof session !== 'string') return;
      hasSession = true;
      await stage.remember(session, { session });
    };

    const retrying = async (line: z.infer<typeof SystemLine>): Promise<void> => {
      const { attempt = 0, max_retries: most = 0, error, error_status: status } = line;
      const why = [error, status].filter((each) => each !== null && each !== undefined).join(' ');
      if ((status === 401 || status === 403) && attempt >= REFUSED_TRIES) {
        resolve({ status: 'failed', error: loginFailure(why) });
        return;
      }
      await story.status(
        `The model API did not answer as it should (${why}); try ${String(attempt)} of ${String(most)}`,
      );
    };

    const answer = (id: string, response: object): void => {
      stage.say({ type: 'control_response', response: { subtype: 'success', request_id: id, response } });
    };

    const asked = async ({ request_id: id, request: question }: Control): Promise<void> => {
      const known = CanUseTool.safeParse(question);
      if (!known.success) {
        stage.say({
          type: 'control_response',
          response: { subtype: 'error', request_id: id, error: `${question.subtype} is not offered here` },
        });
        return;
      }
      if (open.size >= QUESTIONS_OPEN)
        throw new AgentFault(
          'invalid_agent_response',
          `Claude Code asked more than ${String(QUESTIONS_OPEN)} questions at once`,
        );
      const withdrawn = new AbortController();
      open.set(id, withdrawn);
      const { tool_use_id: call, tool_name: tool, input } = known.data;
      if (typeof call === 'string') await story.toolStart(call, tool, { input });
      // Not awaited: events go on while a person thinks.
      decide(sink, id, known.data, cwd, withdrawn.signal)
        .then((decision) => {
          // What Claude Code took back needs no answer.
          if (open.delete(id)) answer(id, decision);
        })
        .catch(reject);
    };

    const finished = async (line: z.infer<typeof ResultLine>): Promise<void> => {
      for (const withdrawn of open.values()) withdrawn.abort();
      open.clear();
      const usage = usageOf(line);
      if (usage !== null) await story.usage(usage);
      resolve(endingOf(line, wasAsked));
    };

    return {
      ended,
      begin() {
        stage.say({
          type: 'user',
          message: { role: 'user', content: [{ type: 'text', text: request.prompt }] },
        });
        sink.sent();
      },

      async take(value) {
        const typed = Typed.safeParse(value);
        switch (typed.data?.type) {
          case 'system': {
            const line = SystemLine.safeParse(value).data;
            if (line?.subtype === 'init') await begun(line);
            else if (line?.subtype === 'api_retry') await retrying(line);
            else if (line?.subtype === 'compact_boundary')
              await story.status('The conversation was compacted');
            break;
          }
          case 'stream_event': {
            const line = StreamLine.safeParse(value).data;
            if (line !== undefined) await listener.piece(line);
            break;
          }
          case 'assistant':
          case 'user': {
            const line = MessageLine.safeParse(value).data;
            if (line !== undefined) await listener.message(line);
            break;
          }
          case 'control_request': {
            const line = ControlLine.safeParse(value).data;
            if (line === undefined)
              throw new AgentFault('invalid_agent_response', 'Claude Code asked something without an id');
            await asked(line);
            break;
          }
          case 'control_cancel_request': {
            const id = ControlCancelLine.safeParse(value).data?.request_id ?? '';
            open.get(id)?.abort();
            open.delete(id);
            break;
          }
          case 'result': {
            const line = ResultLine.safeParse(value).data;
            if (line === undefined)
              throw new AgentFault('invalid_agent_response', 'The result of Claude Code is not one');
            await finished(line);
            break;
          }
          default:
          // The stream grows with each version: what is not known is passed over.
        }
      },

      cancel() {
        wasAsked = true;
        stage.say({
          type: 'control_request',
          request_id: `interrupt-${request.runId}`,
          request: { subtype: 'interrupt' },
        });
        return true;
      },

      over() {
        for (const withdrawn of open.values()) withdrawn.abort();
        open.clear();
        resolve('gone');
      },
    };
  };
