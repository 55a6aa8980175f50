// One turn of Codex: the prompt on stdin, its lines as events, and how it says that the turn ended.
import { failure, type Failure } from '#machines/nouns/error';
import { z } from 'zod';
import type { Ending, Manner, Stage } from '../../processes/conversation.ts';
import { tellItem } from './items.ts';
import { CompletedLine, ErrorLine, FailedLine, Item, ItemLine, ThreadLine } from './lines.ts';

const Typed = z.object({ type: z.string() });
const Wrapped = z.object({ error: z.object({ message: z.string() }) });

/** The words of an error; some are the model API’s whole answer. */
const wordsOf = (message: string): string => {
  try {
    return Wrapped.safeParse(JSON.parse(message)).data?.error.message ?? message;
  } catch {
    return message;
  }
};

/** What Codex says when the credential is missing or refused. Its errors have no codes, only words. */
const LOGIN = /\b401\b|\bUnauthorized\b|Missing environment variable|not logged in|codex login/i;
/** What the same request would meet again (RFC 9110 section 15.5.1, 15.5.4, 15.5.5). */
const FINAL = /unexpected status 4(?:00|03|04)\b/;

const failureOf = (message: string): Failure => {
  const words = wordsOf(message);
  if (LOGIN.test(words))
    return failure(
      'auth',
      'Codex could not log in: use `codex login`, or give its API key in the env of the agent',
      words,
    );
  const error = failure('agent_failed', words === '' ? 'Codex failed without a word' : words);
  return FINAL.test(words) ? { ...error, retryable: false } : error;
};

/** The manner of talking of `codex exec --json`, for one run. */
export const codexManner = (stage: Stage): Manner => {
  const { request, sink, story } = stage;
  let lastError = '';
  let hasThread = false;
  const { promise: ended, resolve } = Promise.withResolvers<Ending | 'gone'>();

  return {
    ended,
    begin() {
      stage.sayAll(request.prompt);
      sink.sent();
    },

    async take(value) {
      switch (Typed.safeParse(value).data?.type) {
        case 'thread.started': {
          const thread = ThreadLine.safeParse(value).data?.thread_id;
          if (thread === undefined || hasThread) break;
          hasThread = true;
          await stage.remember(thread, { thread });
          break;
        }
        case 'item.started':
        case 'item.updated':
        case 'item.completed': {
          const line = ItemLine.safeParse(value).data;
          const item = Item.safeParse(line?.item).data;
          if (line !== undefined && item !== undefined) await tellItem(story, line.type, item);
          break;
        }
        case 'error': {
          // Tries to reach the model API again; the same words come for minutes.
          const message = ErrorLine.safeParse(value).data?.message ?? '';
          if (message !== lastError) await story.status(wordsOf(message));
          lastError = message;
          break;
        }
        case 'turn.completed': {
          const { usage } = CompletedLine.safeParse(value).data ?? {};
          if (usage !== undefined) await story.usage(usage);
          resolve({ status: 'completed' });
          break;
        }
        case 'turn.failed':
          resolve({
            status: 'failed',
            error: failureOf(FailedLine.safeParse(value).data?.error.message ?? lastError),
          });
          break;
        default:
        // The lines grow with each version: what is not known is passed over.
      }
    },

    // Signals are all that `exec` understands.
    cancel: () => false,

    over() {
      resolve('gone');
    },
  };
};
