// OpenAI chat/completions on loopback, spoken by the script: what OpenClaw and OpenCode take for their model.
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { modelAnswer, type ModelAnswer, type ModelTurn } from './model-script.ts';

const ContentSchema = z.union([
  z.string(),
  z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  z.null(),
]);
export const ChatRequestSchema = z.looseObject({
  model: z.string(),
  stream: z.boolean().optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: ContentSchema.optional() })),
  tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }).optional() })).optional(),
});
export type ChatRequest = z.infer<typeof ChatRequestSchema>;

const textOf = (content: z.infer<typeof ContentSchema> | undefined): string =>
  typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join('\n');

/** What programs put around the user's words: OpenClaw a time before and a line behind, notes after a retry, and messages of its own. */
const OWN_MESSAGES = /<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>|^<(system-reminder|environment_context)/;
const ownWords = (text: string): string =>
  text
    .replace(/^\[\w{3} \d{4}-\d{2}-\d{2}[^\]]*\]\s*/, '')
    .replace(/\n+Runtime: agent=[^\n]*$/s, '')
    .replace(/^\[Queued user message[^\]]*\]\s*/, '')
    .replace(/\n+Continue the current task[^]*$/, '')
    .replaceAll('\u2060', '')
    .trim();

/** The turn that a request asks for. */
export const turnOf = ({ messages, tools = [] }: ChatRequest): ModelTurn => {
  const isUser = ({ role, content }: ChatRequest['messages'][number]): boolean =>
    role === 'user' && !OWN_MESSAGES.test(textOf(content));
  const at = messages.findLastIndex(isUser);
  const result = messages.slice(at + 1).findLast(({ role }) => role === 'tool');
  return {
    prompt: ownWords(textOf(messages[at]?.content)),
    toolResult: result === undefined ? null : textOf(result.content),
    tools: tools.flatMap((tool) => tool.function?.name ?? []),
  };
};

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

const toolCallsOf = ({ tool }: ModelAnswer, id: string): object[] =>
  tool === undefined
    ? []
    : [
        {
          index: 0,
          id: `call_${id}`,
          type: 'function',
          function: { name: tool.name, arguments: JSON.stringify(tool.args) },
        },
      ];

/** Answers one request, streamed when it asks for that; stops when whoever asked hangs up. */
export const answerChat = async (
  request: ChatRequest,
  response: ServerResponse,
  id: string,
): Promise<void> => {
  const answer = modelAnswer(turnOf(request));
  if (answer.fail !== undefined) {
    response.writeHead(answer.fail, { 'content-type': 'application/json' });
    const type = answer.fail < 500 ? 'invalid_request_error' : 'server_error';
    response.end(JSON.stringify({ error: { message: 'the model is broken', type } }));
    return;
  }
  const finish = answer.tool === undefined ? 'stop' : 'tool_calls';
  const head = { id: `chatcmpl-${id}`, created: Math.floor(Date.now() / 1_000), model: request.model };
  if (request.stream !== true) {
    const content = answer.pieces.map(({ text }) => text).join('');
    const calls = toolCallsOf(answer, id);
    const message = { role: 'assistant', content, ...(calls.length === 0 ? {} : { tool_calls: calls }) };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        ...head,
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason: finish }],
        usage,
      }),
    );
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const say = (delta: object, finish_reason: string | null = null, more: object = {}): void => {
    const chunk = {
      ...head,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason }],
      ...more,
    };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  say({ role: 'assistant', content: '' });
  for (const thought of answer.thoughts) say({ reasoning_content: thought });
  for (const { text, afterMs } of answer.pieces) {
    if (afterMs > 0) await sleep(afterMs);
    if (response.destroyed) return;
    say({ content: text });
  }
  const calls = toolCallsOf(answer, id);
  if (calls.length > 0) say({ tool_calls: calls });
  say({}, finish, { usage });
  response.end('data: [DONE]\n\n');
};
