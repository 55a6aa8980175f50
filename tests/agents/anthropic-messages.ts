// Anthropic’s Messages API on loopback, spoken by the script: what Claude Code takes for its model.
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { modelAnswer, type ModelAnswer, type ModelTurn } from './model-script.ts';

const PartSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  content: z.unknown().optional(),
});
const RequestSchema = z.looseObject({
  model: z.string(),
  stream: z.boolean().optional(),
  messages: z.array(z.object({ role: z.string(), content: z.union([z.string(), z.array(PartSchema)]) })),
  tools: z.array(z.looseObject({ name: z.string().optional() })).optional(),
});
type Part = z.infer<typeof PartSchema>;

const partsOf = (content: string | readonly Part[]): readonly Part[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content;

const textOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : z
        .array(PartSchema)
        .catch([])
        .parse(content)
        .map(({ text }) => text ?? '')
        .join('\n');

/** Claude Code puts reminders of its own around the user’s words, in parts of their own. */
const isOwn = (text: string): boolean => /^\s*<system-reminder>/.test(text) || text.trim() === '';

const turnOf = ({ messages, tools = [] }: z.infer<typeof RequestSchema>): ModelTurn => {
  let prompt = '';
  let toolResult: string | null = null;
  for (const { role, content } of messages)
    for (const part of role === 'user' ? partsOf(content) : []) {
      if (part.type === 'tool_result') toolResult = textOf(part.content);
      else if (part.type === 'text' && !isOwn(part.text ?? '')) {
        prompt = part.text ?? '';
        toolResult = null;
      }
    }
  return { prompt, toolResult, tools: tools.flatMap(({ name }) => name ?? []) };
};

/** The content of the answer: blocks, each with the pieces that it streams in. */
const blocksOf = (answer: ModelAnswer, id: string) => [
  ...(answer.thoughts.length === 0
    ? []
    : [
        {
          begin: { type: 'thinking', thinking: '', signature: '' },
          pieces: answer.thoughts.map((thinking) => ({
            delta: { type: 'thinking_delta', thinking },
            afterMs: 0,
          })),
        },
      ]),
  ...(answer.pieces.length === 0
    ? []
    : [
        {
          begin: { type: 'text', text: '' },
          pieces: answer.pieces.map(({ text, afterMs }) => ({
            delta: { type: 'text_delta', text },
            afterMs,
          })),
        },
      ]),
  ...(answer.tool === undefined
    ? []
    : [
        {
          begin: { type: 'tool_use', id: `toolu_${id}`, name: answer.tool.name, input: {} },
          pieces: [
            {
              delta: { type: 'input_json_delta', partial_json: JSON.stringify(answer.tool.args) },
              afterMs: 0,
            },
          ],
        },
      ]),
];

/** Answers one request, streamed when it asks for that; stops when whoever asked hangs up. */
export const answerMessages = async (body: unknown, response: ServerResponse, id: string): Promise<void> => {
  const request = RequestSchema.parse(body);
  const answer = modelAnswer(turnOf(request));
  if (answer.fail !== undefined) {
    response.writeHead(answer.fail, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        type: 'error',
        error: {
          type: answer.fail < 500 ? 'invalid_request_error' : 'api_error',
          message: 'the model is broken',
        },
      }),
    );
    return;
  }
  const message = {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model: request.model,
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 5 },
  };
  const stop = answer.tool === undefined ? 'end_turn' : 'tool_use';
  if (request.stream !== true) {
    const text = answer.pieces.map((piece) => piece.text).join('');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...message, content: [{ type: 'text', text }], stop_reason: stop }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const say = (type: string, more: object): void => {
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`);
  };
  say('message_start', { message: { ...message, content: [], stop_reason: null } });
  for (const [index, { begin, pieces }] of blocksOf(answer, id).entries()) {
    say('content_block_start', { index, content_block: begin });
    for (const { delta, afterMs } of pieces) {
      if (afterMs > 0) await sleep(afterMs);
      if (response.destroyed) return;
      say('content_block_delta', { index, delta });
    }
    if (begin.type === 'thinking')
      say('content_block_delta', { index, delta: { type: 'signature_delta', signature: 'none' } });
    say('content_block_stop', { index });
  }
  say('message_delta', { delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: 5 } });
  say('message_stop', {});
  response.end();
};
