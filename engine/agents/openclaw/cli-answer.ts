// What `openclaw agent --json` prints (2026.9.6), and the outcome that it is. Its errors have no codes, only words.
import { failure, type Failure } from '#machines/nouns/error';
import { z } from 'zod';
import type { Outcome } from '../adapter.ts';

const text = z.string().optional().catch(undefined);

const PayloadSchema = z.looseObject({
  text,
  mediaUrl: z.string().nullish().catch(undefined),
  isError: z.boolean().optional().catch(undefined),
});
const ResultSchema = z.looseObject({
  payloads: z.array(PayloadSchema).catch([]),
  meta: z
    .looseObject({
      aborted: z.boolean().optional().catch(undefined),
      finalAssistantVisibleText: text,
      timeoutPhase: text,
      error: z.looseObject({ message: text }).optional().catch(undefined),
      agentMeta: z
        .looseObject({ usage: z.record(z.string(), z.unknown()).optional() })
        .optional()
        .catch(undefined),
      toolSummary: z
        .looseObject({ calls: z.number(), tools: z.array(z.string()), failures: z.number().catch(0) })
        .optional()
        .catch(undefined),
    })
    .optional(),
});
type Result = z.infer<typeof ResultSchema>;

/** Without a gateway the result itself, through one a frame around it, and a word about what went wrong before there was any. */
const AnswerSchema = z.union([
  z.looseObject({ ok: z.literal(false), error: z.looseObject({ message: z.string() }) }),
  z.looseObject({ status: z.string(), summary: text, result: ResultSchema.optional().catch(undefined) }),
  ResultSchema.extend({ payloads: z.array(PayloadSchema) }),
]);
export type Answer = z.infer<typeof AnswerSchema>;

/** The answer in what was printed; null when there is none. */
export const parseAnswer = (printed: string): Answer | null => {
  try {
    return AnswerSchema.parse(JSON.parse(printed.slice(printed.indexOf('{'))));
  } catch {
    return null;
  }
};

const resultOf = (answer: Answer): Result | null => {
  if ('ok' in answer && 'error' in answer) return null;
  if ('payloads' in answer) return answer as Result;
  return (answer as { readonly result?: Result }).result ?? null;
};

/** The message of an answer that says why there was no run. */
const refusalOf = (answer: Answer | null): string =>
  answer !== null && answer['ok'] === false ? (answer as { error: { message: string } }).error.message : '';

/** No gateway listens where the configuration says, on this machine: nothing was begun. */
export const isWithoutGateway = (answer: Answer | null): boolean =>
  /^Gateway not reachable at wss?:\/\/(?:127\.[\d.]+|localhost|\[::1\])[:/].*ECONNREFUSED/.test(
    refusalOf(answer),
  );

/** Another run without a gateway holds the state folder: nothing was begun. */
export const isOccupied = (answer: Answer | null): boolean =>
  /^failed to acquire gateway state ownership|another embedded OpenClaw state writer is active/.test(
    refusalOf(answer),
  );

const LOGIN =
  /\bHTTP 401\b|\bHTTP 403\b|authentication failed|auth\/billing failure|unauthorized|token mismatch|pairing required|AUTH_|No API key/i;
/** What the same request would meet again (RFC 9110 section 15.5.1, 15.5.5). */
const FINAL = /\bHTTP 40[04]\b|model_not_found|Unknown model/i;

/** The failure that words of OpenClaw are. */
export const failureOf = (words: string): Failure => {
  const message = words.split('\n', 1)[0] ?? words;
  if (words.startsWith('Gateway not reachable'))
    return failure(
      'agent_unreachable',
      `${message} Start it: openclaw gateway run. Without one: the setting via=local`,
      words,
    );
  if (words.startsWith('A Gateway is running')) return failure('agent_unreachable', message, words);
  if (words.startsWith('Unknown agent id'))
    return { ...failure('agent_unreachable', message, words), retryable: false };
  if (words.includes('outcome is unknown') || words.includes('may still be running this turn'))
    return failure('outcome_unknown', message, words);
  if (LOGIN.test(words))
    return failure('auth', `${message} See what is wrong: openclaw models status, openclaw doctor.`, words);
  const error = failure('agent_failed', message === '' ? 'OpenClaw failed without a word' : message, words);
  return FINAL.test(words) ? { ...error, retryable: false } : error;
};

const wordsOf = ({ payloads, meta }: Result): string => {
  const said = payloads
    .filter(({ isError }) => isError !== true)
    .flatMap(({ text: words, mediaUrl }) => [
      ...(words === undefined || words === '' ? [] : [words]),
      // Files stay where OpenClaw has them.
      ...(typeof mediaUrl === 'string' ? [`Attachment: ${mediaUrl}`] : []),
    ]);
  return said.length === 0 ? (meta?.finalAssistantVisibleText ?? '') : said.join('\n\n');
};

/** What the run did besides, for people: one line each. */
export const notesOf = (
  answer: Answer,
): { readonly tools: string | null; readonly usage: Record<string, unknown> | null } => {
  const { toolSummary, agentMeta } = resultOf(answer)?.meta ?? {};
  const { input, output } = agentMeta?.usage ?? {};
  return {
    tools:
      toolSummary === undefined || toolSummary.calls === 0
        ? null
        : `used ${toolSummary.tools.join(', ')} (calls ${String(toolSummary.calls)}, failed ${String(toolSummary.failures)})`,
    usage:
      typeof input === 'number' && typeof output === 'number'
        ? { input_tokens: input, output_tokens: output }
        : null,
  };
};

/** What a gateway puts around a result. */
const FrameSchema = z.looseObject({ status: text, summary: text });

/** The outcome of an answer; `exitCode` is what the program ended with. */
export const outcomeOf = (answer: Answer, exitCode: number | null): Outcome => {
  const result = resultOf(answer);
  if (result === null) return { status: 'failed', artifacts: [], error: failureOf(refusalOf(answer)) };
  const { payloads, meta } = result;
  const { status, summary } = FrameSchema.parse(answer);
  const isWell =
    exitCode === 0 && meta?.error === undefined && [undefined, 'ok', 'completed'].includes(status);
  if (isWell) return { status: 'completed', text: wordsOf(result), artifacts: [] };
  const why =
    meta?.error?.message ?? payloads.find(({ isError }) => isError === true)?.text ?? summary ?? status ?? '';
  return { status: 'failed', artifacts: [], error: failureOf(why) };
};
